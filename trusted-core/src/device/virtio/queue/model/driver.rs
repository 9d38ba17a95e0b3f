//! Drivers: one that keeps to the protocol, and one that keeps to nothing.

use super::call::Step as CoreStep;
use super::memory::{
    ADDRESS, ALL_HEADS, FLAGS, HEADS, INDEX, LENGTH, OWN, SLOT, USED_INDEX, USED_SLOT, after,
    bit, slot,
};
use super::plan::{Care, Fault, Plan};
use super::world::World;

/// The CPU that the driver runs on, and the one that only publishes.
pub(super) const OWN_CPU: usize = 0;
pub(super) const OTHER_CPU: usize = 1;

/// What the driver does next in ring 3.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Step {
    Chooses,
    LooksAgain,
    Asleep,
    Reaps,
    Restarts,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Driver {
    step: Step,
    free: u8,
    /// The requests that wait for a head, and those that are done.
    todo: u8,
    done: u8,
    /// What each head is for.
    held: [u8; HEADS as usize],
    index: u8,
    /// What the index was when the driver last published.
    told: u8,
    reaped: u8,
    pub(super) calls: u8,
    resets: u8,
    /// What the device has done, as only the model knows.
    pub(super) performed: u8,
}

impl Driver {
    pub(super) fn new(plan: &Plan) -> Driver {
        Driver {
            step: Step::Chooses,
            free: ALL_HEADS,
            todo: (1 << plan.requests) - 1,
            done: 0,
            held: [0; HEADS as usize],
            index: plan.start,
            told: plan.start,
            reaped: plan.start,
            calls: plan.calls,
            resets: plan.resets,
            performed: 0,
        }
    }

    pub(super) fn is_done(&self, plan: &Plan) -> bool {
        self.done + 1 == 1 << plan.requests
    }
}

/// All worlds that a step in ring 3 leads to.
pub(super) fn steps(world: &World, plan: &Plan, found: &mut impl FnMut(World)) {
    if plan.is_hostile {
        return world.attack(plan, found);
    }
    let driver = &world.driver;
    if world.cpus[OTHER_CPU].step == CoreStep::Out && driver.calls > 0 {
        let mut next = world.call(OTHER_CPU, CoreStep::Locks, driver.step);
        next.driver.calls -= 1;
        found(next);
    }
    if world.cpus[OWN_CPU].step != CoreStep::Out {
        return;
    }
    match driver.step {
        Step::Chooses => world.choose(plan, found),
        Step::LooksAgain => found(world.look_again()),
        Step::Asleep if world.has_interrupt => found(world.wake()),
        Step::Asleep => (),
        Step::Reaps => found(world.reap()),
        Step::Restarts => found(world.restart()),
    }
}

impl World {
    /// A call into the core, and what comes after it.
    fn call(&self, own: usize, work: CoreStep, then: Step) -> World {
        let mut next = *self;
        next.cpu(own).step = work;
        next.driver.step = then;
        next
    }

    fn choose(&self, plan: &Plan, found: &mut impl FnMut(World)) {
        let driver = &self.driver;
        if driver.todo != 0 && driver.free != 0 {
            found(self.submit(driver.free.trailing_zeros() as u8));
        }
        if driver.index != driver.told {
            found(self.publish(Step::Chooses));
        }
        if driver.free != ALL_HEADS {
            found(self.wait(plan.care));
        }
        if driver.resets > 0 {
            let mut next = self.call(OWN_CPU, CoreStep::LocksForReset, Step::Restarts);
            next.driver.resets -= 1;
            found(next);
        }
    }

    fn submit(&self, head: u8) -> World {
        let mut next = *self;
        let request = self.driver.todo.trailing_zeros() as u8;
        let place = OWN + usize::from(head);
        let index = self.driver.index;
        next.store(OWN_CPU, place + ADDRESS, request);
        next.store(OWN_CPU, place + LENGTH, request);
        next.store(OWN_CPU, slot(OWN + SLOT, index), head);
        next.store(OWN_CPU, OWN + INDEX, after(index));
        next.driver.index = after(index);
        next.driver.todo &= !(1 << request);
        next.driver.free &= !bit(head);
        next.driver.held[usize::from(head)] = request;
        next
    }

    fn publish(&self, then: Step) -> World {
        let mut next = self.call(OWN_CPU, CoreStep::Locks, then);
        next.driver.told = self.driver.index;
        next
    }

    fn wait(&self, care: Care) -> World {
        let then = match care {
            Care::DriverLooksOnce => Step::Asleep,
            _ => Step::LooksAgain,
        };
        let mut next = self.publish(then);
        next.store(OWN_CPU, OWN + FLAGS, 0);
        next
    }

    fn look_again(&self) -> World {
        if self.load(OWN_CPU, USED_INDEX) != self.driver.reaped {
            return self.wake();
        }
        let mut next = *self;
        next.driver.step = Step::Asleep;
        next
    }

    /// Interrupts are not wanted until the driver waits again.
    fn wake(&self) -> World {
        let mut next = *self;
        if self.driver.step == Step::Asleep {
            next.has_interrupt = false;
        }
        next.store(OWN_CPU, OWN + FLAGS, 1);
        next.driver.step = Step::Reaps;
        next
    }

    fn reap(&self) -> World {
        let mut next = *self;
        let index = self.driver.reaped;
        if self.load(OWN_CPU, USED_INDEX) == index {
            next.driver.step = Step::Chooses;
            return next;
        }
        let head = self.load(OWN_CPU, slot(USED_SLOT, index));
        let request = 1 << self.driver.held[usize::from(head)];
        if self.driver.free & bit(head) != 0 || self.driver.done & request != 0 {
            next.blame(Fault::DoneTwice);
        }
        next.driver.done |= request;
        next.driver.free |= bit(head);
        next.driver.held[usize::from(head)] = 0;
        next.driver.reaped = after(index);
        next
    }

    /// What was not done before the reset is to be done again.
    fn restart(&self) -> World {
        let mut next = *self;
        let driver = &mut next.driver;
        for head in (0..HEADS).filter(|head| driver.free & bit(*head) == 0) {
            driver.todo |= 1 << driver.held[usize::from(head)];
        }
        driver.performed &= driver.done;
        (driver.free, driver.held) = (ALL_HEADS, [0; HEADS as usize]);
        (driver.index, driver.told, driver.reaped) = (0, 0, 0);
        driver.step = Step::Chooses;
        next.store(OWN_CPU, OWN + INDEX, 0);
        next
    }

    /// Calls whatever it may. What it writes is what the core reads of it.
    fn attack(&self, plan: &Plan, found: &mut impl FnMut(World)) {
        if self.cpus[OWN_CPU].step != CoreStep::Out {
            return;
        }
        found(self.call(OWN_CPU, CoreStep::Locks, Step::Chooses));
        if plan.resets > 0 {
            found(self.call(OWN_CPU, CoreStep::LocksForReset, Step::Chooses));
        }
    }
}
