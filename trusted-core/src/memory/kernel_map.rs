//! Maps the core for itself: all of memory, and its own image.
//!
//! All of memory is mapped in large pages, never executable, and writable but
//! for the core's own code and read-only data. The image is mapped by its
//! sections' rights: code is not writable, nothing writable is executable.
//! Below each of the core's stacks a page stays unmapped.

use domains::Cell;
use domains::layout::{APP, INFO, PACKETS, SAFE};
use domains::layout::{CORE_OFFSET, CORE_PHYSICAL, PAGE_SIZE, PHYSICAL_MAP};

use super::entry::{Bits, Entry};
use super::frame::Frame;
use super::frames::Frames;
use super::tables::{ROOT_LEVEL, Tables, slot, store};
use crate::cpu::stacks::Place;

const GIB: u64 = 1 << 30;
const LARGE: u64 = 2 << 20;
/// The last gibibyte below 4 GiB holds device registers and is not cached.
const DEVICE_GIB: u64 = 3 * GIB;
/// The lowest address of device registers.
pub(crate) const DEVICES_START: u64 = DEVICE_GIB;
/// Everything below is mapped, be it memory or not.
pub(crate) const DEVICES_END: u64 = DEVICE_GIB + GIB;

/// Where the sections of the core's image end, as the linker says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Image {
    /// The end of the code.
    pub(crate) text_end: u64,
    /// The end of the read-only data.
    pub(crate) rodata_end: u64,
    /// The end of data and bss.
    pub(crate) data_end: u64,
}

impl Image {
    /// The physical address behind the image.
    pub(crate) const fn physical_end(&self) -> u64 {
        self.data_end - CORE_OFFSET
    }

    /// The physical address behind the code and the read-only data, which are
    /// the beginning of the image.
    const fn read_only_end(&self) -> u64 {
        self.rodata_end - CORE_OFFSET
    }

    /// The rights of the image's page at `address`; none for a guard page.
    fn rights(&self, address: u64) -> Option<Bits> {
        if address < self.text_end {
            Some(Bits::empty())
        } else if address < self.rodata_end {
            Some(Bits::NO_EXECUTE)
        } else if Place::boot().is_guard(address) {
            None
        } else {
            Some(Bits::NO_EXECUTE | Bits::WRITABLE)
        }
    }
}

/// Tables that map the core and nothing else; none if memory runs out.
pub(crate) fn build(
    tables: &Tables,
    image: Image,
    memory_end: u64,
    has_gib_pages: bool,
    frames: &mut Frames,
) -> Option<()> {
    map_memory(tables, memory_end.max(DEVICES_END), has_gib_pages, frames)?;
    protect_own(tables, image, frames)?;
    map_image(tables, image, frames)?;
    share_regions(tables, frames)
}

fn map_memory(
    tables: &Tables,
    end: u64,
    has_gib_pages: bool,
    frames: &mut Frames,
) -> Option<()> {
    let (size, level) = if has_gib_pages { (GIB, 2) } else { (LARGE, 1) };
    for physical in (0..end).step_by(size as usize) {
        let cache = match physical & !(GIB - 1) {
            DEVICE_GIB => Bits::NO_CACHE | Bits::WRITE_THROUGH,
            _ => Bits::empty(),
        };
        let bits = Bits::HUGE_PAGE | Bits::WRITABLE | Bits::NO_EXECUTE | cache;
        let entry = Entry::core(Frame::containing(physical), bits);
        let address = PHYSICAL_MAP + physical;
        let table = tables.make(address, level, frames)?;
        store(slot(table, address, level), entry);
    }
    Some(())
}

/// Takes the right to write to the core's code and read-only data out of the
/// map of all memory: a write that goes astray there does not change the core.
fn protect_own(tables: &Tables, image: Image, frames: &mut Frames) -> Option<()> {
    let start = PHYSICAL_MAP + CORE_PHYSICAL;
    let end = PHYSICAL_MAP + image.read_only_end();
    tables.divide(start, frames)?;
    tables.divide(end, frames)?;
    for leaf in tables.leaves(start, (end - start) / PAGE_SIZE) {
        // DEFENCE: own-text-read-only
        leaf.set(leaf.entry.without(Bits::WRITABLE));
    }
    Some(())
}

fn map_image(tables: &Tables, image: Image, frames: &mut Frames) -> Option<()> {
    let start = CORE_OFFSET + CORE_PHYSICAL;
    for address in (start..image.data_end).step_by(PAGE_SIZE as usize) {
        let Some(rights) = image.rights(address) else {
            continue;
        };
        let frame = Frame::containing(address - CORE_OFFSET);
        tables.put(address, Entry::core(frame, rights), frames)?;
    }
    Some(())
}

/// Makes the second-level table of every region now, so that the root of each
/// further CPU can copy the entries and differ in the first gibibyte only.
pub(super) fn share_regions(tables: &Tables, frames: &mut Frames) -> Option<()> {
    let cells = Cell::ALL.map(Cell::region);
    for region in [INFO, SAFE, PACKETS, APP].into_iter().chain(cells) {
        tables.make(region.start, ROOT_LEVEL - 1, frames)?;
    }
    Some(())
}

#[cfg(test)]
mod tests;
