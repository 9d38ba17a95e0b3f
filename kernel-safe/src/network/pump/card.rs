//! An exchange with the card: what is for it goes, what it has comes.

use core::sync::atomic::Ordering;

use domains::network::desk::{self, FRAMES};

use super::{IS_ARMED, has_card};
use crate::drivers::{DriverError, Exchanged, Nic};
use crate::network::hold::Hold;
use crate::network::ledger::Lie;

/// How often the card may bring nothing in a row and not interrupt, though it shall.
const SILENT_ROUNDS_MAX: u32 = 1000;

impl Hold {
    /// Gives the card what is for it, and takes what it has.
    pub(super) fn exchange(&mut self, arms: bool) {
        if !has_card() {
            return self.drop_outbox();
        }
        if !self.state.inbox.is_empty() {
            return;
        }
        let mut nic = Nic::lock();
        // The card may have been started anew since the book was looked at.
        self.catch_up_with_new_card();
        // DEFENCE: card-that-does-not-start
        if nic.check().is_err() {
            drop(nic);
            return self.lose_card();
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
        let mut brought = exchanged.sent;
        for number in 0..exchanged.came {
            let (buffer, size) = nic.came(number);
            // DEFENCE: came-compared
            if state.ledger.come(buffer, size) == Err(Lie) {
                return Err(nic.convict("it brought a frame that cannot have come"));
            }
            // DEFENCE: empty-comes-to-nobody
            if size > 0 {
                state.inbox.push(desk::frame(buffer, size));
                brought = brought.saturating_add(1);
            }
        }
        for number in 0..exchanged.sent {
            // DEFENCE: sent-compared
            if state.ledger.sent(nic.sent(number)) == Err(Lie) {
                return Err(nic.convict("it sent what it was not given"));
            }
        }
        let has = |flag: u64| exchanged.flags & flag != 0;
        // A buffer that comes back without a frame is nothing.
        // DEFENCE: brought-is-a-frame
        nic.note_brought(brought);
        let is_silent = was_armed && brought == 0 && !has(desk::ARMED);
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
            // DEFENCE: dropped-are-free
            state.ledger.drop_leaving(desk::buffer_and_size(*frame).0);
        }
        state.outbox.clear();
    }
}
