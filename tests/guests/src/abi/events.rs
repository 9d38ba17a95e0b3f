//! Event counters and poll: values, waiting, time limits, lies.

use std::ptr;
use std::thread;
use std::time::{Duration, Instant};

use hermit_abi::{
    EAGAIN, EBADF, EFAULT, EFD_NONBLOCK, EFD_SEMAPHORE, EINVAL, POLLIN, POLLNVAL, POLLOUT,
    close, dup, eventfd, poll, pollfd, read, write,
};

use crate::checks::same;

const PAUSE: Duration = Duration::from_millis(20);
const NEARLY: Duration = Duration::from_millis(15);

pub fn run() -> Result<(), String> {
    values()?;
    waiting()?;
    poll_at_once()?;
    poll_waits()?;
    many_pollers()?;
    lies()
}

/// Opens a counter.
fn open(value: u64, flags: i16) -> Result<i32, String> {
    // SAFETY: the call takes no address.
    match unsafe { eventfd(value, flags) } {
        error if error < 0 => Err(format!("eventfd: {error}")),
        descriptor => Ok(descriptor),
    }
}

fn add(descriptor: i32, value: u64) -> isize {
    // SAFETY: the value has that size.
    unsafe { write(descriptor, ptr::from_ref(&value).cast(), 8) }
}

fn take(descriptor: i32) -> Result<u64, isize> {
    let mut value = 0_u64;
    // SAFETY: as above.
    match unsafe { read(descriptor, ptr::from_mut(&mut value).cast(), 8) } {
        8 => Ok(value),
        error => Err(error),
    }
}

fn shut(descriptors: &[i32]) -> Result<(), String> {
    for descriptor in descriptors {
        // SAFETY: the call takes no address.
        same("close", unsafe { close(*descriptor) }, 0)?;
    }
    Ok(())
}

fn entry(fd: i32, events: i16) -> pollfd {
    pollfd {
        fd,
        events,
        revents: -1,
    }
}

/// Polls; the answer, and what was found.
fn look<const N: usize>(mut list: [pollfd; N], limit: i32) -> (i32, [i16; N]) {
    // SAFETY: the list is that long.
    let answer = unsafe { poll(list.as_mut_ptr(), N, limit) };
    (answer, list.map(|entry| entry.revents))
}

fn values() -> Result<(), String> {
    let again = Err(-(EAGAIN as isize));
    let all = open(3, EFD_NONBLOCK)?;
    let one = open(2, EFD_NONBLOCK | EFD_SEMAPHORE)?;
    same("add", add(all, 1 << 40), 8)?;
    same("take all", take(all), Ok((1 << 40) + 3))?;
    same("take nothing", take(all), again)?;
    same(
        "take one",
        [take(one), take(one), take(one)],
        [Ok(1), Ok(1), again],
    )?;
    same("too much", add(all, u64::MAX), -(EINVAL as isize))?;
    same("all that fits", add(all, u64::MAX - 1), 8)?;
    same("one more", add(all, 1), -(EAGAIN as isize))?;
    // SAFETY: the calls take no address that is followed.
    unsafe {
        same(
            "a short read",
            read(all, ptr::from_mut(&mut 0_u64).cast(), 7),
            -(EINVAL as isize),
        )?;
        same("flags", eventfd(0, 0o2), -EINVAL)?;
        let twin = dup(all);
        same("the same counter", take(twin), Ok(u64::MAX - 1))?;
        shut(&[all, one, twin])?;
    }
    same("closed", add(all, 1), -(EBADF as isize))
}

/// Reads wait for writes, and writes for reads.
fn waiting() -> Result<(), String> {
    let (there, back) = (open(0, 0)?, open(u64::MAX - 1, 0)?);
    let start = Instant::now();
    let other = thread::spawn(move || {
        thread::sleep(PAUSE);
        let written = add(there, 7);
        thread::sleep(PAUSE);
        (written, take(back))
    });
    same("a read", take(there), Ok(7))?;
    same("it waited", start.elapsed() >= NEARLY, true)?;
    same("a write", add(back, 5), 8)?;
    same("it waited", start.elapsed() >= NEARLY * 2, true)?;
    let done = other.join().map_err(|_| "the other thread panicked")?;
    same("the other's", done, (8, Ok(u64::MAX - 1)))?;
    shut(&[there, back])
}

fn poll_at_once() -> Result<(), String> {
    let (empty, some) = (open(0, 0)?, open(1, 0)?);
    let both = POLLIN | POLLOUT;
    let list = [
        entry(empty, both),
        entry(-7, both),
        entry(some, both),
        entry(1, both),
        entry(7777, 0),
        entry(some, POLLOUT),
    ];
    let found = (5, [POLLOUT, 0, both, POLLOUT, POLLNVAL, POLLOUT]);
    same("many", look(list, 0), found)?;
    same("the same without a limit", look(list, -1), found)?;
    same("the end of the input", look([entry(0, POLLIN)], -1).0, 1)?;
    same("nothing", look([entry(empty, POLLIN)], 0), (0, [0]))?;
    shut(&[empty, some])
}

fn poll_waits() -> Result<(), String> {
    let (first, second) = (open(0, 0)?, open(0, 0)?);
    let list = [
        entry(first, POLLIN),
        entry(second, POLLIN),
        entry(first, POLLIN),
    ];
    let start = Instant::now();
    same("a limit", look(list, 20), (0, [0; 3]))?;
    same("no descriptors", look([], 20).0, 0)?;
    same("it waited", start.elapsed() >= NEARLY * 2, true)?;
    for (woken, found) in [(first, [POLLIN, 0, POLLIN]), (second, [0, POLLIN, 0])] {
        let other = thread::spawn(move || {
            thread::sleep(PAUSE);
            add(woken, 1)
        });
        same("woken", look(list, -1).1, found)?;
        same("a value", take(woken), Ok(1))?;
        other.join().map_err(|_| "the other thread panicked")?;
    }
    shut(&[first, second])
}

/// Ten threads wait for twenty counters each, and each must see the last.
fn many_pollers() -> Result<(), String> {
    let mut counters = [0; 20];
    for counter in &mut counters {
        *counter = open(0, 0)?;
    }
    let pollers: Vec<_> = (0..10)
        .map(|_| thread::spawn(move || look(counters.map(|fd| entry(fd, POLLIN)), 30_000)))
        .collect();
    thread::sleep(PAUSE);
    same("add", add(counters[19], 1), 8)?;
    for poller in pollers {
        let found = poller.join().map_err(|_| "a poller panicked")?;
        same("one", (found.0, found.1[19]), (1, POLLIN))?;
    }
    shut(&counters)
}

fn lies() -> Result<(), String> {
    let kernel: *mut pollfd =
        ptr::with_exposed_provenance_mut(domains::layout::SAFE.start as usize);
    let mut one = entry(1, POLLOUT);
    // SAFETY: the ABI is to refuse what is not valid.
    unsafe {
        same("a kernel's list", poll(kernel, 1, 0), -EFAULT)?;
        same("no list", poll(ptr::null_mut(), 1, 0), -EFAULT)?;
        same("a long list", poll(&mut one, 65_537, 0), -EINVAL)?;
        same("a longer list", poll(&mut one, usize::MAX, 0), -EINVAL)?;
        same(
            "a list that ends in a hole",
            poll(&mut one, 65_536, 0),
            -EFAULT,
        )
    }
}
