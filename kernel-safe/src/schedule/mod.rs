//! Switching between the threads of a CPU.
//!
//! [`turns`] decides, this module does: it takes the CPU's lock, asks, arms
//! the timer where that is needed, releases the lock and switches. A thread
//! belongs to one CPU for life, so that a switch takes no lock that another
//! CPU holds for long; a thread that is woken from elsewhere is put into its
//! own CPU's queue.

pub mod alarm;
pub mod run_queue;
pub mod sleepers;
pub mod turns;

use gate::{clock, core_call, switch};

use self::alarm::NEVER;
use self::turns::{Switch, Turns};
use crate::cpu::{self, Cpu};
use crate::errno::Errno;
use crate::priority::Priority;
use crate::thread::{Outcome, ThreadRef};

/// The schedule of one CPU's threads.
pub type Schedule = Turns<ThreadRef>;

/// Lets another thread of the same or a higher priority run.
#[inline]
pub fn yield_now() {
    let switch = {
        let mut schedule = cpu::this().schedule.lock();
        let switch = schedule.yield_now();
        if switch.is_some() {
            time_turn(&mut schedule);
        }
        switch
    };
    perform(switch);
}

/// Lets a thread of a higher priority run, if one is ready.
pub fn give_way() {
    let switch = {
        let mut schedule = cpu::this().schedule.lock();
        let switch = schedule.give_way();
        time_turn(&mut schedule);
        switch
    };
    perform(switch);
}

/// Puts the running thread to sleep until it is woken or `deadline` comes.
///
/// The thread has announced its sleep by [`ThreadRef::prepare_sleep`], so that
/// a wake-up which comes before this function is not lost.
pub fn sleep(thread: ThreadRef, deadline: u64) -> Outcome {
    let cpu = cpu::this();
    perform(stop_until(cpu, thread, deadline));
    let outcome = thread.finish_sleep();
    if outcome == Outcome::Woken && deadline != NEVER {
        cpu.schedule.lock().sleepers.remove(deadline, thread);
    }
    outcome
}

/// Leaves the running thread for good.
pub fn leave() {
    let switch = {
        let mut schedule = cpu::this().schedule.lock();
        let switch = schedule.stop();
        time_turn(&mut schedule);
        switch
    };
    perform(switch);
}

/// Wakes a thread that waits; false if something else has woken it first.
pub fn wake(thread: ThreadRef) -> bool {
    let woken = thread.end_sleep(Outcome::Woken);
    if woken {
        make_ready(thread);
    }
    woken
}

/// Adds a thread that can run to its CPU's queue.
pub fn make_ready(thread: ThreadRef) {
    let cpu = thread.cpu();
    let mut schedule = cpu.schedule.lock();
    schedule.make_ready(thread, thread.priority());
    // Another CPU times its own turns when it next looks at its queue.
    if core::ptr::eq(cpu, cpu::this()) {
        time_turn(&mut schedule);
    }
}

/// Changes a thread's priority.
///
/// # Errors
///
/// Memory for the queue is short.
pub fn set_priority(
    thread: ThreadRef,
    priority: Priority,
    threads: usize,
) -> Result<(), Errno> {
    let mut schedule = thread.cpu().schedule.lock();
    schedule.reserve(priority, threads)?;
    schedule.set_priority(thread, thread.priority(), priority);
    thread.set_priority(priority);
    Ok(())
}

/// Serves the timer: wakes who is due, and ends the turn if its time is over.
pub fn on_timer() {
    let now = clock::monotonic_ns();
    let switch = {
        let mut schedule = cpu::this().schedule.lock();
        while let Some(thread) = schedule.sleepers.take_due(now) {
            if thread.end_sleep(Outcome::TimedOut) {
                schedule.make_ready(thread, thread.priority());
            }
        }
        let turn_is_over = schedule.alarm.end_slice(now);
        let earliest = schedule.sleepers.earliest();
        arm(schedule.alarm.fired(earliest));
        let switch = if turn_is_over {
            schedule.yield_now()
        } else {
            schedule.give_way()
        };
        time_turn(&mut schedule);
        switch
    };
    perform(switch);
}

fn stop_until(cpu: &Cpu, thread: ThreadRef, deadline: u64) -> Option<Switch<ThreadRef>> {
    let mut schedule = cpu.schedule.lock();
    if deadline != NEVER {
        schedule.sleepers.add(deadline, thread);
        arm(schedule.alarm.fire_by(deadline));
    }
    let switch = schedule.stop();
    time_turn(&mut schedule);
    switch
}

/// Times the running thread's turn if it must be and is not.
#[inline(always)]
fn time_turn(schedule: &mut Schedule) {
    if schedule.wants_slice() {
        arm(schedule.alarm.start_slice(clock::monotonic_ns()));
    }
}

fn arm(deadline: Option<u64>) {
    if let Some(deadline) = deadline {
        core_call::arm_timer(deadline);
    }
}

#[inline(always)]
fn perform(switch: Option<Switch<ThreadRef>>) {
    if let Some(Switch { from, to }) = switch {
        switch::switch(from.context(), to.context());
    }
}
