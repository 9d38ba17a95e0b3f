//! The threads that are ready to run: a queue for each priority.
//!
//! A bitmap says which queues hold a thread, so that the most urgent one is
//! found by counting leading zeros. Room for a thread is reserved when it
//! starts or changes its priority; putting it into a queue then cannot fail.

use alloc::collections::{TryReserveError, VecDeque};

use crate::priority::Priority;

/// The ready threads of one CPU.
#[derive(Debug)]
pub struct RunQueue<T> {
    /// Bit `n` is set while queue `n` holds a thread.
    occupied: u32,
    queues: [VecDeque<T>; Priority::LEVELS],
}

impl<T: Copy + PartialEq> RunQueue<T> {
    /// A queue without threads.
    pub const fn new() -> RunQueue<T> {
        RunQueue {
            occupied: 0,
            queues: [const { VecDeque::new() }; Priority::LEVELS],
        }
    }

    /// Makes room for `threads` threads of `priority`.
    ///
    /// # Errors
    ///
    /// Memory is short.
    pub fn reserve(
        &mut self,
        priority: Priority,
        threads: usize,
    ) -> Result<(), TryReserveError> {
        self.queue(priority).map_or(Ok(()), |queue| {
            queue.try_reserve(threads.saturating_sub(queue.len()))
        })
    }

    /// Whether a thread of this priority or a higher one is ready.
    #[inline(always)]
    pub fn has_at_least(&self, priority: Priority) -> bool {
        self.occupied.wrapping_shr(u32::from(priority.level())) != 0
    }

    /// Whether a thread of a higher priority is ready.
    #[inline(always)]
    pub fn has_above(&self, priority: Priority) -> bool {
        self.occupied.wrapping_shr(u32::from(priority.level())) > 1
    }

    /// Puts a thread behind the others of its priority.
    #[inline]
    pub fn push(&mut self, thread: T, priority: Priority) {
        if let Some(queue) = self.queue(priority) {
            queue.push_back(thread);
            self.occupied |= bit(priority);
        }
    }

    /// Puts a thread before the others of its priority: it was interrupted in
    /// the middle of its turn.
    pub fn push_front(&mut self, thread: T, priority: Priority) {
        if let Some(queue) = self.queue(priority) {
            queue.push_front(thread);
            self.occupied |= bit(priority);
        }
    }

    /// Takes the most urgent thread that has waited longest.
    #[inline]
    pub fn pop(&mut self) -> Option<(T, Priority)> {
        let priority = self.highest()?;
        let queue = self.queue(priority)?;
        let thread = queue.pop_front()?;
        if queue.is_empty() {
            self.occupied &= !bit(priority);
        }
        Some((thread, priority))
    }

    /// Takes a certain thread; whether it was there.
    pub fn remove(&mut self, thread: T, priority: Priority) -> bool {
        let Some(queue) = self.queue(priority) else {
            return false;
        };
        let place = queue.iter().position(|other| *other == thread);
        let removed = place.and_then(|place| queue.remove(place)).is_some();
        if queue.is_empty() {
            self.occupied &= !bit(priority);
        }
        removed
    }

    #[inline(always)]
    fn highest(&self) -> Option<Priority> {
        let level = self.occupied.checked_ilog2()?;
        Some(Priority::from_kept(level as u8))
    }

    #[inline(always)]
    fn queue(&mut self, priority: Priority) -> Option<&mut VecDeque<T>> {
        self.queues.get_mut(usize::from(priority.level()))
    }
}

impl<T: Copy + PartialEq> Default for RunQueue<T> {
    fn default() -> Self {
        RunQueue::new()
    }
}

#[inline(always)]
fn bit(priority: Priority) -> u32 {
    1_u32.wrapping_shl(u32::from(priority.level()))
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    /// What a run queue is, in the simplest words: a list in order of arrival.
    #[derive(Default)]
    struct Model(Vec<(u32, Priority)>);

    impl Model {
        fn pop(&mut self) -> Option<(u32, Priority)> {
            let highest = self.0.iter().map(|entry| entry.1).max()?;
            let place = self.0.iter().position(|entry| entry.1 == highest)?;
            Some(self.0.remove(place))
        }

        fn remove(&mut self, thread: u32, priority: Priority) -> bool {
            let before = self.0.len();
            self.0.retain(|entry| *entry != (thread, priority));
            self.0.len() < before
        }
    }

    #[derive(Clone, Debug)]
    enum Step {
        Push(Priority),
        PushFront(Priority),
        Pop,
        Remove(u32, Priority),
    }

    fn priority() -> impl Strategy<Value = Priority> {
        (1_u8..32).prop_filter_map("a level of threads", Priority::new)
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            3 => priority().prop_map(Step::Push),
            1 => priority().prop_map(Step::PushFront),
            2 => Just(Step::Pop),
            1 => (0_u32..64, priority()).prop_map(|(thread, level)| Step::Remove(thread, level)),
        ]
    }

    proptest! {
        #[test]
        fn threads_run_by_priority_and_then_by_arrival(
            steps in proptest::collection::vec(step(), 0..200),
        ) {
            let mut queue = RunQueue::new();
            let mut model = Model::default();
            for (number, step) in (0_u32..).zip(steps) {
                match step {
                    Step::Push(level) => {
                        queue.push(number, level);
                        model.0.push((number, level));
                    }
                    Step::PushFront(level) => {
                        queue.push_front(number, level);
                        model.0.insert(0, (number, level));
                    }
                    Step::Pop => prop_assert_eq!(queue.pop(), model.pop()),
                    Step::Remove(thread, level) => {
                        prop_assert_eq!(queue.remove(thread, level), model.remove(thread, level));
                    }
                }
                for level in (1..32).filter_map(Priority::new) {
                    let least = model.0.iter().any(|entry| entry.1 >= level);
                    let above = model.0.iter().any(|entry| entry.1 > level);
                    prop_assert_eq!(queue.has_at_least(level), least);
                    prop_assert_eq!(queue.has_above(level), above);
                }
            }
        }
    }

    #[test]
    fn an_empty_queue_has_nobody() {
        let mut queue = RunQueue::<u32>::new();
        assert_eq!(queue.pop(), None);
        assert!(!queue.has_at_least(Priority::IDLE));
    }
}
