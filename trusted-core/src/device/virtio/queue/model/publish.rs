//! How a call copies new entries, once the queue is locked.

use super::call::Step;
use super::memory::{
    ADDRESS, FLAGS, HEADS, INDEX, LENGTH, LOCK, OWN, SHARED, SLOT, USED_FLAGS, USED_INDEX,
    USED_SLOT, after, bit, slot,
};
use super::plan::{Care, Fault, Plan};
use super::world::World;

impl World {
    pub(super) fn read_index(&mut self, own: usize, care: Care) -> Step {
        self.cpu(own).call.index = self.load(own, OWN + INDEX);
        match care {
            Care::UsedBeforeIndex => Step::ReadsFlags,
            _ => Step::ReadsUsed,
        }
    }

    /// The entries that the index tells of do not change until they are
    /// retired, so that they are read in the same step.
    pub(super) fn read_used(&mut self, own: usize, care: Care) -> Step {
        let used = self.load(own, USED_INDEX);
        while self.queue.retired != used {
            let head = self.load(own, slot(USED_SLOT, self.queue.retired));
            self.queue.in_flight &= !bit(head);
            self.queue.retired = after(self.queue.retired);
        }
        let is_empty = self.queue.in_flight == 0;
        self.cpu(own).call.may_ring = is_empty || care != Care::BellOnlyIfEmpty;
        match care {
            Care::UsedBeforeIndex => Step::ReadsIndex,
            _ => Step::ReadsFlags,
        }
    }

    pub(super) fn copy_flags(&mut self, own: usize, care: Care) -> Step {
        let has_entries = self.cpus[own].call.index != self.queue.published;
        if has_entries || care != Care::FlagsOnlyWithEntries {
            let flags = self.load(own, OWN + FLAGS);
            self.store(own, SHARED + FLAGS, flags);
        }
        self.next_entry(own)
    }

    fn next_entry(&mut self, own: usize) -> Step {
        if self.cpus[own].call.index == self.queue.published {
            return self.leave(own);
        }
        Step::ReadsHead
    }

    /// The lock opens by a plain store.
    fn leave(&mut self, own: usize) -> Step {
        if self.cpus[own].call.has_new {
            self.store(own, SHARED + INDEX, self.queue.published);
        }
        self.store(own, LOCK, 0);
        Step::Fences
    }

    pub(super) fn read_head(&mut self, own: usize, plan: &Plan) -> Step {
        let head = self.load(own, slot(OWN + SLOT, self.queue.published));
        self.cpu(own).call.head = head;
        let is_in_flight = self.queue.in_flight & bit(head) != 0;
        if head < HEADS && (!is_in_flight || plan.care == Care::InFlightAccepted) {
            return Step::CopiesAddress;
        }
        if !plan.is_hostile {
            self.blame(Fault::RefusedWithoutReason);
        }
        self.leave(own)
    }

    pub(super) fn copy_address(&mut self, own: usize, care: Care) -> Step {
        if care == Care::HeadReadTwice {
            let head = self.load(own, slot(OWN + SLOT, self.queue.published));
            self.cpu(own).call.head = head % HEADS;
        }
        self.copy_word(own, ADDRESS);
        Step::CopiesLength
    }

    pub(super) fn copy_length(&mut self, own: usize, care: Care) -> Step {
        self.copy_word(own, LENGTH);
        let head = self.cpus[own].call.head;
        let place = slot(SHARED + SLOT, self.queue.published);
        self.queue.published = after(self.queue.published);
        self.queue.in_flight |= bit(head);
        if care == Care::IndexBeforeSlot {
            self.store(own, SHARED + INDEX, self.queue.published);
        }
        self.store(own, place, head);
        let call = &mut self.cpu(own).call;
        (call.head, call.has_new) = (0, true);
        self.next_entry(own)
    }

    /// Each word tells which entry it was copied for.
    fn copy_word(&mut self, own: usize, word: usize) {
        let place = word + usize::from(self.cpus[own].call.head);
        let value = self.load(own, OWN + place);
        let stamped = value << 2 | self.queue.published;
        self.store(own, SHARED + place, stamped);
    }

    pub(super) fn fence(&mut self, own: usize, care: Care) -> Option<Step> {
        let call = self.cpus[own].call;
        let is_left_out = match care {
            Care::NoFence => true,
            Care::FenceOnlyWithEntries => !call.has_new,
            _ => false,
        };
        (is_left_out || self.has_fenced(own)).then_some(())?;
        Some(match call.has_new && call.may_ring {
            true => Step::ReadsNotify,
            false => Step::Out,
        })
    }

    pub(super) fn read_notify(&mut self, own: usize) -> Step {
        match self.load(own, USED_FLAGS) {
            0 => Step::Rings,
            _ => Step::Out,
        }
    }

    /// A bell is uncached memory: stores before it are seen before it.
    pub(super) fn ring(&mut self, own: usize) -> Option<Step> {
        self.has_fenced(own).then_some(())?;
        self.has_bell = true;
        Some(Step::Out)
    }
}
