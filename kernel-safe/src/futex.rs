//! Futexes: sleeping on a word of the application.
//!
//! The kernel keeps nothing of a futex but its sleepers. The word is compared
//! under the lock that a wake-up takes, so a wake-up after a change of the word
//! finds everybody who slept on the old value.

use domains::layout::APP;
use gate::clock;
use gate::safe::{FOREVER, futex};
use gate::user;

use crate::errno::{Answer, Errno, count};
use crate::schedule::{self, alarm::NEVER};
use crate::thread::Outcome;
use crate::wait;

/// Sleeps while the word at `address` is `expected`, until woken.
///
/// # Errors
///
/// The word differs, the deadline came, or an argument is wrong.
pub fn wait(address: usize, expected: u32, deadline: u64, flags: u32) -> Answer {
    let deadline = monotonic_deadline(deadline, flags)?;
    let check = || match user::load_u32(address)? {
        word if word == expected => Ok(()),
        _ => Err(Errno::Again),
    };
    match wait::wait_at(address, deadline, check)? {
        Outcome::Woken => Ok(0),
        Outcome::TimedOut => Err(Errno::TimedOut),
    }
}

/// Wakes at most `most` sleepers at `address`; how many.
///
/// # Errors
///
/// An argument is wrong.
pub fn wake(address: usize, most: i32) -> Answer {
    if !APP.contains(address as u64) || !address.is_multiple_of(align_of::<u32>()) {
        return Err(Errno::BadAddress);
    }
    let most = usize::try_from(most).map_err(|_| Errno::Invalid)?;
    let woken = wait::wake_at(address, most);
    if woken > 0 {
        schedule::give_way();
    }
    count(woken)
}

/// A deadline of the monotonic clock from one of the kinds that callers have.
fn monotonic_deadline(deadline: u64, flags: u32) -> Result<u64, Errno> {
    if flags & !(futex::RELATIVE | futex::REALTIME) != 0 {
        return Err(Errno::Invalid);
    }
    if deadline == FOREVER {
        return Ok(NEVER);
    }
    let remaining = if flags & futex::RELATIVE != 0 {
        deadline
    } else if flags & futex::REALTIME != 0 {
        deadline.saturating_sub(clock::realtime_ns())
    } else {
        return Ok(deadline);
    };
    Ok(clock::monotonic_ns().saturating_add(remaining))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_flags_and_foreign_addresses_are_refused() {
        assert_eq!(monotonic_deadline(1, 4), Err(Errno::Invalid));
        assert_eq!(wake(8, 1), Err(Errno::BadAddress));
        let odd = APP.start as usize + 2;
        assert_eq!(wake(odd, 1), Err(Errno::BadAddress));
        assert_eq!(wake(APP.start as usize, -1), Err(Errno::Invalid));
    }

    #[test]
    fn absolute_deadlines_stay_and_forever_is_never() {
        assert_eq!(monotonic_deadline(77, 0), Ok(77));
        assert_eq!(monotonic_deadline(FOREVER, futex::RELATIVE), Ok(NEVER));
        assert_eq!(monotonic_deadline(FOREVER, 0), Ok(NEVER));
    }
}
