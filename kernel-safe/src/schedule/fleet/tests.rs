//! Several CPUs: against the rules, one step at a time, and then all at once.

mod orders;
mod race;

use alloc::boxed::Box;
use alloc::vec::Vec;
// What a thread is to the tests is no step of a model.
use core::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize};

use proptest::prelude::*;

use super::*;

/// A thread of the tests: the first `CPUS_MAX` are idle ones.
#[derive(Clone, Copy, Debug)]
struct Job(&'static State);

#[derive(Debug)]
struct State {
    number: usize,
    priority: AtomicU8,
    cpu: AtomicUsize,
    is_pinned: bool,
    /// Whether nobody runs it, as far as the machine is concerned.
    is_saved: AtomicBool,
    is_asleep: AtomicBool,
    /// How much it still has to do.
    left: AtomicUsize,
}

impl Job {
    fn new(number: usize, cpu: usize, level: u8, is_pinned: bool) -> Job {
        Job(Box::leak(Box::new(State {
            number,
            priority: AtomicU8::new(level),
            cpu: AtomicUsize::new(cpu),
            is_pinned,
            is_saved: AtomicBool::new(true),
            is_asleep: AtomicBool::new(false),
            left: AtomicUsize::new(0),
        })))
    }

    fn is_idle(self) -> bool {
        self.0.number < CPUS_MAX
    }
}

impl PartialEq for Job {
    fn eq(&self, other: &Job) -> bool {
        core::ptr::eq(self.0, other.0)
    }
}

impl Task for Job {
    fn priority(self) -> Priority {
        Priority::from_kept(self.0.priority.load(Ordering::Relaxed))
    }

    fn set_priority(self, priority: Priority) {
        self.0.priority.store(priority.level(), Ordering::Relaxed);
    }

    fn cpu(self) -> usize {
        self.0.cpu.load(Ordering::Relaxed)
    }

    fn move_to(self, cpu: usize) {
        self.0.cpu.store(cpu, Ordering::Relaxed);
    }

    fn may_move(self) -> bool {
        !self.0.is_pinned
    }
}

/// A fleet of `cpus`, all of them idle, and its idle threads.
fn fleet(cpus: usize) -> Fleet<Job> {
    let fleet = Fleet::new();
    fleet.set_count(cpus);
    for cpu in 0..cpus {
        let idle = Job::new(cpu, cpu, 0, true);
        let start = |turns: &mut Turns<Job>| turns.start(idle, Priority::IDLE, idle);
        fleet.cpu(cpu).change(start);
    }
    fleet
}

/// The CPUs of a fleet, moved one step at a time.
struct Machine {
    fleet: Fleet<Job>,
    kicked: CpuSet,
    halted: CpuSet,
    asleep: Vec<Job>,
    jobs: usize,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Yield,
    GiveWay,
    Sleep,
    Wake(usize),
    SetPriority(u8),
}

impl Machine {
    fn new(cpus: usize, jobs: &[(u8, Option<usize>)]) -> Machine {
        let new = |(number, (level, pin)): (usize, &(u8, Option<usize>))| {
            let cpu = pin.map_or(0, |pin| pin % cpus);
            Job::new(CPUS_MAX + number, cpu, *level, pin.is_some())
        };
        Machine {
            fleet: fleet(cpus),
            kicked: CpuSet::EMPTY,
            halted: CpuSet::EMPTY,
            asleep: jobs.iter().enumerate().map(new).collect(),
            jobs: jobs.len(),
        }
    }

    fn current(&self, cpu: usize) -> Job {
        let current = self.fleet.cpu(cpu).look().current();
        current.expect("every CPU has started")
    }

    /// Lets a CPU do something, as the kernel does it.
    fn step(&mut self, cpu: usize, step: Step) {
        if self.halted.contains(cpu) && !self.kicked.contains(cpu) {
            // A device's interrupt, or a timer's.
            if let Step::Wake(place) = step {
                self.rouse(cpu);
                self.wake(cpu, place);
                self.give_way(cpu);
            }
            return;
        }
        self.rouse(cpu);
        let current = self.current(cpu);
        if current.is_idle() {
            match self.fleet.seek(cpu) {
                None => self.halted = self.halted.with(CpuSet::of(cpu)),
                Some(switch) => self.offer(switch),
            }
            return self.time_turn(cpu);
        }
        match step {
            Step::Yield => self.displace(cpu, Turns::yield_now),
            Step::GiveWay => {}
            Step::Sleep => {
                self.asleep.push(current);
                let _ = self.fleet.cpu(cpu).change(Turns::stop);
            }
            Step::Wake(place) => self.wake(cpu, place),
            Step::SetPriority(level) => {
                let priority = Priority::from_kept(level);
                let kicks = self.fleet.set_priority(current, priority);
                self.kicked = self.kicked.with(kicks);
            }
        }
        self.give_way(cpu);
    }

    fn rouse(&mut self, cpu: usize) {
        let without = |set: CpuSet| {
            set.filter(|other| *other != cpu)
                .fold(CpuSet::EMPTY, |set, other| set.with(CpuSet::of(other)))
        };
        if self.halted.contains(cpu) {
            self.fleet.stop_idling(cpu);
        }
        self.halted = without(self.halted);
        self.kicked = without(self.kicked);
        self.give_way(cpu);
    }

    fn wake(&mut self, cpu: usize, place: usize) {
        if place < self.asleep.len() {
            let job = self.asleep.swap_remove(place);
            let kicks = if place.is_multiple_of(2) {
                self.fleet.wake(job)
            } else {
                self.fleet.start(cpu, job)
            };
            self.kicked = self.kicked.with(kicks);
        }
    }

    fn give_way(&mut self, cpu: usize) {
        self.displace(cpu, Turns::give_way);
        self.time_turn(cpu);
    }

    fn displace(&mut self, cpu: usize, by: fn(&mut Turns<Job>) -> Option<Switch<Job>>) {
        if let Some(switch) = self.fleet.cpu(cpu).change(by) {
            self.offer(switch);
        }
    }

    fn offer(&mut self, switch: Switch<Job>) {
        self.kicked = self.kicked.with(self.fleet.offer(switch.from));
    }

    fn time_turn(&self, cpu: usize) {
        let mut turns = self.fleet.cpu(cpu).look();
        if turns.wants_slice() {
            turns.alarm.start_slice(0);
        }
    }

    /// What must hold between any two steps.
    fn check(&self) {
        let (mut running, mut waiting) = (0, 0);
        for cpu in 0..self.fleet.count() {
            let turns = self.fleet.cpu(cpu).look();
            let current = turns.current().expect("every CPU has started");
            running += usize::from(!current.is_idle());
            waiting += turns.waiting();
            assert_eq!(current.cpu(), cpu, "{current:?} runs elsewhere");
            assert_eq!(turns.waiting(), self.fleet.waiting(cpu));
            let is_kicked = self.kicked.contains(cpu);
            let is_halted = self.halted.contains(cpu);
            let is_seen = is_kicked || current.is_idle() && !is_halted;
            assert!(is_seen || !turns.needs_a_look(), "CPU {cpu} is not told");
        }
        assert_eq!(running + waiting + self.asleep.len(), self.jobs, "lost");
        let may_sleep = self.halted.filter(|cpu| !self.kicked.contains(*cpu));
        if may_sleep.count() > 0 {
            self.check_that_nobody_waits();
        }
    }

    /// While a CPU halts only those wait that may not go there.
    fn check_that_nobody_waits(&self) {
        let busy = |cpu: &usize| !self.kicked.contains(*cpu);
        for cpu in (0..self.fleet.count()).filter(busy) {
            let movable = self.fleet.cpu(cpu).change(|turns| {
                let job = turns.give_up(Job::may_move)?;
                turns.make_ready(job, job.priority());
                Some(job)
            });
            let others = self.kicked.count() + self.idle_and_awake();
            assert!(movable.is_none() || others > 0, "{movable:?} waits");
        }
    }

    /// CPUs that will look at all queues before they halt.
    fn idle_and_awake(&self) -> usize {
        (0..self.fleet.count())
            .filter(|cpu| !self.halted.contains(*cpu) && self.current(*cpu).is_idle())
            .count()
    }
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => Just(Step::Yield),
        2 => Just(Step::GiveWay),
        3 => Just(Step::Sleep),
        4 => (0_usize..6).prop_map(Step::Wake),
        1 => (1_u8..4).prop_map(Step::SetPriority),
    ]
}

fn job() -> impl Strategy<Value = (u8, Option<usize>)> {
    (1_u8..4, proptest::option::weighted(0.2, 0_usize..4))
}

proptest! {
    #[test]
    fn nobody_is_lost_runs_twice_or_waits_while_a_cpu_halts(
        cpus in 1_usize..=4,
        jobs in proptest::collection::vec(job(), 1..10),
        steps in proptest::collection::vec((0_usize..4, step()), 0..150),
    ) {
        let mut machine = Machine::new(cpus, &jobs);
        machine.check();
        for (cpu, step) in steps {
            machine.step(cpu % cpus, step);
            machine.check();
        }
    }
}

#[test]
fn a_thread_wakes_where_it_was_if_that_cpu_idles_else_where_one_does() {
    let fleet = fleet(3);
    let job = Job::new(CPUS_MAX, 2, 2, false);
    assert_eq!(
        fleet.place_to_wake(job),
        Destination::Busy(2),
        "nobody idles"
    );
    assert!((0..3).all(|cpu| fleet.seek(cpu).is_none()));
    assert_eq!(fleet.place_to_wake(job), Destination::Claimed(2));
    assert_eq!(fleet.place_to_wake(job), Destination::Claimed(0));
    let pinned = Job::new(CPUS_MAX, 2, 2, true);
    assert_eq!(fleet.place_to_wake(pinned), Destination::Busy(2));
}

#[test]
fn threads_start_where_the_queue_is_short() {
    let fleet = fleet(2);
    for number in 0..4 {
        let kicks = fleet.start(0, Job::new(CPUS_MAX + number, 0, 2, false));
        let one = number % 2;
        assert_eq!(kicks, CpuSet::of(one), "its idle thread runs");
    }
    assert_eq!([0, 1].map(|cpu| fleet.waiting(cpu)), [2, 2]);
}

#[test]
fn a_thief_takes_from_the_longest_queue_and_never_a_pinned_thread() {
    let fleet = fleet(3);
    let put = |number, cpu, is_pinned| {
        let job = Job::new(CPUS_MAX + number, cpu, 2, is_pinned);
        fleet.put(job, Destination::Busy(cpu));
        job
    };
    let short = put(0, 1, false);
    put(1, 2, true);
    put(2, 2, true);
    let long = put(3, 2, false);
    assert_eq!(fleet.steal(0), Some(long));
    assert_eq!(long.cpu(), 0);
    assert_eq!(fleet.steal(0), Some(short));
    assert_eq!(fleet.steal(0), None);
    assert_eq!(fleet.waiting(2), 2);
}
