//! Many event counters, and lists of them for poll.

use std::ptr;

use hermit_abi::{POLLIN, close, eventfd, poll, pollfd, write};

/// Counters that are closed when they are dropped.
#[derive(Debug)]
pub struct Counters(pub Vec<i32>);

impl Counters {
    /// Opens so many, all zero.
    pub fn open(count: usize) -> Result<Counters, String> {
        let mut counters = Counters(Vec::with_capacity(count));
        for _ in 0..count {
            // SAFETY: the call takes no address.
            match unsafe { eventfd(0, 0) } {
                error if error < 0 => return Err(format!("eventfd: {error}")),
                descriptor => counters.0.push(descriptor),
            }
        }
        Ok(counters)
    }

    /// All of them, in order.
    pub fn list(&self) -> Vec<pollfd> {
        self.0.iter().map(|fd| entry(*fd)).collect()
    }

    /// Adds one to the last one.
    pub fn raise_last(&self) -> Result<(), String> {
        let last = self.0.last().ok_or("no counter")?;
        // SAFETY: the value has that size.
        match unsafe { write(*last, ptr::from_ref(&1_u64).cast(), 8) } {
            8 => Ok(()),
            error => Err(format!("write: {error}")),
        }
    }
}

impl Drop for Counters {
    fn drop(&mut self) {
        for descriptor in &self.0 {
            // SAFETY: the call takes no address.
            unsafe { close(*descriptor) };
        }
    }
}

/// An entry that asks for input.
pub fn entry(fd: i32) -> pollfd {
    pollfd {
        fd,
        events: POLLIN,
        revents: 0,
    }
}

/// Polls for at most `limit` milliseconds; how many are ready.
pub fn poll_all(list: &mut [pollfd], limit: i32) -> i32 {
    // SAFETY: the list is that long.
    unsafe { poll(list.as_mut_ptr(), list.len(), limit) }
}
