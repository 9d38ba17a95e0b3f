//! Every order in which CPUs idle, wake, steal and are kicked.
//!
//! A CPU of the model does what the kernel's idle thread does: it seeks, and halts until
//! somebody kicks it. A thread that was made ready must run, though nobody else ever
//! looks at the queue in which it waits: a CPU that halts meanwhile is what all waiting
//! for ever is reported for.

extern crate std;

use std::sync::Arc;

use models::{Model, Scenario, Stores, wait_until};

use super::*;
use crate::sync::{AtomicBool, AtomicUsize};

/// What an idle CPU or a waker may leave out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Care {
    Full,
    /// It looks for work, and says only then that it idles.
    LooksFirst,
    /// Whoever puts a thread behind a busy CPU looks for no idle one afterwards.
    OffersNothing,
}

struct World {
    fleet: Fleet<Job>,
    kicked: [AtomicBool; 3],
    /// How many jobs have run.
    ran: AtomicUsize,
    care: Care,
}

impl World {
    /// Idle CPUs, of which the last ones run a job each that never gives way.
    fn new(cpus: usize, busy: usize, care: Care) -> Arc<World> {
        let fleet = fleet(cpus);
        for cpu in cpus - busy..cpus {
            let job = Job::new(CPUS_MAX + cpu, cpu, 2, true);
            let start = |turns: &mut Turns<Job>| turns.start(job, job.priority(), job);
            fleet.cpu(cpu).change(start);
        }
        Arc::new(World {
            fleet,
            kicked: [const { AtomicBool::new(false) }; 3],
            ran: AtomicUsize::new(0),
            care,
        })
    }

    fn kick(&self, cpus: CpuSet) {
        cpus.for_each(|cpu| self.kicked[cpu].store(true, Ordering::SeqCst));
    }

    /// What the idle thread of a CPU does until `jobs` have run.
    fn idle(&self, cpu: usize, jobs: usize) {
        while self.ran.load(Ordering::Relaxed) < jobs {
            let switch = self.seek(cpu);
            if switch.is_none() {
                self.halt(cpu, jobs);
                self.fleet.stop_idling(cpu);
                self.run(cpu, self.fleet.cpu(cpu).change(Turns::give_way));
            }
            self.run(cpu, switch);
        }
        self.fleet.stop_idling(cpu);
    }

    fn seek(&self, cpu: usize) -> Option<Switch<Job>> {
        if self.care != Care::LooksFirst {
            return self.fleet.seek(cpu);
        }
        let task = self.fleet.steal(cpu);
        let Some(task) = task else {
            self.fleet.idle.announce(cpu);
            return None;
        };
        self.fleet.cpu(cpu).change(|turns| {
            turns.make_ready(task, task.priority());
            turns.give_way()
        })
    }

    fn halt(&self, cpu: usize, jobs: usize) {
        wait_until(|| {
            self.kicked[cpu].load(Ordering::SeqCst) || self.ran.load(Ordering::Relaxed) == jobs
        });
        self.kicked[cpu].store(false, Ordering::SeqCst);
    }

    /// Goes over to a job, and to others when it has ended, at once.
    fn run(&self, cpu: usize, switch: Option<Switch<Job>>) {
        let Some(Switch { from, to }) = switch else {
            return;
        };
        self.kick(self.fleet.offer(from));
        let mut next = Some(to);
        while let Some(job) = next.filter(|job| !job.is_idle()) {
            assert_eq!(job.cpu(), cpu);
            assert!(!job.0.is_saved.swap(true, Ordering::Relaxed), "ran twice");
            let switch = self.fleet.cpu(cpu).change(Turns::stop);
            next = switch.map(|switch| switch.to);
            self.ran.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Wakes a job that slept on a CPU.
    fn wake(&self, number: usize, cpu: usize) {
        let job = Job::new(CPUS_MAX + number, cpu, 1, false);
        job.0.is_saved.store(false, Ordering::Relaxed);
        if self.care == Care::OffersNothing {
            self.fleet
                .cpu(cpu)
                .change(|turns| turns.make_ready(job, job.priority()));
        } else {
            self.kick(self.fleet.wake(job));
        }
    }
}

/// A busy CPU wakes one that slept there; the other idles, or is about to.
fn one_is_woken(model: Model, care: Care) -> Result<usize, models::Found> {
    model.explore(|| {
        let world = World::new(2, 1, care);
        let waker = Arc::clone(&world);
        let scenario = Scenario::new().thread(move || world.idle(0, 1));
        scenario.thread(move || waker.wake(9, 1))
    })
}

/// Two idle, and a busy one wakes one that slept there, or two where there is time.
fn some_are_woken(model: Model, jobs: usize) -> Result<usize, models::Found> {
    model.explore(|| {
        let world = World::new(3, 1, Care::Full);
        let idle = |cpu| {
            let world = Arc::clone(&world);
            move || world.idle(cpu, jobs)
        };
        let scenario = Scenario::new().thread(idle(0)).thread(idle(1));
        scenario.thread(move || (10..10 + jobs).for_each(|job| world.wake(job, 2)))
    })
}

#[test]
fn no_order_has_a_thread_wait_while_a_cpu_halts() {
    let orders = one_is_woken(Model::new(2).deeper_in_full(), Care::Full);
    assert!(orders.expect("nobody is lost") > 1000);
}

#[test]
fn no_order_of_three_cpus_has_a_thread_wait_while_one_halts() {
    let jobs = 1 + usize::from(models::is_full());
    let orders = some_are_woken(Model::new(1), jobs);
    assert!(orders.expect("nobody is lost") > 500);
}

#[test]
fn who_looks_before_it_says_that_it_idles_is_caught() {
    let found = one_is_woken(Model::new(2), Care::LooksFirst);
    found.expect_err("it waits").says("wait for ever");
}

#[test]
fn who_offers_nothing_is_caught() {
    let found = one_is_woken(Model::new(2), Care::OffersNothing);
    found.expect_err("it waits").says("wait for ever");
}

/// On x86 a store waits behind the load that follows: hence the fences.
#[test]
fn who_has_no_fences_is_caught() {
    let model = Model::new(2).with(Stores::WaitAtFences);
    let found = one_is_woken(model, Care::Full);
    found.expect_err("it waits").says("wait for ever");
}
