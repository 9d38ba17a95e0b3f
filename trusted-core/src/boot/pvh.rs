//! What a PVH loader leaves in memory: Xen's `hvm_start_info`.
//!
//! Everything is copied at once. On a `microvm` the list of modules lies in the
//! firmware's stack, aligned to four bytes, and the last entry of the memory
//! map is empty.

use domains::layout::Region;
use zerocopy::{FromBytes, Immutable, KnownLayout};

use crate::memory::physical::PhysicalMap;

const MAGIC: u32 = 0x336e_c578;
/// Usable memory, in an entry of the memory map.
const USABLE: u32 = 1;
/// Where loaders leave their things: the boot tables map this much.
pub(super) const LOADERS: (PhysicalMap, u64) = (PhysicalMap::CORE, 1 << 30);
/// The most ranges of memory that are remembered.
const RANGES_MAX: usize = 32;
/// No memory.
const NONE: Region = Region::new(0, 0);

/// The machine as the loader described it, copied out of the loader's memory.
#[derive(Clone, Debug)]
pub(super) struct Machine {
    /// Usable memory. Ranges for which there is no room are left out; some are
    /// empty.
    pub(super) memory: [Region; RANGES_MAX],
    /// The boot options; empty if there is no module.
    pub(super) module: Region,
}

impl Machine {
    /// How many bytes of memory there are.
    pub(super) fn memory_size(&self) -> u64 {
        let sizes = self.memory.iter().map(Region::size);
        sizes.fold(0, u64::saturating_add)
    }
}

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
}

#[repr(C)]
#[derive(FromBytes, Immutable, KnownLayout)]
struct MemoryEntry {
    address: u64,
    size: u64,
    kind: u32,
}

/// The head of the first one.
#[repr(C)]
#[derive(FromBytes, Immutable, KnownLayout)]
struct Module {
    address: u64,
    size: u64,
}

/// The machine that the information at `start_info` describes, in memory of which so much
/// is mapped; none if there is no such information or no memory map.
pub(super) fn read(tables: (PhysicalMap, u64), start_info: u64) -> Option<Machine> {
    let info: StartInfo = record(tables, start_info, 0)?;
    if info.magic != MAGIC || info.version == 0 {
        return None;
    }
    let mut memory = [NONE; RANGES_MAX];
    let mut free = memory.iter_mut();
    for index in 0..u64::from(info.memory_map_count) {
        let entry: MemoryEntry = record(tables, info.memory_map, index)?;
        if entry.kind == USABLE
            && entry.size > 0
            && let Some(free) = free.next()
        {
            *free = region(entry.address, entry.size);
        }
    }
    let module = match info.module_count {
        0 => NONE,
        _ => record(tables, info.modules, 0)
            .map(|module: Module| region(module.address, module.size))?,
    };
    let machine = Machine { memory, module };
    (machine.memory_size() > 0).then_some(machine)
}

const fn region(start: u64, size: u64) -> Region {
    let end = start.saturating_add(size);
    Region { start, end }
}

/// Record number `index` of the table at `start`, in memory of which so much is mapped.
fn record<T: FromBytes>(tables: (PhysicalMap, u64), start: u64, index: u64) -> Option<T> {
    let size = size_of::<T>() as u64;
    let address = start.checked_add(index.checked_mul(size)?)?;
    (address.checked_add(size)? <= tables.1).then(|| tables.0.read(address))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::frame::Frame;
    use crate::memory::physical;
    use core::sync::atomic::Ordering::Relaxed;

    fn read(map: PhysicalMap, start_info: u64) -> Option<Machine> {
        super::read((map, LOADERS.1), start_info)
    }

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
        assert_eq!(machine.memory[0], Region::new(0, 0x9000));
        assert_eq!(machine.memory[1..], [NONE; RANGES_MAX - 1]);
        assert_eq!(machine.memory_size(), 0x9000);
        assert_eq!(machine.module, Region::new(0x5000, 0x60));
    }

    #[test]
    fn there_is_no_more_memory_than_a_number_says() {
        let map = loader(MAGIC);
        let words = map.words(Frame::from_number(0));
        for entry in [0x108, 0x120] {
            words[entry / 8].store(u64::MAX, Relaxed);
        }
        words[0x128 / 8].store(1, Relaxed);
        words[0x118 / 8].store(0, Relaxed);
        let machine = read(map, 0).expect("valid information");
        assert_eq!(machine.memory_size(), u64::MAX);
    }

    #[test]
    fn anything_else_is_no_loader() {
        assert!(read(loader(MAGIC + 1), 0).is_none());
        assert!(read(loader(MAGIC), LOADERS.1).is_none());
        assert!(read(loader(MAGIC), u64::MAX).is_none());
    }
}
