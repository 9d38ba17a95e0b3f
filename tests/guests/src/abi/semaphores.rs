//! Semaphores: counting, waiting, time limits, and every error.

use std::ptr;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use hermit_abi::{
    EAGAIN, EFAULT, EINVAL, EOVERFLOW, ETIMEDOUT, get_errno, sem_destroy, sem_init, sem_post,
    sem_t, sem_timedwait, sem_trywait, timespec,
};

use super::Shared;
use crate::checks::same;

pub fn run() -> Result<(), String> {
    errors()?;
    limits()?;
    many_threads()
}

fn errors() -> Result<(), String> {
    let word = Shared::<sem_t>::new(ptr::null()).get();
    let kernel: *mut sem_t =
        ptr::with_exposed_provenance_mut(domains::layout::SAFE.start as usize);
    // SAFETY: the word is valid; the ABI is to refuse what is not.
    unsafe {
        same("post before init", sem_post(word), -EINVAL)?;
        same("errno", get_errno(), EINVAL)?;
        same("init of null", sem_init(ptr::null_mut(), 0, 1), -EINVAL)?;
        same("init of a kernel's", sem_init(kernel, 0, 1), -EFAULT)?;
        same("post of a kernel's", sem_post(kernel), -EFAULT)?;
        same("too high a value", sem_init(word, 0, 1 << 31), -EINVAL)?;
        same("init", sem_init(word, 0, i32::MAX as u32), 0)?;
        same("one too many", sem_post(word), -EOVERFLOW)?;
        same("trywait", sem_trywait(word), 0)?;
        same("destroy", sem_destroy(word), 0)?;
        same("trywait after destroy", sem_trywait(word), -EINVAL)?;
        same("init at zero", sem_init(word, 0, 0), 0)?;
        same("trywait at zero", sem_trywait(word), -EAGAIN)?;
        let bad = ptr::with_exposed_provenance(domains::layout::SAFE.start as usize);
        same("a kernel's time", sem_timedwait(word, bad), -EFAULT)?;
        // Inside the application's region, but nothing is mapped there.
        let hole = ptr::with_exposed_provenance(domains::layout::APP.end as usize - 4096);
        same("a time in a hole", sem_timedwait(word, hole), -EFAULT)
    }
}

fn limits() -> Result<(), String> {
    let word = Shared::<sem_t>::new(ptr::null()).get();
    let start = Instant::now();
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_err(|e| e.to_string())?;
    let limit = now + Duration::from_millis(20);
    let time = |nanoseconds| timespec {
        tv_sec: limit.as_secs() as i64,
        tv_nsec: nanoseconds,
    };
    let (good, bad) = (time(limit.subsec_nanos() as i32), time(1_000_000_000));
    let past = timespec {
        tv_sec: -7,
        tv_nsec: 0,
    };
    // SAFETY: the word and the times are valid.
    unsafe {
        same("init", sem_init(word, 0, 1), 0)?;
        same("a bad time is not looked at", sem_timedwait(word, &bad), 0)?;
        same("unless it matters", sem_timedwait(word, &bad), -EINVAL)?;
        same("the past is over", sem_timedwait(word, &past), -ETIMEDOUT)?;
        same("a limit", sem_timedwait(word, &good), -ETIMEDOUT)?;
    }
    same(
        "it waited",
        start.elapsed() >= Duration::from_millis(15),
        true,
    )
}

/// As many posts as waits leave nothing, and nobody waits for ever.
fn many_threads() -> Result<(), String> {
    const ROUNDS: usize = 200;
    let word = Shared::<sem_t>::new(ptr::null());
    // SAFETY: the word is valid and lives for ever.
    same("init", unsafe { sem_init(word.get(), 0, 0) }, 0)?;
    let waiters: Vec<_> = (0..4)
        .map(|_| {
            thread::spawn(move || {
                let word = word;
                // SAFETY: as above.
                (0..ROUNDS).all(|_| unsafe { sem_timedwait(word.get(), ptr::null()) } == 0)
            })
        })
        .collect();
    for round in 0..4 * ROUNDS {
        // SAFETY: as above.
        same("post", unsafe { sem_post(word.get()) }, 0)?;
        if round % 3 == 0 {
            thread::yield_now();
        }
    }
    for waiter in waiters {
        same("waits", waiter.join().unwrap_or(false), true)?;
    }
    // SAFETY: as above.
    same(
        "nothing is left",
        unsafe { sem_trywait(word.get()) },
        -EAGAIN,
    )
}
