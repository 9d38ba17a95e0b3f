//! Things that come and go, each in a slot that stays.
//!
//! A slot is made when it is first needed and kept for good, so a reference to
//! it never dangles and is passed around without an allocation that cannot fail
//! politely. What a slot holds at the moment is its own affair.

use alloc::vec::Vec;

use crate::errno::Errno;

/// How many slots are made at once, at least.
const BLOCK_MIN: usize = 32;

/// Slots, some of them free.
#[derive(Debug)]
pub struct Pool<T: 'static> {
    slots: Vec<&'static T>,
    /// The numbers of free slots, the next to be used at the end.
    free: Vec<u32>,
}

impl<T> Pool<T> {
    /// No slots.
    pub const fn new() -> Pool<T> {
        Pool {
            slots: Vec::new(),
            free: Vec::new(),
        }
    }

    /// Takes a free slot, and makes some from their numbers if there is none.
    ///
    /// # Errors
    ///
    /// Memory is short.
    pub fn take(&mut self, make: impl Fn(u32) -> T) -> Result<&'static T, Errno> {
        if self.free.is_empty() {
            self.grow(make)?;
        }
        let number = self.free.pop().ok_or(Errno::NoMemory)?;
        self.get(number).ok_or(Errno::NoMemory)
    }

    /// Gives the slot `number` back, which was taken.
    pub fn give_back(&mut self, number: u32) {
        // Growing made room for every slot.
        if self.free.len() < self.free.capacity() {
            self.free.push(number);
        }
    }

    /// The slot `number`.
    pub fn get(&self, number: u32) -> Option<&'static T> {
        self.slots.get(usize::try_from(number).ok()?).copied()
    }

    fn grow(&mut self, make: impl Fn(u32) -> T) -> Result<(), Errno> {
        let first = self.slots.len();
        // The more there are, the larger the blocks: they stay for good, and few
        // of them lie in the way when the heap shrinks.
        let size = BLOCK_MIN.max(first / 2);
        let end = first.checked_add(size).ok_or(Errno::NoMemory)?;
        let first = u32::try_from(first).map_err(|_| Errno::NoMemory)?;
        let end = u32::try_from(end).map_err(|_| Errno::NoMemory)?;
        let mut block = Vec::new();
        block.try_reserve_exact(size)?;
        self.slots.try_reserve(size)?;
        let all = self.slots.len().saturating_add(size);
        self.free.try_reserve(all.saturating_sub(self.free.len()))?;
        block.extend((first..end).map(make));
        self.slots.extend(block.leak().iter());
        // The lowest number is used first.
        self.free.extend((first..end).rev());
        Ok(())
    }
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Pool::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_numbered_and_used_again() {
        let mut pool = Pool::new();
        for number in 0..100 {
            assert_eq!(pool.take(|number| number), Ok(&number));
        }
        pool.give_back(7);
        assert_eq!(pool.take(|_| 0), Ok(&7));
        assert_eq!(pool.take(|number| number), Ok(&100));
        assert_eq!(pool.get(99), Some(&99));
        assert_eq!(pool.get(u32::MAX), None);
    }
}
