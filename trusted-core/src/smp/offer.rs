//! The offer of a seat: how a CPU that wakes learns who it is.
//!
//! One CPU is woken at a time. The offer names its APIC, and the CPU takes it
//! by an exchange before it uses anything of the seat: a CPU that was given up
//! and wakes late finds another's name or none, and halts.

use core::sync::atomic::Ordering::{AcqRel, Acquire, Release};
use core::sync::atomic::{AtomicU32, AtomicU64};

use crate::memory::frame::Frame;

/// What came of an offer, as the word that takes its place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub(crate) enum Answer {
    /// Somebody has taken it, and is on the way.
    Taken = 0x1000,
    /// The CPU is up.
    Up = 0x1001,
    /// The CPU is not like the first, or was given up.
    Refused = 0x1002,
}

/// Added to an APIC id, so that none is zero.
pub(crate) const NAME: u32 = 1;

/// The APIC id that the seat is for, and [`NAME`]; or an [`Answer`].
pub(crate) static OFFER: AtomicU32 = AtomicU32::new(0);
/// The physical address of the root of its tables.
pub(crate) static ROOT: AtomicU64 = AtomicU64::new(0);

/// Offers the seat in the tables below `root` to the CPU with APIC id `id`.
pub(super) fn make(id: u8, root: Frame) {
    ROOT.store(root.address(), Release);
    OFFER.store(u32::from(id) + NAME, Release);
}

/// Takes the offer to the CPU with APIC id `id` back, unless it was taken.
pub(super) fn withdraw(id: u8) {
    replace(u32::from(id) + NAME, 0);
}

/// Gives the CPU up that took the offer and does not come: it will find its
/// reply unwanted, and halt. Unless it has replied after all.
pub(super) fn give_up() {
    replace(Answer::Taken as u32, Answer::Refused as u32);
}

/// What came of the offer; none if nobody has taken it.
pub(super) fn answer() -> Option<Answer> {
    let word = OFFER.load(Acquire);
    let mut answers = [Answer::Taken, Answer::Up, Answer::Refused].into_iter();
    answers.find(|answer| *answer as u32 == word)
}

/// Answers that this CPU, which took the offer, is up, or that it is not like
/// the first. False if it was given up meanwhile.
pub(super) fn reply(is_up: bool) -> bool {
    let answer = if is_up { Answer::Up } else { Answer::Refused };
    replace(Answer::Taken as u32, answer as u32)
}

fn replace(from: u32, to: u32) -> bool {
    OFFER.compare_exchange(from, to, AcqRel, Acquire).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_that_was_taken_is_not_withdrawn() {
        OFFER.store(5 + NAME, Release);
        withdraw(4);
        assert_eq!(OFFER.load(Acquire), 5 + NAME);
        withdraw(5);
        assert_eq!(OFFER.load(Acquire), 0);
        OFFER.store(Answer::Taken as u32, Release);
        withdraw(5);
        assert_eq!(answer(), Some(Answer::Taken));
        assert!(reply(true));
        give_up();
        assert_eq!(answer(), Some(Answer::Up));
        OFFER.store(Answer::Taken as u32, Release);
        give_up();
        assert!(!reply(true), "too late");
        assert_eq!(answer(), Some(Answer::Refused));
    }
}
