//! Whose turn it is on one CPU: the decisions, without the machine.
//!
//! [`Turns`] knows the running thread, the ready ones and the sleepers. Its
//! functions say whom to switch to; doing it is the caller's, with no lock
//! held.

use alloc::collections::TryReserveError;

use super::alarm::Alarm;
use super::run_queue::RunQueue;
use super::sleepers::Sleepers;
use crate::priority::Priority;

/// A switch that must be made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Switch<T> {
    /// Who runs now.
    pub from: T,
    /// Who runs next.
    pub to: T,
}

/// One CPU's schedule.
#[derive(Debug)]
pub struct Turns<T> {
    current: Option<T>,
    priority: Priority,
    idle: Option<T>,
    ready: RunQueue<T>,
    /// Who sleeps on this CPU.
    pub sleepers: Sleepers<T>,
    /// When this CPU's timer fires.
    pub alarm: Alarm,
}

impl<T: Copy + PartialEq> Turns<T> {
    /// The schedule of a CPU that has not started.
    pub const fn new() -> Turns<T> {
        Turns {
            current: None,
            priority: Priority::IDLE,
            idle: None,
            ready: RunQueue::new(),
            sleepers: Sleepers::new(),
            alarm: Alarm::new(),
        }
    }

    /// Starts with `current` running, and `idle` for when nobody can.
    pub fn start(&mut self, current: T, priority: Priority, idle: T) {
        self.current = Some(current);
        self.priority = priority;
        self.idle = Some(idle);
    }

    /// Makes room for `threads` threads, of which some have `priority`.
    ///
    /// # Errors
    ///
    /// Memory is short.
    pub fn reserve(
        &mut self,
        priority: Priority,
        threads: usize,
    ) -> Result<(), TryReserveError> {
        self.ready.reserve(priority, threads)?;
        self.sleepers.reserve(threads)
    }

    /// The running thread.
    #[inline(always)]
    pub const fn current(&self) -> Option<T> {
        self.current
    }

    /// Whether the running thread's turn must be timed and is not: another of
    /// its priority waits.
    #[inline(always)]
    pub fn wants_slice(&self) -> bool {
        self.is_contended() && !self.alarm.times_slice()
    }

    /// Whether this CPU must look at its queue: a thread waits that outranks
    /// the running one, or whose equal's turn is not timed.
    #[inline]
    pub fn needs_a_look(&self) -> bool {
        self.ready.has_above(self.priority) || self.wants_slice()
    }

    /// How many threads are ready and do not run.
    #[inline(always)]
    pub const fn waiting(&self) -> usize {
        self.ready.waiting()
    }

    /// Gives up the most urgent ready thread that has waited longest, among
    /// those that `may_go`.
    pub fn give_up(&mut self, may_go: impl Fn(T) -> bool) -> Option<T> {
        self.ready.take(may_go)
    }

    /// Adds a thread that can run.
    pub fn make_ready(&mut self, thread: T, priority: Priority) {
        self.ready.push(thread, priority);
    }

    /// The running thread gives way to any of its priority or a higher one.
    #[inline]
    pub fn yield_now(&mut self) -> Option<Switch<T>> {
        if !self.ready.has_at_least(self.priority) {
            return None;
        }
        let current = self.current?;
        if self.priority != Priority::IDLE {
            self.ready.push(current, self.priority);
        }
        self.next()
    }

    /// The running thread gives way if another has a higher priority.
    #[inline]
    pub fn give_way(&mut self) -> Option<Switch<T>> {
        if !self.ready.has_above(self.priority) {
            return None;
        }
        let current = self.current?;
        if self.priority != Priority::IDLE {
            self.ready.push_front(current, self.priority);
        }
        self.next()
    }

    /// The running thread cannot go on, and somebody else must. None if it has
    /// become ready meanwhile and its turn comes at once.
    #[inline]
    pub fn stop(&mut self) -> Option<Switch<T>> {
        self.next()
    }

    /// Changes the priority of a thread that has `old` so far.
    pub fn set_priority(&mut self, thread: T, old: Priority, new: Priority) {
        if self.current == Some(thread) {
            self.priority = new;
        } else if self.ready.remove(thread, old) {
            self.ready.push(thread, new);
        }
    }

    fn is_contended(&self) -> bool {
        self.priority != Priority::IDLE && self.ready.has_at_least(self.priority)
    }

    /// Makes the most urgent ready thread the running one.
    #[inline(always)]
    fn next(&mut self) -> Option<Switch<T>> {
        let from = self.current?;
        let (to, priority) = match self.ready.pop() {
            Some(next) => next,
            None => (self.idle?, Priority::IDLE),
        };
        self.current = Some(to);
        self.priority = priority;
        self.alarm.forget_slice();
        (from != to).then_some(Switch { from, to })
    }
}

impl<T: Copy + PartialEq> Default for Turns<T> {
    fn default() -> Self {
        Turns::new()
    }
}

#[cfg(test)]
mod tests;
