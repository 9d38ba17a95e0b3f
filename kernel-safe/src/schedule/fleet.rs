//! All CPUs' schedules: where a thread goes that becomes ready, and who kicks.
//!
//! The decisions are here, without the machine: a function that puts a thread
//! into a queue answers with the CPUs that must look at theirs: this one by
//! itself, others when they are kicked. The rules that keep this right are told
//! at the head of the schedule.

use domains::cpu_page::CPUS_MAX;

use super::cpu_set::{CpuSet, IdleCpus};
use super::turns::{Switch, Turns};
use crate::errno::Errno;
use crate::priority::Priority;
use crate::sync::{AtomicUsize, Mutex, MutexGuard, Ordering, fence};
use crate::thread::task::Task;

/// One CPU's schedule.
#[derive(Debug)]
pub struct Cpu<T> {
    turns: Mutex<Turns<T>>,
    /// How many threads wait in its queue: a hint that takes no lock.
    waiting: AtomicUsize,
}

/// All CPUs' schedules.
#[derive(Debug)]
pub struct Fleet<T> {
    cpus: [Cpu<T>; CPUS_MAX],
    count: AtomicUsize,
    idle: IdleCpus,
    /// For how many threads of each priority every queue has room.
    room: [AtomicUsize; Priority::LEVELS],
}

/// Where a thread shall wait for its turn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Destination {
    /// On a CPU that idled and was claimed.
    Claimed(usize),
    /// On a CPU that has something to do.
    Busy(usize),
}

/// The least room that is made at once.
const ROOM_LEAST: usize = 16;

impl<T: Task> Cpu<T> {
    /// Its schedule, to look at.
    #[inline(always)]
    pub fn look(&self) -> MutexGuard<'_, Turns<T>> {
        self.turns.lock()
    }

    /// Changes its schedule.
    #[inline(always)]
    pub fn change<R>(&self, change: impl FnOnce(&mut Turns<T>) -> R) -> R {
        let mut turns = self.turns.lock();
        let result = change(&mut turns);
        self.waiting.store(turns.waiting(), Ordering::Relaxed);
        result
    }
}

impl<T: Task> Fleet<T> {
    /// A fleet of one CPU that has not started.
    pub const fn new() -> Fleet<T> {
        Fleet {
            cpus: [const {
                Cpu {
                    turns: Mutex::new(Turns::new()),
                    waiting: AtomicUsize::new(0),
                }
            }; CPUS_MAX],
            count: AtomicUsize::new(1),
            idle: IdleCpus::new(),
            room: [const { AtomicUsize::new(0) }; Priority::LEVELS],
        }
    }

    /// Says how many CPUs there are.
    pub fn set_count(&self, count: usize) {
        self.count
            .store(count.clamp(1, CPUS_MAX), Ordering::Relaxed);
    }

    /// How many CPUs there are.
    #[inline(always)]
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// The CPU of this number; the first one if there is none.
    #[inline(always)]
    pub fn cpu(&self, number: usize) -> &Cpu<T> {
        self.cpus.get(number).unwrap_or(&self.cpus[0])
    }

    /// Makes room in every queue for `threads` threads, of which some have
    /// `priority`.
    ///
    /// # Errors
    ///
    /// Memory is short.
    pub fn reserve(&self, priority: Priority, threads: usize) -> Result<(), Errno> {
        let room = self.room.get(usize::from(priority.level()));
        let room = room.ok_or(Errno::Invalid)?;
        if room.load(Ordering::Acquire) >= threads {
            return Ok(());
        }
        let threads = threads.max(ROOM_LEAST);
        let threads = threads.checked_next_power_of_two().unwrap_or(threads);
        for number in 0..self.count() {
            self.cpu(number).look().reserve(priority, threads)?;
        }
        room.fetch_max(threads, Ordering::Release);
        Ok(())
    }

    /// Makes a thread ready that has slept; who must look at their queues.
    pub fn wake(&self, task: T) -> CpuSet {
        self.put(task, self.place_to_wake(task))
    }

    /// Makes a new thread ready; who must look at their queues.
    pub fn start(&self, this: usize, task: T) -> CpuSet {
        self.put(task, self.place_to_start(this, task))
    }

    /// An idle CPU that shall look for work, since this one goes over from the
    /// thread that it `left` to another. That thread may wait now. And where it
    /// was the idle one, this CPU has perhaps been kicked for the sake of
    /// somebody who still waits.
    #[inline(always)]
    pub fn offer(&self, left: T) -> CpuSet {
        if self.count() == 1 {
            return CpuSet::EMPTY;
        }
        self.find_taker(left)
    }

    fn find_taker(&self, left: T) -> CpuSet {
        // DEFENCE: idle-fenced
        fence(Ordering::SeqCst);
        let is_worth_it = if left.priority() == Priority::IDLE {
            (0..self.count()).any(|cpu| self.waiting(cpu) > 0)
        } else {
            left.may_move()
        };
        let taker = is_worth_it.then(|| self.idle.claim_any()).flatten();
        taker.map_or(CpuSet::EMPTY, CpuSet::of)
    }

    /// Finds something to do for `this` CPU, whose idle thread runs. If there
    /// is nothing the CPU counts as idle until [`Fleet::stop_idling`].
    pub fn seek(&self, this: usize) -> Option<Switch<T>> {
        // DEFENCE: idle-announced
        self.idle.announce(this);
        let own = self.cpu(this).change(Turns::give_way);
        let switch = own.or_else(|| {
            let task = self.steal(this)?;
            self.cpu(this).change(|turns| {
                turns.make_ready(task, task.priority());
                turns.give_way()
            })
        });
        if switch.is_some() {
            self.stop_idling(this);
        }
        switch
    }

    /// `this` CPU idles no more.
    pub fn stop_idling(&self, this: usize) {
        self.idle.claim(this);
    }

    /// Changes a thread's priority, for which there is room; who must look at
    /// their queues.
    pub fn set_priority(&self, task: T, priority: Priority) -> CpuSet {
        loop {
            let number = task.cpu();
            let set = |turns: &mut Turns<T>| {
                // Somebody may have moved it before the lock was ours.
                (task.cpu() == number).then(|| {
                    turns.set_priority(task, task.priority(), priority);
                    task.set_priority(priority);
                    turns.needs_a_look()
                })
            };
            if let Some(needs_a_look) = self.cpu(number).change(set) {
                return look_if(needs_a_look, number);
            }
        }
    }

    /// Changes the CPU of a thread that neither runs nor waits in a queue.
    pub fn move_to(&self, task: T, cpu: usize) {
        let home = task.cpu();
        if home != cpu {
            self.cpu(home).change(|_| task.move_to(cpu));
        }
    }

    fn put(&self, task: T, place: Destination) -> CpuSet {
        let (Destination::Claimed(target) | Destination::Busy(target)) = place;
        self.move_to(task, target);
        let needs_a_look = self.cpu(target).change(|turns| {
            turns.make_ready(task, task.priority());
            turns.needs_a_look()
        });
        let look = look_if(needs_a_look, target);
        match place {
            Destination::Claimed(_) => look,
            // A CPU may have become idle after we looked for one.
            // DEFENCE: idle-offered
            Destination::Busy(_) => look.with(self.offer(task)),
        }
    }

    /// Where it ran last if that CPU idles, else any that does, else where it
    /// ran last.
    fn place_to_wake(&self, task: T) -> Destination {
        let last = task.cpu();
        if self.idle.claim(last) {
            return Destination::Claimed(last);
        }
        let idle = task.may_move().then(|| self.idle.claim_any()).flatten();
        idle.map_or(Destination::Busy(last), Destination::Claimed)
    }

    /// As above, but where none idles, on the CPU whose queue is shortest.
    fn place_to_start(&self, this: usize, task: T) -> Destination {
        match self.place_to_wake(task) {
            Destination::Busy(_) if task.may_move() => Destination::Busy(self.shortest(this)),
            place => place,
        }
    }

    /// The CPU with the shortest queue; `this` one rather than another.
    fn shortest(&self, this: usize) -> usize {
        (0..self.count())
            .min_by_key(|cpu| (self.waiting(*cpu), *cpu != this))
            .unwrap_or(this)
    }

    /// Takes a thread from the longest queue that has one which may move.
    fn steal(&self, thief: usize) -> Option<T> {
        let mut tried = CpuSet::of(thief);
        loop {
            let victim = self.longest(tried)?;
            let stolen = self.cpu(victim).change(|turns| {
                let task = turns.give_up(T::may_move)?;
                task.move_to(thief);
                Some(task)
            });
            if stolen.is_some() {
                return stolen;
            }
            tried = tried.with(CpuSet::of(victim));
        }
    }

    /// The CPU with the longest queue but for those that were `tried`.
    fn longest(&self, tried: CpuSet) -> Option<usize> {
        (0..self.count())
            .filter(|cpu| !tried.contains(*cpu) && self.waiting(*cpu) > 0)
            .max_by_key(|cpu| self.waiting(*cpu))
    }

    pub(super) fn waiting(&self, cpu: usize) -> usize {
        self.cpu(cpu).waiting.load(Ordering::Relaxed)
    }
}

impl<T: Task> Default for Fleet<T> {
    fn default() -> Self {
        Fleet::new()
    }
}

fn look_if(must: bool, cpu: usize) -> CpuSet {
    if must { CpuSet::of(cpu) } else { CpuSet::EMPTY }
}

#[cfg(test)]
mod tests;
