//! Rights over memory of the host, against a model.

extern crate std;

use std::vec::Vec;

use core::sync::atomic::Ordering::Relaxed;
use domains::core_call::map_flags;
use domains::layout::{APP, PAGE_SIZE};
use proptest::prelude::*;

use super::*;
use crate::memory::entry::{LAZY, span};
use crate::memory::frame::Frame;
use crate::memory::owner::Owner;
use crate::memory::space::tests::space;

/// Where the largest page begins that there is.
const HEAP: u64 = APP.heap().start.next_multiple_of(1 << 30);
const WRPKRU: u64 = 0xef010f;

/// Writes a word at `address`, as the application could.
fn write(space: &Space, address: u64, word: u64) {
    let physical = space.tables.translate(address).expect("it is mapped");
    let words = space.tables.physical().words(Frame::containing(physical));
    words[(physical % PAGE_SIZE / 8) as usize].store(word, Relaxed);
}

fn rights_of(space: &Space, page: u64) -> Rights {
    space.tables.find(HEAP + page * PAGE_SIZE).rights()
}

#[test]
fn code_with_wrpkru_keeps_its_former_rights() {
    let mut space = space(32);
    space.map(HEAP, 3, 0).expect("there is room");
    space.protect(HEAP, 1, rights::READ).expect("it is mapped");
    space
        .protect(HEAP + 2 * PAGE_SIZE, 1, 0)
        .expect("it is mapped");
    write(&space, HEAP + PAGE_SIZE + 800, WRPKRU << 8);
    assert_eq!(space.protect(HEAP, 3, rights::EXECUTE), Err(error::DENIED));
    let now = [0, 1, 2].map(|page| rights_of(&space, page));
    assert_eq!(now, [Rights::Read, Rights::Write, Rights::None]);
    write(&space, HEAP + PAGE_SIZE + 800, 0);
    assert_eq!(space.protect(HEAP, 3, rights::EXECUTE), Ok(()));
    assert_eq!(rights_of(&space, 2), Rights::Execute);
}

#[test]
fn wrpkru_over_the_border_of_two_pages_is_found_in_both_orders() {
    let border = HEAP + PAGE_SIZE;
    for first in [0, 1] {
        for split in [1, 2] {
            let mut space = space(32);
            space.map(HEAP, 2, 0).expect("there is room");
            write(&space, border - 8, WRPKRU << (64 - 8 * split));
            write(&space, border, WRPKRU >> (8 * split));
            let page = |number: u64| HEAP + number * PAGE_SIZE;
            assert_eq!(space.protect(page(first), 1, rights::EXECUTE), Ok(()));
            let second = 1 - first;
            let answer = space.protect(page(second), 1, rights::EXECUTE);
            assert_eq!(answer, Err(error::DENIED), "{first} {split}");
            assert_eq!(space.protect(page(first), 1, rights::WRITE), Ok(()));
            let answer = space.protect(page(second), 1, rights::EXECUTE);
            assert_eq!(answer, Ok(()), "nobody executes the other half");
        }
    }
}

#[test]
fn wrpkru_is_found_anywhere_in_a_huge_page() {
    const PARTS: u64 = 512;
    let mut space = space(4 * PARTS as usize);
    space.map(HEAP, PARTS, 0).expect("there is room");
    assert_eq!(space.tables.leaf(HEAP).level, 1);
    for page in [0, 1, PARTS - 1] {
        let address = HEAP + page * PAGE_SIZE + 8;
        write(&space, address, WRPKRU);
        let answer = space.protect(HEAP, PARTS, rights::EXECUTE);
        assert_eq!(answer, Err(error::DENIED), "{page}");
        write(&space, address, 0);
    }
    assert_eq!(space.protect(HEAP, PARTS, rights::EXECUTE), Ok(()));
}

#[test]
fn nobody_writes_what_is_searched_nor_executes_what_will_be_written() {
    let mut space = space(32);
    space.map(HEAP, 1, 0).expect("there is room");
    space
        .prepare(HEAP, 1, Rights::Execute)
        .expect("it is mapped");
    assert_eq!(rights_of(&space, 0), Rights::Read);
    space
        .protect(HEAP, 1, rights::EXECUTE)
        .expect("it is clean");
    space.prepare(HEAP, 1, Rights::Write).expect("it is mapped");
    assert_eq!(rights_of(&space, 0), Rights::Read);
}

#[test]
fn what_is_not_the_heaps_or_makes_no_sense_is_refused() {
    let mut space = space(32);
    space.map(HEAP, 2, 0).expect("there is room");
    for bits in [rights::WRITE | rights::EXECUTE, 7, 8, u64::MAX] {
        assert_eq!(space.protect(HEAP, 1, bits), Err(error::INVALID));
    }
    for (address, pages) in [
        (HEAP, 3),
        (HEAP, 0),
        (HEAP + 1, 1),
        (HEAP, u64::MAX),
        (APP.start, 1),
        (APP.stacks().start, 1),
        (domains::layout::SAFE.heap().start, 1),
        (domains::layout::GATE_PAGE, 1),
        (domains::layout::PHYSICAL_MAP, 1),
    ] {
        let answer = space.protect(address, pages, rights::READ);
        assert_eq!(answer, Err(error::BAD_ADDRESS), "{address:#x}");
    }
}

#[test]
fn what_cannot_be_populated_is_not_executed() {
    let mut space = space(32);
    space.map(HEAP, 4, map_flags::LAZY).expect("there is room");
    while space.frames.allocate(Owner::CORE).is_some() {}
    assert_eq!(
        space.protect(HEAP, 4, rights::EXECUTE),
        Err(error::NO_MEMORY)
    );
    assert_eq!(rights_of(&space, 3), Rights::Write);
}

/// Pages of the model: two huge ones, and some.
const PAGES: u64 = 2 * 512 + 20;

#[derive(Clone, Copy, Debug)]
enum Step {
    Map(bool),
    Unmap,
    Protect(u64),
    Touch,
}

fn step() -> impl Strategy<Value = (Step, u64, u64)> {
    let kind = prop_oneof![
        Just(Step::Map(false)),
        Just(Step::Map(true)),
        Just(Step::Unmap),
        prop_oneof![Just(0), Just(1), Just(2), Just(4)].prop_map(Step::Protect),
        Just(Step::Touch),
    ];
    let start = prop_oneof![Just(0), Just(512), 0..PAGES];
    let size = prop_oneof![Just(512), Just(1024), 1..40_u64];
    (kind, start, size)
}

fn take(
    space: &mut Space,
    model: &mut [Option<Rights>],
    (step, start, size): (Step, u64, u64),
) {
    let size = size.min(PAGES - start);
    let address = HEAP + start * PAGE_SIZE;
    let pages = &mut model[start as usize..(start + size) as usize];
    match step {
        Step::Map(is_lazy) => {
            let flags = if is_lazy { map_flags::LAZY } else { 0 };
            if space.map(address, size, flags).is_ok() {
                assert!(pages.iter().all(Option::is_none));
                pages.fill(Some(Rights::Write));
            }
        }
        Step::Unmap => {
            if space.unmap(address, size, 0).is_ok() {
                pages.fill(None);
            }
        }
        Step::Protect(bits) => {
            if space.protect(address, size, bits).is_ok() {
                assert!(pages.iter().all(Option::is_some));
                pages.fill(wanted(bits));
            }
        }
        Step::Touch => {
            if space.tables.find(address).has(LAZY) {
                space.touch(address, Area::App);
            }
        }
    }
}

fn check(space: &Space, model: &[Option<Rights>]) {
    let mut seen = Vec::new();
    for (page, expected) in model.iter().enumerate() {
        let leaf = space.tables.leaf(HEAP + page as u64 * PAGE_SIZE);
        let is_there = !leaf.entry.is_empty();
        assert_eq!(is_there.then(|| leaf.entry.rights()), *expected, "{page}");
        if let Some(first) = leaf.entry.own_frame() {
            let inside = HEAP + page as u64 * PAGE_SIZE - leaf.address;
            let frame = Frame::from_number(first.number() + inside / PAGE_SIZE);
            assert_eq!(space.frames.owner(frame), Owner::area(Area::App));
            assert!(span(leaf.level) > inside);
            seen.push(frame.number());
        }
    }
    let count = seen.len();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), count, "a frame is mapped once");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn pages_are_what_was_asked_for(steps in proptest::collection::vec(step(), 0..30)) {
        let mut space = space(4 * 512);
        let mut model = std::vec![None; PAGES as usize];
        let tables = |space: &Space| {
            let owners = (0..4 * 512).map(|number| space.frames.owner(Frame::from_number(number)));
            owners.filter(|owner| *owner == Owner::TABLE).count()
        };
        for step in steps {
            take(&mut space, &mut model, step);
            check(&space, &model);
        }
        space.unmap(HEAP, PAGES, 0).expect("whole pages need no table");
        prop_assert_eq!(space.frames.free() + tables(&space), 4 * 512);
    }
}
