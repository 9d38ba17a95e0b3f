//! Numbers of threads.
//!
//! A number is a slot of the roster and how often the slot has been used: the
//! number of a thread that has ended does not name the slot's next thread. The
//! ABI has 31 bits for it, since one of its answers is a number or an error; so
//! a slot has numbers for half a million threads, and all slots together for
//! two thousand million.

/// The number of a thread. Never zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ThreadId(u32);

const SLOT_BITS: u32 = 12;
const SLOT_MASK: u32 = (1 << SLOT_BITS) - 1;
/// What the ABI takes for a number.
const LAST: u32 = i32::MAX as u32;

impl ThreadId {
    /// How many slots there can be.
    pub const SLOTS: usize = SLOT_MASK as usize;

    /// The first number of slot `slot`; none if numbers cannot name it.
    pub fn first(slot: usize) -> Option<ThreadId> {
        let number = u32::try_from(slot).ok()?.checked_add(1)?;
        (number <= SLOT_MASK).then_some(ThreadId(number))
    }

    /// What the application says is a thread's number.
    pub const fn alleged(number: u32) -> ThreadId {
        ThreadId(number)
    }

    /// The number of the slot's next thread; none if there is no other.
    pub fn next(self) -> Option<ThreadId> {
        let number = self.0.checked_add(1 << SLOT_BITS);
        // DEFENCE: thread-number-reuse
        number.filter(|number| *number <= LAST).map(ThreadId)
    }

    /// Its slot; none if it is nobody's number.
    pub fn slot(self) -> Option<usize> {
        usize::try_from((self.0 & SLOT_MASK).checked_sub(1)?).ok()
    }

    /// Whether this number came before `other` in the same slot.
    pub const fn is_before(self, other: ThreadId) -> bool {
        self.0 < other.0
    }

    /// The plain number.
    pub const fn number(self) -> u32 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_name_their_slot_and_are_not_used_again() {
        let first = ThreadId::first(41).expect("there is such a slot");
        assert_eq!(first.slot(), Some(41));
        let next = first.next().expect("it was used once");
        assert_eq!(next.slot(), Some(41));
        assert_ne!(next, first);
        assert!(first.is_before(next));
    }

    #[test]
    fn every_number_is_one_that_the_abi_can_answer() {
        let first = ThreadId::first(ThreadId::SLOTS - 1).expect("there is such a slot");
        let all = core::iter::successors(Some(first), |id| id.next());
        let last = all.last().map(|last| i32::try_from(last.number()));
        assert_eq!(last, Some(Ok(i32::MAX)));
    }

    #[test]
    fn there_is_no_thread_zero() {
        assert_eq!(ThreadId::alleged(0).slot(), None);
        assert_eq!(ThreadId::first(0).map(ThreadId::number), Some(1));
        assert_eq!(ThreadId::first(ThreadId::SLOTS), None);
        assert!(ThreadId::first(ThreadId::SLOTS - 1).is_some());
    }
}
