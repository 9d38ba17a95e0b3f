//! The desk of the cell, as words: lists and small things that a call is about.
//!
//! The layout is that of [`domains::network::desk::net`]. In the guest it is a window
//! that the safe kernel shares, on the host memory of the test. Each word is read
//! once.

use core::sync::atomic::{AtomicU64, Ordering};

use domains::network::desk::{self, net, nic};
use domains::network::{Name, Setting};
use zerocopy::{FromBytes, Immutable, IntoBytes};

use crate::link::card::Card;
use crate::random::SEED;

/// How many words the desk has.
pub const WORDS: usize = net::SIZE / 8;

/// "Never", as a time.
pub const NEVER: u64 = u64::MAX;

/// The desk.
#[derive(Clone, Copy, Debug)]
pub struct Desk(pub &'static [AtomicU64; WORDS]);

/// What was taken from a socket's window and written to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Dirty {
    /// The socket.
    pub socket: usize,
    /// How much was taken of what can be read.
    pub taken: usize,
    /// Where was written.
    pub at: usize,
    /// How much.
    pub written: usize,
}

impl Desk {
    /// The name that a call is about.
    pub fn name(&self) -> Name {
        self.read(net::NAME)
    }

    /// The second name of a call that has two.
    pub fn other_name(&self) -> Name {
        self.read(net::OTHER_NAME)
    }

    /// What was given for the network.
    pub fn given(&self) -> Setting {
        self.read(net::GIVEN)
    }

    /// Bytes that nobody can guess, if whoever calls had some.
    pub fn seed(&self) -> [u8; SEED] {
        self.read(net::SEED)
    }

    /// Tells what the network is.
    pub fn tell(&self, setting: &Setting) {
        self.write(net::TOLD, setting);
    }

    /// Tells when the stack wants to be called again; [`NEVER`] if it need not.
    pub fn set_deadline(&self, deadline: u64) {
        self.set_word(net::DEADLINE, deadline);
    }

    /// The card; none if there is none.
    pub fn card(&self) -> Option<Card> {
        let bytes: [u8; nic::CARD_SIZE] = self.read(net::CARD);
        Card::new(&bytes)
    }

    /// A frame that has come: its buffer and its size.
    pub fn frame_in(&self, place: usize) -> (usize, usize) {
        desk::buffer_and_size(self.word(net::FRAMES_IN, place))
    }

    /// A buffer that is given to send from.
    pub fn spare(&self, place: usize) -> usize {
        desk::buffer_and_size(self.word(net::SPARES, place)).0
    }

    /// An entry of the list of sockets that somebody has touched.
    pub fn dirty(&self, place: usize) -> Dirty {
        let first = self.word(net::DIRTY, 2 * place);
        let second = self.word(net::DIRTY, 2 * place + 1);
        Dirty {
            socket: low(first),
            taken: high(first),
            at: low(second),
            written: high(second),
        }
    }

    /// Writes a frame that is to be sent.
    pub fn set_frame_out(&self, place: usize, buffer: usize, size: usize) {
        self.set_word(net::FRAMES_OUT + place * 8, desk::frame(buffer, size));
    }

    /// Writes the numbers of two sockets of which there is something new, the places
    /// `2 * pair` and behind.
    pub fn set_changed(&self, pair: usize, sockets: [usize; 2]) {
        let [first, second] = sockets.map(|socket| socket as u64 & 0xffff_ffff);
        self.set_word(net::CHANGED + pair * 8, second << 32 | first);
    }

    /// Copies the first bytes of the datagram.
    pub fn datagram(&self, target: &mut [u8]) {
        let (words, rest) = target.as_chunks_mut::<8>();
        let last = words.len();
        for (place, bytes) in words.iter_mut().enumerate() {
            *bytes = self.word(net::DATAGRAM, place).to_ne_bytes();
        }
        if !rest.is_empty() {
            let bytes = self.word(net::DATAGRAM, last).to_ne_bytes();
            for (target, source) in rest.iter_mut().zip(bytes) {
                *target = source;
            }
        }
    }

    pub(crate) fn read<T: FromBytes + IntoBytes>(&self, at: usize) -> T {
        let mut value = T::new_zeroed();
        let (words, _) = value.as_mut_bytes().as_chunks_mut::<8>();
        for (place, bytes) in words.iter_mut().enumerate() {
            *bytes = self.word(at, place).to_ne_bytes();
        }
        value
    }

    pub(crate) fn write<T: IntoBytes + Immutable>(&self, at: usize, value: &T) {
        let (words, _) = value.as_bytes().as_chunks::<8>();
        for (place, bytes) in words.iter().enumerate() {
            self.set_word(at + place * 8, u64::from_ne_bytes(*bytes));
        }
    }

    /// The word number `place` of a list; zero behind the end of all.
    fn word(&self, list: usize, place: usize) -> u64 {
        let word = self.0.get((list / 8).saturating_add(place));
        word.map_or(0, |word| word.load(Ordering::Relaxed))
    }

    pub(crate) fn set_word(&self, at: usize, value: u64) {
        if let Some(word) = self.0.get(at / 8) {
            word.store(value, Ordering::Relaxed);
        }
    }
}

const fn low(word: u64) -> usize {
    (word & 0xffff_ffff) as usize
}

const fn high(word: u64) -> usize {
    (word >> 32) as usize
}

const _: () = {
    assert!(Name::SIZE.is_multiple_of(8) && nic::CARD_SIZE.is_multiple_of(8));
    assert!(
        size_of::<Setting>().is_multiple_of(8),
        "it is read by words"
    );
};
