//! Any device, as a driver sets it up by core calls.

use domains::core_call::CoreCall;
use domains::device::{Kind, Roles, feature};
use domains::layout;
use domains::{Area, Cell};
use gate::hooks::{CANARY, CORE_CALL_WITH, LOAD_WORD, STORE_WORD, in_cell};

use crate::dma::queue::Queue;
use crate::hooks::hook;

/// A device of this number, whose driver the caller is.
pub struct Device<'a> {
    /// What has a place for the words of calls, if the device is of the same cell.
    caller: &'a Queue,
    pub number: u64,
}

impl Device<'_> {
    pub const fn new(caller: &Queue, number: u64) -> Device<'_> {
        Device { caller, number }
    }

    /// The cell that drives it.
    fn cell(&self) -> Cell {
        let kind = gate::info::boot().devices.get(self.number as usize);
        let kind = kind.and_then(|kind| Kind::from_number(*kind));
        kind.map_or(Cell::Console, Kind::cell)
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
        let words = [self.number, first, second, third];
        match self.cell() {
            Cell::Console => self.caller.call(call, words),
            cell => call_from(cell, call, words),
        }
    }
}

/// Makes a core call from `cell`. The words lie over its canary.
pub fn call_from(cell: Cell, call: CoreCall, words: [u64; 4]) -> i64 {
    let place = hook(CANARY | in_cell(cell), 0, 0) as u64;
    for (number, word) in (0..).zip(words) {
        poke(place + 8 * number, word);
    }
    hook(
        CORE_CALL_WITH | in_cell(cell),
        call as usize,
        place as usize,
    )
}

/// Who is which device.
pub fn roles() -> Roles {
    Roles::new(&gate::info::boot().devices)
}

/// Has a cell write a word of its memory.
pub fn poke(address: u64, word: u64) {
    hook(STORE_WORD | owner(address), address as usize, word as usize);
}

/// Has a cell read a word of its memory.
pub fn peek(address: u64) -> u64 {
    hook(LOAD_WORD | owner(address), address as usize, 0) as u64
}

/// What has the cell do something whose memory is at `address`.
fn owner(address: u64) -> u32 {
    match layout::area_of(address) {
        Some(Area::Cell(cell)) => in_cell(cell),
        other => panic!("{address:#x} is no cell's, but {other:?}"),
    }
}
