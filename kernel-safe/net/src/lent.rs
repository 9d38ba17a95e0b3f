//! Memory that is lent to the stack: windows of sockets, and buffers of frames.

use core::sync::atomic::{AtomicU64, Ordering};

use domains::network::Name;
use domains::network::window::{CONTROL, Pages, told};
use zerocopy::IntoBytes;

/// How many words a control block has.
const WORDS: usize = CONTROL / 8;

/// Where what is told of a socket is written, and read by others at any time.
#[derive(Clone, Copy, Debug)]
pub struct Control(pub &'static [AtomicU64; WORDS]);

impl Control {
    /// Tells one of [`told`].
    pub fn tell(&self, what: usize, word: u64) {
        if let Some(place) = self.0.get(what / 8) {
            place.store(word, Ordering::Release);
        }
    }

    /// What was told last; whoever reads this elsewhere may have it changed.
    pub fn told(&self, what: usize) -> u64 {
        let place = self.0.get(what / 8);
        place.map_or(0, |place| place.load(Ordering::Relaxed))
    }

    /// Tells a place in a ring, and how many bytes follow each other there.
    pub fn tell_piece(&self, what: usize, at: usize, size: usize) {
        self.tell(what, (size as u64) << 32 | at as u64 & 0xffff_ffff);
    }

    /// Tells [`told::LOCAL`] or [`told::PEER`].
    pub fn tell_name(&self, what: usize, name: &Name) {
        let (words, _) = name.as_bytes().as_chunks::<8>();
        for (number, word) in words.iter().enumerate() {
            self.tell(what + number * 8, u64::from_ne_bytes(*word));
        }
    }

    /// Tells nothing of a new socket.
    pub fn clear(&self) {
        for place in (0..CONTROL).step_by(8) {
            self.tell(place, 0);
        }
    }
}

const _: () = assert!(told::PEER + Name::SIZE <= CONTROL);

/// A window: what is told of a socket, and its rings.
#[derive(Debug)]
pub struct Window {
    /// What is told.
    pub control: Control,
    /// What was received. The safe kernel reads there what it was told of.
    pub received: &'static mut [u8],
    /// What is to be sent. The safe kernel writes there where it was told to.
    pub sent: &'static mut [u8],
}

/// Lends windows and buffers. In the guest they lie where [`domains::network`] says; on
/// the host, where tests run, anywhere.
pub trait Lender {
    /// The window of a socket, with rings of these sizes. Nobody has had it since it
    /// was given back, which is whenever all that refers to it was dropped.
    fn window(&mut self, socket: usize, pages: Pages) -> Option<Window>;

    /// The bytes of a buffer, the header included.
    fn buffer(&mut self, number: usize) -> Option<&mut [u8]>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_stands_where_it_is_looked_for() {
        static WORDS_OF_IT: [AtomicU64; WORDS] = [const { AtomicU64::new(7) }; WORDS];
        let control = Control(&WORDS_OF_IT);
        control.clear();
        control.tell_piece(told::WRITABLE, 3, 5);
        assert_eq!(control.told(told::WRITABLE), 5 << 32 | 3);
        control.tell_name(told::PEER, &Name::v4([1, 2, 3, 4], 80));
        let first = 4 | 80 << 16;
        assert_eq!(control.told(told::PEER), first);
        assert_eq!(control.told(told::PEER + 8), 0x0403_0201);
        assert_eq!(control.told(told::LOCAL), 0);
    }
}
