//! Who waits at addresses of the application.
//!
//! A thread waits at one address at a time, so there are never more addresses
//! here than threads. Addresses that share a bucket are looked through once a
//! call; from there on it does not matter who else waits.

use alloc::collections::TryReserveError;

use crate::line::links::{Links, List, Ticket};
use crate::sync::Mutex;
use crate::thread::ThreadRef;

/// How many buckets there are: a power of two.
const BUCKETS: usize = 256;

static TABLE: [Mutex<Bucket<ThreadRef>>; BUCKETS] =
    [const { Mutex::new(Bucket::new()) }; BUCKETS];

/// The waiters at addresses that share a hash.
#[derive(Debug)]
pub struct Bucket<T> {
    addresses: Links<At>,
    order: List,
    waiters: Links<Waiter<T>>,
}

/// An address, and who waits there.
#[derive(Clone, Copy, Debug)]
struct At {
    address: usize,
    waiters: List,
}

#[derive(Clone, Copy, Debug)]
struct Waiter<T> {
    waiter: T,
    /// At which address.
    at: Ticket,
}

/// The bucket in which an address is.
pub(super) fn bucket(address: usize) -> &'static Mutex<Bucket<ThreadRef>> {
    // Multiplicative hashing: the upper bits depend on all bits.
    const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
    let hash = (address as u64).wrapping_mul(GOLDEN) >> (u64::BITS - BUCKETS.ilog2());
    let place = usize::try_from(hash).unwrap_or(0);
    TABLE.get(place).unwrap_or(&TABLE[0])
}

impl<T: Copy + PartialEq> Bucket<T> {
    /// Nobody.
    pub const fn new() -> Bucket<T> {
        Bucket {
            addresses: Links::new(),
            order: List::EMPTY,
            waiters: Links::new(),
        }
    }

    /// Adds a waiter at an address; the ticket to leave with.
    ///
    /// # Errors
    ///
    /// Memory is short.
    pub fn add(&mut self, address: usize, waiter: T) -> Result<Ticket, TryReserveError> {
        self.waiters.reserve()?;
        let at = match self.find(address) {
            Some(at) => at,
            None => self.addresses.push(
                &mut self.order,
                At {
                    address,
                    waiters: List::EMPTY,
                },
            )?,
        };
        let mut nobody = List::EMPTY;
        let list = match self.addresses.get_mut(at) {
            Some(found) => &mut found.waiters,
            None => &mut nobody,
        };
        self.waiters.push(list, Waiter { waiter, at })
    }

    /// Takes the waiters at an address, who has waited longest first.
    pub fn take_all(&mut self, address: usize) -> impl Iterator<Item = T> {
        let mut at = self.find(address);
        core::iter::from_fn(move || {
            let place = at?;
            let first = self.addresses.get(place)?.waiters.first()?;
            let taken = self.take(first)?;
            if self.addresses.get(place).is_none() {
                at = None;
            }
            Some(taken)
        })
    }

    /// Takes a waiter who has this ticket, if he has not been taken.
    pub fn remove(&mut self, ticket: Ticket, waiter: T) {
        if self
            .waiters
            .get(ticket)
            .is_some_and(|found| found.waiter == waiter)
        {
            self.take(ticket);
        }
    }

    /// Takes a waiter, and his address if nobody else waits there.
    fn take(&mut self, ticket: Ticket) -> Option<T> {
        let at = self.waiters.get(ticket)?.at;
        let list = &mut self.addresses.get_mut(at)?.waiters;
        let taken = self.waiters.remove(list, ticket)?;
        if list.is_empty() {
            self.addresses.remove(&mut self.order, at);
        }
        Some(taken.waiter)
    }

    fn find(&self, address: usize) -> Option<Ticket> {
        let following = |at: &Ticket| self.addresses.next(*at);
        core::iter::successors(self.order.first(), following).find(|at| {
            let found = self.addresses.get(*at);
            found.is_some_and(|found| found.address == address)
        })
    }
}

impl<T: Copy + PartialEq> Default for Bucket<T> {
    fn default() -> Self {
        Bucket::new()
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Step {
        Add(usize),
        Take(usize, usize),
        Remove(usize, usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            3 => (0_usize..4).prop_map(Step::Add),
            1 => (0_usize..4, 0_usize..4).prop_map(|(at, most)| Step::Take(at, most)),
            2 => (0_usize..4, 0_usize..10).prop_map(|(at, place)| Step::Remove(at, place)),
        ]
    }

    proptest! {
        #[test]
        fn each_address_is_a_queue_of_its_own(
            steps in proptest::collection::vec(step(), 0..200),
        ) {
            let mut bucket = Bucket::new();
            let mut model = [const { Vec::<(u32, Ticket)>::new() }; 4];
            for (number, step) in (0_u32..).zip(steps) {
                match step {
                    Step::Add(at) => {
                        let ticket = bucket.add(at, number).expect("memory");
                        model[at].push((number, ticket));
                    }
                    Step::Take(at, most) => {
                        let taken: Vec<u32> = bucket.take_all(at).take(most).collect();
                        let count = most.min(model[at].len());
                        let expected: Vec<(u32, Ticket)> = model[at].drain(..count).collect();
                        prop_assert!(taken.iter().eq(expected.iter().map(|one| &one.0)));
                    }
                    Step::Remove(at, place) if place < model[at].len() => {
                        let (waiter, ticket) = model[at].remove(place);
                        bucket.remove(ticket, waiter);
                        bucket.remove(ticket, waiter);
                    }
                    Step::Remove(..) => {}
                }
                let waited_at = model.iter().filter(|waiters| !waiters.is_empty()).count();
                let following = |at: &Ticket| bucket.addresses.next(*at);
                let addresses = core::iter::successors(bucket.order.first(), following);
                prop_assert_eq!(addresses.count(), waited_at);
            }
        }
    }
}
