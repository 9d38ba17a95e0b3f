//! The futex, which all of std's locks stand on, called directly.

use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::thread;

use crate::count::each;
use crate::threads::{ROUNDS, per_round};

unsafe extern "C" {
    fn sys_futex_wake(address: *mut u32, count: i32) -> i32;
    fn sys_futex_wait(address: *mut u32, expected: u32, limit: *const u8, flags: u32) -> i32;
}

/// Waking whoever waits for a word for which nobody waits.
pub fn wake_nobody() -> f64 {
    let word = AtomicU32::new(0);
    each(|| wake(&word))
}

/// Two threads that hand a word to each other and wait for it: two wake-ups,
/// two waits and two switches.
pub fn hand_over_and_back() -> f64 {
    let turn = AtomicU32::new(0);
    let play = |mine: u32| {
        for _ in 0..ROUNDS {
            while turn.load(SeqCst) != mine {
                wait(&turn, 1 - mine);
            }
            turn.store(1 - mine, SeqCst);
            wake(&turn);
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| play(1));
        per_round(|| play(0))
    })
}

fn wake(word: &AtomicU32) {
    // SAFETY: the address is only compared with those of sleepers.
    unsafe { sys_futex_wake(word.as_ptr(), 1) };
}

fn wait(word: &AtomicU32, expected: u32) {
    // SAFETY: the word is one that others change by atomic stores; no limit is
    // a null pointer.
    unsafe { sys_futex_wait(word.as_ptr(), expected, ptr::null(), 0) };
}
