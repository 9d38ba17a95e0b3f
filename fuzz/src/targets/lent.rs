//! Buffers and windows for a stack that is made anew for each input.

#![expect(
    unsafe_code,
    reason = "windows are lent again, or all memory were used up in a minute"
)]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::slice;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use cell_net::desk::{Desk, WORDS};
use cell_net::lent::{Control, Lender, Window};
use domains::network::packets;
use domains::network::window::{CONTROL, Pages};

/// A control block, and where both rings are.
type Memory = (&'static [AtomicU64; CONTROL / 8], [*mut u8; 2]);

thread_local! {
    static WINDOWS: RefCell<BTreeMap<(usize, u32), Memory>> =
        const { RefCell::new(BTreeMap::new()) };
    static BUFFERS: RefCell<BTreeMap<usize, *mut u8>> = const { RefCell::new(BTreeMap::new()) };
    static DESK: &'static [AtomicU64; WORDS] = {
        let words: Vec<AtomicU64> = (0..WORDS).map(|_| AtomicU64::new(0)).collect();
        let words: Box<[AtomicU64; WORDS]> = words.try_into().expect("it is as long");
        Box::leak(words)
    };
}

/// A desk, which is empty; one at a time in each thread.
pub(super) fn desk() -> Desk {
    DESK.with(|words| {
        words.iter().for_each(|word| word.store(0, Relaxed));
        Desk(words)
    })
}

/// Looks at a buffer while no stack works.
pub(super) fn with_buffer<T>(number: usize, look: impl FnOnce(&mut [u8]) -> T) -> Option<T> {
    Lending::default().buffer(number).map(look)
}

/// Lends buffers, and windows, each once. There is one stack at a time in a thread.
#[derive(Debug, Default)]
pub(super) struct Lending {
    lent: Vec<usize>,
}

impl Lender for Lending {
    fn window(&mut self, socket: usize, pages: Pages) -> Option<Window> {
        if self.lent.contains(&socket) {
            return None;
        }
        self.lent.push(socket);
        let sizes = [pages.receive_capacity(), pages.send_capacity()];
        let (control, [received, sent]) = WINDOWS.with_borrow_mut(|windows| {
            let place = windows.entry((socket, pages.word()));
            *place.or_insert_with(|| made(sizes))
        });
        let control = Control(control);
        control.clear();
        Some(Window {
            control,
            // SAFETY:
            // 1. The memory has this size, and is never given back.
            // 2. Nobody else has it: a lender lends each number once, there is one
            //    stack at a time in a thread, and what it had is dropped with it.
            received: unsafe { slice::from_raw_parts_mut(received, sizes[0]) },
            // SAFETY: as above.
            sent: unsafe { slice::from_raw_parts_mut(sent, sizes[1]) },
        })
    }

    fn buffer(&mut self, number: usize) -> Option<&mut [u8]> {
        let size = match packets::is_large(number) {
            true => packets::LARGE_SIZE,
            false => packets::SIZE,
        };
        if number >= packets::COUNT {
            return None;
        }
        let place = BUFFERS.with_borrow_mut(|buffers| {
            let place = buffers.entry(number);
            *place.or_insert_with(|| vec![0; size].leak().as_mut_ptr())
        });
        // SAFETY: the memory has this size and is never given back; a stack uses a buffer
        // while it works, and others while it does not.
        Some(unsafe { slice::from_raw_parts_mut(place, size) })
    }
}

fn made(sizes: [usize; 2]) -> Memory {
    let control = Box::leak(Box::new([const { AtomicU64::new(0) }; CONTROL / 8]));
    (control, sizes.map(|size| vec![0; size].leak().as_mut_ptr()))
}
