//! The numbers of sockets, and the pages of their windows.
//!
//! A number that is given back keeps its pages for the next socket of that size; they
//! are taken away when memory for others is short.

use alloc::vec::Vec;

use domains::layout::PAGE_SIZE;
use domains::network::window::{self, Pages, SEND_AT, SOCKETS_MAX};
use gate::memory::{self, MapError};

use super::sizes::{self, CLASSES, Purpose, Wish};
use crate::errno::Errno;

/// The shelf of numbers without pages; the others are those of classes.
const BARE: usize = CLASSES.len();

/// Who maps pages: the core, or on the host a test.
#[derive(Clone, Copy, Debug)]
pub struct Mapper {
    /// Maps so many pages at an address.
    pub map: fn(u64, u64) -> Result<(), MapError>,
    /// Takes them away.
    pub unmap: fn(u64, u64) -> Result<(), MapError>,
}

/// The core.
pub const CORE: Mapper = Mapper {
    map: memory::map_windows,
    unmap: memory::unmap_windows,
};

/// Numbers and windows.
#[derive(Debug)]
pub struct Windows {
    mapper: Mapper,
    /// The shelf that each number is from, and goes back to.
    shelves: Vec<u8>,
    /// Free numbers, by the shelf.
    free: [Vec<u16>; BARE + 1],
    /// Bytes that are mapped, all together, and those of free numbers.
    mapped: u64,
    spare: u64,
}

impl Windows {
    /// No number is in use.
    pub const fn new(mapper: Mapper) -> Windows {
        Windows {
            mapper,
            shelves: Vec::new(),
            free: [const { Vec::new() }; BARE + 1],
            mapped: 0,
            spare: 0,
        }
    }

    /// How many bytes of `limit` are left for windows.
    pub const fn left(&self, limit: u64) -> u64 {
        limit.saturating_sub(self.mapped.saturating_sub(self.spare))
    }

    /// Takes a free number. It has the window of `class` already if there is such a one.
    ///
    /// # Errors
    ///
    /// All are in use, or memory is short.
    pub fn take(&mut self, class: Option<usize>) -> Result<u32, Errno> {
        let shelf = class.unwrap_or(BARE);
        let number = match self.pop(shelf).or_else(|| self.pop(BARE)) {
            Some(number) => number,
            None => match self.make() {
                Ok(number) => number,
                Err(errno) => (0..BARE)
                    .rev()
                    .find_map(|shelf| self.pop(shelf))
                    .ok_or(errno)?,
            },
        };
        Ok(number.into())
    }

    /// A number that nobody had.
    fn make(&mut self) -> Result<u16, Errno> {
        let number = self.shelves.len();
        // DEFENCE: sockets-have-a-limit
        if number >= SOCKETS_MAX {
            return Err(Errno::NoBuffers);
        }
        self.shelves.try_reserve(1)?;
        // So that every number can go back to any shelf.
        for free in &mut self.free {
            let all = self.shelves.len().saturating_add(1);
            free.try_reserve(all.saturating_sub(free.len()))?;
        }
        self.shelves.push(BARE as u8);
        u16::try_from(number).map_err(|_| Errno::NoBuffers)
    }

    fn pop(&mut self, shelf: usize) -> Option<u16> {
        let number = self.free.get_mut(shelf)?.pop()?;
        self.spare = self.spare.saturating_sub(sizes::bytes(shelf));
        Some(number)
    }

    /// Maps a window for a number that is in use: of how many pages.
    ///
    /// # Errors
    ///
    /// There is no memory for one.
    pub fn prepare(
        &mut self,
        number: u32,
        purpose: Purpose,
        wish: Wish,
        limit: u64,
    ) -> Result<Pages, Errno> {
        let own = sizes::bytes(self.shelf(number));
        let left = self.left(limit).saturating_add(own);
        let mut class = sizes::class(purpose, wish, left);
        loop {
            match self.fit(number, class, limit) {
                Ok(()) => return CLASSES.get(class).copied().ok_or(Errno::NoBuffers),
                Err(errno) => class = smaller(purpose, class).ok_or(errno)?,
            }
        }
    }

    /// Sees to it that a number has a window of `class`.
    fn fit(&mut self, number: u32, class: usize, limit: u64) -> Result<(), Errno> {
        let shelf = self.shelf(number);
        if shelf == class {
            return Ok(());
        }
        self.strip(number);
        let bytes = sizes::bytes(class);
        let over = self.mapped.saturating_add(bytes).saturating_sub(limit);
        if over > 0 {
            self.trim(over);
        }
        if self.mapped.saturating_add(bytes) > limit {
            return Err(Errno::NoBuffers);
        }
        if self.map(number, class).is_err() {
            self.trim(u64::MAX);
            self.map(number, class)?;
        }
        Ok(())
    }

    fn map(&mut self, number: u32, class: usize) -> Result<(), Errno> {
        let pages = CLASSES.get(class).copied().ok_or(Errno::NoBuffers)?;
        let start = window::start(number as usize);
        (self.mapper.map)(start, pages.receive as u64).map_err(|_| Errno::NoBuffers)?;
        if pages.send > 0
            && (self.mapper.map)(start.saturating_add(SEND_AT), pages.send as u64).is_err()
        {
            // What was mapped just now can be taken away.
            let _ = (self.mapper.unmap)(start, pages.receive as u64);
            return Err(Errno::NoBuffers);
        }
        self.set_shelf(number, class);
        self.mapped = self.mapped.saturating_add(sizes::bytes(class));
        Ok(())
    }

    /// Takes the pages of a number away. Where the core does not do that, they stay, and
    /// so does the number's shelf.
    fn strip(&mut self, number: u32) -> bool {
        let shelf = self.shelf(number);
        let Some(pages) = CLASSES.get(shelf) else {
            return true;
        };
        let start = window::start(number as usize);
        let received = (self.mapper.unmap)(start, pages.receive as u64);
        let sent = match pages.send {
            0 => Ok(()),
            send => (self.mapper.unmap)(start.saturating_add(SEND_AT), send as u64),
        };
        if received.and(sent).is_err() {
            return false;
        }
        self.set_shelf(number, BARE);
        self.mapped = self.mapped.saturating_sub(sizes::bytes(shelf));
        true
    }

    /// Gives a number back, of which nobody uses the window any more.
    pub fn give_back(&mut self, number: u32) {
        let shelf = self.shelf(number);
        let number = u16::try_from(number).unwrap_or(0);
        if let Some(free) = self
            .free
            .get_mut(shelf)
            .filter(|free| free.len() < free.capacity())
        {
            free.push(number);
            self.spare = self.spare.saturating_add(sizes::bytes(shelf));
        }
    }

    /// Takes pages of free numbers away until `bytes` are free, or there are none; how
    /// many were.
    pub fn trim(&mut self, bytes: u64) -> u64 {
        let before = self.mapped;
        for shelf in (0..BARE).rev() {
            while before.saturating_sub(self.mapped) < bytes {
                let Some(number) = self.pop(shelf) else { break };
                let is_done = self.strip(number.into());
                self.give_back(number.into());
                if !is_done {
                    return before.saturating_sub(self.mapped);
                }
            }
        }
        before.saturating_sub(self.mapped)
    }

    /// Bytes that are mapped for numbers that nobody uses.
    pub const fn spare(&self) -> u64 {
        self.spare
    }

    fn shelf(&self, number: u32) -> usize {
        let shelf = self.shelves.get(number as usize);
        shelf.map_or(BARE, |shelf| usize::from(*shelf))
    }

    fn set_shelf(&mut self, number: u32, shelf: usize) {
        if let Some(place) = self.shelves.get_mut(number as usize) {
            *place = shelf as u8;
        }
    }
}

/// The next smaller class for the same; none if there is none.
fn smaller(purpose: Purpose, class: usize) -> Option<usize> {
    let least = sizes::class(purpose, Wish::default(), 0);
    class.checked_sub(1).filter(|next| *next >= least)
}

const _: () = assert!(PAGE_SIZE == 4096 && BARE < 256);

#[cfg(test)]
mod tests {
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
}
