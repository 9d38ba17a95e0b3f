//! Any device, as a driver sets it up by core calls.

use domains::core_call::CoreCall;
use domains::device::{Roles, feature};
use gate::hooks::{IN_DRIVER, LOAD_WORD, STORE_WORD};

use crate::dma::queue::Queue;
use crate::hooks::hook;

/// A device of this number.
pub struct Device<'a> {
    /// What has a place for the words of calls.
    caller: &'a Queue,
    pub number: u64,
}

impl Device<'_> {
    pub const fn new(caller: &Queue, number: u64) -> Device<'_> {
        Device { caller, number }
    }

    /// Resets it; what it offers.
    pub fn reset(&self) -> i64 {
        self.agree(0)
    }

    /// Resets it and agrees with it on what it must have.
    pub fn begin(&self) -> Result<(), String> {
        match self.agree(feature::VERSION_1) {
            0.. => Ok(()),
            answer => Err(format!("device {} does not begin: {answer}", self.number)),
        }
    }

    /// Resets it and agrees on `features`.
    pub fn agree(&self, features: u64) -> i64 {
        self.call(CoreCall::DeviceBegin, [features, 0, 0])
    }

    /// Sets up a queue of so many entries, whose rings begin at `page`.
    pub fn add_queue(&self, queue: u64, entries: u64, page: u64) -> i64 {
        self.call(CoreCall::DeviceQueue, [queue, entries, page])
    }

    /// Tells it to start.
    pub fn start(&self) -> i64 {
        self.call(CoreCall::DeviceStart, [0; 3])
    }

    /// Has the core publish the ring of a queue.
    pub fn publish(&self, queue: u64) -> i64 {
        self.call(CoreCall::Publish, [queue, 0, 0])
    }

    fn call(&self, call: CoreCall, [first, second, third]: [u64; 3]) -> i64 {
        self.caller.call(call, [self.number, first, second, third])
    }
}

/// Who is which device.
pub fn roles() -> Roles {
    Roles::new(&gate::info::boot().devices)
}

/// Writes a word of the drivers' memory.
pub fn poke(address: u64, word: u64) {
    hook(STORE_WORD | IN_DRIVER, address as usize, word as usize);
}

/// Reads a word of what drivers may read.
pub fn peek(address: u64) -> u64 {
    hook(LOAD_WORD | IN_DRIVER, address as usize, 0) as u64
}
