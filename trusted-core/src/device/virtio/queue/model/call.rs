//! What a CPU does in the core: publishes a queue, or resets its device.
//!
//! A step looks at shared memory once. What it stores joins it: that shows only
//! when it leaves the store buffer.

use super::driver::OWN_CPU;
use super::memory::{
    ASKED_TO_STOP, FLAGS, HEADS, INDEX, LOCK, MODULUS, OWN, RUNNING, SHARED, SLOT, STATUS,
    STOPPED, USED_FLAGS, USED_INDEX, slot,
};
use super::plan::{Care, Fault, Plan};
use super::world::{Queue, World};

/// What a CPU does next.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) enum Step {
    /// Is in ring 3.
    #[default]
    Out,
    Locks,
    ReadsIndex,
    ReadsUsed,
    ReadsFlags,
    ReadsHead,
    CopiesAddress,
    CopiesLength,
    Fences,
    ReadsNotify,
    Rings,
    LocksForReset,
    AsksToStop,
    AwaitsStop,
    Clears,
}

/// What one call has read.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct Call {
    pub(super) index: u8,
    pub(super) head: u8,
    pub(super) has_new: bool,
    pub(super) may_ring: bool,
}

/// All worlds that the next step of a CPU in the core leads to.
pub(super) fn steps(world: &World, own: usize, plan: &Plan, found: &mut impl FnMut(World)) {
    let Some((place, end)) = world.word_of_driver(own).filter(|_| plan.is_hostile) else {
        return step(world, own, plan).into_iter().for_each(found);
    };
    for value in 0..end {
        let mut next = *world;
        next.memory[place] = value;
        let next = step(&next, own, plan).map(|next| World {
            memory: world.memory,
            ..next
        });
        next.into_iter().for_each(&mut *found);
    }
}

/// The world after the next step, unless the CPU has to wait.
fn step(world: &World, own: usize, plan: &Plan) -> Option<World> {
    let mut next = *world;
    let step = match world.cpus[own].step {
        Step::Out => return None,
        Step::Locks => next.lock(own, plan.care)?,
        Step::ReadsIndex => next.read_index(own, plan.care),
        Step::ReadsUsed => next.read_used(own, plan.care),
        Step::ReadsFlags => next.copy_flags(own, plan.care),
        Step::ReadsHead => next.read_head(own, plan),
        Step::CopiesAddress => next.copy_address(own, plan.care),
        Step::CopiesLength => next.copy_length(own, plan.care),
        Step::Fences => next.fence(own, plan.care)?,
        Step::ReadsNotify => next.read_notify(own),
        Step::Rings => next.ring(own)?,
        reset => next.reset(own, reset, plan.care)?,
    };
    next.cpu(own).step = step;
    if step == Step::Out {
        next.cpu(own).call = Call::default();
    }
    Some(next)
}

impl World {
    /// Which word of the driver a CPU is to read, and how many values it may
    /// have: those of a hostile driver change between any two looks. Whatever
    /// its flags are, it is only itself that they could leave asleep.
    fn word_of_driver(&self, own: usize) -> Option<(usize, u8)> {
        Some(match self.cpus[own].step {
            Step::ReadsIndex => (OWN + INDEX, MODULUS),
            Step::ReadsFlags => (OWN + FLAGS, 1),
            Step::ReadsHead | Step::CopiesAddress => {
                (slot(OWN + SLOT, self.queue.published), HEADS + 1)
            }
            _ => return None,
        })
    }

    /// Only the driver's CPU writes what this step reads.
    pub(super) fn is_unseen(&self, own: usize) -> bool {
        let step = self.cpus[own].step;
        own == OWN_CPU && (step == Step::CopiesLength || self.word_of_driver(own).is_some())
    }

    fn take_lock(&mut self, own: usize) -> Option<()> {
        let is_free = self.has_fenced(own) && self.memory[LOCK] == 0;
        is_free.then(|| self.memory[LOCK] = 1)
    }

    fn lock(&mut self, own: usize, care: Care) -> Option<Step> {
        self.take_lock(own)?;
        Some(match care {
            Care::UsedBeforeIndex => Step::ReadsUsed,
            _ => Step::ReadsIndex,
        })
    }

    fn reset(&mut self, own: usize, step: Step, care: Care) -> Option<Step> {
        Some(match step {
            Step::LocksForReset => {
                self.take_lock(own)?;
                Step::AsksToStop
            }
            Step::AsksToStop => {
                self.memory[STATUS] = ASKED_TO_STOP;
                Step::AwaitsStop
            }
            Step::AwaitsStop => {
                let has_stopped = self.memory[STATUS] == STOPPED;
                (has_stopped || care == Care::NoWaitForReset).then_some(())?;
                Step::Clears
            }
            _ => self.clear(own),
        })
    }

    /// Nobody else looks at the queue: the device is off, the lock taken.
    fn clear(&mut self, own: usize) -> Step {
        if !self.device.is_off() {
            self.blame(Fault::WriteAfterReset);
        }
        self.queue = Queue {
            in_flight: 0,
            published: 0,
            retired: 0,
        };
        for place in [SHARED + INDEX, SHARED + FLAGS, USED_INDEX, USED_FLAGS] {
            self.memory[place] = 0;
        }
        self.memory[STATUS] = RUNNING;
        self.store(own, LOCK, 0);
        Step::Out
    }
}
