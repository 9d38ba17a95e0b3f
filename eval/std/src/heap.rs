//! Allocating and freeing, alone and among many.

use std::hint::black_box;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use crate::count::{each, now};

/// Pairs that all threads do together.
const PAIRS: u32 = 128 * 200;

/// A box of 64 bytes that is made and dropped.
pub fn pairs_of_one_thread() -> f64 {
    each(pair)
}

/// The same by so many threads at once, which all began before the count did:
/// instructions of the whole machine for one pair.
pub fn pairs_of(threads: u32) -> f64 {
    let [ready, done] = [(); 2].map(|()| Barrier::new(threads as usize + 1));
    let arrived = AtomicU32::new(0);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                arrived.fetch_add(1, Ordering::Relaxed);
                ready.wait();
                (0..PAIRS / threads).for_each(|_| pair());
                done.wait();
            });
        }
        while arrived.load(Ordering::Relaxed) < threads {
            thread::yield_now();
        }
        let start = now();
        ready.wait();
        done.wait();
        (now() - start) as f64 / f64::from(PAIRS)
    })
}

fn pair() {
    drop(black_box(Box::new([0_u64; 8])));
}
