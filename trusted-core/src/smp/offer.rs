//! The offer of a seat: how a CPU that wakes learns who it is.
//!
//! One CPU is woken at a time. The offer names its APIC, and the CPU takes it
//! by an exchange before it uses anything of the seat: a CPU that was given up
//! and wakes late finds another's name or none, and halts.

use core::sync::atomic::Ordering::{AcqRel, Acquire, Release};
use core::sync::atomic::{AtomicU32, AtomicU64};

use domains::Isolation;

use super::seat::Seat;
use crate::cpu::control::Settings;
use crate::cpu::features::Features;
use crate::lock::Lock;

/// What a CPU needs to know to become the equal of the first.
#[derive(Clone, Copy)]
pub(crate) struct Terms {
    /// Its seat.
    pub(crate) seat: Seat,
    /// How the domains are kept apart.
    pub(crate) isolation: Isolation,
    /// The features of the CPU that boots.
    pub(crate) features: Features,
    /// Its settings.
    pub(crate) settings: Settings,
}

/// What became of an offer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Answer {
    /// Nobody has taken it.
    None,
    /// Somebody has, and is on the way.
    Taken,
    /// The CPU is up.
    Up,
    /// The CPU is not like the first.
    Refused,
}

/// Added to an APIC id, so that none is zero.
pub(super) const NAME: u32 = 1;
/// What the CPU that takes an offer leaves in its place.
pub(super) const TAKEN: u32 = 0x1000;
const UP: u32 = 0x1001;
const REFUSED: u32 = 0x1002;

/// The APIC id that the seat is for, and [`NAME`]; or what came of it.
pub(super) static OFFER: AtomicU32 = AtomicU32::new(0);
/// The physical address of the root of its tables.
pub(super) static ROOT: AtomicU64 = AtomicU64::new(0);
static TERMS: Lock<Option<Terms>> = Lock::new(None);

/// Offers a seat to the CPU with APIC id `id`.
pub(super) fn make(id: u8, terms: Terms) {
    ROOT.store(terms.seat.tables.root().address(), Release);
    TERMS.with(|place| *place = Some(terms));
    OFFER.store(u32::from(id) + NAME, Release);
}

/// Takes the offer to the CPU with APIC id `id` back, unless it was taken.
pub(super) fn withdraw(id: u8) {
    // It failed because somebody was quicker: then the answer says so.
    let _ = OFFER.compare_exchange(u32::from(id) + NAME, 0, AcqRel, Acquire);
}

/// Gives the CPU up that took the offer and does not come: it will find its
/// reply unwanted, and halt.
pub(super) fn give_up() {
    // It failed because the CPU has replied after all.
    let _ = OFFER.compare_exchange(TAKEN, REFUSED, AcqRel, Acquire);
}

/// What came of the offer.
pub(super) fn answer() -> Answer {
    match OFFER.load(Acquire) {
        TAKEN => Answer::Taken,
        UP => Answer::Up,
        REFUSED => Answer::Refused,
        _ => Answer::None,
    }
}

/// The terms, for the CPU that took the offer.
pub(super) fn terms() -> Option<Terms> {
    TERMS.with(|terms| *terms)
}

/// Answers that this CPU, which took the offer, is up, or that it is not like
/// the first. False if it was given up meanwhile.
pub(super) fn reply(is_up: bool) -> bool {
    let answer = if is_up { UP } else { REFUSED };
    let replied = OFFER.compare_exchange(TAKEN, answer, AcqRel, Acquire);
    replied.is_ok()
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
        OFFER.store(TAKEN, Release);
        withdraw(5);
        assert_eq!(answer(), Answer::Taken);
        assert!(reply(true));
        give_up();
        assert_eq!(answer(), Answer::Up);
        OFFER.store(TAKEN, Release);
        give_up();
        assert!(!reply(true), "too late");
        assert_eq!(answer(), Answer::Refused);
    }
}
