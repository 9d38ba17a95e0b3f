//! Copying for the application, where it does not trust its own pointers.
//!
//! What the ABI serves in the application's own domain follows pointers of its
//! caller. A copy made here ends in EFAULT where one made there would end the
//! program: at a page that is missing, is text, or is read-only.

use domains::layout::PAGE_SIZE;
use gate::user::UserSlice;

use crate::errno::{Answer, Errno};

/// The most bytes of one request.
const SIZE_MAX: usize = PAGE_SIZE as usize;
/// Bytes that are copied at once: they lie on the kernel's stack.
const PIECE: usize = 256;

/// Copies `source` to `target`, which is as long.
///
/// # Errors
///
/// Either is not the application's, or there is too much to copy; the first
/// bytes may have been copied.
pub fn within(target: UserSlice, source: UserSlice) -> Answer {
    if source.size() > SIZE_MAX {
        return Err(Errno::Invalid);
    }
    target.check()?;
    source.check()?;
    let mut copied = 0;
    while copied < source.size() {
        copied = copied.saturating_add(copy_piece(
            target.part(copied, PIECE),
            source.part(copied, PIECE),
        )?);
    }
    Ok(0)
}

/// Copies at most a piece; how much.
fn copy_piece(target: UserSlice, source: UserSlice) -> Result<usize, Errno> {
    let mut piece = [0; PIECE];
    let bytes = piece.get_mut(..source.size()).ok_or(Errno::Invalid)?;
    source.read(bytes)?;
    target.write(bytes)?;
    Ok(bytes.len())
}

#[cfg(test)]
mod tests {
    use domains::layout::{APP, SAFE};

    use super::*;

    #[test]
    fn foreign_memory_and_too_much_are_refused() {
        let own = |size| UserSlice::new(APP.start as usize, size);
        let foreign = UserSlice::new(SAFE.start as usize, 8);
        assert_eq!(within(own(8), foreign), Err(Errno::BadAddress));
        assert_eq!(within(foreign, own(8)), Err(Errno::BadAddress));
        let much = own(SIZE_MAX + 1);
        assert_eq!(within(much, much), Err(Errno::Invalid));
        assert_eq!(within(own(0), own(0)), Ok(0));
    }
}
