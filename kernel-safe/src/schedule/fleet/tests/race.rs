//! The same with real threads for CPUs, which race as CPUs do.

extern crate std;

use std::sync::Mutex as Lock;
use std::thread;
use std::time::{Duration, Instant};

use super::*;

const CPUS: usize = 4;
const JOBS: usize = 24;
const STEPS: usize = 1500;
/// Only a machine that has lost somebody takes this long.
const HANGS: Duration = Duration::from_secs(60);

struct World {
    fleet: Fleet<Job>,
    asleep: Lock<Vec<Job>>,
    kicked: [AtomicBool; CPUS],
    finished: AtomicUsize,
    started: Instant,
}

/// Random enough.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

impl World {
    fn is_over(&self) -> bool {
        assert!(self.started.elapsed() < HANGS, "somebody was lost");
        self.finished.load(Ordering::Acquire) == JOBS
    }

    fn kick(&self, cpus: CpuSet) {
        cpus.for_each(|cpu| self.kicked[cpu].store(true, Ordering::SeqCst));
    }

    /// Makes a switch as the machine does: saved first, and then the wait.
    fn perform(&self, switch: Option<Switch<Job>>) {
        let Some(Switch { from, to }) = switch else {
            return;
        };
        assert!(!from.0.is_saved.swap(true, Ordering::Release), "ran twice");
        while !to.0.is_saved.swap(false, Ordering::Acquire) {
            self.is_over();
            thread::yield_now();
        }
    }

    fn wake_one(&self, dice: &mut Dice) {
        let job = {
            let mut asleep = self.asleep.lock().expect("nobody panicked");
            let place = dice.roll(JOBS as u64) as usize;
            (place < asleep.len()).then(|| asleep.swap_remove(place))
        };
        if let Some(job) = job {
            assert!(job.0.is_asleep.swap(false, Ordering::AcqRel));
            self.kick(self.fleet.wake(job));
        }
    }

    fn give_way(&self, cpu: usize) {
        self.displace(cpu, Turns::give_way);
    }

    fn displace(&self, cpu: usize, by: fn(&mut Turns<Job>) -> Option<Switch<Job>>) {
        self.go_over(self.fleet.cpu(cpu).change(by));
    }

    fn go_over(&self, switch: Option<Switch<Job>>) {
        if let Some(Switch { from, .. }) = switch {
            self.kick(self.fleet.offer(from));
        }
        self.perform(switch);
    }

    /// What one CPU does until everybody has finished.
    fn run(&self, cpu: usize) {
        let mut dice = Dice(cpu as u64 + 77);
        while !self.is_over() {
            if self.kicked[cpu].swap(false, Ordering::SeqCst) {
                self.give_way(cpu);
            }
            let current = self.fleet.cpu(cpu).look().current().expect("started");
            assert_eq!(current.cpu(), cpu);
            assert!(!current.0.is_saved.load(Ordering::Acquire));
            if current.is_idle() {
                self.idle(cpu, &mut dice);
            } else {
                self.work(cpu, current, &mut dice);
            }
        }
    }

    fn idle(&self, cpu: usize, dice: &mut Dice) {
        let switch = self.fleet.seek(cpu);
        self.go_over(switch);
        if switch.is_some() {
            return;
        }
        while !self.kicked[cpu].load(Ordering::SeqCst) && !self.is_over() {
            thread::yield_now();
            if dice.roll(50) == 0 {
                break;
            }
        }
        self.fleet.stop_idling(cpu);
        // A timer may have brought it back.
        self.wake_one(dice);
        self.give_way(cpu);
    }

    fn work(&self, cpu: usize, current: Job, dice: &mut Dice) {
        if current.0.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.finished.fetch_add(1, Ordering::AcqRel);
            return self.perform(self.fleet.cpu(cpu).change(Turns::stop));
        }
        match dice.roll(4) {
            0 => self.displace(cpu, Turns::yield_now),
            1 => {
                assert!(!current.0.is_asleep.swap(true, Ordering::AcqRel));
                self.asleep.lock().expect("nobody panicked").push(current);
                self.perform(self.fleet.cpu(cpu).change(Turns::stop));
            }
            2 => {
                let priority = Priority::from_kept(1 + dice.roll(3) as u8);
                self.kick(self.fleet.set_priority(current, priority));
            }
            _ => self.wake_one(dice),
        }
        self.give_way(cpu);
    }
}

#[test]
fn racing_cpus_lose_nobody_and_run_nobody_twice() {
    let new = |number: usize| {
        let is_pinned = number.is_multiple_of(5);
        let job = Job::new(CPUS_MAX + number, number % CPUS, 2, is_pinned);
        job.0.left.store(STEPS, Ordering::Relaxed);
        job.0.is_asleep.store(true, Ordering::Relaxed);
        job
    };
    let world = &World {
        fleet: fleet(CPUS),
        asleep: Lock::new((0..JOBS).map(new).collect()),
        kicked: [const { AtomicBool::new(false) }; CPUS],
        finished: AtomicUsize::new(0),
        started: Instant::now(),
    };
    for cpu in 0..CPUS {
        let idle = world.fleet.cpu(cpu).look().current();
        idle.expect("started")
            .0
            .is_saved
            .store(false, Ordering::Relaxed);
    }
    thread::scope(|scope| {
        for cpu in 0..CPUS {
            scope.spawn(move || world.run(cpu));
        }
    });
    assert!(world.asleep.lock().expect("nobody panicked").is_empty());
}
