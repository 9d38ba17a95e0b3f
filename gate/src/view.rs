//! Copying views of the windows of cells.
//!
//! A window is foreign memory to the safe kernel as it is to the cell: the other
//! one, and a device, may change it at any time. So nobody makes a Rust reference
//! into it; bytes are moved out once, and only the copy is looked at. A [`View`]
//! is the only type by which safe code reaches a cell, and each comes from the
//! table of windows.

use core::arch::asm;
use core::ptr;
use core::sync::atomic::{AtomicU64, Ordering};

use domains::layout::Region;
use domains::network::window::{self, Pages};
use domains::windows;

/// A view of bytes of a window.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct View(Region);

impl View {
    /// The output of a console.
    pub const fn output(console: usize) -> View {
        View(windows::output(console))
    }

    /// A piece of input.
    pub const fn input(piece: usize) -> View {
        View(windows::input(piece))
    }

    /// Random bytes.
    pub const fn random() -> View {
        View(windows::random())
    }

    /// A request to a volume and its reply.
    pub const fn request(volume: usize, slot: usize) -> View {
        View(windows::request(volume, slot))
    }

    /// The desk of the cell `nic`.
    pub const fn nic() -> View {
        View(windows::nic())
    }

    /// The desk of the cell `net`.
    pub const fn net() -> View {
        View(windows::net())
    }

    /// What the cell `net` tells of a socket.
    pub const fn control(socket: usize) -> View {
        View(window::control(socket))
    }

    /// The ring of what a socket with so many pages has received.
    pub const fn received(socket: usize, pages: Pages) -> View {
        View(window::received(socket, pages))
    }

    /// The ring of what a socket with so many pages sends.
    pub const fn sent(socket: usize, pages: Pages) -> View {
        View(window::sent(socket, pages))
    }

    /// What the cell `probe` is shown.
    #[cfg(feature = "test-hooks")]
    pub const fn probe() -> View {
        View(windows::probe())
    }

    /// The address of its first byte.
    pub const fn address(&self) -> usize {
        self.0.start as usize
    }

    /// How many bytes it shows.
    pub const fn size(&self) -> usize {
        self.0.size() as usize
    }

    /// The part behind its first `start` bytes; none of it if there are fewer.
    pub const fn from(&self, start: usize) -> View {
        let size = self.size();
        let start = if start < size { start } else { size };
        View(Region {
            start: self.0.start + start as u64,
            end: self.0.end,
        })
    }

    /// Its first `size` bytes; none if it has fewer.
    pub const fn first(&self, size: usize) -> Option<View> {
        // DEFENCE: view-end
        if size <= self.size() {
            Some(View(Region::new(self.0.start, size as u64)))
        } else {
            None
        }
    }

    /// The `size` bytes behind its first `start`; none if it does not have them all.
    pub const fn part(&self, start: usize, size: usize) -> Option<View> {
        if start <= self.size() {
            self.from(start).first(size)
        } else {
            None
        }
    }

    /// The word of 64 bits at `offset`, read once and as a whole. None if it is not
    /// there, or does not lie as words do.
    pub fn word(&self, offset: usize) -> Option<u64> {
        // SAFETY: the word is a window's, and whoever else writes it does so by
        // words, or what is read says nothing.
        self.place_of_word(offset)
            .map(|place| unsafe { load(place) })
    }

    /// Writes the word of 64 bits at `offset` as a whole; false if it is not there, or
    /// does not lie as words do.
    pub fn set_word(&self, offset: usize, word: u64) -> bool {
        let place = self.place_of_word(offset);
        // SAFETY: the word is a window's, where nobody holds a reference.
        place.map(|place| unsafe { store(place, word) }).is_some()
    }

    fn place_of_word(&self, offset: usize) -> Option<usize> {
        let place = self.part(offset, size_of::<u64>())?.address();
        // DEFENCE: view-word
        place.is_multiple_of(align_of::<u64>()).then_some(place)
    }

    /// Copies `bytes` to its beginning; false if they do not fit.
    pub fn write(&self, bytes: &[u8]) -> bool {
        let Some(target) = self.first(bytes.len()) else {
            return false;
        };
        // SAFETY: the target is a window, where nobody holds a reference.
        unsafe { copy(target.address(), bytes.as_ptr().addr(), bytes.len()) };
        true
    }

    /// Fills `buffer` from its beginning; false if it is too short.
    pub fn read(&self, buffer: &mut [u8]) -> bool {
        let Some(source) = self.first(buffer.len()) else {
            return false;
        };
        // SAFETY: the buffer is exclusive; the source is a window.
        unsafe { copy(buffer.as_mut_ptr().addr(), source.address(), buffer.len()) };
        true
    }
}

/// Loads a word.
///
/// # Safety
///
/// It is aligned and mapped.
unsafe fn load(place: usize) -> u64 {
    #[cfg(feature = "played")]
    if let Some(word) = crate::played::word(place) {
        return word;
    }
    // SAFETY: forwarded to the caller; the access is atomic.
    let word = unsafe { AtomicU64::from_ptr(ptr::with_exposed_provenance_mut(place)) };
    word.load(Ordering::Acquire)
}

/// Stores a word.
///
/// # Safety
///
/// It is aligned and mapped, and nobody's reference.
unsafe fn store(place: usize, word: u64) {
    #[cfg(feature = "played")]
    if crate::played::set_word(place, word) {
        return;
    }
    // SAFETY: forwarded to the caller; the access is atomic.
    let target = unsafe { AtomicU64::from_ptr(ptr::with_exposed_provenance_mut(place)) };
    target.store(word, Ordering::Release);
}

/// Copies bytes by an instruction that the compiler cannot look into.
///
/// # Safety
///
/// Both sides must be mapped, and the target nobody's reference.
unsafe fn copy(target: usize, source: usize, size: usize) {
    #[cfg(feature = "played")]
    // SAFETY: forwarded to the caller.
    if unsafe { crate::played::copy(target, source, size) } {
        return;
    }
    // SAFETY: forwarded to the caller; DF is clear by the C ABI.
    unsafe {
        asm!(
            // Eight bytes at a time: an emulator does each time by itself.
            "rep movsq",
            "mov ecx, {rest:e}",
            "rep movsb",
            rest = in(reg) size & 7,
            inout("rdi") target => _,
            inout("rsi") source => _,
            inout("rcx") size >> 3 => _,
            options(nostack, preserves_flags),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_part_reaches_beyond_the_whole() {
        let view = View::random();
        let size = view.size();
        assert_eq!(view.first(size), Some(view));
        assert_eq!(view.first(size + 1), None);
        assert_eq!(view.from(1).first(size), None);
        assert_eq!(view.from(1).address(), view.address() + 1);
        assert_eq!(view.from(size - 1).size(), 1);
        for far in [size, size + 1, usize::MAX] {
            assert_eq!(view.from(far).size(), 0);
            assert_eq!(view.from(far).first(1), None);
        }
        assert!(!view.from(size).write(&[1]));
        assert!(!view.from(size).read(&mut [1]));
    }

    #[test]
    fn a_part_is_there_as_a_whole_or_not_at_all() {
        let view = View::net();
        let size = view.size();
        let part = view.part(8, 16).expect("it is there");
        assert_eq!((part.address(), part.size()), (view.address() + 8, 16));
        assert_eq!(view.part(size, 0).map(|part| part.size()), Some(0));
        for (start, bytes) in [(0, size + 1), (size, 1), (size + 1, 0), (usize::MAX, 1)] {
            assert_eq!(view.part(start, bytes), None, "{start} {bytes}");
        }
    }

    #[test]
    fn a_word_lies_inside_and_as_words_do() {
        let view = View::nic();
        let place = |offset| view.place_of_word(offset);
        assert_eq!(place(8), Some(view.address() + 8));
        assert_eq!(
            place(view.size() - 8),
            Some(view.address() + view.size() - 8)
        );
        for offset in [
            1,
            4,
            view.size() - 4,
            view.size(),
            usize::MAX,
            usize::MAX - 7,
        ] {
            assert_eq!(place(offset), None, "{offset}");
        }
    }

    #[test]
    fn the_rings_of_a_socket_are_as_long_as_their_pages() {
        let pages = Pages {
            receive: 2,
            send: 4,
        };
        let received = View::received(3, pages);
        assert_eq!(received.address(), View::control(3).address() + 128);
        assert_eq!(received.size(), 2 * 4096 - 128);
        assert_eq!(View::sent(3, pages).size(), 4 * 4096);
        let none = Pages {
            receive: 1,
            send: 0,
        };
        assert_eq!(View::sent(3, none).size(), 0);
    }
}
