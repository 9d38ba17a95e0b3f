//! Mappings that the program asks for by itself.
//!
//! Their pages have frames when they are touched, but no more is promised than
//! the machine has: all mappings together are as large as its memory at most.
//! The core keeps writing and executing apart, and looks for WRPKRU before
//! anything can be executed.

use domains::core_call::rights::{EXECUTE, READ, WRITE};
use domains::layout::Region;
use gate::info;
use gate::user::UserSlice;

use super::{MEMORY, Use, alone_with, map_taken, pages_at, pieces, whole_pages};
use crate::errno::{Answer, Errno};

/// Maps at least `size` bytes of zeros with the rights in `protection`, and
/// writes their address to `place`.
///
/// # Errors
///
/// The size is zero, the rights make no sense or exclude each other, `place`
/// is not the application's, or memory is used up.
pub fn map(size: usize, protection: u32, place: usize) -> Answer {
    let rights = rights(protection)?;
    let size = whole_pages(size)?;
    let place = UserSlice::new(place, size_of::<u64>());
    place.check()?;
    let part = take(size)?;
    map_taken(part, Use::Mapping, || {
        if rights & WRITE == 0 {
            pieces::protect(part, rights)?;
        }
        Ok(place.write(&part.start.to_le_bytes())?)
    })?;
    Ok(0)
}

/// Takes back what [`map`] gave, or a part of it.
///
/// # Errors
///
/// It is no mapping.
pub fn unmap(address: usize, size: usize) -> Answer {
    let part = pages_at(address, size)?;
    super::unmap(part, Use::Mapping)?;
    Ok(0)
}

/// Changes the rights over what [`map`] gave, or a part of it.
///
/// # Errors
///
/// It is no mapping, or another call about it is under way; the rights make no sense or exclude each other; what is
/// to be executed holds WRPKRU; or memory is used up. Of a large range the
/// first part may have changed, up to where it failed.
pub fn protect(address: usize, size: usize, protection: u32) -> Answer {
    let rights = rights(protection)?;
    let part = pages_at(address, size)?;
    alone_with(&MEMORY, part, Use::Mapping, || {
        pieces::protect(part, rights)
    })?;
    Ok(0)
}

/// Takes `size` bytes, which are promised.
fn take(size: u64) -> Result<Region, Errno> {
    promise(size)?;
    let mut memory = MEMORY.lock();
    let taken = memory.take(size);
    taken.inspect_err(|_| memory.break_promise(size))
}

/// Counts `size` bytes more among the mappings, if there can be so many.
fn promise(size: u64) -> Result<(), Errno> {
    let mut memory = MEMORY.lock();
    let total = memory.promised.saturating_add(size);
    if total > info::boot().memory {
        return Err(Errno::NoMemory);
    }
    memory.promised = total;
    Ok(())
}

/// The rights that `protection` asks for, which are bits of the same value.
fn rights(protection: u32) -> Result<u64, Errno> {
    let rights = u64::from(protection);
    if rights & !(READ | WRITE | EXECUTE) != 0 {
        return Err(Errno::Invalid);
    }
    if rights & WRITE != 0 && rights & EXECUTE != 0 {
        return Err(Errno::Denied);
    }
    Ok(rights)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writing_and_executing_exclude_each_other() {
        for protection in 0..8 {
            let both = u32::try_from(WRITE | EXECUTE).expect("small");
            let expected = if protection & both == both {
                Err(Errno::Denied)
            } else {
                Ok(u64::from(protection))
            };
            assert_eq!(rights(protection), expected);
        }
        assert_eq!(rights(8), Err(Errno::Invalid));
        assert_eq!(rights(u32::MAX), Err(Errno::Invalid));
    }
}
