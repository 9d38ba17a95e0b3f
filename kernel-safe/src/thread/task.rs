//! What the schedule knows of a thread.
//!
//! The schedule decides over [`Task`]s, so that its rules are tried with others
//! than threads.

use super::ThreadRef;
use crate::priority::Priority;
use crate::sync::Ordering;

/// What is scheduled.
pub trait Task: Copy + PartialEq {
    /// How urgent it is.
    fn priority(self) -> Priority;
    /// Changes how urgent it is.
    fn set_priority(self, priority: Priority);
    /// The number of the CPU in whose schedule it is, or was last.
    fn cpu(self) -> usize;
    /// Changes the CPU: only for whoever holds the lock of the old one.
    fn move_to(self, cpu: usize);
    /// Whether it may run on any CPU.
    fn may_move(self) -> bool;
}

impl Task for ThreadRef {
    #[inline]
    fn priority(self) -> Priority {
        Priority::from_kept(self.0.priority.load(Ordering::Relaxed))
    }

    fn set_priority(self, priority: Priority) {
        self.0.priority.store(priority.level(), Ordering::Relaxed);
    }

    #[inline]
    fn cpu(self) -> usize {
        self.0.cpu.load(Ordering::Relaxed)
    }

    fn move_to(self, cpu: usize) {
        self.0.cpu.store(cpu, Ordering::Relaxed);
    }

    #[inline]
    fn may_move(self) -> bool {
        !self.0.is_pinned.load(Ordering::Relaxed)
    }
}
