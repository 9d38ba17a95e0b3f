//! The safe kernel of the tests: it reads and writes windows where it is told to.
//!
//! It says later what it has done. What is told must lie within the rings.

use std::sync::atomic::{AtomicU64, Ordering};

use cell_net::lent::{Control, Window};
use domains::network::Name;
use domains::network::window::told;
use zerocopy::IntoBytes;

/// Memory of a window, for as long as the test lasts.
#[derive(Clone, Copy)]
struct Memory {
    control: &'static [AtomicU64; 16],
    received: *mut u8,
    sent: *mut u8,
    receive_size: usize,
    send_size: usize,
}

/// A socket, as the safe kernel has it.
pub(crate) struct Seat {
    memory: Memory,
    /// What was taken and not said yet.
    taken: usize,
    /// Where was written, how much, and how much fits there.
    at: usize,
    written: usize,
    room: usize,
}

/// All sockets of a machine.
#[derive(Default)]
pub(crate) struct Kernel {
    seats: Vec<Option<Seat>>,
    /// Windows that nobody has.
    pool: Vec<Memory>,
}

impl Kernel {
    /// A free number, and a window with rings of these sizes.
    pub(crate) fn lend(&mut self, receive: usize, send: usize) -> (u32, Window) {
        let fits = |it: &Memory| it.receive_size == receive && it.send_size == send;
        let memory = match self.pool.iter().position(fits) {
            Some(place) => self.pool.swap_remove(place),
            None => Memory::new(receive, send),
        };
        let free = self.seats.iter().position(Option::is_none);
        let number = free.unwrap_or_else(|| {
            self.seats.push(None);
            self.seats.len() - 1
        });
        self.seats[number] = Some(Seat {
            memory,
            taken: 0,
            at: 0,
            written: 0,
            room: 0,
        });
        (number as u32, memory.window())
    }

    /// Takes back the window of a socket that was released.
    pub(crate) fn free(&mut self, number: u32) {
        let seat = self.seats[number as usize].take().expect("it was lent");
        self.pool.push(seat.memory);
    }

    /// Whether the number is in use.
    pub(crate) fn has(&self, number: u32) -> bool {
        self.seats.get(number as usize).is_some_and(Option::is_some)
    }

    fn seat(&mut self, number: u32) -> &mut Seat {
        self.seats[number as usize].as_mut().expect("it was lent")
    }

    /// A word that was told.
    pub(crate) fn told(&self, number: u32, what: usize) -> u64 {
        let seat = self.seats[number as usize].as_ref().expect("it was lent");
        seat.memory.control[what / 8].load(Ordering::Acquire)
    }

    /// A name that was told.
    pub(crate) fn name(&self, number: u32, what: usize) -> Name {
        let mut name = Name::NONE;
        let words = [0, 8, 16].map(|it| self.told(number, what + it));
        name.as_mut_bytes().copy_from_slice(words.as_bytes());
        name
    }

    fn piece(&self, number: u32, what: usize, capacity: usize) -> (usize, usize) {
        let word = self.told(number, what);
        let piece = ((word & 0xffff_ffff) as usize, (word >> 32) as usize);
        assert!(piece.0 + piece.1 <= capacity, "a piece lies outside");
        piece
    }

    /// How many bytes can be read at once.
    pub(crate) fn readable(&mut self, number: u32) -> usize {
        let capacity = self.seat(number).memory.receive_size;
        let (_, size) = self.piece(number, told::READABLE, capacity);
        size - self.seat(number).taken
    }

    /// Reads at most `limit` bytes.
    pub(crate) fn read(&mut self, number: u32, limit: usize) -> Vec<u8> {
        let capacity = self.seat(number).memory.receive_size;
        let (at, _) = self.piece(number, told::READABLE, capacity);
        let count = self.readable(number).min(limit);
        let seat = self.seat(number);
        let mut bytes = vec![0; count];
        let from = seat.memory.received.wrapping_add(at + seat.taken);
        // SAFETY: these bytes lie within the ring, whose memory is never given back, and
        // the stack writes elsewhere as long as this was not said to be taken.
        unsafe { std::ptr::copy_nonoverlapping(from, bytes.as_mut_ptr(), count) };
        seat.taken += count;
        bytes
    }

    /// Writes as much of `bytes` as there is room for; how much.
    pub(crate) fn write(&mut self, number: u32, bytes: &[u8]) -> usize {
        let capacity = self.seat(number).memory.send_size;
        let (at, size) = self.piece(number, told::WRITABLE, capacity);
        let seat = self.seat(number);
        if seat.written == 0 {
            (seat.at, seat.room) = (at, size);
        }
        let count = bytes.len().min(seat.room - seat.written);
        let to = seat.memory.sent.wrapping_add(seat.at + seat.written);
        // SAFETY: these bytes lie within the ring, whose memory is never given back, and
        // the stack reads elsewhere as long as this was not said to be written.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), to, count) };
        seat.written += count;
        count
    }

    /// Whether anything was done since.
    pub(crate) fn is_dirty(&self) -> bool {
        let mut seats = self.seats.iter().flatten();
        seats.any(|seat| seat.taken > 0 || seat.written > 0)
    }

    /// What was done since this was asked last: socket, taken, place, written.
    pub(crate) fn dirty(&mut self) -> Vec<(u32, usize, usize, usize)> {
        let mut all = Vec::new();
        for (number, seat) in self.seats.iter_mut().enumerate() {
            if let Some(seat) = seat
                && (seat.taken > 0 || seat.written > 0)
            {
                all.push((number as u32, seat.taken, seat.at, seat.written));
                (seat.taken, seat.written) = (0, 0);
            }
        }
        all
    }
}

impl Memory {
    fn new(receive_size: usize, send_size: usize) -> Memory {
        let control = Box::leak(Box::new([const { AtomicU64::new(7) }; 16]));
        let received = Box::leak(vec![0xee; receive_size].into_boxed_slice());
        let sent = Box::leak(vec![0xee; send_size].into_boxed_slice());
        Memory {
            control,
            received: received.as_mut_ptr(),
            sent: sent.as_mut_ptr(),
            receive_size,
            send_size,
        }
    }

    fn window(self) -> Window {
        // SAFETY: the memory is never given back, and whoever had this window has
        // dropped it. What the kernel does beside is not what the stack does there.
        let received =
            unsafe { std::slice::from_raw_parts_mut(self.received, self.receive_size) };
        // SAFETY: as above.
        let sent = unsafe { std::slice::from_raw_parts_mut(self.sent, self.send_size) };
        Window {
            control: Control(self.control),
            received,
            sent,
        }
    }
}
