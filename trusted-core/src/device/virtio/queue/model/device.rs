//! A device that takes what is published, and uses it in any order.

use super::memory::{
    ADDRESS, ASKED_TO_STOP, FLAGS, HEADS, INDEX, LENGTH, RUNNING, SHARED, SLOT, STATUS,
    STOPPED, UNWRITTEN, USED_FLAGS, USED_INDEX, USED_SLOT, after, bit, slot,
};
use super::plan::{Care, Fault, Plan};
use super::world::World;

/// What the device does next.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Step {
    Off,
    Asleep,
    SetsNoNotify,
    Looks,
    ReadsSlot,
    ReadsAddress,
    ReadsLength,
    WritesIndex,
    ReadsFlags,
    ClearsNoNotify,
    LooksAgain,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Device {
    step: Step,
    seen: u8,
    used: u8,
    /// The heads that it works on.
    taken: u8,
    head: u8,
    address: u8,
}

impl Device {
    pub(super) fn new(start: u8) -> Device {
        Device {
            step: Step::Asleep,
            seen: start,
            used: start,
            taken: 0,
            head: 0,
            address: 0,
        }
    }

    pub(super) fn is_asleep(&self) -> bool {
        self.step == Step::Asleep
    }

    pub(super) fn is_off(&self) -> bool {
        self.step == Step::Off
    }
}

/// All worlds that a step of the device leads to.
pub(super) fn steps(world: &World, plan: &Plan, found: &mut impl FnMut(World)) {
    if world.memory[STATUS] == ASKED_TO_STOP {
        found(world.stop());
    }
    if world.device.step == Step::Looks {
        return world.look(found);
    }
    if let Some(next) = world.go_on(plan) {
        found(next);
    }
}

impl World {
    fn stop(&self) -> World {
        let mut next = *self;
        next.device = Device::new(0);
        next.device.step = Step::Off;
        next.memory[STATUS] = STOPPED;
        next.memory[SHARED..SHARED + INDEX].fill(UNWRITTEN);
        (next.live, next.has_bell) = (0, false);
        next
    }

    fn has_entry(&self) -> bool {
        self.memory[SHARED + INDEX] != self.device.seen
    }

    /// Takes an entry, uses one that it has taken, or has nothing to do.
    fn look(&self, found: &mut impl FnMut(World)) {
        let device = self.device;
        if self.has_entry() {
            found(self.at(Step::ReadsSlot));
        } else if device.taken == 0 {
            found(self.at(Step::ClearsNoNotify));
        }
        for head in (0..HEADS).filter(|head| device.taken & bit(*head) != 0) {
            let mut next = self.at(Step::WritesIndex);
            next.device.taken &= !bit(head);
            next.device.head = head;
            next.memory[slot(USED_SLOT, device.used)] = head;
            found(next);
        }
    }

    fn at(&self, step: Step) -> World {
        let mut next = *self;
        next.device.step = step;
        next
    }

    fn go_on(&self, plan: &Plan) -> Option<World> {
        let mut next = *self;
        next.device.step = match self.device.step {
            Step::Off => (self.memory[STATUS] == RUNNING).then_some(Step::Asleep)?,
            Step::Asleep => {
                self.has_bell.then(|| next.has_bell = false)?;
                Step::SetsNoNotify
            }
            Step::SetsNoNotify => {
                next.memory[USED_FLAGS] = 1;
                Step::Looks
            }
            Step::ReadsSlot => next.read_slot(),
            Step::ReadsAddress => next.read_address(),
            Step::ReadsLength => next.read_length(plan),
            Step::WritesIndex => next.write_index(),
            Step::ReadsFlags => next.read_flags(),
            Step::ClearsNoNotify => next.clear_no_notify(plan.care),
            Step::Looks | Step::LooksAgain if self.has_entry() => Step::SetsNoNotify,
            Step::Looks | Step::LooksAgain => Step::Asleep,
        };
        Some(next)
    }

    fn read_slot(&mut self) -> Step {
        let head = self.memory[slot(SHARED + SLOT, self.device.seen)];
        if bit(head) == 0 || self.device.taken & bit(head) != 0 {
            self.blame(Fault::Mixture);
        }
        self.device.head = head % HEADS;
        Step::ReadsAddress
    }

    fn read_address(&mut self) -> Step {
        let place = SHARED + ADDRESS + usize::from(self.device.head);
        self.device.address = self.memory[place];
        Step::ReadsLength
    }

    fn read_length(&mut self, plan: &Plan) -> Step {
        let device = self.device;
        let length = self.memory[SHARED + LENGTH + usize::from(device.head)];
        if length != device.address || length % 4 != device.seen {
            self.blame(Fault::Mixture);
        }
        if !plan.is_hostile {
            self.perform(bit_of_request(length >> 2));
        }
        self.forget(usize::from(device.head), slot(SHARED + SLOT, device.seen));
        self.device = Device {
            seen: after(device.seen),
            taken: device.taken | bit(device.head),
            head: 0,
            address: 0,
            ..device
        };
        Step::Looks
    }

    /// What the device has read once, it does not read again.
    fn forget(&mut self, head: usize, slot: usize) {
        for place in [SHARED + ADDRESS + head, SHARED + LENGTH + head, slot] {
            self.memory[place] = UNWRITTEN;
        }
    }

    fn perform(&mut self, request: u8) {
        if self.driver.performed & request != 0 {
            self.blame(Fault::DoneTwice);
        }
        self.driver.performed |= request;
    }

    fn write_index(&mut self) -> Step {
        self.device.used = after(self.device.used);
        self.memory[USED_INDEX] = self.device.used;
        self.live &= !bit(self.device.head);
        self.device.head = 0;
        Step::ReadsFlags
    }

    fn read_flags(&mut self) -> Step {
        if self.memory[SHARED + FLAGS] == 0 {
            self.has_interrupt = true;
        }
        Step::Looks
    }

    fn clear_no_notify(&mut self, care: Care) -> Step {
        self.memory[USED_FLAGS] = 0;
        match care {
            Care::DeviceLooksOnce => Step::Asleep,
            _ => Step::LooksAgain,
        }
    }
}

fn bit_of_request(request: u8) -> u8 {
    1u8.checked_shl(request.into()).unwrap_or(0)
}
