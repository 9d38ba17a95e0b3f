//! What becomes of a range between its call and the answers of all CPUs.

use domains::core_call::map_flags;
use domains::layout;

use super::*;
use crate::memory::quarantine::ROOM;
use crate::memory::space::tests::space;

const HEAP: u64 = layout::APP.heap().start;
const STACK: u64 = layout::APP.stacks().start + 16 * PAGE_SIZE;

/// Takes a range away as a core with several CPUs does.
fn withdraw(space: &mut Space, address: u64, pages: u64, when: When) {
    let below = space.tables.find(address - PAGE_SIZE);
    let range = range(address, pages, below.has(GUARD));
    assert!(space.withdraw(range), "somebody may know it");
    assert!(space.quarantine.add(range, when), "there is room");
}

#[test]
fn no_frame_is_free_before_the_answer() {
    let mut space = space(32);
    space.map(HEAP, 3, 0).expect("there is room");
    let before = space.frames.free();
    withdraw(&mut space, HEAP, 3, When::Later);
    assert!(!space.tables.find(HEAP).has(Bits::PRESENT));
    assert_eq!(space.frames.free(), before);
    assert!(!space.is_due(), "nobody needs them");
    let question = space.quarantine.ask().expect("a range waits");
    assert_eq!(space.frames.free(), before);
    assert!(space.free_one(question));
    assert!(!space.free_one(question));
    assert_eq!(space.frames.free(), before + 3);
    assert!(space.tables.find(HEAP).is_empty());
}

#[test]
fn a_range_that_waits_holds_up_who_wants_it() {
    let mut space = space(64);
    space.map(HEAP, 4, 0).expect("there is room");
    withdraw(&mut space, HEAP + PAGE_SIZE, 2, When::Later);
    assert!(space.is_held_up(HEAP, 4));
    assert!(space.is_held_up(HEAP + 2 * PAGE_SIZE, 9));
    assert!(!space.is_held_up(HEAP, 1));
    assert!(!space.is_held_up(HEAP + 3 * PAGE_SIZE, 1));
    let question = space.quarantine.ask().expect("a range waits");
    space.free_one(question);
    assert!(!space.is_held_up(HEAP, 4));
}

#[test]
fn a_stack_waits_with_its_guard() {
    let mut space = space(64);
    let flags = map_flags::LAZY | map_flags::TOP;
    space.map(STACK, 8, flags).expect("there is room");
    withdraw(&mut space, STACK, 8, When::Later);
    assert!(space.is_held_up(STACK - PAGE_SIZE, 1));
    assert!(
        space.is_held_up(STACK + 8 * PAGE_SIZE, 1),
        "for its guard's sake"
    );
    let question = space.quarantine.ask().expect("a range waits");
    space.free_one(question);
    assert!(space.tables.find(STACK - PAGE_SIZE).is_empty());
    assert_eq!(space.map(STACK - PAGE_SIZE, 9, flags), Ok(()));
}

#[test]
fn who_needs_a_frame_that_is_kept_back_has_all_freed() {
    let mut space = space(64);
    space.frames.fill_reserve();
    space.map(HEAP, 4, 0).expect("there is room");
    space
        .map(HEAP + 9 * PAGE_SIZE, 1, map_flags::LAZY)
        .expect("no frame");
    withdraw(&mut space, HEAP, 4, When::Later);
    let owner = crate::memory::owner::Owner::TABLE;
    while space.frames.allocate(owner).is_some() {}
    assert!(!space.is_due());
    assert!(space.touch(HEAP + 9 * PAGE_SIZE, domains::Area::App));
    assert!(space.is_due() && space.quarantine.ask().is_some());
}

#[test]
fn a_call_that_fails_for_memory_is_made_again_with_what_waited() {
    let mut space = space(16);
    space.map(HEAP, 8, 0).expect("there is room");
    withdraw(&mut space, HEAP, 8, When::Later);
    let elsewhere = HEAP + 16 * PAGE_SIZE;
    let failed = space.map(elsewhere, 6, 0).map(|()| 0);
    assert_eq!(failed, Err(error::NO_MEMORY));
    assert_eq!(space.relief(Ok(0)), None);
    let question = space.relief(failed).expect("a range waits");
    while space.free_one(question) {}
    assert_eq!(space.map(elsewhere, 6, 0), Ok(()));
}

#[test]
fn a_full_quarantine_holds_up_everybody() {
    let mut space = space(256);
    space.map(HEAP, ROOM as u64 + 1, 0).expect("there is room");
    for page in 0..ROOM as u64 {
        assert!(!space.is_held_up(HEAP + ROOM as u64 * PAGE_SIZE, 1));
        withdraw(&mut space, HEAP + page * PAGE_SIZE, 1, When::Later);
    }
    assert!(space.is_held_up(HEAP + ROOM as u64 * PAGE_SIZE, 1));
    assert!(space.is_due() && space.quarantine.ask().is_some());
}
