//! Windows of a machine whose memory is played.

use alloc::collections::BTreeSet;
use std::sync::Mutex;

use super::*;

extern crate std;

static MAPPED: Mutex<BTreeSet<u64>> = Mutex::new(BTreeSet::new());

const PLAYED: Mapper = Mapper { map, unmap };

fn map(address: u64, pages: u64) -> Result<(), MapError> {
    let mut mapped = MAPPED.lock().expect("nobody panics with it");
    for page in 0..pages {
        assert!(mapped.insert(address + page * PAGE_SIZE), "twice");
    }
    Ok(())
}

fn unmap(address: u64, pages: u64) -> Result<(), MapError> {
    let mut mapped = MAPPED.lock().expect("nobody panics with it");
    for page in 0..pages {
        assert!(mapped.remove(&(address + page * PAGE_SIZE)), "it was not");
    }
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
    let count = MAPPED.lock().expect("nobody panics with it").len() as u64;
    assert_eq!(count * PAGE_SIZE, windows.mapped);
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
    assert!(MAPPED.lock().expect("nobody panics with it").is_empty());
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
