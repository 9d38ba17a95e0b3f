//! Windows with a played core, which may refuse.

use alloc::collections::BTreeSet;
use core::cell::{Cell, RefCell};
use std::thread_local;

use super::*;

extern crate std;

thread_local! {
    /// Each test has a thread, and so pages, of its own.
    static MAPPED: RefCell<BTreeSet<u64>> = RefCell::default();
    /// How many more pieces are mapped before one is refused, once; zero for all.
    static GOOD: Cell<usize> = const { Cell::new(0) };
    /// Whether pages can be taken away.
    static STAYS: Cell<bool> = const { Cell::new(false) };
}

const PLAYED: Mapper = Mapper { map, unmap };

fn map(address: u64, pages: u64) -> Result<(), MapError> {
    if GOOD.get() > 0 {
        GOOD.set(GOOD.get() - 1);
        if GOOD.get() == 0 {
            return Err(MapError::NoMemory);
        }
    }
    MAPPED.with_borrow_mut(|mapped| {
        for page in 0..pages {
            assert!(mapped.insert(address + page * PAGE_SIZE), "twice");
        }
    });
    Ok(())
}

fn unmap(address: u64, pages: u64) -> Result<(), MapError> {
    if STAYS.get() {
        return Err(MapError::NoMemory);
    }
    MAPPED.with_borrow_mut(|mapped| {
        for page in 0..pages {
            assert!(mapped.remove(&(address + page * PAGE_SIZE)), "it was not");
        }
    });
    Ok(())
}

/// Of a machine with memory for all.
fn done(_: u64, _: u64) -> Result<(), MapError> {
    Ok(())
}

fn done_but_for_what_is_told(address: u64, _: u64) -> Result<(), MapError> {
    assert_ne!(address % window::STRIDE, 0, "somebody may look there");
    Ok(())
}

/// Bytes that are mapped.
fn mapped() -> u64 {
    MAPPED.with_borrow(BTreeSet::len) as u64 * PAGE_SIZE
}

fn none(_: u64, _: u64) -> Result<(), MapError> {
    Err(MapError::NoMemory)
}

const LIMIT: u64 = 64 << 20;

#[test]
fn pages_are_kept_for_the_next_and_taken_away_when_memory_is_short() {
    let mut windows = Windows::new(PLAYED);
    let mut taken = Vec::new();
    for _ in 0..1000 {
        let number = windows.take(None).expect("there are so many");
        let pages = windows.prepare(number, Purpose::Stream, Wish::default(), LIMIT);
        taken.push((number, pages.expect("there is room")));
    }
    assert!(windows.mapped <= LIMIT);
    assert_eq!(mapped(), windows.mapped);
    let (last, pages) = taken[999];
    windows.give_back(last);
    let class = sizes::class_of(pages);
    assert_eq!(windows.take(class), Ok(last), "the one with such a window");
    for (number, _) in &taken {
        windows.give_back(*number);
    }
    assert_eq!(
        (windows.spare, windows.left(LIMIT)),
        (windows.mapped, LIMIT)
    );
    let number = windows.take(None).expect("one is free");
    let pages = windows.prepare(number, Purpose::Stream, Wish::default(), 500_000);
    assert!(pages.is_ok() && windows.mapped <= 500_000);
    windows.give_back(number);
    windows.trim(u64::MAX);
    assert_eq!((windows.mapped, windows.spare), (0, 0));
    assert_eq!(mapped(), 0);
}

#[test]
fn without_memory_there_is_no_window() {
    let mut windows = Windows::new(Mapper {
        map: none,
        unmap: none,
    });
    let number = windows.take(None).expect("numbers need none");
    for purpose in [Purpose::Listener, Purpose::Datagram, Purpose::Stream] {
        let prepared = windows.prepare(number, purpose, Wish::default(), LIMIT);
        assert_eq!(prepared, Err(Errno::NoBuffers));
    }
    assert_eq!(windows.mapped, 0);
}

#[test]
fn there_are_only_so_many_numbers() {
    let mut windows = Windows::new(CORE);
    for number in 0..SOCKETS_MAX {
        assert_eq!(windows.take(None), Ok(number as u32));
    }
    assert_eq!(windows.take(None), Err(Errno::NoBuffers));
    windows.give_back(77);
    assert_eq!(windows.take(Some(4)), Ok(77));
}

fn with_window(windows: &mut Windows, limit: u64) -> Result<u32, Errno> {
    let number = windows.take(None)?;
    let prepared = windows.prepare(number, Purpose::Stream, Wish::default(), limit);
    prepared.map(|_| number)
}

#[test]
fn a_number_has_one_window() {
    let mut windows = Windows::new(PLAYED);
    let number = with_window(&mut windows, LIMIT).expect("there is room");
    for purpose in [Purpose::Listener, Purpose::Stream, Purpose::Datagram] {
        let pages = windows.prepare(number, purpose, Wish::default(), LIMIT);
        let size = sizes::size(pages.expect("there is room"));
        assert_eq!((mapped(), windows.mapped), (size, size));
    }
}

#[test]
fn all_windows_are_within_the_limit() {
    let mut windows = Windows::new(PLAYED);
    let limit = 20 * PAGE_SIZE;
    let taken = (0..9).map_while(|_| with_window(&mut windows, limit).ok());
    assert_eq!(taken.count(), 5, "of the smallest");
    assert!(mapped() <= limit && windows.mapped == mapped());
}

#[test]
fn a_window_is_one_of_its_kind_or_none() {
    let mut windows = Windows::new(PLAYED);
    let least = with_window(&mut windows, 2 * PAGE_SIZE);
    assert_eq!(least, Err(Errno::NoBuffers), "it cannot send with less");
    assert_eq!(mapped(), 0);
}

#[test]
fn what_is_kept_is_given_for_a_window() {
    let mut windows = Windows::new(PLAYED);
    let number = with_window(&mut windows, LIMIT).expect("there is room");
    let spare = with_window(&mut windows, LIMIT).expect("there is room");
    windows.give_back(spare);
    GOOD.set(1);
    let pages = windows.prepare(number, Purpose::Datagram, Wish::default(), LIMIT);
    let size = sizes::size(pages.expect("there is room now"));
    assert_eq!((mapped(), windows.spare), (size, 0));
}

#[test]
fn half_a_window_is_none() {
    let mut windows = Windows::new(PLAYED);
    // Its second piece is refused.
    GOOD.set(2);
    let number = with_window(&mut windows, LIMIT).expect("there is room for the next");
    assert_eq!(mapped(), windows.mapped);
    windows.give_back(number);
    windows.trim(u64::MAX);
    assert_eq!(mapped(), 0);
}

#[test]
fn what_the_core_does_not_take_away_stays_known() {
    let mut windows = Windows::new(PLAYED);
    let number = with_window(&mut windows, LIMIT).expect("there is room");
    windows.give_back(number);
    let before = (windows.mapped, windows.spare);
    STAYS.set(true);
    assert_eq!(windows.trim(u64::MAX), 0);
    assert_eq!((windows.mapped, windows.spare), before);
    STAYS.set(false);
    assert_eq!(windows.trim(u64::MAX), before.0);
}

/// A socket that is bound has a small window, and connects in a larger one, while
/// others poll it.
#[test]
fn what_is_told_of_a_number_in_use_stays_mapped() {
    let mut windows = Windows::new(Mapper {
        map: done,
        unmap: done_but_for_what_is_told,
    });
    let number = windows.take(None).expect("one is free");
    let small = Wish {
        receive: 1,
        send: 1,
    };
    let steps = [
        (Purpose::Listener, small),
        (Purpose::Stream, Wish::default()),
        (Purpose::Stream, small),
        (Purpose::Listener, small),
        (Purpose::Datagram, Wish::default()),
    ];
    for (purpose, wish) in steps {
        let pages = windows.prepare(number, purpose, wish, LIMIT);
        let pages = pages.expect("there is room");
        assert_eq!(windows.mapped, sizes::size(pages));
    }
    windows.mapper.unmap = done;
    assert!(windows.strip(number));
    assert_eq!(windows.mapped, 0);
}
