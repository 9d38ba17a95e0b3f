//! Orders in which core's unstable sort recurses as deep as it can.

use std::cell::RefCell;
use std::cmp::Ordering;

use super::counters::{Counters, entry, poll_all};
use crate::checks::same;

/// Polls counters in a hostile order, and in some that are merely special.
pub fn run() -> Result<(), String> {
    for count in [1024, 8192] {
        let counters = Counters::open(count)?;
        for order in [hostile(count), (0..count).rev().collect(), sawtooth(count)] {
            let mut list: Vec<_> = order
                .iter()
                .map(|place| entry(counters.0[*place]))
                .collect();
            same("nothing is ready", poll_all(&mut list, 1), 0)?;
        }
        println!("{count} counters in every order");
    }
    Ok(())
}

fn sawtooth(count: usize) -> Vec<usize> {
    (0..count).map(|place| place * 7919 % count).collect()
}

/// What has been decided of the numbers while they are sorted.
struct Adversary {
    /// None is below all that are decided.
    decided: Vec<Option<usize>>,
    next: usize,
    candidate: usize,
}

impl Adversary {
    fn decide(&mut self, place: usize) {
        self.decided[place] = Some(self.next);
        self.next -= 1;
    }

    /// Decides as late as it can, and makes what looks like a pivot the largest
    /// number that is left: so that nearly all others are on its left.
    fn compare(&mut self, one: usize, other: usize) -> Ordering {
        if self.decided[one].is_none() && self.decided[other].is_none() {
            self.decide(if one == self.candidate { one } else { other });
        }
        if self.decided[one].is_none() {
            self.candidate = one;
        } else if self.decided[other].is_none() {
            self.candidate = other;
        }
        self.decided[one].cmp(&self.decided[other])
    }
}

/// The numbers below `count` in an order that its own sort decided, after
/// M. D. McIlroy, "A Killer Adversary for Quicksort" (1999).
fn hostile(count: usize) -> Vec<usize> {
    let adversary = RefCell::new(Adversary {
        decided: vec![None; count],
        next: count - 1,
        candidate: 0,
    });
    // As large as what the kernel would sort: the algorithm depends on it.
    let mut places: Vec<(u64, u64)> = (0..count).map(|place| (place as u64, 0)).collect();
    places.sort_unstable_by(|one, other| {
        let (one, other) = (one.0 as usize, other.0 as usize);
        adversary.borrow_mut().compare(one, other)
    });
    let mut rest = 0..count;
    let decided = adversary.into_inner().decided;
    let order = decided.into_iter().map(|number| match number {
        Some(number) => number,
        None => rest.next().unwrap_or_default(),
    });
    order.collect()
}
