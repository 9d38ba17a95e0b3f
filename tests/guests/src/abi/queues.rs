//! The old wait queues, used as they were meant: with a lock around them.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use hermit_abi::{
    EFAULT, EINVAL, ETIMEDOUT, add_queue, destroy_queue, init_queue, notify, wait,
};

use super::Shared;
use crate::checks::same;

pub fn run() -> Result<(), String> {
    errors()?;
    time_limit()?;
    for wake_all in [false, true] {
        wake_up(wake_all)?;
    }
    Ok(())
}

fn errors() -> Result<(), String> {
    let id = Shared::new(0_u64).get().expose_provenance();
    let kernel = domains::layout::SAFE.start as usize;
    // SAFETY: the word is valid; the ABI is to refuse what is not.
    unsafe {
        same("notify before init", notify(id, 1), -EINVAL)?;
        same("init at null", init_queue(0), -EINVAL)?;
        same("init of a kernel's", init_queue(kernel), -EFAULT)?;
        same("init", init_queue(id), 0)?;
        same("wait without announcement", wait(id), -EINVAL)?;
        same("announcement", add_queue(id, 0), 0)?;
        same("notify", notify(id, 1), 0)?;
        same("a wait for what has come", wait(id), 0)?;
        same("destroy", destroy_queue(id), 0)?;
        same("destroy twice", destroy_queue(id), -EINVAL)
    }
}

fn time_limit() -> Result<(), String> {
    let id = Shared::new(0_u64).get().expose_provenance();
    let start = Instant::now();
    // SAFETY: the word is valid.
    unsafe {
        same("init", init_queue(id), 0)?;
        same("announcement", add_queue(id, 20_000_000), 0)?;
        same("wait", wait(id), -ETIMEDOUT)?;
    }
    same(
        "it waited",
        start.elapsed() >= Duration::from_millis(15),
        true,
    )
}

/// Four threads wait for a number to rise.
fn wake_up(wake_all: bool) -> Result<(), String> {
    static NUMBER: Mutex<usize> = Mutex::new(0);
    static DONE: AtomicUsize = AtomicUsize::new(0);
    *NUMBER.lock().map_err(|error| error.to_string())? = 0;
    DONE.store(0, Ordering::SeqCst);
    let id = Shared::new(0_u64).get().expose_provenance();
    // SAFETY: the word is valid and lives for ever.
    same("init", unsafe { init_queue(id) }, 0)?;
    let waiters: Vec<_> = (0..4)
        .map(|_| thread::spawn(move || wait_for_number(id, &NUMBER, &DONE)))
        .collect();
    while DONE.load(Ordering::SeqCst) < 4 {
        *NUMBER.lock().map_err(|error| error.to_string())? += 1;
        // SAFETY: as above.
        same(
            "notify",
            unsafe { notify(id, if wake_all { -1 } else { 1 }) },
            0,
        )?;
        thread::yield_now();
    }
    for waiter in waiters {
        waiter.join().map_err(|_| "a waiter panicked")??;
    }
    Ok(())
}

fn wait_for_number(id: usize, number: &Mutex<usize>, done: &AtomicUsize) -> Result<(), String> {
    let mut guard = number.lock().map_err(|error| error.to_string())?;
    while *guard < 10 {
        // SAFETY: the word is valid and lives for ever.
        same("announcement", unsafe { add_queue(id, 0) }, 0)?;
        drop(guard);
        // SAFETY: as above.
        same("wait", unsafe { wait(id) }, 0)?;
        guard = number.lock().map_err(|error| error.to_string())?;
    }
    done.fetch_add(1, Ordering::SeqCst);
    Ok(())
}
