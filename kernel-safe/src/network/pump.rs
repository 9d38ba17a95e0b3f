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
//! neither, an alarm does.

use core::sync::atomic::{AtomicBool, Ordering};

use domains::device::feature;
use domains::network::desk::net::{CHANGED_MAX, DIRTY_MAX, SPARES_MAX};
use domains::network::desk::{self, FRAMES};
use domains::network::window::state;
use gate::cell::net::card;
use gate::clock;

use super::alarm;
use super::dirty;
use super::hold::Hold;
use super::ledger::Lie;
use crate::drivers::{DriverError, Exchanged, Nic, Pumped, Trouble};

/// How many rounds are done at once at most: of [`FRAMES`] frames each way.
pub(super) const ROUNDS: u32 = 8;
/// For how long the card may be silent while somebody was woken, in nanoseconds.
const SILENT_NS: u64 = 4_000_000;
/// When what was not finished goes on if nobody comes.
const UNFINISHED_NS: u64 = 1_000_000;
/// How often the card may bring nothing in a row and not interrupt, though it shall.
const SILENT_ROUNDS_MAX: u32 = 1000;
/// How often `net` may say in a row that it has more to do, and bring nothing.
const IDLE_ROUNDS_MAX: u32 = 20_000;
/// `net` is not called for the time of day more often than this.
const DEADLINE_LEAST_NS: u64 = 100_000;

/// Whether the card interrupts when something comes.
static IS_ARMED: AtomicBool = AtomicBool::new(false);
/// Whether there is a card that has started.
static HAS_CARD: AtomicBool = AtomicBool::new(false);
/// Whether there is more to be done.
static IS_UNFINISHED: AtomicBool = AtomicBool::new(false);

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
    is_silent || IS_UNFINISHED.load(Ordering::Relaxed)
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
            (card, net) = (self.has_for_card(woken), self.state.net_has_more);
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
        !self.state.inbox.is_empty() || is_due || self.state.is_card_new
    }

    /// Whether the card has something to do, or has to be told to interrupt again.
    fn has_for_card(&self, woken: usize) -> bool {
        let state = &self.state;
        let is_silent = !IS_ARMED.load(Ordering::Relaxed);
        let is_short = state.ledger.free_to_receive() > domains::network::packets::RECEIVE / 2;
        let wants_look = is_silent && (woken == 0 || is_short || state.card_has_more);
        has_card() && (!state.outbox.is_empty() || wants_look)
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
    }
}

/// The card.
impl Hold {
    /// Gives the card what is for it, and takes what it has.
    fn exchange(&mut self, arms: bool) {
        if !has_card() {
            return self.drop_outbox();
        }
        if !self.state.inbox.is_empty() {
            return;
        }
        let mut nic = Nic::lock();
        // The card may have been started anew since the book was looked at.
        self.catch_up_with_card();
        if nic.check().is_err() {
            set_card(false);
            return;
        }
        let (posts, sends) = (self.put_posts(&nic), self.put_sends(&nic));
        let arms = arms && !self.state.net_has_more;
        let exchanged = nic.exchange(posts, sends, arms);
        let brought = match exchanged {
            Ok(exchanged) => self.take_from_card(&mut nic, exchanged, arms),
            Err(error) => Err(error),
        };
        drop(nic);
        if brought.is_err() {
            self.catch_up();
        }
    }

    fn put_posts(&mut self, nic: &Nic) -> usize {
        let mut count = 0;
        while count < FRAMES
            && let Some(buffer) = self.state.ledger.post()
        {
            nic.set_post(count, buffer);
            count = count.saturating_add(1);
        }
        count
    }

    fn put_sends(&mut self, nic: &Nic) -> usize {
        let state = &mut *self.state;
        for (number, frame) in state.outbox.frames().iter().enumerate() {
            let (buffer, _) = desk::buffer_and_size(*frame);
            state.ledger.send(buffer);
            nic.set_send(number, *frame);
        }
        let count = state.outbox.len();
        state.outbox.clear();
        count
    }

    fn take_from_card(
        &mut self,
        nic: &mut Nic,
        exchanged: Exchanged,
        was_armed: bool,
    ) -> Result<(), DriverError> {
        let state = &mut *self.state;
        for number in 0..exchanged.came {
            let (buffer, size) = nic.came(number);
            if state.ledger.come(buffer, size) == Err(Lie) {
                return Err(nic.convict("it brought a frame that cannot have come"));
            }
            if size > 0 {
                state.inbox.push(desk::frame(buffer, size));
            }
        }
        for number in 0..exchanged.sent {
            if state.ledger.sent(nic.sent(number)) == Err(Lie) {
                return Err(nic.convict("it sent what it was not given"));
            }
        }
        let has = |flag: u64| exchanged.flags & flag != 0;
        let is_empty = exchanged.came == 0 && exchanged.sent == 0;
        let is_silent = was_armed && is_empty && !has(desk::ARMED);
        state.silent_rounds = match is_silent {
            true => state.silent_rounds.saturating_add(1),
            false => 0,
        };
        // Whoever waits for the card would look again and again.
        // DEFENCE: card-arms-or-brings
        if state.silent_rounds >= SILENT_ROUNDS_MAX {
            state.silent_rounds = 0;
            return Err(nic.convict("it brings nothing, and does not interrupt either"));
        }
        state.card_has_more = has(desk::MORE);
        IS_ARMED.store(has(desk::ARMED), Ordering::Relaxed);
        if has(desk::CHANGED) {
            state.card = Nic::card();
            state.is_card_new = true;
        }
        Ok(())
    }

    fn drop_outbox(&mut self) {
        let state = &mut *self.state;
        for frame in state.outbox.frames() {
            state.ledger.drop_leaving(desk::buffer_and_size(*frame).0);
        }
        state.outbox.clear();
    }
}

/// The stack.
impl Hold {
    /// Has `net` work; how many threads that woke.
    fn pump(&mut self) -> usize {
        if self.ready().is_err() {
            self.drop_inbox();
            return 0;
        }
        let frames = self.put_frames();
        let spares = self.put_spares();
        let dirty = self.put_dirty();
        let budget = self.state.outbox.room() as u32;
        let counts = [frames, spares, dirty];
        let flags = self.card_flags();
        let pumped = self.net.pump(counts, flags, budget, self.state.now);
        self.drop_inbox();
        let woken = self.settle();
        let taken = pumped.and_then(|pumped| self.take_from_net(pumped));
        match taken {
            Ok(more) => woken.saturating_add(more),
            Err(_) => {
                self.catch_up();
                woken
            }
        }
    }

    fn put_frames(&mut self) -> usize {
        for (number, frame) in self.state.inbox.frames().iter().enumerate() {
            self.net.set_frame_in(number, *frame);
        }
        self.state.inbox.len()
    }

    /// What has come is looked at: its buffers are free.
    fn drop_inbox(&mut self) {
        let state = &mut *self.state;
        for frame in state.inbox.frames() {
            state.ledger.take(desk::buffer_and_size(*frame).0);
        }
        state.inbox.clear();
    }

    fn put_spares(&mut self) -> usize {
        let mut count = 0;
        while count < SPARES_MAX
            && let Some(buffer) = self.state.ledger.spare()
        {
            self.net.set_spare(count, buffer);
            count = count.saturating_add(1);
        }
        count
    }

    /// Puts the sockets on the desk that were read and written.
    fn put_dirty(&mut self) -> usize {
        self.state.told.clear();
        while self.state.told.len() < DIRTY_MAX
            && let Some(number) = dirty::take()
        {
            let Some(slot) = self.state.slot(number) else {
                continue;
            };
            slot.is_dirty.store(false, Ordering::Release);
            let (taken, written) = slot.tell();
            let is_told = slot.is_known() && (taken > 0 || written.size > 0);
            if is_told && self.state.told.try_reserve(1).is_ok() {
                let first = u64::from(taken) << 32 | u64::from(number);
                let second = u64::from(written.size) << 32 | u64::from(written.at);
                self.net.set_dirty(self.state.told.len(), [first, second]);
                self.state.told.push(number);
            } else {
                slot.settle();
            }
        }
        self.state.told.len()
    }

    /// `net` has heard of what was read and written: there may be more to read and to
    /// write, for others who wait. How many were woken.
    fn settle(&mut self) -> usize {
        let mut woken: usize = 0;
        for number in &self.state.told {
            if let Some(slot) = self.state.slot(*number)
                && slot.settle()
            {
                woken = woken.saturating_add(slot.place().wake(usize::MAX));
            }
        }
        woken
    }

    /// What the card does, for `net`.
    fn card_flags(&self) -> u32 {
        let [.., a, b, c, d, e, f, g, h] = self.state.card;
        let features = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
        [
            (feature::HOST_SEGMENTS_V4, card::SEGMENTS),
            (feature::CHECKSUM, card::CHECKSUM),
            (feature::GUEST_CHECKSUM, card::LOOKS),
        ]
        .into_iter()
        .filter(|(feature, _)| features & feature != 0)
        .map(|(_, flag)| flag)
        .sum()
    }

    /// Takes what a pump has brought; how many threads that woke.
    fn take_from_net(&mut self, pumped: Pumped) -> Result<usize, Trouble> {
        for number in 0..pumped.frames {
            let (buffer, size) = self.net.frame_out(number);
            let is_left = self.state.ledger.leave(buffer, size) == Ok(());
            if !is_left || !self.state.outbox.push(desk::frame(buffer, size)) {
                return Err(self
                    .net
                    .convict("it sends from a buffer that it does not have"));
            }
        }
        let deadline = self.net.deadline();
        self.state.net_deadline = deadline;
        self.state.net_has_more = pumped.flags & desk::MORE != 0;
        let is_idle = pumped.frames == 0 && pumped.changed == 0;
        self.state.idle_rounds = match self.state.net_has_more && is_idle {
            true => self.state.idle_rounds.saturating_add(1),
            false => 0,
        };
        // DEFENCE: more-has-an-end
        if self.state.idle_rounds >= IDLE_ROUNDS_MAX {
            self.state.idle_rounds = 0;
            return Err(self.net.convict("it has more to do, and never does it"));
        }
        let woken = self.take_changed(pumped.changed)?;
        if pumped.flags & desk::POOR != 0 && self.grow() {
            self.state.net_has_more = true;
        }
        if pumped.flags & desk::SHORT != 0 {
            self.raise_stock();
        }
        self.look_at_setting();
        Ok(woken)
    }

    /// Wakes whoever waits for sockets of which there is something new.
    fn take_changed(&mut self, count: usize) -> Result<usize, Trouble> {
        let mut woken: usize = 0;
        for number in 0..count.min(CHANGED_MAX) {
            let number = self.net.changed(number);
            // DEFENCE: changed-exists
            let Some(slot) = self.state.slot(number) else {
                return Err(self.net.convict("it told of a socket that there is not"));
            };
            // What was closed since is told of once more.
            if slot.is_with_net() && slot.told_state() & state::RELEASED != 0 {
                self.release(slot)?;
            }
            woken = woken.saturating_add(slot.place().wake(usize::MAX));
        }
        Ok(woken)
    }
}
