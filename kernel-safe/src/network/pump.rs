//! The way of frames: from the card to `net` and back.
//!
//! ```text
//! an interrupt   exchange, pump
//! a write        pump, exchange
//! ```
//!
//! An exchange brings what has come, takes what is to be sent and lets the card
//! interrupt again; a pump has `net` look at what has come and tells it of what was read
//! and written. Whoever is in the kernel anyway works, with a budget. If somebody was
//! woken by what came he will soon send something, or find nothing more and go to sleep:
//! with either the card is told to interrupt, so it is not told for that alone. Should he do
//! neither, an alarm does. Of several the last one sends what all have written.

mod card;
mod stack;

use core::sync::atomic::{AtomicBool, Ordering};

use gate::clock;

use super::hold::Hold;
use super::{alarm, awaited};

/// How many rounds are done at once at most: of a desk full of frames each way.
pub(super) const ROUNDS: u32 = 8;
/// For how long the card may be silent while somebody was woken, in nanoseconds.
const SILENT_NS: u64 = 4_000_000;
/// When what was not finished goes on if nobody comes.
const UNFINISHED_NS: u64 = awaited::LEFT_NS;
/// `net` is not called for the time of day more often than this.
const DEADLINE_LEAST_NS: u64 = 100_000;

/// Whether the card interrupts when something comes.
static IS_ARMED: AtomicBool = AtomicBool::new(false);
/// Whether there is a card that has started.
static HAS_CARD: AtomicBool = AtomicBool::new(false);
/// Whether there is more to be done.
static IS_UNFINISHED: AtomicBool = AtomicBool::new(false);
/// Whether something was written that the next pump is for.
static IS_LEFT: AtomicBool = AtomicBool::new(false);

/// With what work begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Begin {
    /// With the card: something has come, or may have.
    Card,
    /// With `net`: it was told something, or has to be.
    Stack,
}

/// Whether the network is left in a state in which nothing would ever go on by itself.
#[inline]
pub fn wants_work() -> bool {
    let is_silent = HAS_CARD.load(Ordering::Relaxed) && !IS_ARMED.load(Ordering::Relaxed);
    is_silent || IS_UNFINISHED.load(Ordering::Relaxed) || IS_LEFT.load(Ordering::Relaxed)
}

/// Nothing is left, for the next test.
#[cfg(test)]
pub(super) fn forget() {
    IS_LEFT.store(false, Ordering::Release);
}

/// Something was written that `net` has not heard of; whether it is the first.
pub(super) fn leave() -> bool {
    !IS_LEFT.swap(true, Ordering::AcqRel)
}

/// Whether something was written that `net` has not heard of.
pub(super) fn is_left() -> bool {
    IS_LEFT.load(Ordering::Acquire)
}

/// Whether there is a card.
pub fn has_card() -> bool {
    HAS_CARD.load(Ordering::Relaxed)
}

/// From here on there is one, or none; it does not interrupt.
pub(super) fn set_card(is_there: bool) {
    HAS_CARD.store(is_there, Ordering::Relaxed);
    IS_ARMED.store(false, Ordering::Relaxed);
}

/// Work.
impl Hold {
    /// Exchanges and pumps until nothing is left, or often enough; how many threads that
    /// woke.
    pub fn work(&mut self, begin: Begin) -> usize {
        let mut woken: usize = 0;
        self.state.now = clock::monotonic_ns();
        let (mut card, mut net) = (begin == Begin::Card, begin == Begin::Stack);
        let mut is_finished = false;
        // An interrupt has brought something: whether the card is to interrupt again is
        // seen when that has been looked at.
        let mut arms = begin == Begin::Stack || wants_work();
        for _ in 0..ROUNDS {
            if card {
                self.exchange(arms);
                arms = true;
            }
            if net || self.has_for_net() {
                woken = woken.saturating_add(self.pump());
            }
            net = self.state.net_has_more || IS_LEFT.load(Ordering::Relaxed);
            card = self.has_for_card(woken);
            is_finished = !card && !net && self.state.inbox.is_empty();
            if is_finished {
                break;
            }
        }
        IS_UNFINISHED.store(!is_finished, Ordering::Relaxed);
        self.set_alarm(is_finished);
        woken
    }

    /// Whether `net` has something to do that nobody has told it yet.
    fn has_for_net(&self) -> bool {
        let deadline = self.state.net_deadline;
        let is_due = deadline != u64::MAX && deadline <= self.state.now;
        let is_left = IS_LEFT.load(Ordering::Relaxed);
        !self.state.inbox.is_empty() || is_due || is_left || self.state.is_card_new
    }

    /// Whether there is something for the card, or it has to be told to interrupt again.
    fn has_for_card(&self, woken: usize) -> bool {
        let state = &self.state;
        let is_silent = !IS_ARMED.load(Ordering::Relaxed);
        let is_short = state.ledger.free_to_receive() > domains::network::packets::RECEIVE / 2;
        let wants_look = is_silent && (woken == 0 || is_short || state.card_has_more);
        // Without a card frames are dropped: nothing would leave the outbox ever again,
        // and `net` has a budget of what finds room there.
        // DEFENCE: outbox-without-card
        !state.outbox.is_empty() || has_card() && wants_look
    }

    fn set_alarm(&mut self, is_finished: bool) {
        let now = self.state.now;
        let mut deadline = self.state.net_deadline;
        if deadline != u64::MAX {
            deadline = deadline.max(now.saturating_add(DEADLINE_LEAST_NS));
        }
        if !is_finished {
            deadline = deadline.min(now.saturating_add(UNFINISHED_NS));
        } else if wants_work() {
            deadline = deadline.min(now.saturating_add(SILENT_NS));
        }
        alarm::set(deadline);
        // Whoever left something meanwhile may have set the alarm before that.
        // DEFENCE: left-is-not-put-off
        if is_left() {
            alarm::advance(clock::monotonic_ns().saturating_add(awaited::LEFT_NS));
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::boxed::Box;

    use gate::played::{self, Nobody};

    use super::*;

    /// As another CPU does when the last pump is over, and the alarm is not set yet.
    #[test]
    fn what_is_left_behind_the_last_pump_is_sent_soon() {
        let _play = played::begin(Box::new(Nobody));
        crate::network::reset();
        crate::drivers::reset();
        let mut hold = Hold::lock();
        hold.state.now = clock::monotonic_ns();
        hold.state.net_deadline = u64::MAX;
        assert!(leave());
        let latest = clock::monotonic_ns() + awaited::LEFT_NS;
        alarm::advance(latest);
        hold.set_alarm(true);
        assert!(alarm::look().is_some_and(|at| at <= latest));
        IS_LEFT.store(false, Ordering::Relaxed);
    }
}
