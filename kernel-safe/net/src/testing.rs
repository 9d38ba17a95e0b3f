//! What tests of the stack have instead of a machine.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;

use domains::network::packets as buffers;
use domains::network::window::{CONTROL, Pages};

use crate::lent::{Control, Lender, Window};

pub(crate) mod dhcp;
pub(crate) mod packets;
pub(crate) mod router;

/// Buffers and windows in ordinary memory.
#[derive(Debug, Default)]
pub(crate) struct Bench {
    buffers: BTreeMap<usize, Vec<u8>>,
    /// What was told of each socket.
    pub(crate) controls: BTreeMap<usize, Control>,
}

impl Bench {
    /// With buffers of zeros.
    pub(crate) fn new() -> Bench {
        Bench::default()
    }
}

impl Lender for Bench {
    fn window(&mut self, socket: usize, pages: Pages) -> Option<Window> {
        // Nobody gives it back, but a test is soon over.
        let words: [AtomicU64; CONTROL / 8] = std::array::from_fn(|_| AtomicU64::new(0));
        let control = Control(Box::leak(Box::new(words)));
        self.controls.insert(socket, control);
        Some(Window {
            control,
            received: vec![0; pages.receive_capacity()].leak(),
            sent: vec![0; pages.send_capacity()].leak(),
        })
    }

    fn buffer(&mut self, number: usize) -> Option<&mut [u8]> {
        let size = if buffers::is_large(number) {
            buffers::LARGE_SIZE
        } else {
            buffers::SIZE
        };
        let buffer = self.buffers.entry(number);
        let buffer = buffer.or_insert_with(|| vec![0; size]);
        (number < buffers::COUNT).then_some(buffer)
    }
}
