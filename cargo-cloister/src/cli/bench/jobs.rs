//! Boots that wait for nobody, as many at once as this machine has CPUs.
//!
//! Counts of runs without input from the host are the same however many run
//! beside each other; that is what makes this allowed. Times would not be.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::cli::failure::Failure;

/// Does `work` with each of `items`; the results in their order, or the first
/// failure, after which nothing new is begun.
pub(super) fn all<T: Sync, R: Send>(
    items: &[T],
    work: impl Fn(&T) -> Result<R, Failure> + Sync,
) -> Result<Vec<R>, Failure> {
    let (next, results) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let take_turns = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(number) else {
                return;
            };
            let result = work(item);
            if result.is_err() {
                next.store(items.len(), Ordering::Relaxed);
            }
            let mut results = results.lock().expect("nobody panics");
            results.push((number, result));
        }
    };
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        (0..workers).for_each(|_| {
            scope.spawn(take_turns);
        });
    });
    let mut results = results.into_inner().expect("nobody panics");
    results.sort_by_key(|(number, _)| *number);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_and_a_failure_ends_it() {
        let items: Vec<u32> = (0..100).collect();
        let doubled = all(&items, |n| Ok(n * 2)).unwrap();
        assert!(doubled.iter().zip(&items).all(|(two, one)| *two == one * 2));
        let failed = all(&items, |n| match n {
            7 => Err(Failure::usage("seven", "no")),
            _ => Ok(()),
        });
        assert!(failed.is_err());
    }
}
