//! The address space over memory of the host.

extern crate std;

use core::sync::atomic::Ordering::Relaxed;
use std::boxed::Box;
use std::vec;

use domains::{Cell, layout};

use super::*;
use crate::memory::entry::{Bits, LAZY};
use crate::memory::physical::{self, WORDS};
use crate::memory::tables::Leaf;

/// Where the largest page begins that there is.
const HEAP: u64 = layout::APP.heap().start.next_multiple_of(1 << 30);
const STACK: u64 = layout::SAFE.stacks().start;

pub(crate) fn space(count: usize) -> Space {
    let mut frames = Frames::new(Box::leak(vec![Owner::ABSENT; count].into_boxed_slice()));
    frames.declare(0, count as u64, Owner::FREE);
    let tables = Tables::new(physical::fake(count), &mut frames).expect("a free frame");
    Space::new(tables, frames, Isolation::Mpk)
}

#[test]
fn mapped_pages_have_their_areas_key_and_cleared_frames() {
    let mut space = space(32);
    space.tables.physical().words(Frame::from_number(6))[7].store(99, Relaxed);
    assert_eq!(space.map(HEAP, 3, 0), Ok(()));
    for page in 0..3 {
        let entry = space.tables.find(HEAP + page * PAGE_SIZE);
        let frame = entry.frame().expect("present");
        assert_eq!(
            entry,
            Entry::user(frame, Area::App, Rights::Write, Isolation::Mpk)
        );
        assert_eq!(space.frames.owner(frame), Owner::area(Area::App));
        let words = space.tables.physical().words(frame);
        assert!(words.iter().all(|word| word.load(Relaxed) == 0));
    }
    assert!(space.tables.find(HEAP + 3 * PAGE_SIZE).is_empty());
}

#[test]
fn what_is_mapped_is_not_mapped_again() {
    let mut space = space(32);
    assert_eq!(space.map(HEAP + PAGE_SIZE, 1, map_flags::LAZY), Ok(()));
    assert_eq!(space.map(HEAP, 3, 0), Err(error::BAD_ADDRESS));
    assert!(space.tables.find(HEAP).is_empty(), "nothing happened");
}

#[test]
fn a_failed_map_leaves_nothing_behind() {
    let mut space = space(12);
    let before = space.frames.free();
    assert_eq!(space.map(HEAP, 20, 0), Err(error::NO_MEMORY));
    assert_eq!(space.frames.free(), before - 3, "only the tables stay");
    assert!(space.tables.find(HEAP).is_empty());
}

#[test]
fn unmapping_frees_the_frames() {
    let mut space = space(32);
    space.map(HEAP, 4, 0).expect("there is room");
    let before = space.frames.free();
    space.unmap(HEAP + PAGE_SIZE, 2, 0).expect("it is mapped");
    assert_eq!(space.frames.free(), before + 2);
    assert!(space.tables.find(HEAP + PAGE_SIZE).is_empty());
    assert!(!space.tables.find(HEAP).is_empty());
}

#[test]
fn a_stack_has_a_guard_below_that_goes_with_it() {
    let mut space = space(32);
    let stack = STACK + 16 * PAGE_SIZE;
    space.map(stack, 2, 0).expect("there is room");
    assert_eq!(
        space.tables.find(stack - PAGE_SIZE),
        Entry::guard(Area::Safe)
    );
    assert_eq!(space.map(stack - PAGE_SIZE, 1, 0), Err(error::BAD_ADDRESS));
    let above = stack + 2 * PAGE_SIZE;
    assert_eq!(space.map(above, 1, 0), Err(error::BAD_ADDRESS), "no gap");
    space.unmap(stack, 2, 0).expect("it is mapped");
    assert!(space.tables.find(stack - PAGE_SIZE).is_empty());
}

#[test]
fn a_promise_is_kept_at_the_first_touch() {
    let mut space = space(32);
    space.map(HEAP, 1, map_flags::LAZY).expect("there is room");
    let free = space.frames.free();
    assert!(space.tables.find(HEAP).has(LAZY));
    assert!(space.touch(HEAP + 123, Area::App));
    assert_eq!(space.frames.free(), free - 1);
    assert!(space.tables.find(HEAP).has(Bits::PRESENT));
}

/// Leaves something behind in every frame that is free.
fn dirty(space: &Space, count: u64) {
    let frames = (0..count).map(Frame::from_number);
    for frame in frames.filter(|frame| space.frames.owner(*frame) == Owner::FREE) {
        let words = space.tables.physical().words(frame);
        words[WORDS - 1].store(99, core::sync::atomic::Ordering::Relaxed);
    }
}

/// Whether nothing of what was in the page's frame before is left.
fn is_clear(space: &Space, address: u64) -> bool {
    let physical = space.tables.translate(address).expect("it is mapped");
    let words = space.tables.physical().words(Frame::containing(physical));
    words
        .iter()
        .all(|word| word.load(core::sync::atomic::Ordering::Relaxed) == 0)
}

#[test]
fn what_is_touched_first_has_nothing_of_others() {
    let mut space = space(32);
    dirty(&space, 32);
    space.map(HEAP, 2, map_flags::LAZY).expect("there is room");
    for page in [HEAP, HEAP + PAGE_SIZE] {
        assert!(space.touch(page, Area::App));
        assert!(is_clear(&space, page), "{page:#x}");
    }
}

#[test]
fn what_is_mapped_at_once_has_nothing_of_others() {
    let mut space = space(3 * 512);
    dirty(&space, 3 * 512);
    space.map(HEAP, 512 + 1, 0).expect("there is room");
    assert_eq!(space.tables.leaf(HEAP).level, 1, "one huge page");
    for page in 0..=512 {
        assert!(is_clear(&space, HEAP + page * PAGE_SIZE), "{page}");
    }
}

#[test]
fn calls_about_what_is_out_of_reach_are_refused() {
    let mut space = space(32);
    space.place_page(
        layout::APP.start,
        space.user(Frame::from_number(30), Area::App, Rights::Write),
    );
    for address in [layout::APP.start, layout::GATE_PAGE, layout::PHYSICAL_MAP] {
        let before = space.tables.find(address);
        let refusal = Err(error::BAD_ADDRESS);
        assert_eq!(space.map(address, 1, 0), refusal, "{address:#x}");
        assert_eq!(space.unmap(address, 1, 0), refusal, "{address:#x}");
        assert_eq!(space.tables.find(address), before);
    }
}

#[test]
fn a_frame_that_was_used_is_cleared_before_it_keeps_a_promise() {
    let mut space = space(12);
    let dirty = |space: &Space, page: u64| {
        let frame = space.tables.find(page).frame().expect("present");
        let words = space.tables.physical().words(frame);
        words.iter().for_each(|word| word.store(99, Relaxed));
    };
    let is_clear = |space: &Space, page: u64| {
        let frame = space.tables.find(page).frame().expect("present");
        let words = space.tables.physical().words(frame);
        words.iter().all(|word| word.load(Relaxed) == 0)
    };
    let free = space.frames.free();
    space.map(HEAP, 1, map_flags::LAZY).expect("there is room");
    // As often as every frame comes round.
    for _ in 0..=free {
        assert!(space.touch(HEAP, Area::App));
        assert!(is_clear(&space, HEAP));
        dirty(&space, HEAP);
        space.unmap(HEAP, 1, 0).expect("it is mapped");
        space.map(HEAP, 1, map_flags::LAZY).expect("there is room");
    }
}

#[test]
fn images_memory_for_devices_info_and_the_core_are_out_of_reach() {
    for address in [
        layout::APP.start,
        layout::SAFE.image().start,
        Cell::Console.region().image().start,
        Cell::Console.windows().start,
        Cell::Hostfs.dma().start,
        Cell::Hostfs.used_rings().start,
        layout::INFO.start,
        layout::GATE_PAGE,
        layout::CORE_CPU_PAGE,
        layout::PHYSICAL_MAP,
        HEAP + 1,
    ] {
        assert_eq!(place(address, 1), None, "{address:#x}");
    }
    assert_eq!(place(HEAP, 0), None);
    assert_eq!(place(HEAP, u64::MAX / PAGE_SIZE), None);
    assert_eq!(
        place(layout::APP.heap().end - PAGE_SIZE, 2),
        None,
        "over the end"
    );
}

#[test]
fn a_range_that_covers_a_huge_page_gets_one() {
    let mut space = space(3 * 512);
    assert_eq!(space.map(HEAP, 512 + 3, 0), Ok(()));
    let leaf = space.tables.leaf(HEAP + 5 * PAGE_SIZE);
    assert_eq!((leaf.level, leaf.address), (1, HEAP));
    assert_eq!(space.tables.leaf(HEAP + 512 * PAGE_SIZE).level, 0);
    let frame = leaf.entry.frame().expect("present");
    assert!(frame.number().is_multiple_of(512));
    assert_eq!(
        space.tables.translate(HEAP + 5 * PAGE_SIZE + 7),
        Some(frame.address() + 5 * PAGE_SIZE + 7)
    );
    let tables = space.frames.free();
    assert_eq!(space.unmap(HEAP, 515, 0), Ok(()));
    assert_eq!(space.frames.free(), tables + 515);
}

#[test]
fn a_part_of_a_huge_page_can_go() {
    let mut space = space(3 * 512);
    space.map(HEAP, 512, 0).expect("there is room");
    let before = space.frames.free();
    assert_eq!(space.unmap(HEAP + 7 * PAGE_SIZE, 2, 0), Ok(()));
    assert_eq!(
        space.frames.free(),
        before - 1 + 2,
        "a table, for two pages"
    );
    for page in [0, 6, 9, 511] {
        let entry = space.tables.find(HEAP + page * PAGE_SIZE);
        let frame = entry.frame().expect("present");
        let expected = Entry::user(frame, Area::App, Rights::Write, Isolation::Mpk);
        assert_eq!(entry, expected, "{page}");
        assert_eq!(space.frames.owner(frame), Owner::area(Area::App));
    }
    assert!(space.tables.find(HEAP + 8 * PAGE_SIZE).is_empty());
}

#[test]
fn promises_and_stacks_have_small_pages() {
    let mut space = space(3 * 512);
    let stack = STACK + span(1);
    space
        .map(HEAP, 512, map_flags::LAZY)
        .expect("there is room");
    space.map(stack, 512, 0).expect("there is room");
    assert_eq!(space.tables.leaf(HEAP).level, 0);
    assert_eq!(space.tables.leaf(stack).level, 0);
}

#[test]
fn without_a_frame_for_its_table_a_huge_page_stays_whole() {
    let mut space = space(2 * 512);
    space.map(HEAP, 512, 0).expect("there is room");
    while space.frames.allocate(Owner::CORE).is_some() {}
    assert_eq!(space.unmap(HEAP, 1, 0), Err(error::NO_MEMORY));
    assert!(space.tables.find(HEAP).has(Bits::PRESENT));
    assert_eq!(
        space.unmap(HEAP, 512, 0),
        Ok(()),
        "all of it needs no table"
    );
}

#[test]
fn a_gibibyte_divides_into_parts_of_both_sizes() {
    let mut space = space(32);
    let table = space.tables.make(HEAP, 2, &mut space.frames);
    let slot = slot(table.expect("a free frame"), HEAP, 2);
    let first = Frame::from_number(1 << 18);
    store(
        slot,
        Entry::user(first, Area::App, Rights::Write, Isolation::Mpk).huge(),
    );
    let byte = HEAP + 3 * span(1) + 5 * PAGE_SIZE;
    assert_eq!(space.divide_around(byte, 1), Ok(()));
    let levels = [0, 3 * span(1) - 1, 3 * span(1), 3 * span(1) + span(1)]
        .map(|offset| space.tables.leaf(HEAP + offset).level);
    assert_eq!(levels, [1, 1, 0, 1]);
    for offset in [0, 12345, 3 * span(1) + 6789, span(2) - 1] {
        let physical = first.address() + offset;
        assert_eq!(space.tables.translate(HEAP + offset), Some(physical));
    }
}

#[test]
fn the_top_of_a_stack_is_there_at_once() {
    let mut space = space(32);
    let stack = STACK + 16 * PAGE_SIZE;
    let flags = map_flags::LAZY | map_flags::TOP;
    space.map(stack, 6, flags).expect("there is room");
    let is_there = |page: u64| {
        space
            .tables
            .find(stack + page * PAGE_SIZE)
            .has(Bits::PRESENT)
    };
    let expected = [false, false, true, true, true, true];
    assert_eq!([0, 1, 2, 3, 4, 5].map(is_there), expected);
    assert!(space.tables.find(stack).has(LAZY));
    while space.frames.allocate(Owner::CORE).is_some() {}
    let other = stack + 16 * PAGE_SIZE;
    assert_eq!(space.map(other, 6, flags), Err(error::NO_MEMORY));
    assert!(space.tables.find(other).is_empty());
}

#[test]
fn promises_and_pages_cross_from_table_to_table() {
    let mut space = space(64);
    let (pages, flags) = (2 * 512 + 1, map_flags::LAZY | map_flags::TOP);
    let stack = STACK + span(1) - PAGE_SIZE;
    assert_eq!(space.map(stack, pages, flags), Ok(()));
    let mapped: vec::Vec<Leaf> = space.tables.leaves(stack, pages).collect();
    assert_eq!(mapped.len() as u64, pages);
    for (page, leaf) in (0..).zip(&mapped) {
        assert_eq!((leaf.address, leaf.level), (stack + page * PAGE_SIZE, 0));
        let is_top = page >= pages - map_flags::TOP_PAGES;
        assert_eq!(leaf.entry.has(Bits::PRESENT), is_top);
        assert_eq!(leaf.entry.has(LAZY), !is_top);
    }
    assert_eq!(space.map(stack + span(1), 2, 0), Err(error::BAD_ADDRESS));
    assert_eq!(space.unmap(stack, pages, 0), Ok(()));
    let mut left = space.tables.leaves(stack - PAGE_SIZE, pages + 1);
    assert!(left.all(|leaf| leaf.entry.is_empty()));
}
