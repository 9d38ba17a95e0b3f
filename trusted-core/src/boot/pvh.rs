//! What a PVH loader leaves in memory: Xen's `hvm_start_info`.
//!
//! Everything is copied at once. On a `microvm` the list of modules lies in the
//! firmware's stack, aligned to four bytes, and the last entry of the memory
//! map is empty.

#![expect(unsafe_code, reason = "the command line becomes a slice")]

use zerocopy::{FromBytes, Immutable, KnownLayout};

use super::cmdline;
use super::machine::{Machine, Range};
use crate::memory::physical::PhysicalMap;

const MAGIC: u32 = 0x336e_c578;
/// Usable memory, in an entry of the memory map.
const USABLE: u32 = 1;
/// The most of a command line that is looked at.
const LINE_MAX: usize = 4096;
/// The boot tables map this much, and loaders leave their things below.
const MAPPED: u64 = 1 << 30;

#[repr(C)]
#[derive(FromBytes, Immutable, KnownLayout)]
struct StartInfo {
    magic: u32,
    version: u32,
    flags: u32,
    module_count: u32,
    modules: u64,
    command_line: u64,
    rsdp: u64,
    memory_map: u64,
    memory_map_count: u32,
    reserved: u32,
}

#[repr(C)]
#[derive(FromBytes, Immutable, KnownLayout)]
struct MemoryEntry {
    address: u64,
    size: u64,
    kind: u32,
    reserved: u32,
}

#[repr(C)]
#[derive(FromBytes, Immutable, KnownLayout)]
struct Module {
    address: u64,
    size: u64,
    command_line: u64,
    reserved: u64,
}

/// The machine that the information at `start_info` describes; none if there
/// is no such information or no memory map.
pub(super) fn read(map: PhysicalMap, start_info: u64) -> Option<Machine> {
    let info: StartInfo = record(map, start_info, 0)?;
    if info.magic != MAGIC || info.version == 0 {
        return None;
    }
    let mut machine = Machine::default();
    for index in 0..u64::from(info.memory_map_count) {
        let entry: MemoryEntry = record(map, info.memory_map, index)?;
        if entry.kind == USABLE {
            machine.add_memory(Range {
                start: entry.address,
                size: entry.size,
            });
        }
    }
    if info.module_count > 0 {
        let module: Module = record(map, info.modules, 0)?;
        machine.module = Some(Range {
            start: module.address,
            size: module.size,
        });
    }
    machine.add_slots(cmdline::slots(command_line(map, info.command_line)));
    (!machine.memory().is_empty()).then_some(machine)
}

/// Record number `index` of the table at `start`.
fn record<T: FromBytes>(map: PhysicalMap, start: u64, index: u64) -> Option<T> {
    let size = size_of::<T>() as u64;
    let address = start.checked_add(index.checked_mul(size)?)?;
    let is_mapped = address.checked_add(size)? <= MAPPED;
    is_mapped.then(|| map.read(address))
}

/// The command line at `address`; empty if there is none.
fn command_line(map: PhysicalMap, address: u64) -> &'static str {
    if address == 0 || address + LINE_MAX as u64 > MAPPED {
        return "";
    }
    // SAFETY: the loader's memory is nobody's to write until it is handed out,
    // and the line is not used any more then.
    let bytes = unsafe { map.slice(address, LINE_MAX) };
    let line = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    core::str::from_utf8(line).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::frame::Frame;
    use crate::memory::physical;
    use core::sync::atomic::Ordering::Relaxed;

    /// Start information at 0, memory map at 0x100, module list at 0x204.
    fn loader(magic: u32) -> PhysicalMap {
        let map = physical::fake(4);
        let words = map.words(Frame::from_number(0));
        let set = |address: usize, value: u64| words[address / 8].store(value, Relaxed);
        set(0x00, 1 << 32 | u64::from(magic));
        set(0x08, 1 << 32);
        set(0x10, 0x204);
        set(0x28, 0x100);
        set(0x30, 3);
        for (index, (start, size, kind)) in [(0, 0x9000, 1), (0xf000, 0x1000, 2), (0, 0, 0)]
            .into_iter()
            .enumerate()
        {
            set(0x100 + 24 * index, start);
            set(0x108 + 24 * index, size);
            set(0x110 + 24 * index, kind);
        }
        // 0x204 is aligned to four bytes only.
        set(0x200, 0x5000 << 32);
        set(0x208, 0x60 << 32);
        map
    }

    #[test]
    fn memory_and_module_are_copied() {
        let machine = read(loader(MAGIC), 0).expect("valid information");
        assert_eq!(
            machine.memory(),
            [Range {
                start: 0,
                size: 0x9000
            }]
        );
        assert_eq!(
            machine.module,
            Some(Range {
                start: 0x5000,
                size: 0x60
            })
        );
    }

    #[test]
    fn anything_else_is_no_loader() {
        assert!(read(loader(MAGIC + 1), 0).is_none());
        assert!(read(loader(MAGIC), MAPPED).is_none());
        assert!(read(loader(MAGIC), u64::MAX).is_none());
    }
}
