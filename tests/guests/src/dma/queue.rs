//! The queue of a device, with rings that are written by hand.
//!
//! It is that of the source of entropy, if nothing else is said.

use std::cell::Cell;
use std::thread;
use std::time::{Duration, Instant};

use domains::core_call::CoreCall;
use domains::device::{Roles, feature};
use domains::layout::PAGE_SIZE;
use gate::hooks::{CORE_CALL_WITH, LOAD_WORD, NOTHING, STORE_WORD, in_cell};

use super::CELL;
use super::victim::Victim;
use crate::hooks::hook;

/// Entries of the queue.
pub const SIZE: u16 = 8;
/// Flags of a descriptor.
pub const NEXT: u16 = 1 << 0;
pub const WRITE: u16 = 1 << 1;
/// The flag of an available ring that asks for no interrupts. The attacks look
/// by themselves, and drivers that interrupt for nothing are soon called no more.
pub const QUIET: u16 = 1 << 0;

/// Where things lie in the page of the rings.
const AVAILABLE: usize = 16 * SIZE as usize;
const SPARE: usize = 1024;
/// The words of core calls lie here.
pub const WORDS: usize = 3072;
/// Long enough for a device that does what it is told.
const PATIENCE: Duration = Duration::from_secs(2);
/// Long enough for one that should do nothing.
pub const WINDOW: Duration = Duration::from_millis(100);

/// A piece of memory for the device to write.
#[derive(Clone, Copy)]
pub struct Buffer {
    pub address: u64,
    pub size: u32,
}

/// The queue.
pub struct Queue {
    pub device: u64,
    /// The cell that drives it.
    cell: domains::Cell,
    page: usize,
    slots: [u16; SIZE as usize],
    index: u16,
    /// The used ring's index when it was last looked at.
    used: Cell<u16>,
}

impl Buffer {
    pub const fn new(address: u64, size: u32) -> Buffer {
        Buffer { address, size }
    }
}

impl Queue {
    /// The queue of a device that was reset, ready for use.
    pub fn begin() -> Result<Queue, String> {
        let queue = Queue::prepare()?;
        queue.finish()?;
        Ok(queue)
    }

    /// The queue of a device that has not been told to start.
    pub fn prepare() -> Result<Queue, String> {
        let queue = Queue::of_reset_device()?;
        queue.agree()?;
        match queue.resize(SIZE) {
            0 => Ok(queue),
            answer => Err(format!("no queue: {answer}")),
        }
    }

    /// The device after a reset, without a queue yet.
    pub fn of_reset_device() -> Result<Queue, String> {
        let roles = Roles::new(&gate::info::boot().devices);
        let entropy = roles.entropy.ok_or("there is no source of entropy")?;
        Queue::of_reset(CELL, entropy)
    }

    /// The same of device number `device`, which is the cell's.
    pub fn of_reset(cell: domains::Cell, device: usize) -> Result<Queue, String> {
        let queue = Queue {
            device: device as u64,
            cell,
            // The last page is spare.
            page: (cell.dma().end - PAGE_SIZE) as usize,
            slots: [0; SIZE as usize],
            index: 0,
            used: Cell::new(0),
        };
        queue.write_available();
        match queue.reset() {
            0.. => Ok(queue),
            answer => Err(format!("no reset: {answer}")),
        }
    }

    /// Agrees with the device on what it must have.
    pub fn agree(&self) -> Result<(), String> {
        match self.features(feature::VERSION_1) {
            0.. => Ok(()),
            answer => Err(format!("no features: {answer}")),
        }
    }

    /// Sets the queue up, with so many entries.
    pub fn resize(&self, size: u16) -> i64 {
        let rings = [self.device, 0, u64::from(size), self.page as u64];
        self.call(CoreCall::DeviceQueue, rings)
    }

    /// Tells the device to start.
    pub fn finish(&self) -> Result<(), String> {
        match self.start() {
            0 => Ok(()),
            answer => Err(format!("not started: {answer}")),
        }
    }

    /// Has the device started.
    pub fn start(&self) -> i64 {
        self.call(CoreCall::DeviceStart, [self.device, 0, 0, 0])
    }

    /// Resets the device; what it offers.
    pub fn reset(&self) -> i64 {
        self.features(0)
    }

    /// Resets the device and accepts features.
    pub fn features(&self, features: u64) -> i64 {
        self.call(CoreCall::DeviceBegin, [self.device, features, 0, 0])
    }

    /// Makes a core call from the drivers.
    pub fn call(&self, call: CoreCall, words: [u64; 4]) -> i64 {
        self.put_words(words);
        let place = self.page + WORDS;
        hook(CORE_CALL_WITH | in_cell(self.cell), call as usize, place)
    }

    /// Puts the words of a core call in their place.
    pub fn put_words(&self, words: [u64; 4]) {
        for (number, word) in words.into_iter().enumerate() {
            self.poke(WORDS + 8 * number, word);
        }
    }

    /// Writes a word of the page.
    pub fn poke(&self, offset: usize, word: u64) {
        hook(
            STORE_WORD | in_cell(self.cell),
            self.page + offset,
            word as usize,
        );
    }

    /// The address of the page.
    pub const fn page(&self) -> usize {
        self.page
    }

    /// The address of descriptor `number`.
    pub fn place(&self, number: u16) -> usize {
        self.page + 16 * usize::from(number)
    }

    /// The address of room for the device's bytes, in the same page.
    pub const fn spare(&self) -> usize {
        self.page + SPARE
    }

    /// Writes descriptor `number`.
    pub fn describe(&self, number: u16, buffer: Buffer, flags: u16, next: u16) {
        let place = 16 * usize::from(number);
        let rest = u64::from(buffer.size) | u64::from(flags) << 32 | u64::from(next) << 48;
        self.poke(place, buffer.address);
        self.poke(place + 8, rest);
    }

    /// Makes the chain from descriptor `head` on available.
    pub fn offer(&mut self, head: u16) {
        self.slots[usize::from(self.index % SIZE)] = head;
        self.jump(1);
    }

    /// Moves the index on.
    pub fn jump(&mut self, count: u16) {
        self.index = self.index.wrapping_add(count);
        self.write_available();
    }

    /// Makes a chain of these buffers available, from descriptor 0 on.
    pub fn give(&mut self, buffers: &[Buffer]) {
        for (number, buffer) in (0..).zip(buffers) {
            let has_next = usize::from(number) + 1 < buffers.len();
            let flags = WRITE | if has_next { NEXT } else { 0 };
            self.describe(number, *buffer, flags, number + 1);
        }
        self.offer(0);
    }

    /// Makes the next descriptor available, a chain of its own, as this buffer.
    pub fn fill_one(&mut self, buffer: Buffer) {
        let number = self.index % SIZE;
        self.describe(number, buffer, WRITE, 0);
        self.offer(number);
    }

    /// Makes all descriptors available, each a chain of its own.
    pub fn fill(&mut self) {
        let spare = Buffer::new(self.spare() as u64, 8);
        for number in 0..SIZE {
            self.describe(number, spare, WRITE, 0);
            self.offer(number);
        }
    }

    fn write_available(&self) {
        let mut halves = vec![QUIET, self.index];
        halves.extend(self.slots);
        halves.resize(12, 0);
        // The index last.
        for number in [1, 2, 0] {
            let word = halves[4 * number..4 * number + 4].iter().rev();
            let word = word.fold(0, |word, half| word << 16 | u64::from(*half));
            self.poke(AVAILABLE + 8 * number, word);
        }
    }

    /// Has the core publish the ring.
    pub fn publish(&self) -> i64 {
        self.call(CoreCall::Publish, [self.device, 0, 0, 0])
    }

    /// The same, for a ring that the core is to convict of: nothing happens to
    /// the victim, and drivers are not called again.
    pub fn publish_and_die(&self, victim: &Victim) -> Result<(), String> {
        // Whoever owns the word may have changed it before.
        let victim = victim.as_it_is();
        let answer = self.publish();
        let are_alive = hook(NOTHING | in_cell(self.cell), 0, 0) == 0;
        if !victim.is_whole_after(self) {
            return Err(format!("harmed ({answer})"));
        }
        if are_alive {
            return Err(format!("not convicted ({answer})"));
        }
        println!("convicted, and nothing was harmed");
        Ok(())
    }

    /// Waits until the device has used something more, or long enough.
    pub fn wait(&self) -> bool {
        if hook(NOTHING | in_cell(self.cell), 0, 0) != 0 {
            // Nobody can look any more.
            thread::sleep(WINDOW);
            return false;
        }
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            let ring = self.cell.used_ring(self.device as usize, 0) as usize;
            let index = (hook(LOAD_WORD | in_cell(self.cell), ring, 0) >> 16) as u16;
            if self.used.replace(index) != index {
                return true;
            }
        }
        false
    }
}
