//! The heap over memory of the host.

use std::alloc::{GlobalAlloc, System};
use std::boxed::Box;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::vec::Vec;
use std::{iter, thread};

use talc::lock_api::GuardSend;

use super::*;
use crate::extents::EXTENT_MIN;

/// A lock for host threads.
#[derive(Debug)]
struct Spin(AtomicBool);

// SAFETY: only who changed the word holds the lock.
unsafe impl RawMutex for Spin {
    const INIT: Spin = Spin(AtomicBool::new(false));

    type GuardMarker = GuardSend;

    fn lock(&self) {
        while !self.try_lock() {
            thread::yield_now();
        }
    }

    fn try_lock(&self) -> bool {
        !self.0.swap(true, Ordering::Acquire)
    }

    unsafe fn unlock(&self) {
        self.0.store(false, Ordering::Release);
    }
}

/// Memory of the host, of which `limit` bytes may be out at a time.
macro_rules! host {
    ($name:ident, $limit:expr) => {
        #[derive(Debug)]
        struct $name;

        impl $name {
            fn out() -> &'static AtomicUsize {
                static OUT: AtomicUsize = AtomicUsize::new(0);
                &OUT
            }
        }

        impl Supply for $name {
            fn map(size: usize) -> Option<NonNull<u8>> {
                let take = |out: usize| Some(out + size).filter(|out| *out <= $limit);
                Self::out()
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
                    .ok()?;
                // SAFETY: the size is not zero.
                NonNull::new(unsafe { System.alloc_zeroed(layout(size, PAGE)) })
            }

            unsafe fn unmap(start: *mut u8, size: usize) {
                Self::out().fetch_sub(size, Ordering::Relaxed);
                // SAFETY: it was mapped in one piece: no test shrinks it.
                unsafe { System.dealloc(start, layout(size, PAGE)) };
            }

            fn grow(_: *mut u8, _: usize, _: usize) -> bool {
                false
            }
        }
    };
}

fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).expect("a valid layout")
}

/// A live allocation, filled with a byte.
struct Live {
    pointer: *mut u8,
    size: usize,
    align: usize,
    byte: u8,
}

// SAFETY: whoever holds the record owns the memory.
unsafe impl Send for Live {}

impl Live {
    fn new<S: Supply>(
        heap: &Heap<S, Spin>,
        cache: &mut Cache,
        size: usize,
        align: usize,
    ) -> Live {
        let pointer = heap.allocate(cache, size, align);
        assert!(!pointer.is_null() && pointer.addr().is_multiple_of(align));
        let byte = pointer.addr().to_le_bytes().iter().fold(7, |a, b| a ^ b);
        // SAFETY: the allocation is that long.
        unsafe { pointer.write_bytes(byte, size) };
        Live {
            pointer,
            size,
            align,
            byte,
        }
    }

    fn free<S: Supply>(self, heap: &Heap<S, Spin>, cache: &mut Cache) {
        // SAFETY: the allocation is live and filled.
        let bytes = unsafe { core::slice::from_raw_parts(self.pointer, self.size) };
        assert!(bytes.iter().all(|there| *there == self.byte));
        // SAFETY: it came from this heap with this layout.
        unsafe { heap.free(cache, self.pointer, self.size, self.align) };
    }
}

#[test]
fn all_memory_comes_home() {
    host!(Host, usize::MAX);
    let heap: Heap<Host, Spin> = Heap::new();
    let mut cache = Cache::new();
    let mut live = Vec::new();
    for round in 0..6000_usize {
        let size = match round % 97 {
            0 => LARGE + round * 100,
            1..10 => 1 + round * 37 % 60_000,
            _ => 1 + round * 37 % 700,
        };
        live.push(Live::new(&heap, &mut cache, size, 1 << (round % 14)));
        if round % 3 == 0 {
            live.swap_remove(round * 7 % live.len())
                .free(&heap, &mut cache);
        }
    }
    assert!(Host::out().load(Ordering::Relaxed) > 10 << 20);
    for live in live {
        live.free(&heap, &mut cache);
    }
    heap.empty(&mut cache);
    heap.medium.lock().source.give_spares_back();
    assert_eq!(
        Host::out().load(Ordering::Relaxed),
        EXTENT_MIN,
        "the first one stays"
    );
}

#[test]
fn blocks_that_other_threads_free_come_home() {
    host!(Host, usize::MAX);
    static SHARED: Heap<Host, Spin> = Heap::new();
    let (sender, receiver) = mpsc::channel::<Live>();
    let makers: Vec<_> = (0..4_usize)
        .map(|seed| {
            let sender = sender.clone();
            thread::spawn(move || {
                let mut cache = Box::new(Cache::new());
                for round in 0..5000 {
                    let size = 1 + (round * 31 + seed * 17) % 900;
                    sender
                        .send(Live::new(&SHARED, &mut cache, size, 8))
                        .expect("the other thread listens");
                }
                SHARED.empty(&mut cache);
            })
        })
        .collect();
    drop(sender);
    let mut cache = Cache::new();
    receiver
        .into_iter()
        .for_each(|live| live.free(&SHARED, &mut cache));
    makers
        .into_iter()
        .for_each(|maker| maker.join().expect("it ends"));
    SHARED.empty(&mut cache);
    SHARED.medium.lock().source.give_spares_back();
    assert_eq!(Host::out().load(Ordering::Relaxed), EXTENT_MIN);
}

#[test]
fn exhaustion_is_a_null_pointer_and_passes() {
    const LIMIT: usize = 4 << 20;
    host!(Little, LIMIT);
    let heap: Heap<Little, Spin> = Heap::new();
    let mut cache = Cache::new();
    for size in [16, 500, 5000, LARGE] {
        let all: Vec<*mut u8> = iter::repeat_with(|| heap.allocate(&mut cache, size, 8))
            .take_while(|pointer| !pointer.is_null())
            .collect();
        assert!(all.len() * size > LIMIT / 2, "{size}");
        for pointer in all {
            // SAFETY: it came from this heap with this layout.
            unsafe { heap.free(&mut cache, pointer, size, 8) };
        }
    }
}

#[test]
fn layouts_that_make_no_sense_are_refused() {
    host!(Host, usize::MAX);
    let heap: Heap<Host, Spin> = Heap::new();
    let mut cache = Cache::new();
    for (size, align) in [
        (8, 0),
        (8, 3),
        (600, 0),
        (600, 24),
        (usize::MAX, 1),
        (1, 1 << 63),
    ] {
        assert!(heap.allocate(&mut cache, size, align).is_null());
    }
    let nothing = heap.allocate(&mut cache, 0, 8);
    assert!(!nothing.is_null());
    // SAFETY: it came from this heap with this layout.
    unsafe { heap.free(&mut cache, nothing, 0, 8) };
}

#[test]
fn a_resized_allocation_keeps_its_bytes() {
    host!(Host, usize::MAX);
    let heap: Heap<Host, Spin> = Heap::new();
    let mut cache = Cache::new();
    let sizes = [
        1, 16, 17, 500, 512, 513, 5000, 100_000, 300_000, 400_000, 4000, 600, 512, 40, 3,
    ];
    let mut old = sizes[0];
    let mut pointer = heap.allocate(&mut cache, old, 8);
    // SAFETY: the allocation is that long.
    unsafe { pointer.write(7) };
    for size in sizes {
        let kept = old.min(size);
        // SAFETY: it came from this heap with this layout.
        pointer = unsafe { heap.reallocate(&mut cache, pointer, old, 8, size) };
        old = size;
        // SAFETY: the allocation is that long, and so far filled.
        let bytes = unsafe { core::slice::from_raw_parts_mut(pointer, size) };
        assert!(bytes[..kept].iter().all(|byte| *byte == 7), "{size}");
        bytes.fill(7);
    }
}

#[test]
fn extents_that_are_free_are_kept_as_long_as_they_are_few() {
    host!(Host, usize::MAX);
    let heap: Heap<Host, Spin> = Heap::new();
    let mut cache = Cache::new();
    let out = || Host::out().load(Ordering::Relaxed);
    let mut rounds = |sizes: &[usize]| {
        let live: Vec<Live> = sizes
            .iter()
            .map(|size| Live::new(&heap, &mut cache, *size, 8))
            .collect();
        let most = out();
        live.into_iter()
            .for_each(|live| live.free(&heap, &mut cache));
        (most, out())
    };
    // Two that need an extent each: nothing goes back and nothing is mapped.
    let (most, left) = rounds(&[80_000, 80_000]);
    assert_eq!(most, left, "both are kept");
    assert_eq!(rounds(&[80_000, 80_000]), (most, left));
    // Many: what is kept has a bound.
    let (most, left) = rounds(&[200_000; 40]);
    assert!(most > 8_000_000 && left < 2_500_000, "{most} {left}");
}
