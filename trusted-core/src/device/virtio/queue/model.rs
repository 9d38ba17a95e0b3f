//! Every order in which a driver, the core and a device can use a queue.
//!
//! A world is all that counts; a step is one look at shared memory. All worlds
//! that steps lead to are visited. In none of them may a descriptor that the
//! device can read be written, or anyone sleep whom nobody will wake.

extern crate std;

mod call;
mod device;
mod driver;
mod memory;
mod plan;
mod publish;
mod world;

use std::collections::HashSet;

use driver::OWN_CPU;
use plan::{Care, Fault, Plan};
use world::World;

const SINGLE: Plan = Plan {
    care: Care::Full,
    requests: 4,
    calls: 0,
    resets: 0,
    start: 0,
    is_hostile: false,
};

/// Another CPU publishes too.
const SHARED: Plan = Plan {
    requests: 3,
    calls: 1,
    ..SINGLE
};

const RESET: Plan = Plan {
    requests: 3,
    resets: 1,
    ..SINGLE
};

const HOSTILE: Plan = Plan {
    resets: 1,
    is_hostile: true,
    ..SINGLE
};

/// All worlds that one step leads to, by whoever makes it. One that nobody else
/// can see goes first: no other order tells more.
fn steps(world: &World, plan: &Plan, found: &mut impl FnMut(World)) {
    if world.is_own(OWN_CPU) {
        return world.drain(OWN_CPU).into_iter().for_each(found);
    }
    if world.is_unseen(OWN_CPU) {
        return call::steps(world, OWN_CPU, plan, found);
    }
    for own in 0..world.cpus.len() {
        world.drain(own).into_iter().for_each(&mut *found);
        call::steps(world, own, plan, found);
    }
    device::steps(world, plan, found);
    driver::steps(world, plan, found);
}

/// What is wrong with a world; `is_last` if no step leads on.
fn fault_of(world: &World, plan: &Plan, is_last: bool) -> Option<Fault> {
    if world.is_forgotten_by_device() {
        return Some(Fault::DeviceSleepsForever);
    }
    let is_stuck = is_last && !world.driver.is_done(plan);
    let stuck = is_stuck.then_some(Fault::DriverSleepsForever);
    world.fault.or(stuck)
}

/// Visits all worlds; how many, or the first fault that is looked for.
fn explore(plan: &Plan, is_sought: impl Fn(Fault) -> bool) -> Result<usize, Fault> {
    let first = World::new(plan);
    let mut seen = HashSet::from([first]);
    let mut open = std::vec![first];
    while let Some(world) = open.pop() {
        let mut is_last = world.fault.is_none();
        let mut visit = |next| {
            is_last = false;
            if seen.insert(next) {
                open.push(next);
            }
        };
        if world.fault.is_none() {
            steps(&world, plan, &mut visit);
        }
        let fault = fault_of(&world, plan, is_last);
        fault
            .filter(|fault| is_sought(*fault))
            .map_or(Ok(()), Err)?;
    }
    Ok(seen.len())
}

/// Whether no world is bad, and there are more than so many.
#[track_caller]
fn check(plan: &Plan, more_than: usize) {
    let worlds = explore(plan, |_| true);
    assert!(worlds.is_ok_and(|worlds| worlds > more_than), "{worlds:?}");
}

/// Whether a fault is found where less care is taken.
#[track_caller]
fn check_catches(fault: Fault, care: Care, plan: Plan) {
    let plan = Plan { care, ..plan };
    assert_eq!(explore(&plan, |found| found == fault), Err(fault));
}

#[test]
fn no_order_of_one_cpu_loses_a_request() {
    check(&SINGLE, 100_000);
}

#[test]
fn no_order_loses_a_request_wherever_the_indexes_begin() {
    for start in 1..memory::MODULUS {
        let requests = 3;
        check(
            &Plan {
                start,
                requests,
                ..SINGLE
            },
            10_000,
        );
    }
}

#[test]
fn no_order_of_two_cpus_loses_a_request() {
    check(&SHARED, 500_000);
}

#[test]
fn no_order_of_a_reset_loses_a_request() {
    check(&RESET, 100_000);
}

#[test]
fn no_hostile_driver_reaches_what_is_in_flight() {
    check(&HOSTILE, 100_000);
}

#[test]
fn who_does_not_fence_before_the_look_for_a_bell_is_caught() {
    check_catches(Fault::DeviceSleepsForever, Care::NoFence, SINGLE);
}

/// The flags are stores too, before the driver's second look.
#[test]
fn who_fences_only_with_new_entries_is_caught() {
    check_catches(
        Fault::DriverSleepsForever,
        Care::FenceOnlyWithEntries,
        SINGLE,
    );
}

#[test]
fn who_copies_flags_only_with_new_entries_is_caught() {
    check_catches(
        Fault::DriverSleepsForever,
        Care::FlagsOnlyWithEntries,
        SINGLE,
    );
}

#[test]
fn a_driver_that_looks_once_is_caught() {
    check_catches(Fault::DriverSleepsForever, Care::DriverLooksOnce, SINGLE);
}

#[test]
fn a_device_that_looks_once_is_caught() {
    check_catches(Fault::DeviceSleepsForever, Care::DeviceLooksOnce, SINGLE);
}

#[test]
fn who_accepts_a_head_in_flight_is_caught() {
    check_catches(Fault::WrittenInFlight, Care::InFlightAccepted, HOSTILE);
}

#[test]
fn who_reads_a_head_twice_is_caught() {
    check_catches(Fault::WrittenInFlight, Care::HeadReadTwice, HOSTILE);
}

#[test]
fn who_stores_the_index_before_the_slot_is_caught() {
    check_catches(Fault::Mixture, Care::IndexBeforeSlot, SINGLE);
}

#[test]
fn who_rings_only_for_an_empty_queue_is_caught() {
    check_catches(Fault::DeviceSleepsForever, Care::BellOnlyIfEmpty, SINGLE);
}

/// Between the two looks a head can be used, reaped and submitted again.
#[test]
fn who_reads_what_is_used_before_what_is_new_is_caught() {
    check_catches(Fault::RefusedWithoutReason, Care::UsedBeforeIndex, SHARED);
}

#[test]
fn who_does_not_wait_for_the_end_of_a_reset_is_caught() {
    check_catches(Fault::WriteAfterReset, Care::NoWaitForReset, RESET);
}

/// A driver has to keep its other CPUs from publishing until it has begun anew.
#[test]
fn a_publish_between_a_reset_and_the_drivers_new_start_is_caught() {
    let plan = Plan {
        requests: 1,
        resets: 1,
        ..SHARED
    };
    check_catches(Fault::DoneTwice, Care::Full, plan);
}
