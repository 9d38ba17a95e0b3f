//! All that counts of a queue: its memory, its CPUs, its driver, its device.
//!
//! A device's stores do not wait as those of CPUs do: it keeps to its side of
//! the protocol, which has a fence wherever a load could tell.

use super::call::{Call, Step};
use super::device::Device;
use super::driver::{Driver, OTHER_CPU};
use super::memory::{
    FLAGS, HEADS, INDEX, LOCK, OWN, PLACES, RUNNING, SHARED, SLOT, STATUS, Stores, UNWRITTEN,
    USED_FLAGS, USED_INDEX, after, bit, slot,
};
use super::plan::{Fault, Plan};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct Cpu {
    pub(super) step: Step,
    pub(super) call: Call,
    pub(super) stores: Stores,
}

/// What the core knows of the queue.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Queue {
    pub(super) in_flight: u8,
    pub(super) published: u8,
    pub(super) retired: u8,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct World {
    pub(super) memory: [u8; PLACES],
    pub(super) cpus: [Cpu; 2],
    pub(super) queue: Queue,
    pub(super) driver: Driver,
    pub(super) device: Device,
    pub(super) has_bell: bool,
    pub(super) has_interrupt: bool,
    /// The heads that the device may read, whatever the core believes.
    pub(super) live: u8,
    pub(super) fault: Option<Fault>,
}

impl World {
    pub(super) fn new(plan: &Plan) -> World {
        let start = plan.start;
        let mut memory = [UNWRITTEN; PLACES];
        for place in [OWN + INDEX, SHARED + INDEX, USED_INDEX] {
            memory[place] = start;
        }
        for place in [USED_FLAGS, LOCK, SHARED + FLAGS] {
            memory[place] = 0;
        }
        (memory[OWN + FLAGS], memory[STATUS]) = (1, RUNNING);
        if plan.is_hostile {
            memory[OWN..OWN + INDEX].fill(0);
        }
        World {
            memory,
            cpus: [Cpu::default(); 2],
            queue: Queue {
                in_flight: 0,
                published: start,
                retired: start,
            },
            driver: Driver::new(plan),
            device: Device::new(start),
            has_bell: false,
            has_interrupt: false,
            live: 0,
            fault: None,
        }
    }

    pub(super) fn cpu(&mut self, own: usize) -> &mut Cpu {
        &mut self.cpus[own]
    }

    /// The first of the faults is the one to tell of.
    pub(super) fn blame(&mut self, fault: Fault) {
        self.fault.get_or_insert(fault);
    }

    pub(super) fn store(&mut self, own: usize, place: usize, value: u8) {
        self.cpu(own).stores.push(place, value);
    }

    pub(super) fn load(&self, own: usize, place: usize) -> u8 {
        let last = self.cpus[own].stores.last(place);
        last.unwrap_or(self.memory[place])
    }

    pub(super) fn has_fenced(&self, own: usize) -> bool {
        self.cpus[own].stores.is_empty()
    }

    /// The oldest store of a CPU reaches memory.
    pub(super) fn drain(&self, own: usize) -> Option<World> {
        let mut world = *self;
        let (place, value) = world.cpu(own).stores.pop()?;
        world.reach(place, value);
        Some(world)
    }

    /// Nobody but the CPU itself will look at its oldest store.
    pub(super) fn is_own(&self, own: usize) -> bool {
        let oldest = self.cpus[own].stores.oldest();
        let is_alone = self.driver.calls == 0 && self.cpus[OTHER_CPU].step == Step::Out;
        is_alone && oldest.is_some_and(|place| place < SHARED)
    }

    fn reach(&mut self, place: usize, value: u8) {
        if (SHARED..SHARED + SLOT).contains(&place) {
            let head = (place - SHARED) as u8 % HEADS;
            if self.live & (1 << head) != 0 {
                self.blame(Fault::WrittenInFlight);
            }
        }
        if place == SHARED + INDEX {
            self.live |= self.heads_between(self.memory[place], value);
        }
        self.memory[place] = value;
    }

    fn heads_between(&self, from: u8, to: u8) -> u8 {
        let mut heads = 0;
        let mut at = from;
        while at != to {
            let head = self.memory[slot(SHARED + SLOT, at)];
            heads |= bit(head);
            at = after(at);
        }
        heads
    }

    /// Nobody will ring for what has been published.
    pub(super) fn is_forgotten_by_device(&self) -> bool {
        let is_out = |cpu: &Cpu| cpu.step == Step::Out && cpu.stores.is_empty();
        let is_asleep = self.device.is_asleep() && !self.has_bell;
        is_asleep && self.live != 0 && self.cpus.iter().all(is_out)
    }
}
