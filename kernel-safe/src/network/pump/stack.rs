//! A pump of `net`: it hears what was done, and tells what has changed.

use core::sync::atomic::Ordering;

use domains::device::feature;
use domains::network::desk;
use domains::network::desk::net::{CHANGED_MAX, DIRTY_MAX, SPARES_MAX};
use domains::network::window::state;
use gate::cell::net::card;

use super::IS_LEFT;
use crate::drivers::{Net, Pumped, Trouble};
use crate::network::hold::Hold;
use crate::network::slot::Slot;
use crate::network::{awaited, dirty};

/// How often `net` may say in a row that it has more to do, and bring nothing.
const IDLE_ROUNDS_MAX: u32 = 20_000;

impl Hold {
    /// Has `net` work; how many threads that woke.
    pub(super) fn pump(&mut self) -> usize {
        if self.ready().is_err() {
            // DEFENCE: nothing-is-left-to-nobody
            IS_LEFT.store(false, Ordering::Release);
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
    pub(super) fn drop_inbox(&mut self) {
        let state = &mut *self.state;
        for frame in state.inbox.frames() {
            // DEFENCE: seen-are-free
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
        let state = &mut *self.state;
        state.told.clear();
        // Before it is looked whether there are some: what is left from here on is for the
        // next pump.
        IS_LEFT.swap(false, Ordering::SeqCst);
        if dirty::is_empty() {
            return 0;
        }
        // All are taken before the first is told of: one that is read or written again
        // meanwhile, on another CPU, is for the next pump. Told of twice in this one, what
        // was taken first would count as not taken until `net` has heard of it.
        // DEFENCE: told-once-in-a-pump
        dirty::take(&mut state.told, DIRTY_MAX);
        if state.told.len() >= DIRTY_MAX {
            // DEFENCE: more-than-one-desk-of-writers
            IS_LEFT.store(true, Ordering::Relaxed);
        }
        let (slots, net) = (&state.slots, &self.net);
        let mut count = 0;
        state.told.retain(|number| {
            let slot = slots.get(*number as usize);
            let is_told = slot.is_some_and(|slot| put_one(net, count, slot));
            count = count.saturating_add(is_told.into());
            is_told
        });
        count
    }

    /// `net` has heard of what was read and written: there may be more to read and to
    /// write, for others who wait. How many were woken.
    fn settle(&mut self) -> usize {
        let mut woken: usize = 0;
        for number in &self.state.told {
            if let Some(slot) = self.state.slot(*number)
                && slot.settle()
            {
                woken =
                    woken.saturating_add(awaited::counted(|| slot.place().wake(usize::MAX)));
            }
        }
        woken
    }

    /// What the card does, for `net`.
    fn card_flags(&self) -> u32 {
        let features = self.state.features();
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
            // DEFENCE: closed-is-no-lie
            if slot.is_with_net() && slot.told_state() & state::RELEASED != 0 {
                self.release(slot)?;
            }
            woken = woken.saturating_add(awaited::counted(|| slot.place().wake(usize::MAX)));
        }
        Ok(woken)
    }
}

/// Puts a socket at a place on the desk, if there is something to tell.
fn put_one(net: &Net, place: usize, slot: &Slot) -> bool {
    slot.is_dirty.store(false, Ordering::Release);
    let (taken, written) = slot.tell();
    let is_told = slot.is_known() && (taken > 0 || written.size > 0);
    if is_told {
        let first = u64::from(taken) << 32 | u64::from(slot.number());
        let second = u64::from(written.size) << 32 | u64::from(written.at);
        net.set_dirty(place, [first, second]);
    } else {
        slot.settle();
    }
    is_told
}
