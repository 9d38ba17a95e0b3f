//! Where everything lies in the one address space.
//!
//! ```text
//! 0x0000_0000_1000_0000  gate page, CPU page, core's own CPU pages  per CPU
//! 0x0000_0000_4000_0000  info: time page, boot information
//! 0x0000_1000_0000_0000  safe kernel
//! 0x0000_2000_0000_0000  cells, one behind the other
//! 0x0000_3000_0000_0000  application
//! 0xffff_8000_0000_0000  all of memory, supervisor only
//! 0xffff_ffff_8000_0000  trusted core, supervisor only
//! ```
//!
//! The first gibibyte differs from CPU to CPU in one slot of the top-level
//! table; everything else is shared. What the gates name by a 32-bit absolute
//! address lies below 2 GiB, so that it takes no instruction to find. Nothing
//! is mapped below 256 MiB: a null pointer with any plausible offset faults.

use crate::cell::CELLS_MAX;
use crate::device::{DEVICES_MAX, QUEUES_MAX};
use crate::{Area, Cell};

/// The size of a page and of a frame.
pub const PAGE_SIZE: u64 = 4096;

/// The page with the call gates, the only ring-3 code that writes PKRU.
pub const GATE_PAGE: u64 = 0x1000_0000;
/// The CPU's own page, at the same address on every CPU.
pub const CPU_PAGE: u64 = 0x1000_2000;
/// The core's own page for this CPU; supervisor only.
pub const CORE_CPU_PAGE: u64 = 0x1000_4000;

/// The core's own stacks for this CPU, if it is not the one that boots.
pub const CORE_STACKS: u64 = 0x1001_0000;

/// The time page: how to turn the time-stamp counter into clocks.
pub const TIME_PAGE: u64 = INFO.start;
/// The boot information, followed by the boot options.
pub const BOOT_INFO: u64 = INFO.start + PAGE_SIZE;

/// Where the gates of the gate page begin, relative to its start.
pub mod gate {
    /// Application to safe kernel.
    pub const APP_TO_SAFE: u64 = 0x000;
    /// The first entry of a new thread into the application.
    pub const ENTER_APP: u64 = 0x100;
    /// The gates into cells, each of [`CELL`] bytes, by number.
    pub const CELLS: u64 = 0x180;
    /// Bytes from one gate into a cell to the next.
    pub const CELL: u64 = 0x140;

    use crate::Cell;

    /// Safe kernel to `cell`.
    pub const fn to_cell(cell: Cell) -> u64 {
        CELLS + cell.number() as u64 * CELL
    }

    /// Where the core continues a call of `cell` that faulted: behind the raise to
    /// the safe kernel's rights.
    pub const fn faulted(cell: Cell) -> u64 {
        to_cell(cell) + CELL - 0x10
    }
}

/// A half-open range of addresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Region {
    /// The first address.
    pub start: u64,
    /// The address behind the last.
    pub end: u64,
}

impl Region {
    /// The region of `size` bytes at `start`.
    pub const fn new(start: u64, size: u64) -> Region {
        Region {
            start,
            end: start + size,
        }
    }

    /// Whether `address` lies inside.
    pub const fn contains(&self, address: u64) -> bool {
        self.start <= address && address < self.end
    }

    /// Whether the `size` bytes at `start` lie inside; false if they wrap.
    pub const fn contains_range(&self, start: u64, size: u64) -> bool {
        match start.checked_add(size) {
            Some(end) => self.start <= start && end <= self.end,
            None => false,
        }
    }

    /// How many bytes it holds.
    pub const fn size(&self) -> u64 {
        self.end - self.start
    }
}

/// Bytes of a stack that the safe kernel has for a thread.
pub const KERNEL_STACK: u64 = 4 * PAGE_SIZE;
/// The distance of two such stacks, guard page included.
pub const KERNEL_STACK_STRIDE: u64 = 8 * PAGE_SIZE;
/// Where the first one lies, guard page first; stacks to start on are below.
pub const KERNEL_STACKS: u64 = SAFE.stacks().start + (1 << 20) - PAGE_SIZE;
/// Bytes of a stack of the core for traps, or for calls.
pub const CORE_STACK: u64 = 4 * PAGE_SIZE;

const GIB: u64 = 1 << 30;
/// Bytes of a stack of a cell.
const CELL_STACK: u64 = 8 * PAGE_SIZE;
/// Bytes of a stack that a CPU starts on.
const START_STACK: u64 = 64 << 10;
/// From one such stack to the next, guard page included.
const START_STACK_STRIDE: u64 = 128 << 10;
const DOMAIN_SIZE: u64 = 512 * GIB;

/// The region of `size` bytes that begins so many pages behind a round address.
///
/// A TLB places a page by the low bits of its number: the first level of Intel's has 16
/// sets, that of QEMU is a table of 64 places or more. If all parts of a domain began at
/// round addresses, a few pages of each would take the same places in turn.
const fn staggered(round: u64, pages: u64, size: u64) -> Region {
    Region::new(round + pages * PAGE_SIZE, size)
}

/// The part of the address space that is the CPU's own.
pub const HATCH: Region = Region::new(0, GIB);
/// Pages that all read and the safe kernel writes.
pub const INFO: Region = Region::new(GIB, GIB);
/// The safe kernel.
pub const SAFE: Region = Region::new(0x1000_0000_0000, DOMAIN_SIZE);
/// All cells.
pub const CELLS: Region = Region::new(0x2000_0000_0000, CELLS_MAX as u64 * DOMAIN_SIZE);
/// Buffers for frames, which the cells `nic` and `net` reach, and a network device.
pub const PACKETS: Region = Region::new(0x2800_0000_0000, GIB);
/// The windows of sockets: pages of the cell `net`, which the safe kernel maps.
pub const SOCKET_WINDOWS: Region = {
    let start = Cell::Net.region().start + 192 * GIB;
    staggered(start, 8, 64 * GIB)
};
/// The application.
pub const APP: Region = Region::new(0x3000_0000_0000, DOMAIN_SIZE);

/// The parts of a cell's region that other domains have none of.
impl Cell {
    /// The cell's region.
    pub const fn region(self) -> Region {
        Region::new(
            CELLS.start + self.number() as u64 * DOMAIN_SIZE,
            DOMAIN_SIZE,
        )
    }

    /// The stack that it runs on for CPU number `cpu`.
    pub const fn stack(self, cpu: u64) -> Region {
        let start = self.region().stacks().start + cpu * START_STACK_STRIDE;
        Region::new(start, CELL_STACK)
    }

    /// Where it exchanges bytes with the safe kernel and its devices; mapped as far
    /// as [`crate::windows`] says.
    pub const fn windows(self) -> Region {
        staggered(self.region().start + 320 * GIB, 46, GIB)
    }

    /// What its devices may read and write beside the windows.
    pub const fn dma(self) -> Region {
        staggered(self.region().start + 384 * GIB, 20, self.dma_size())
    }

    /// The rings that devices write, which their drivers read.
    pub const fn used_rings(self) -> Region {
        let rings = (DEVICES_MAX * QUEUES_MAX) as u64;
        staggered(self.region().start + 448 * GIB, 28, rings * PAGE_SIZE)
    }

    /// Where it reads the used ring of queue `queue` of its device `device`.
    pub const fn used_ring(self, device: usize, queue: usize) -> u64 {
        let ring = device % DEVICES_MAX * QUEUES_MAX + queue % QUEUES_MAX;
        self.used_rings().start + ring as u64 * PAGE_SIZE
    }
}

/// Where the files lie that travel in the image: the upper half of the safe
/// kernel's image, which only the safe kernel reads.
pub const ARCHIVE: Region = Region::new(SAFE.start + 32 * GIB, 32 * GIB);

/// All of physical memory, for the core.
pub const PHYSICAL_MAP: u64 = 0xffff_8000_0000_0000;
/// What the core adds to a physical address of its own image.
pub const CORE_OFFSET: u64 = 0xffff_ffff_8000_0000;
/// Where the core's image lies in physical memory; `CORE_OFFSET` above it in
/// the address space.
pub const CORE_PHYSICAL: u64 = 0x10_0000;
/// The part of the address space that is the core's.
pub const CORE: Region = Region {
    start: PHYSICAL_MAP,
    end: u64::MAX,
};

/// The parts of a domain's region.
impl Region {
    /// The domain's linked image.
    pub const fn image(&self) -> Region {
        Region::new(self.start, 64 * GIB)
    }

    /// Stacks, each with an unmapped page below.
    pub const fn stacks(&self) -> Region {
        staggered(self.start + 64 * GIB, 38, 63 * GIB)
    }

    /// The stack that CPU number `cpu` starts on in the safe kernel's region.
    pub const fn start_stack(&self, cpu: u64) -> Region {
        Region::new(self.stacks().start + cpu * START_STACK_STRIDE, START_STACK)
    }

    /// The heap.
    pub const fn heap(&self) -> Region {
        staggered(self.start + 128 * GIB, 58, 191 * GIB)
    }
}

/// The region whose data pages belong to `area`; text has no region of its own.
pub const fn region_of(area: Area) -> Option<Region> {
    match area {
        Area::Text => None,
        Area::Safe => Some(SAFE),
        Area::App => Some(APP),
        Area::Info => Some(INFO),
        Area::Packets => Some(PACKETS),
        Area::Cell(cell) => Some(cell.region()),
    }
}

/// The area whose data pages lie around `address`.
pub fn area_of(address: u64) -> Option<Area> {
    if (CPU_PAGE..CPU_PAGE + PAGE_SIZE).contains(&address) {
        return Some(Area::Info);
    }
    Area::ALL
        .into_iter()
        .find(|area| region_of(*area).is_some_and(|region| region.contains(address)))
}

const _: () = {
    assert!(
        CORE_CPU_PAGE + PAGE_SIZE <= 1 << 31,
        "gates use 32-bit absolute addresses"
    );
    assert!(INFO.end <= 1 << 31, "gates use 32-bit absolute addresses");
    assert!(HATCH.end <= INFO.start && INFO.end <= SAFE.start);
    assert!(SAFE.end <= CELLS.start && CELLS.end <= PACKETS.start);
    assert!(PACKETS.end <= APP.start);
    assert!(
        gate::CELLS + CELLS_MAX as u64 * gate::CELL <= PAGE_SIZE,
        "the gate page has no room for the gates of all cells"
    );
    assert!(APP.end <= 1 << 47, "the lower half");
    assert!(
        ARCHIVE.end == SAFE.image().end,
        "the core maps it as a part of the image"
    );
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_domain_take_different_places_of_a_tlb() {
        let cell = Cell::Net;
        let region = cell.region();
        let starts = [
            region.image().start,
            region.heap().start,
            cell.stack(0).end - PAGE_SIZE,
            cell.windows().start,
            cell.used_rings().start,
            SOCKET_WINDOWS.start,
        ];
        for sets in [16, 64] {
            let mut places = starts.map(|start| start / PAGE_SIZE % sets).to_vec();
            places.sort_unstable();
            places.dedup();
            assert_eq!(places.len(), starts.len(), "{places:?} of {sets}");
        }
    }

    #[test]
    fn a_range_that_wraps_is_in_no_region() {
        assert!(!APP.contains_range(u64::MAX - 4, 8));
        assert!(!APP.contains_range(APP.end - 4, 8));
        assert!(APP.contains_range(APP.end - 8, 8));
    }

    #[test]
    fn a_range_begins_in_its_region() {
        assert!(APP.contains_range(APP.start, 8));
        assert!(!APP.contains_range(APP.start - 1, 8));
        assert!(!APP.contains_range(0, 8));
    }

    #[test]
    fn each_queue_has_a_used_ring_of_its_own_which_no_device_is_given() {
        let queues =
            (0..DEVICES_MAX).flat_map(|device| (0..QUEUES_MAX).map(move |q| (device, q)));
        let cell = Cell::Hostfs;
        let mut place = cell.used_rings().start;
        for (device, queue) in queues {
            assert_eq!(cell.used_ring(device, queue), place);
            place += PAGE_SIZE;
        }
        assert_eq!(place, cell.used_rings().end);
    }

    #[test]
    fn the_parts_of_a_cell_lie_apart_and_in_its_region() {
        for cell in Cell::ALL {
            let region = cell.region();
            let parts = [
                region.image(),
                region.stacks(),
                region.heap(),
                cell.windows(),
                cell.dma(),
                cell.used_rings(),
            ];
            for (one, other) in parts.iter().zip(&parts[1..]) {
                assert!(one.end <= other.start, "{cell}");
            }
            assert!(cell.used_rings().end <= region.end);
            assert_eq!(area_of(region.start), Some(Area::Cell(cell)));
        }
    }

    #[test]
    fn addresses_belong_to_the_area_of_their_region() {
        assert_eq!(area_of(SAFE.start), Some(Area::Safe));
        assert_eq!(area_of(CPU_PAGE), Some(Area::Info));
        assert_eq!(area_of(GATE_PAGE), None);
        assert_eq!(area_of(0), None);
    }
}
