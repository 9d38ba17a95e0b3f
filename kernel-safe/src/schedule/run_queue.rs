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
    waiting: usize,
    queues: [VecDeque<T>; Priority::LEVELS],
}

impl<T: Copy + PartialEq> RunQueue<T> {
    /// A queue without threads.
    pub const fn new() -> RunQueue<T> {
        RunQueue {
            occupied: 0,
            waiting: 0,
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

    /// How many threads are ready.
    #[inline(always)]
    pub const fn waiting(&self) -> usize {
        self.waiting
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
            self.waiting = self.waiting.wrapping_add(1);
        }
    }

    /// Puts a thread before the others of its priority: it was interrupted in
    /// the middle of its turn.
    pub fn push_front(&mut self, thread: T, priority: Priority) {
        if let Some(queue) = self.queue(priority) {
            queue.push_front(thread);
            self.occupied |= bit(priority);
            self.waiting = self.waiting.wrapping_add(1);
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
        self.waiting = self.waiting.wrapping_sub(1);
        Some((thread, priority))
    }

    /// Takes a certain thread; whether it was there.
    pub fn remove(&mut self, thread: T, priority: Priority) -> bool {
        self.take_from(priority, |other| other == thread).is_some()
    }

    /// Takes the most urgent thread that has waited longest, among those that
    /// `may_go`.
    pub fn take(&mut self, may_go: impl Fn(T) -> bool) -> Option<T> {
        let mut levels = self.occupied;
        while let Some(level) = levels.checked_ilog2() {
            let priority = Priority::from_kept(level as u8);
            if let Some(thread) = self.take_from(priority, &may_go) {
                return Some(thread);
            }
            levels &= !bit(priority);
        }
        None
    }

    /// Takes the first thread of a queue that is `wanted`.
    fn take_from(&mut self, priority: Priority, wanted: impl Fn(T) -> bool) -> Option<T> {
        let queue = self.queue(priority)?;
        let place = queue.iter().position(|thread| wanted(*thread))?;
        let thread = queue.remove(place)?;
        if queue.is_empty() {
            self.occupied &= !bit(priority);
        }
        self.waiting = self.waiting.wrapping_sub(1);
        Some(thread)
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

        fn take_odd(&mut self) -> Option<u32> {
            let odd = self.0.iter().filter(|entry| entry.0 % 2 == 1);
            let highest = odd.map(|entry| entry.1).max()?;
            let is_next = |entry: &(u32, Priority)| entry.0 % 2 == 1 && entry.1 == highest;
            let place = self.0.iter().position(is_next)?;
            Some(self.0.remove(place).0)
        }
    }

    #[derive(Clone, Debug)]
    enum Step {
        Push(Priority),
        PushFront(Priority),
        Pop,
        TakeOdd,
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
            1 => Just(Step::TakeOdd),
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
                    Step::TakeOdd => {
                        prop_assert_eq!(queue.take(|thread| thread % 2 == 1), model.take_odd());
                    }
                    Step::Remove(thread, level) => {
                        prop_assert_eq!(queue.remove(thread, level), model.remove(thread, level));
                    }
                }
                prop_assert_eq!(queue.waiting(), model.0.len());
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
