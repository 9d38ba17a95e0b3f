//! Waiting for several descriptors at once.
//!
//! The list is copied once, looked at, and what was found is written behind
//! each entry: nothing else of it, for another thread may have changed that.
//! Between two looks a [`Watch`] has the thread sleep at the places of everything
//! that may become ready, and nothing runs until one of them is woken. Every walk
//! over the list lets others run after each portion of it.

pub mod watch;

use alloc::vec::Vec;

use gate::clock;
use gate::user::UserSlice;

use self::watch::Watch;
use crate::descriptors;
use crate::errno::{Answer, Errno, count};
use crate::events;
use crate::network;
use crate::object::{Object, poll_bits};
use crate::schedule::alarm::NEVER;
use crate::thread::Outcome;

/// The longest list.
const LIST_MAX: usize = 1 << 16;
/// Bytes of an entry: the descriptor, what is asked for, what was found.
const ENTRY: usize = 8;
/// Where in an entry is what was found, and how many bytes.
const FOUND_AT: usize = 6;
const FOUND: usize = 2;
/// After how many entries others may run.
const PORTION: usize = 64;

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
    write_found(entries, list)?;
    count(ready)
}

/// Looks until something is found, or `limit` is over.
fn wait(entries: &mut [[u8; ENTRY]], limit: u64) -> Result<usize, Errno> {
    let ready = look(entries, None)?;
    if ready > 0 || limit == 0 {
        return Ok(ready);
    }
    let deadline = match limit {
        NEVER => NEVER,
        _ => clock::monotonic_ns().saturating_add(limit),
    };
    let mut times = 0;
    loop {
        let mut watch = Watch::over(entries.len())?;
        let ready = look(entries, Some(&mut watch))?;
        if ready > 0 {
            return Ok(ready);
        }
        // What is waited for may come by the network, which must go on meanwhile.
        if network::attend_a_few(&mut times) {
            continue;
        }
        let outcome = watch.wait(deadline);
        network::arrive();
        if outcome == Outcome::TimedOut {
            return look(entries, None);
        }
    }
}

/// Notes the events of each descriptor, when the watch is at each that may get
/// some later; how many have some now.
fn look(entries: &mut [[u8; ENTRY]], mut watch: Option<&mut Watch>) -> Result<usize, Errno> {
    let mut ready: usize = 0;
    for portion in entries.chunks_mut(PORTION) {
        ready = ready.saturating_add(look_at(portion, watch.as_deref_mut())?);
        events::let_others_run();
    }
    Ok(ready)
}

fn look_at(portion: &mut [[u8; ENTRY]], mut watch: Option<&mut Watch>) -> Result<usize, Errno> {
    let mut ready: usize = 0;
    for entry in portion {
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

/// Writes what was found behind each entry of the application's list.
fn write_found(entries: &[[u8; ENTRY]], list: UserSlice) -> Result<(), Errno> {
    let mut start: usize = 0;
    for portion in entries.chunks(PORTION) {
        for entry in portion {
            let [.., low, high] = *entry;
            // DEFENCE: poll-writes-only-what-it-found
            list.part(start.saturating_add(FOUND_AT), FOUND)
                .write(&[low, high])?;
            start = start.saturating_add(ENTRY);
        }
        events::let_others_run();
    }
    Ok(())
}

/// What `descriptor` has of the events that are wanted. A negative one is left
/// out; one that is not open has an event of its own.
fn events(descriptor: i32, wanted: u32, watch: Option<&mut Watch>) -> Result<u16, Errno> {
    if descriptor < 0 {
        return Ok(0);
    }
    let Ok(open) = descriptors::find(descriptor) else {
        return Ok(poll_bits::NOT_OPEN as u16);
    };
    // Entered first, so that no change after the look is missed.
    let object = open.object()?;
    if let (Some(watch), Some(source)) = (watch, object.source()) {
        watch.add(source)?;
    }
    Ok((object.events() & (wanted | ALWAYS)) as u16)
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
        assert_eq!(look_at(&mut entries, None), Ok(1));
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
