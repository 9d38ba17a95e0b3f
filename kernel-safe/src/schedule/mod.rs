//! Switching between the threads of all CPUs.
//!
//! [`turns`] decides for one CPU and [`fleet`] between them; this module does
//! it: it takes a CPU's lock, asks, arms the timer where that is needed,
//! releases the lock, kicks other CPUs and switches.
//!
//! What several CPUs must agree on, and how:
//!
//! - A thread is in one place: it runs, or waits in one queue, or sleeps, or is
//!   *in the hand* of who woke, started or stole it. Of all who want to end a
//!   sleep one wins ([`ThreadRef::end_sleep`]), and only that one makes the
//!   thread ready.
//! - A thread's CPU is the one in whose schedule it is. Who has it in the hand
//!   changes that, under the lock of the CPU which it leaves; who finds a
//!   thread by its number locks its CPU and looks again. One lock at a time.
//! - A thread can be ready before it has been saved, while another CPU still
//!   switches away from it. Who gets its turn waits for that in the switch,
//!   after it has saved what it left, so that no two wait for each other.
//! - A thread that ends is never made ready; its slot is used again when its
//!   CPU has left its stacks, which [`gate::switch::Context::restart`] awaits.
//! - Who puts a thread into another CPU's queue kicks that CPU if it runs
//!   something less urgent, or an equal whose turn nobody times. Both are seen
//!   under that CPU's lock, so no kick is forgotten; an idle thread is less
//!   urgent than all. The kick stays pending until the CPU looks.
//! - A CPU that idles says so first, and then looks at all queues once more;
//!   who leaves a thread waiting behind a busy CPU looks for an idle one
//!   afterwards and kicks it, and a kicked CPU that finds other work passes the
//!   kick on. So a thread that may move never waits while a CPU halts.
//! - A sleeper is in the list of the CPU where it went to sleep, and takes
//!   itself out there, before it can sleep again.

pub mod alarm;
pub mod cpu;
pub mod cpu_set;
#[cfg(test)]
pub(crate) mod fake;
pub mod fleet;
pub mod run_queue;
pub mod sleepers;
pub mod turns;

use gate::{clock, core_call, switch};

use self::alarm::NEVER;
use self::cpu::{Cpu, FLEET};
use self::cpu_set::CpuSet;
use self::turns::{Switch, Turns};
use crate::errno::Errno;
use crate::priority::Priority;
use crate::thread::{Outcome, ThreadRef};

/// The schedule of one CPU's threads.
pub type Schedule = Turns<ThreadRef>;

/// The running thread.
///
/// # Errors
///
/// The first thread has not started; the application cannot see this.
#[inline(always)]
pub fn current() -> Result<ThreadRef, Errno> {
    #[cfg(test)]
    if let Some(thread) = fake::current() {
        return Ok(thread);
    }
    cpu::current().ok_or(Errno::NoThread)
}

/// Lets another thread of the same or a higher priority run.
#[inline]
pub fn yield_now() {
    displace(change(|schedule| {
        let switch = schedule.yield_now();
        if switch.is_some() {
            time_turn(schedule);
        }
        switch
    }));
}

/// Lets a thread of a higher priority run, if one is ready.
pub fn give_way() {
    displace(change(|schedule| {
        let switch = schedule.give_way();
        time_turn(schedule);
        switch
    }));
}

/// Puts the running thread to sleep until it is woken or `deadline` comes.
///
/// The thread has announced its sleep by [`ThreadRef::prepare_sleep`], so that
/// a wake-up which comes before this function is not lost.
pub fn sleep(thread: ThreadRef, deadline: u64) -> Outcome {
    // It may wake on another CPU, but this one has it among its sleepers.
    let cpu = cpu::this();
    perform(change(|schedule| stop_until(schedule, thread, deadline)));
    #[cfg(test)]
    fake::await_turn(thread);
    let outcome = thread.finish_sleep();
    if outcome == Outcome::Woken && deadline != NEVER {
        cpu.change(|schedule| schedule.sleepers.remove(deadline, thread));
    }
    outcome
}

/// Leaves the running thread for good.
pub fn leave() {
    perform(change(|schedule| {
        let switch = schedule.stop();
        time_turn(schedule);
        switch
    }));
}

/// Wakes a thread that waits; false if something else has woken it first. The
/// caller gives way when it can.
pub fn wake(thread: ThreadRef) -> bool {
    let woken = thread.end_sleep(Outcome::Woken);
    if woken {
        make_ready(thread);
    }
    woken
}

/// Adds a new thread to a queue. The caller gives way when it can.
pub fn start(thread: ThreadRef) {
    tell(FLEET.start(cpu::number(), thread));
}

/// Changes a thread's priority, for which [`fleet::Fleet::reserve`] made room.
pub fn set_priority(thread: ThreadRef, priority: Priority) {
    tell(FLEET.set_priority(thread, priority));
}

/// Has the timer of this CPU fire at `deadline` or before.
pub fn fire_by(deadline: u64) {
    change(|schedule| {
        let next = schedule.alarm.fire_by(deadline);
        schedule.alarm.ask(next);
    });
}

/// Serves the timer: wakes who is due, and ends the turn if its time is over. It fires
/// again for the next sleeper, for the end of a turn, or at `other`, for what is no
/// thread. The caller gives way afterwards.
///
/// A turn that nobody timed ends for a sleeper at once: the running thread had
/// no equal beside it, and has run for as long as it liked.
pub fn on_timer(other: u64) {
    let now = clock::monotonic_ns();
    let cpu = cpu::this();
    let is_timed = cpu.look().alarm.times_slice();
    let woken = wake_due(cpu, now);
    displace(change(|schedule| {
        let turn_is_over = schedule.alarm.end_slice(now) || woken > 0 && !is_timed;
        let earliest = schedule.sleepers.earliest().unwrap_or(NEVER).min(other);
        let next = schedule.alarm.fired(earliest);
        schedule.alarm.ask(next);
        let switch = turn_is_over.then(|| schedule.yield_now()).flatten();
        time_turn(schedule);
        switch
    }));
}

/// Runs whatever this CPU finds to do, for its idle thread. False if there is
/// nothing: then the CPU may halt, and says [`stop_idling`] when it wakes.
pub fn seek() -> bool {
    let switch = FLEET.seek(cpu::number());
    change(time_turn);
    displace(switch);
    switch.is_some()
}

/// This CPU idles no more.
pub fn stop_idling() {
    FLEET.stop_idling(cpu::number());
}

/// Adds a thread that has slept to a queue.
fn make_ready(thread: ThreadRef) {
    tell(FLEET.wake(thread));
}

/// Wakes the sleepers of this CPU that are due; how many.
fn wake_due(cpu: &Cpu, now: u64) -> usize {
    core::iter::from_fn(|| cpu.change(|schedule| next_due(schedule, now)))
        .map(make_ready)
        .count()
}

/// Takes the next thread whose sleep is over, under the lock that it needs to
/// go on: so this cannot end a later sleep of the same thread.
fn next_due(schedule: &mut Schedule, now: u64) -> Option<ThreadRef> {
    core::iter::from_fn(|| schedule.sleepers.take_due(now))
        .find(|thread| thread.end_sleep(Outcome::TimedOut))
}

fn stop_until(
    schedule: &mut Schedule,
    thread: ThreadRef,
    deadline: u64,
) -> Option<Switch<ThreadRef>> {
    if deadline != NEVER {
        schedule.sleepers.add(deadline, thread);
        let next = schedule.alarm.fire_by(deadline);
        schedule.alarm.ask(next);
    }
    let switch = schedule.stop();
    time_turn(schedule);
    switch
}

/// Times the running thread's turn if it must be and is not.
#[inline(always)]
fn time_turn(schedule: &mut Schedule) {
    if schedule.wants_slice() {
        let next = schedule.alarm.start_slice(clock::monotonic_ns());
        schedule.alarm.ask(next);
    }
}

/// Changes this CPU's schedule, and arms its timer where that asks for it: when
/// the lock is free again, for a timer can take the CPU from an emulator's
/// thread, and others would find the lock taken whenever they look.
#[inline(always)]
fn change<R>(change: impl FnOnce(&mut Schedule) -> R) -> R {
    let (result, deadline) = cpu::this().change(|schedule| {
        let result = change(schedule);
        (result, schedule.alarm.take_asked())
    });
    if let Some(deadline) = deadline {
        crate::clock::arm(deadline);
    }
    result
}

/// Has CPUs look at their queues. This one gives way later, but a turn that
/// must end some time is timed now.
#[inline(always)]
fn tell(cpus: CpuSet) {
    for cpu in cpus {
        if cpu == cpu::number() {
            change(time_turn);
        } else {
            core_call::kick(cpu);
        }
    }
}

/// Makes a switch from a thread that could go on, or from the idle one.
#[inline(always)]
fn displace(switch: Option<Switch<ThreadRef>>) {
    if let Some(Switch { from, .. }) = switch {
        tell(FLEET.offer(from));
    }
    perform(switch);
}

#[inline(always)]
fn perform(switch: Option<Switch<ThreadRef>>) {
    if let Some(Switch { from, to }) = switch {
        switch::switch(from.context(), to.context());
    }
}
