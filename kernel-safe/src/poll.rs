//! Waiting for several descriptors at once.
//!
//! The list is copied once, looked at, and copied back with what was found.
//! Between two looks the thread sleeps on the keys of everything that may
//! become ready, and nothing runs until one of them is woken.

use alloc::vec::Vec;

use gate::clock;
use gate::user::UserSlice;

use crate::descriptors::{self, poll_bits};
use crate::errno::{Answer, Errno, count};
use crate::schedule::alarm::NEVER;
use crate::thread::Outcome;
use crate::wait::many::Watch;

/// The longest list. Every look takes time in which nothing else runs.
const LIST_MAX: usize = 1 << 16;
/// Bytes of an entry: the descriptor, what is asked for, what was found.
const ENTRY: usize = 8;

/// Bits that are told whether they were asked for or not.
const ALWAYS: u32 = poll_bits::ERROR | poll_bits::HANG_UP;

/// Waits until one of the `length` descriptors listed at `address` has events,
/// but for at most `limit` nanoseconds; how many have some.
///
/// # Errors
///
/// The list is too long or not the application's, or memory is short.
pub fn poll(address: usize, length: usize, limit: u64) -> Answer {
    if length > LIST_MAX {
        return Err(Errno::Invalid);
    }
    let list = UserSlice::new(address, length.saturating_mul(ENTRY));
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(list.size())?;
    bytes.resize(list.size(), 0);
    if length > 0 {
        list.read(&mut bytes)?;
    }
    let (entries, _) = bytes.as_chunks_mut::<ENTRY>();
    let ready = wait(entries, limit)?;
    if length > 0 {
        list.write(&bytes)?;
    }
    count(ready)
}

/// Looks until something is found, or `limit` is over.
fn wait(entries: &mut [[u8; ENTRY]], limit: u64) -> Result<usize, Errno> {
    let deadline = match limit {
        0 => return look(entries, None),
        NEVER => NEVER,
        _ => clock::monotonic_ns().saturating_add(limit),
    };
    let mut watch = Watch::new();
    loop {
        watch.clear();
        let ready = look(entries, Some(&mut watch))?;
        if ready > 0 {
            return Ok(ready);
        }
        if watch.wait(deadline)? == Outcome::TimedOut {
            return look(entries, None);
        }
    }
}

/// Notes the events of each descriptor, and the key of each that may get some
/// later; how many have some now.
fn look(entries: &mut [[u8; ENTRY]], mut watch: Option<&mut Watch>) -> Result<usize, Errno> {
    let mut ready: usize = 0;
    for entry in entries {
        let [a, b, c, d, e, f, ..] = *entry;
        let descriptor = i32::from_le_bytes([a, b, c, d]);
        let wanted = u32::from(u16::from_le_bytes([e, f]));
        let found = events(descriptor, wanted, watch.as_deref_mut())?;
        if found > 0 {
            ready = ready.saturating_add(1);
        }
        let [low, high] = found.to_le_bytes();
        *entry = [a, b, c, d, e, f, low, high];
    }
    Ok(ready)
}

/// What `descriptor` has of the events that are wanted. A negative one is left
/// out; one that is not open has an event of its own.
fn events(descriptor: i32, wanted: u32, watch: Option<&mut Watch>) -> Result<u16, Errno> {
    if descriptor < 0 {
        return Ok(0);
    }
    let Ok(entry) = descriptors::find(descriptor) else {
        return Ok(poll_bits::NOT_OPEN as u16);
    };
    // The key comes first, so that no change after the look is missed.
    if let (Some(watch), Some(key)) = (watch, descriptors::key(&entry)) {
        watch.add(key)?;
    }
    let has = descriptors::events(&entry)?;
    Ok((has & (wanted | ALWAYS)) as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(descriptor: i32, events: u16) -> [u8; ENTRY] {
        let mut entry = [0xff; ENTRY];
        entry[..4].copy_from_slice(&descriptor.to_le_bytes());
        entry[4..6].copy_from_slice(&events.to_le_bytes());
        entry
    }

    #[test]
    fn what_is_not_open_has_an_event_and_what_is_negative_none() {
        let mut entries = [entry(-1, 1), entry(77_777, 1), entry(i32::MIN, 1)];
        assert_eq!(look(&mut entries, None), Ok(1));
        assert_eq!(entries[0][6..], [0, 0]);
        assert_eq!(entries[1][6..], [0x20, 0]);
        assert_eq!(entries[1][..6], entry(77_777, 1)[..6]);
    }

    #[test]
    fn a_list_that_lies_is_refused() {
        assert_eq!(poll(8, 1, 0), Err(Errno::BadAddress));
        assert_eq!(poll(8, LIST_MAX + 1, 0), Err(Errno::Invalid));
        assert_eq!(poll(8, usize::MAX, 0), Err(Errno::Invalid));
        assert_eq!(poll(8, 0, 0), Ok(0));
    }
}
