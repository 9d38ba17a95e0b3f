//! A word that a device must not write.

use std::sync::atomic::AtomicU64;

use domains::Cell;
use domains::core_call::test_hook::{CANARY_PUT, PHYSICAL_WORD, TABLES, TRANSLATE};
use domains::layout::{CORE_OFFSET, GATE_PAGE, PACKETS, PHYSICAL_MAP};
use gate::hooks::{CANARY, CORE_HOOK, in_cell};

use super::WINDOWS;
use super::queue::Queue;
use crate::hooks::{HOSTFS, hook};

/// An entry of the first table that leads nowhere.
const UNUSED: u64 = 8 * 200;
/// Where the gates have ended in their page.
const GATE_END: u64 = GATE_PAGE + 4088;
/// What stands in the canaries.
const WORD: u64 = 0x5eed_0fca_4a71_e500;

/// More words than a page has: they get frames that nobody had before.
const WORDS: usize = 1024;

/// The word and what stood there.
pub struct Victim {
    physical: u64,
    word: i64,
}

impl Victim {
    /// A word of `whom`, and its address.
    pub fn of(whom: &str) -> Result<(u64, Victim), String> {
        let address = match whom {
            "core" => CORE_OFFSET + core_hook(CANARY_PUT, WORD) as u64,
            "tables" => PHYSICAL_MAP + core_hook(TABLES, 0) as u64 + UNUSED,
            "gate" => GATE_END,
            "safe" => hook(CANARY, 0, 0) as u64,
            "hostfs" => hook(CANARY | HOSTFS, 0, 0) as u64,
            "net" => hook(CANARY | in_cell(Cell::Net), 0, 0) as u64,
            "console-window" => WINDOWS.start,
            "packets" => PACKETS.start,
            "app" => own().as_ptr().addr() as u64,
            other => return Err(format!("no such victim: {other}")),
        };
        Ok((address, Victim::at(address)?))
    }

    /// The word at `address`.
    pub fn at(address: u64) -> Result<Victim, String> {
        Ok(Victim::in_memory(translate(address)?))
    }

    /// The word that follows the one before `address` in physical memory.
    pub fn behind(address: u64) -> Result<Victim, String> {
        Ok(Victim::in_memory(translate(address - 8)? + 8))
    }

    fn in_memory(physical: u64) -> Victim {
        let word = core_hook(PHYSICAL_WORD, physical);
        Victim { physical, word }
    }

    /// The same word, with what stands there now.
    pub fn as_it_is(&self) -> Victim {
        Victim::in_memory(self.physical)
    }

    /// Where it is in physical memory.
    pub const fn physical(&self) -> u64 {
        self.physical
    }

    /// Whether it is as it was, when `queue` has had its time.
    pub fn is_whole_after(&self, queue: &Queue) -> bool {
        queue.wait();
        self.is_whole()
    }

    /// Whether it is as it was.
    pub fn is_whole(&self) -> bool {
        core_hook(PHYSICAL_WORD, self.physical) == self.word
    }
}

/// A word of the program's heap. All others lie before what is for devices, in the image;
/// this one got its frame later, and lies behind.
fn own() -> &'static AtomicU64 {
    let words = (0..WORDS).map(|_| AtomicU64::new(WORD));
    let words: &[AtomicU64] = Box::leak(words.collect());
    &words[WORDS / 2]
}

/// What plain arithmetic takes for the address of `physical`: the windows lie in
/// one piece, and an address in them is as far from their start as the memory
/// behind it.
pub fn plain(physical: u64) -> Result<u64, String> {
    let distance = physical.wrapping_sub(translate(WINDOWS.start)?);
    Ok(WINDOWS.start.wrapping_add(distance))
}

fn translate(address: u64) -> Result<u64, String> {
    let physical = core_hook(TRANSLATE, address);
    u64::try_from(physical).map_err(|_| format!("nothing is at {address:#x}"))
}

fn core_hook(number: u64, argument: u64) -> i64 {
    hook(CORE_HOOK, number as usize, argument as usize)
}
