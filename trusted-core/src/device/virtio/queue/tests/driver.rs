//! A driver that knows what it has asked for.

#![expect(unsafe_code, reason = "the queue wants buffers that stay as they are")]

use std::collections::BTreeMap;
use std::vec;

use virtio_drivers::queue::VirtQueue;
use virtio_drivers::transport::Transport;

use super::device::answer;
use super::transport::{Line, Memory, PIECE};
use super::*;

pub(super) struct Driver<const SIZE: usize> {
    pub(super) line: Line,
    queue: VirtQueue<Memory, SIZE>,
    pending: BTreeMap<u16, Request>,
    pub(super) asked: usize,
    pub(super) answered: usize,
}

/// A request: its pieces, and room for the answer's.
struct Request {
    inputs: Vec<Vec<u8>>,
    outputs: Vec<Vec<u8>>,
}

impl Request {
    /// Request number `number`, whose bytes no other has, in a shape that `seed`
    /// decides.
    fn new(number: usize, seed: usize) -> Request {
        let size = |bits: usize| 1 + (seed >> bits) % PIECE as usize;
        let bytes = |piece: usize| {
            let mut bytes = number.to_le_bytes().repeat(PIECE as usize / 8);
            bytes.rotate_left(piece);
            bytes.truncate(size(8 + piece).max(4));
            bytes
        };
        Request {
            inputs: (0..1 + seed % 3).map(bytes).collect(),
            outputs: (0..seed / 3 % 3)
                .map(|piece| vec![0; size(piece)])
                .collect(),
        }
    }

    /// Whether the outputs are its own answer.
    fn is_answered(&self, count: u32) -> bool {
        let input = self.inputs.concat();
        let output = self.outputs.concat();
        let mut bytes = output.iter().enumerate();
        count as usize == output.len() && bytes.all(|(at, byte)| *byte == answer(&input, at))
    }
}

impl<const SIZE: usize> Driver<SIZE> {
    pub(super) fn new() -> Driver<SIZE> {
        let mut line = Line::new(SIZE as u16);
        let queue = VirtQueue::new(&mut line, 0, false, false).expect("there is memory");
        Driver {
            line,
            queue,
            pending: BTreeMap::new(),
            asked: 0,
            answered: 0,
        }
    }

    /// Puts a request into the queue, if there is room.
    pub(super) fn ask(&mut self, seed: usize) {
        let mut request = Request::new(self.asked, seed);
        let inputs: Vec<&[u8]> = request.inputs.iter().map(Vec::as_slice).collect();
        let mut outputs: Vec<&mut [u8]> =
            request.outputs.iter_mut().map(Vec::as_mut_slice).collect();
        // SAFETY: the bytes are kept with the token until it is popped.
        let token = unsafe { self.queue.add(&inputs, &mut outputs) };
        if let Ok(token) = token {
            let before = self.pending.insert(token, request);
            assert!(before.is_none(), "an entry that was not used");
            self.asked += 1;
        }
    }

    /// Takes one answer, if there is any; whether there was.
    pub(super) fn take(&mut self) -> bool {
        let Some(token) = self.queue.peek_used() else {
            return false;
        };
        let mut request = self.pending.remove(&token).expect("asked, and once");
        let inputs: Vec<&[u8]> = request.inputs.iter().map(Vec::as_slice).collect();
        let mut outputs: Vec<&mut [u8]> =
            request.outputs.iter_mut().map(Vec::as_mut_slice).collect();
        // SAFETY: these are the buffers that were added with this token.
        let count = unsafe { self.queue.pop_used(token, &inputs, &mut outputs) };
        assert!(request.is_answered(count.expect("there is one")));
        self.answered += 1;
        true
    }

    /// Whether it wants interrupts.
    pub(super) fn want_interrupts(&mut self, wants: Wants) {
        self.queue.set_dev_notify(wants == Wants::Interrupts);
    }

    pub(super) fn publish(&mut self) {
        self.line.notify(0);
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Wants {
    Interrupts,
    Silence,
}
