//! A list that another thread changes while poll sleeps.

use std::sync::atomic::{AtomicI16, AtomicI32, AtomicU64, Ordering};
use std::{ptr, thread};

use hermit_abi::{POLLIN, POLLOUT, poll, pollfd};

use super::counters::Counters;
use crate::checks::same;

/// One entry, as poll sees it, in one word.
static ENTRY: AtomicU64 = AtomicU64::new(0);

const SIZE: usize = size_of::<pollfd>();

fn fields() -> (&'static AtomicI32, &'static AtomicI16, &'static AtomicI16) {
    let start = ENTRY.as_ptr().cast::<u8>();
    // SAFETY: the fields lie in the word, which lives for ever, and whoever
    // changes them does so by single instructions.
    unsafe {
        (
            AtomicI32::from_ptr(start.cast()),
            AtomicI16::from_ptr(start.wrapping_add(4).cast()),
            AtomicI16::from_ptr(start.wrapping_add(6).cast()),
        )
    }
}

/// What another thread writes into an entry stays there.
pub fn run() -> Result<(), String> {
    const { assert!(SIZE == size_of::<u64>()) };
    let counters = &Counters::open(1)?;
    let (descriptor, wanted, found) = fields();
    descriptor.store(counters.0[0], Ordering::SeqCst);
    wanted.store(POLLIN, Ordering::SeqCst);
    found.store(-1, Ordering::SeqCst);
    let answer = thread::scope(|scope| {
        scope.spawn(|| {
            // The other thread sleeps in its poll by now.
            thread::sleep(std::time::Duration::from_millis(20));
            descriptor.store(-7, Ordering::SeqCst);
            wanted.store(POLLOUT, Ordering::SeqCst);
            counters.raise_last()
        });
        // SAFETY: the list has one entry.
        unsafe { poll(ptr::from_ref(&ENTRY).cast_mut().cast(), 1, -1) }
    });
    same("one is ready", answer, 1)?;
    same("what was found", found.load(Ordering::SeqCst), POLLIN)?;
    same("the descriptor", descriptor.load(Ordering::SeqCst), -7)?;
    same("what is asked for", wanted.load(Ordering::SeqCst), POLLOUT)
}
