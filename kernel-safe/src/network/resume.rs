//! What becomes of the network when a cell begins, is started anew, or is given up.
//!
//! A new `nic` finds all buffers free that the old one had, and loses no connection. A new
//! `net` knows nothing: connections are lost, which their owners are told, and it is told
//! again of listeners and of sockets for datagrams, with all that belongs to them.

use domains::device::feature;
use domains::network::desk::nic::CARD_SIZE;
use domains::network::window::told;
use gate::{info, memory};

use super::hold::Hold;
use super::pump::{has_card, set_card};
use super::record::{Kind, Role};
use super::setting;
use super::slot::Slot;
use super::spares::Stock;
use super::state::given;
use crate::drivers::{Net, Nic, SEED, TRIES, Trouble};
use crate::errno::Errno;
use crate::random;

/// What `net` has for its heap at first.
const HEAP_FIRST: usize = 128 << 10;
/// What part of the memory it may have at most.
const HEAP_PART: u64 = 16;
/// What it may have however small the machine is.
const HEAP_LEAST: u64 = 512 << 10;
const PAGE: usize = domains::layout::PAGE_SIZE as usize;
/// What a card does that cuts segments.
const SEGMENTS: u64 = feature::HOST_SEGMENTS_V4 | feature::CHECKSUM;

/// Beginnings.
impl Hold {
    /// Begins to use the card, if there is one.
    pub(super) fn begin_card(&mut self) {
        if !has_card() && Nic::is_there() && Nic::lock().check().is_ok() {
            self.renew_card();
        }
    }

    /// Sees to it that `net` has memory, and knows the card.
    ///
    /// # Errors
    ///
    /// It has failed, or was started anew since and knows nothing; there is no memory for it.
    #[inline]
    pub(super) fn ready(&mut self) -> Result<(), Trouble> {
        if !Net::is_there() {
            return Err(Trouble::Failed);
        }
        let (known, generation) = (self.state.net_generation, Net::generation());
        // DEFENCE: untold-net-is-not-asked
        if known.is_some_and(|known| known != generation) {
            return Err(Trouble::Restarted);
        }
        let is_new = known.is_none() || self.state.granted == 0 || self.state.is_card_new;
        match is_new {
            true => self.make_ready(generation),
            false => Ok(()),
        }
    }

    #[cold]
    #[inline(never)]
    fn make_ready(&mut self, generation: u32) -> Result<(), Trouble> {
        if self.state.net_generation.is_none() {
            self.state.net_generation = Some(generation);
            self.state.is_card_new = true;
        }
        if self.state.granted == 0 {
            self.grant(HEAP_FIRST.max(self.state.heap))?;
        }
        if self.state.is_card_new {
            self.state.is_card_new = false;
            self.net.give(&given(), &self.state.card, &seed());
            match self.net.configure() {
                Ok(()) | Err(Trouble::Refused(_)) => {}
                failed => return failed,
            }
        }
        Ok(())
    }

    /// Gives `net` more memory for its heap; whether it has some more now.
    pub(super) fn grow(&mut self) -> bool {
        let limit = (info::boot().memory / HEAP_PART).max(HEAP_LEAST);
        let size = self.state.heap.saturating_mul(2).max(HEAP_FIRST);
        // DEFENCE: heap-of-net-has-a-limit
        size as u64 <= limit && self.grant(size).is_ok()
    }

    fn grant(&mut self, size: usize) -> Result<(), Trouble> {
        let have = self.state.heap;
        let more = size.saturating_sub(have) / PAGE;
        if more > 0 {
            let mapped = memory::map_net_heap(have as u64, more as u64);
            mapped.map_err(|_| Trouble::Refused(Errno::NoBuffers))?;
            self.state.heap = have.saturating_add(more.saturating_mul(PAGE));
        }
        self.net.grant(self.state.heap)?;
        self.state.granted = self.state.heap;
        Ok(())
    }
}

/// What nobody can guess; without a source of it `net` has what it has itself.
fn seed() -> [u8; SEED] {
    let mut seed = [0; SEED];
    let _ = random::generate(&mut seed);
    seed
}

/// Failures.
impl Hold {
    /// Finds out whether a cell was started anew or given up, and does what follows.
    #[inline]
    pub(super) fn catch_up(&mut self) {
        self.catch_up_with_card();
        let is_same = self
            .state
            .net_generation
            .is_none_or(|it| it == Net::generation());
        if !is_same || !Net::is_there() {
            self.catch_up_with_net();
        }
    }

    #[cold]
    #[inline(never)]
    fn catch_up_with_net(&mut self) {
        for _ in 0..TRIES {
            if !Net::is_there() {
                return self.lose_all();
            }
            let generation = Net::generation();
            // DEFENCE: new-net-told-again
            match self.state.net_generation {
                Some(known) if known != generation => self.resume(generation),
                _ => return,
            }
        }
    }

    /// The same for the card alone.
    fn catch_up_with_card(&mut self) {
        if has_card() && (!Nic::is_there() || Nic::generation() != self.state.nic_generation) {
            self.renew_card();
        }
    }

    /// The same where it is found out anyway whether there is a card still.
    pub(super) fn catch_up_with_new_card(&mut self) {
        if Nic::generation() != self.state.nic_generation {
            self.renew_card();
        }
    }

    /// The card is another, or there is none any more.
    #[cold]
    #[inline(never)]
    fn renew_card(&mut self) {
        self.state.nic_generation = Nic::generation();
        if !Nic::is_there() {
            return self.lose_card();
        }
        self.change_card(Nic::card());
        if self.state.features() & SEGMENTS == SEGMENTS {
            self.state.ledger.lend_large();
        }
        set_card(true);
    }

    /// There is no card any more: what went by it is lost.
    #[cold]
    #[inline(never)]
    pub(super) fn lose_card(&mut self) {
        self.change_card([0; CARD_SIZE]);
        set_card(false);
        self.lose_far();
    }

    fn change_card(&mut self, card: [u8; CARD_SIZE]) {
        let state = &mut *self.state;
        // DEFENCE: new-card-has-buffers
        state.ledger.lose_card();
        state.card_has_more = false;
        state.card = card;
        state.is_card_new = true;
    }

    /// Connections that went by the card are lost.
    fn lose_far(&mut self) {
        for slot in &self.state.slots {
            // DEFENCE: listeners-outlive-the-card
            let is_connection = matches!(slot.role(), Role::Connected | Role::Connecting);
            // DEFENCE: near-connections-stay
            let is_far = !setting::is_own(&slot.name(told::PEER));
            if is_connection && is_far && !slot.carries_datagrams() {
                slot.lose(Errno::NetworkDown);
                slot.place().wake(usize::MAX);
            }
        }
    }

    /// `net` was given up: whoever uses a socket is told.
    #[cold]
    #[inline(never)]
    fn lose_all(&mut self) {
        // DEFENCE: no-net-is-told-once
        if self.state.knows_no_net {
            return;
        }
        self.state.knows_no_net = true;
        self.forget_net();
        for number in 0..self.state.slots.len() {
            if let Some(slot) = self.state.slot(number as u32) {
                match slot.role() {
                    Role::Free => {}
                    Role::Spare | Role::Closing => self.free_number(slot),
                    _ => slot.lose(Errno::NetworkDown),
                }
                slot.place().wake(usize::MAX);
            }
        }
        setting::settle();
    }

    /// What `net` had and knew is gone.
    fn forget_net(&mut self) {
        let state = &mut *self.state;
        // DEFENCE: new-net-has-buffers
        state.ledger.lose_stack();
        // DEFENCE: new-net-has-memory
        state.granted = 0;
        state.net_has_more = false;
        state.net_deadline = u64::MAX;
        state.stock = Stock::EMPTY;
        state.told.clear();
        for slot in &state.slots {
            slot.part_from_net();
        }
    }

    /// Tells a new `net` what it has to know.
    #[cold]
    #[inline(never)]
    fn resume(&mut self, generation: u32) {
        self.state.net_generation = Some(generation);
        self.state.is_card_new = true;
        self.forget_net();
        setting::unsettle();
        if self.ready() == Err(Trouble::Restarted) {
            return;
        }
        // First what is lost: its numbers may be used for what is told again.
        for number in 0..self.state.slots.len() {
            if let Some(slot) = self.state.slot(number as u32) {
                self.lose_socket(slot);
            }
        }
        for number in 0..self.state.slots.len() {
            if let Some(slot) = self.state.slot(number as u32)
                && self.resume_socket(slot) == Err(Trouble::Restarted)
            {
                return;
            }
        }
        self.state.net_has_more = true;
    }

    /// A connection, or what waits for one, is gone with the `net` that had it.
    fn lose_socket(&mut self, slot: &'static Slot) {
        match slot.role() {
            Role::Spare | Role::Closing => self.free_number(slot),
            Role::Connecting | Role::Connected if !slot.is_lost() => {
                // DEFENCE: lost-connections-told
                slot.lose(Errno::Reset);
            }
            _ => {}
        }
        slot.place().wake(usize::MAX);
    }

    fn resume_socket(&mut self, slot: &'static Slot) -> Result<(), Trouble> {
        let told_again = match slot.role() {
            Role::Known if !slot.is_lost() => self.tell_again(slot),
            Role::Listener(backlog) if !slot.is_lost() => self
                .tell_again(slot)
                .and_then(|()| self.net.listen(slot.number(), backlog))
                .map(|()| self.add_listener()),
            _ => return Ok(()),
        };
        match told_again {
            Err(Trouble::Refused(_)) => {
                slot.lose(Errno::NetworkDown);
                Ok(())
            }
            other => other,
        }
    }

    /// Opens a socket again that a `net` before knew: with its options, its address, its
    /// groups and its peer.
    fn tell_again(&mut self, slot: &'static Slot) -> Result<(), Trouble> {
        slot.forget();
        let is_stream = slot.with(|record| record.kind == Kind::Stream);
        self.introduce(slot, is_stream)?;
        let bound = slot.with(|record| record.bound);
        if let Some(name) = bound {
            // Nobody else can have taken it.
            self.net.bind(slot.number(), &name, true)?;
        }
        let groups = slot.with(|record| record.groups.len());
        for number in 0..groups {
            let group = slot.with(|record| record.groups.get(number).copied());
            if let Some(group) = group {
                let joined = self.join(slot, &group);
                if joined == Err(Trouble::Restarted) {
                    return joined;
                }
            }
        }
        match slot.with(|record| record.peer) {
            Some(peer) => self.net.connect(slot.number(), &peer),
            None => Ok(()),
        }
    }
}
