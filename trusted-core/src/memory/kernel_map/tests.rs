//! What the map of all memory lets the core do.

extern crate std;

use std::boxed::Box;
use std::vec;

use super::*;
use crate::memory::owner::Owner;
use crate::memory::physical;

/// An image whose code and read-only data have so many pages.
fn image(pages: u64) -> Image {
    let start = CORE_OFFSET + CORE_PHYSICAL;
    Image {
        text_end: start + PAGE_SIZE,
        rodata_end: start + pages * PAGE_SIZE,
        data_end: start + (pages + 2) * PAGE_SIZE,
    }
}

/// The map for an image, in pages of 1 GiB or of 2 MiB.
fn map(image: Image, has_gib_pages: bool) -> Tables {
    const COUNT: usize = 40;
    let owners = Box::leak(vec![Owner::ABSENT; COUNT].into_boxed_slice());
    let mut frames = Frames::new(owners);
    frames.declare(0, COUNT as u64, Owner::FREE);
    let tables = Tables::new(physical::fake(COUNT), &mut frames).expect("a free frame");
    map_memory(&tables, DEVICES_END, has_gib_pages, &mut frames).expect("free frames");
    protect_own(&tables, image, &mut frames).expect("free frames");
    tables
}

fn may_write(tables: &Tables, physical: u64) -> bool {
    tables.find(PHYSICAL_MAP + physical).has(Bits::WRITABLE)
}

#[test]
fn the_cores_code_is_read_only_in_the_map_of_all_memory() {
    for has_gib_pages in [true, false] {
        // Within two mebibytes, up to their end, and beyond.
        for pages in [3, 256, 257, 1000] {
            let tables = map(image(pages), has_gib_pages);
            let end = CORE_PHYSICAL + pages * PAGE_SIZE;
            for page in (CORE_PHYSICAL..end).step_by(PAGE_SIZE as usize) {
                assert!(!may_write(&tables, page), "{page:#x} of {pages}");
            }
            assert!(may_write(&tables, CORE_PHYSICAL - PAGE_SIZE));
            assert!(may_write(&tables, end), "{pages} pages");
        }
    }
}

#[test]
fn all_memory_is_still_mapped_and_nothing_executable() {
    for has_gib_pages in [true, false] {
        let tables = map(image(300), has_gib_pages);
        let some = [
            0,
            CORE_PHYSICAL,
            2 * CORE_PHYSICAL,
            GIB,
            DEVICE_GIB,
            DEVICES_END - 1,
        ];
        for physical in some {
            let address = PHYSICAL_MAP + physical;
            assert_eq!(tables.translate(address), Some(physical));
            let entry = tables.find(address);
            assert!(entry.has(Bits::NO_EXECUTE) && !entry.has(Bits::USER_ACCESSIBLE));
        }
        let device = tables.find(PHYSICAL_MAP + DEVICE_GIB);
        assert!(device.has(Bits::NO_CACHE));
    }
}
