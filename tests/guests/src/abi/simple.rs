//! Clocks, sleeping, priorities, blocking, allocation.

use std::ptr;
use std::thread;
use std::time::{Duration, Instant};

use hermit_abi::{
    CLOCK_MONOTONIC, CLOCK_REALTIME, EFAULT, EINVAL, Tid, alloc, alloc_zeroed,
    block_current_task, block_current_task_with_timeout, clock_gettime, dealloc, getpid,
    nanosleep, read_entropy, realloc, spawn, timespec, wakeup_task, yield_now,
};

use crate::checks::same;

pub fn run() -> Result<(), String> {
    clocks()?;
    layouts()?;
    blocking()?;
    spawning()
}

fn clocks() -> Result<(), String> {
    let mut time = timespec::default();
    let kernel = ptr::with_exposed_provenance_mut(domains::layout::SAFE.start as usize);
    // SAFETY: the place is valid; the ABI is to refuse what is not.
    unsafe {
        for clock in -3..10 {
            let known = [CLOCK_REALTIME, CLOCK_MONOTONIC].contains(&clock);
            let answer = if known { 0 } else { -EINVAL };
            same("clock", clock_gettime(clock, &mut time), answer)?;
        }
        same(
            "a kernel's place",
            clock_gettime(CLOCK_REALTIME, kernel),
            -EFAULT,
        )?;
        same(
            "null",
            clock_gettime(CLOCK_REALTIME, ptr::null_mut()),
            -EFAULT,
        )?;
        same("no time", nanosleep(ptr::null()), -EFAULT)?;
        for (tv_sec, tv_nsec) in [(-1, 0), (0, -1), (0, 1_000_000_000), (i64::MIN, i32::MIN)] {
            same(
                "a bad time",
                nanosleep(&timespec { tv_sec, tv_nsec }),
                -EINVAL,
            )?;
        }
        same(
            "a short sleep",
            nanosleep(&timespec {
                tv_sec: 0,
                tv_nsec: 1000,
            }),
            0,
        )?;
        let mut byte = 0;
        same(
            "entropy's flags",
            read_entropy(&mut byte, 1, 1 << 30),
            -EINVAL as isize,
        )
    }
}

fn layouts() -> Result<(), String> {
    // SAFETY: what is allocated is freed with its layout.
    unsafe {
        for (size, align) in [(8, 0), (8, 3), (usize::MAX, 8), (isize::MAX as usize, 4096)] {
            same("alloc", alloc(size, align).is_null(), true)?;
            same("alloc_zeroed", alloc_zeroed(size, align).is_null(), true)?;
        }
        let block = alloc_zeroed(100, 16);
        same("zeros", (0..100).all(|place| *block.add(place) == 0), true)?;
        same(
            "realloc",
            realloc(block, 100, 16, usize::MAX).is_null(),
            true,
        )?;
        dealloc(block, 100, 16);
        dealloc(ptr::null_mut(), 1, 1);
    }
    Ok(())
}

fn blocking() -> Result<(), String> {
    let start = Instant::now();
    // SAFETY: the calls take no address.
    unsafe {
        block_current_task_with_timeout(20);
        yield_now();
    }
    same(
        "it blocked",
        start.elapsed() >= Duration::from_millis(15),
        true,
    )?;
    // SAFETY: as above.
    let own = unsafe { getpid() } as Tid;
    let waker = thread::spawn(move || {
        thread::sleep(Duration::from_millis(5));
        // SAFETY: as above.
        unsafe { wakeup_task(own) };
    });
    // SAFETY: as above.
    unsafe {
        block_current_task();
        yield_now();
    }
    waker.join().map_err(|_| "the waker panicked".into())
}

extern "C" fn nothing(_: usize) {}

fn spawning() -> Result<(), String> {
    let kernel = ptr::with_exposed_provenance_mut(domains::layout::SAFE.start as usize);
    let mut id = 0;
    // SAFETY: the function does nothing; the ABI is to refuse a kernel's place.
    unsafe {
        same("spawn", spawn(&mut id, nothing, 0, 2, -1), 0)?;
        same("a number", id > 0, true)?;
        same("join", hermit_abi::join(id), 0)?;
        same(
            "a kernel's place",
            spawn(kernel, nothing, 0, 2, -1),
            -EFAULT,
        )?;
        same("a priority", spawn(&mut id, nothing, 0, 200, -1), -EINVAL)
    }
}
