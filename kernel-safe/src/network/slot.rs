//! A socket's number, and what everybody may do with its window without a call.

use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use domains::network::Name;
use domains::network::window::{Pages, state, told};
use gate::view::View;
use spin::Mutex;
use zerocopy::{FromZeros, IntoBytes};

use super::dirty;
use super::record::{Kind, Record, Role};
use super::side::{Outside, Piece, Reading, Writing};
use crate::errno::Errno;
use crate::wait::Place;

/// A number. It is never freed, so it is passed around as a plain reference.
#[derive(Debug)]
pub struct Slot {
    number: u32,
    /// The pages of its window, in one word; zero if `net` does not know it.
    pages: AtomicU32,
    /// If `net` has lost it: [`LOST`], and the error that is not told yet.
    fate: AtomicU64,
    carries_datagrams: AtomicBool,
    is_with_net: AtomicBool,
    /// Which directions its owner has ended himself: of datagrams, bits of [`ended`].
    ended: AtomicU32,
    reading: Mutex<Reading>,
    writing: Mutex<Writing>,
    pub(super) is_dirty: AtomicBool,
    place: Place,
    record: Mutex<Record>,
}

const LOST: u64 = 1 << 63;

/// Directions that an owner has ended.
pub mod ended {
    /// To read.
    pub const READ: u32 = 1 << 0;
    /// To write.
    pub const WRITE: u32 = 1 << 1;
}

/// What it is.
impl Slot {
    /// The number, which nobody has.
    pub(super) const fn new(number: u32) -> Slot {
        Slot {
            number,
            pages: AtomicU32::new(0),
            fate: AtomicU64::new(0),
            carries_datagrams: AtomicBool::new(false),
            is_with_net: AtomicBool::new(false),
            ended: AtomicU32::new(0),
            reading: Mutex::new(Reading::new(0)),
            writing: Mutex::new(Writing::new(0)),
            is_dirty: AtomicBool::new(false),
            place: Place::new(),
            record: Mutex::new(Record::FREE),
        }
    }

    /// The number.
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// Where a change is waited for.
    pub const fn place(&self) -> &Place {
        &self.place
    }

    /// Looks at what it is, or changes that.
    pub fn with<R>(&self, look: impl FnOnce(&mut Record) -> R) -> R {
        look(&mut self.record.lock())
    }

    /// What it is.
    pub fn role(&self) -> Role {
        self.with(|record| record.role)
    }

    /// Whether it carries datagrams.
    pub fn carries_datagrams(&self) -> bool {
        self.carries_datagrams.load(Ordering::Relaxed)
    }

    /// Whether `net` knows it.
    pub fn is_known(&self) -> bool {
        self.pages.load(Ordering::Acquire) != 0 && !self.is_lost()
    }

    /// Whether `net` has its window, whatever its owner was told.
    pub(super) fn is_with_net(&self) -> bool {
        self.is_with_net.load(Ordering::Acquire)
    }

    /// Whether `net` has to hear of what was read and written.
    pub(super) fn is_dirty(&self) -> bool {
        self.is_dirty.load(Ordering::Acquire)
    }

    /// Whether `net` knew it and has lost it.
    pub fn is_lost(&self) -> bool {
        self.fate.load(Ordering::Acquire) & LOST != 0
    }

    /// The pages of its window, if it has one.
    pub fn pages(&self) -> Option<Pages> {
        Pages::from_word(self.pages.load(Ordering::Acquire))
    }

    /// Bits of the directions that its owner has ended.
    pub fn ended(&self) -> u32 {
        self.ended.load(Ordering::Relaxed)
    }

    /// Its owner ends directions of it.
    pub fn end(&self, directions: u32) {
        self.ended.fetch_or(directions, Ordering::Relaxed);
    }
}

/// What whoever holds the network does with it.
impl Slot {
    /// Begins anew, unknown to `net`.
    pub(super) fn begin(&self, kind: Kind) {
        self.carries_datagrams
            .store(kind == Kind::Datagram, Ordering::Relaxed);
        // DEFENCE: numbers-begin-anew
        self.ended.store(0, Ordering::Relaxed);
        self.forget();
    }

    /// `net` does not know it any more, or not yet.
    pub(super) fn forget(&self) {
        self.is_with_net.store(false, Ordering::Release);
        self.pages.store(0, Ordering::Release);
        self.fate.store(0, Ordering::Release);
        self.reset(None);
    }

    /// `net` has forgotten it, though its owner has not been told.
    pub(super) fn part_from_net(&self) {
        self.is_with_net.store(false, Ordering::Release);
    }

    /// `net` has opened it, and told of it in a window of these pages.
    pub(super) fn set_known(&self, pages: Pages) {
        self.reset(Some(pages));
        self.fate.store(0, Ordering::Release);
        self.pages.store(pages.word(), Ordering::Release);
        self.is_with_net.store(true, Ordering::Release);
    }

    /// The state that `net` told, whatever its owner was told.
    pub(super) fn told_state(&self) -> u64 {
        let view = View::control(self.number as usize);
        view.word(told::STATE).unwrap_or(0)
    }

    /// `net` has lost it: whoever uses it gets this error once.
    pub(super) fn lose(&self, why: Errno) {
        self.fate.store(LOST | why as u64, Ordering::Release);
        self.reset(None);
    }

    /// Forgets what was read and written, and has rings of so many pages.
    fn reset(&self, pages: Option<Pages>) {
        *self.reading.lock() = Reading::new(pages.map_or(0, Pages::receive_capacity));
        *self.writing.lock() = Writing::new(pages.map_or(0, Pages::send_capacity));
    }

    /// What `net` is told of it: what was taken, and what was written where.
    pub(super) fn tell(&self) -> (u32, Piece) {
        (self.reading.lock().tell(), self.writing.lock().tell())
    }

    /// `net` has heard of it. Whether somebody may wait for what it has told since: there
    /// was nothing to read by then, or no room.
    pub(super) fn settle(&self) -> bool {
        let reading = &mut *self.reading.lock();
        let reads = reading.settle() && is_some(self.rest(reading));
        let writing = &mut *self.writing.lock();
        let writes = writing.settle() && is_some(self.room(writing));
        reads || writes
    }
}

/// What is told of it.
impl Slot {
    fn told(&self, what: usize) -> u64 {
        match self.is_lost() {
            true => 0,
            false => self.told_if_any(what),
        }
    }

    /// The same of one that is not lost.
    fn told_if_any(&self, what: usize) -> u64 {
        match self.pages.load(Ordering::Acquire) {
            0 => 0,
            _ => View::control(self.number as usize).word(what).unwrap_or(0),
        }
    }

    /// Bits of [`state`].
    pub fn state(&self) -> u64 {
        match self.is_lost() {
            true => state::CONNECTED | state::READ_END | state::WRITE_END | state::CLOSED,
            false => self.told_if_any(told::STATE),
        }
    }

    /// How many connections wait to be accepted.
    pub fn waiting(&self) -> u64 {
        self.told(told::WAITING)
    }

    /// Whether there is an error that nobody has taken.
    pub fn has_error(&self) -> bool {
        match self.fate.load(Ordering::Acquire) {
            fate if fate & LOST != 0 => fate & !LOST != 0,
            _ => self.told_if_any(told::ERROR) != 0,
        }
    }

    /// Takes the error of a socket that `net` has lost.
    pub fn take_loss(&self) -> Option<Errno> {
        let fate = self.fate.load(Ordering::Acquire);
        if fate & LOST == 0 {
            return None;
        }
        let fate = self.fate.swap(LOST, Ordering::AcqRel);
        Errno::of_network((fate & !LOST).cast_signed())
    }

    /// The name that is told at `what`.
    pub fn name(&self, what: usize) -> Name {
        let mut name = Name::new_zeroed();
        let view = View::control(self.number as usize);
        // DEFENCE: no-name-without-window
        if self.pages.load(Ordering::Acquire) != 0 {
            let (words, _) = name.as_mut_bytes().as_chunks_mut::<8>();
            for (number, bytes) in words.iter_mut().enumerate() {
                let at = what.saturating_add(number.saturating_mul(8));
                *bytes = view.word(at).unwrap_or(0).to_ne_bytes();
            }
        }
        name
    }
}

/// What can be read and written.
impl Slot {
    /// Whether something can be read; also if `net` lies about it, which whoever reads
    /// finds out.
    pub fn is_readable(&self) -> bool {
        // DEFENCE: lies-wake-readers
        is_some(self.rest(&mut self.reading.lock()))
    }

    /// Whether whoever reads a stream would find nothing: no bytes, no end, no error, and
    /// nothing that `net` has to hear of first. He looks often, and so once at all of it.
    pub fn has_nothing_to_read(&self) -> bool {
        if self.is_lost() || self.pages.load(Ordering::Acquire) == 0 {
            return false;
        }
        let view = View::control(self.number as usize);
        let word = |what| view.word(what).unwrap_or(0);
        let now = word(told::STATE);
        let is_on = now & (state::CONNECTED | state::CONNECTING) != 0;
        let is_over = now & (state::READ_END | state::CLOSED) != 0;
        let reading = &mut *self.reading.lock();
        // DEFENCE: lies-wake-readers-of-streams
        let is_empty = !is_some(reading.rest(word(told::READABLE)));
        // DEFENCE: whoever-is-due-tells
        let is_quiet = is_empty && !reading.is_due();
        is_on && !is_over && is_quiet && word(told::ERROR) == 0
    }

    /// Whether there is room to write, or `net` lies about it.
    pub fn is_writable(&self) -> bool {
        // DEFENCE: lies-wake-writers
        is_some(self.room(&mut self.writing.lock()))
    }

    /// Takes bytes: `take` is shown the piece that can be read and says how many it took.
    /// Whether `net` has to hear of it at once.
    ///
    /// # Errors
    ///
    /// What `take` says; `net` tells of a piece outside of the ring.
    pub fn read<E: From<Outside>>(
        &self,
        take: impl FnOnce(View, Piece) -> Result<u32, E>,
    ) -> Result<bool, E> {
        let mut reading = self.reading.lock();
        // Whoever has `net` forget it says so first, and waits then for this lock.
        // DEFENCE: forgotten-is-no-lie
        let Some(pages) = self.pages() else {
            return Ok(false);
        };
        let piece = self.rest(&mut reading)?;
        if piece.size == 0 {
            return Ok(reading.is_due());
        }
        let view = View::received(self.number as usize, pages)
            .part(piece.at as usize, piece.size as usize)
            .ok_or(Outside)?;
        let taken = take(view, piece)?.min(piece.size);
        if taken > 0 {
            reading.take(taken);
        }
        let is_due = reading.is_due();
        drop(reading);
        if taken > 0 {
            dirty::note(self);
        }
        Ok(is_due)
    }

    /// Writes bytes: `put` is shown where there is room and says how many it wrote.
    ///
    /// # Errors
    ///
    /// What `put` says; `net` tells of a piece outside of the ring.
    pub fn write<E: From<Outside>>(
        &self,
        put: impl FnOnce(View) -> Result<u32, E>,
    ) -> Result<u32, E> {
        let mut writing = self.writing.lock();
        let Some(pages) = self.pages() else {
            return Ok(0);
        };
        let piece = self.room(&mut writing)?;
        let view = View::sent(self.number as usize, pages)
            .part(piece.at as usize, piece.size as usize)
            .ok_or(Outside)?;
        let written = put(view)?.min(piece.size);
        writing.write(written);
        drop(writing);
        if written > 0 {
            dirty::note(self);
        }
        Ok(written)
    }

    fn rest(&self, reading: &mut Reading) -> Result<Piece, Outside> {
        reading.rest(self.told(told::READABLE))
    }

    fn room(&self, writing: &mut Writing) -> Result<Piece, Outside> {
        writing.room(self.told(told::WRITABLE))
    }
}

/// Whether a piece has bytes; also if `net` lies about it, which whoever looks finds out.
fn is_some(piece: Result<Piece, Outside>) -> bool {
    piece.map_or(true, |piece| piece.size > 0)
}

#[cfg(test)]
mod tests {
    use alloc::boxed::Box;

    use domains::network::window;
    use gate::played::{self, Nobody};

    use super::*;

    /// Behind the end of the ring there may be more, at its front, of which `net` tells when
    /// it has heard of what was taken: whoever comes meanwhile sees to that.
    #[test]
    fn whoever_comes_to_the_end_of_a_ring_does_not_sleep() {
        let _play = played::begin(Box::new(Nobody));
        let slot = Slot::new(4);
        let pages = Pages {
            receive: 1,
            send: 1,
        };
        slot.set_known(pages);
        let at = window::start(4) as usize;
        let tell = |what: usize, word: u64| played::write(at + what, &word.to_ne_bytes());
        tell(told::STATE, state::CONNECTED);
        assert!(slot.has_nothing_to_read());
        let last = pages.receive_capacity() as u64 - 8;
        tell(told::READABLE, 8 << 32 | last);
        assert!(!slot.has_nothing_to_read(), "there are bytes");
        assert_eq!(slot.read(|_, piece| Ok::<_, Outside>(piece.size)), Ok(true));
        assert!(!slot.has_nothing_to_read(), "`net` has to hear of it");
        slot.tell();
        slot.settle();
        tell(told::READABLE, 0);
        assert!(slot.has_nothing_to_read());
    }

    /// One that reads or writes while a pump runs may find that another CPU has had `net`
    /// forget the socket just now.
    #[test]
    fn what_is_forgotten_meanwhile_is_no_lie() {
        let _play = played::begin(Box::new(Nobody));
        let slot = Slot::new(3);
        slot.set_known(Pages {
            receive: 1,
            send: 1,
        });
        for what in [told::READABLE, told::WRITABLE] {
            let piece = 8_u64 << 32;
            played::write(window::start(3) as usize + what, &piece.to_ne_bytes());
        }
        assert_eq!(slot.read(|_, _| Ok::<_, Outside>(2)), Ok(false));
        assert_eq!(slot.write(|_| Ok::<_, Outside>(2)), Ok(2));
        let (taken, written) = slot.tell();
        assert_eq!((taken, written.size), (2, 2));
        slot.pages.store(0, Ordering::Release);
        assert_eq!(slot.read(|_, _| Ok::<_, Outside>(1)), Ok(false));
        assert_eq!(slot.write(|_| Ok::<_, Outside>(1)), Ok(0));
    }
}
