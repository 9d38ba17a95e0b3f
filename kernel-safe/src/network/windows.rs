//! The numbers of sockets, and the pages of their windows.
//!
//! A number that is given back keeps its pages for the next socket of that size; they
//! are taken away when memory for others is short.

use alloc::vec::Vec;

use domains::layout::PAGE_SIZE;
use domains::network::window::{self, Pages, SEND_AT, SOCKETS_MAX};
use gate::memory::{self, MapError};

use super::sizes::{self, CLASSES, LISTENER, Purpose, Wish};
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
        if self.shelf(number) == class {
            return Ok(());
        }
        // DEFENCE: told-page-stays
        // DEFENCE: window-is-one
        self.shrink(number);
        let has = sizes::bytes(self.shelf(number));
        let more = sizes::bytes(class).saturating_sub(has);
        let over = self.mapped.saturating_add(more).saturating_sub(limit);
        if over > 0 {
            self.trim(over);
        }
        // DEFENCE: window-within-limit
        if self.mapped.saturating_add(more) > limit {
            return Err(Errno::NoBuffers);
        }
        if self.map(number, class).is_err() {
            // DEFENCE: window-instead-of-spares
            self.trim(u64::MAX);
            self.map(number, class)?;
        }
        Ok(())
    }

    /// Maps what a number without a window, or with the smallest, lacks to `class`.
    fn map(&mut self, number: u32, class: usize) -> Result<(), Errno> {
        let pages = CLASSES.get(class).copied().ok_or(Errno::NoBuffers)?;
        let (has, [received, sent]) = (self.shelf(number), behind(number, pages));
        let received = match has {
            LISTENER => received,
            _ => (window::start(number as usize), pages.receive as u64),
        };
        self.map_piece(received)?;
        if let Err(errno) = self.map_piece(sent) {
            // What was mapped just now can be taken away.
            // DEFENCE: window-whole-or-none
            let _ = self.unmap_piece(received);
            return Err(errno);
        }
        self.move_to(number, class);
        Ok(())
    }

    fn map_piece(&self, (start, pages): (u64, u64)) -> Result<(), Errno> {
        match pages {
            0 => Ok(()),
            _ => (self.mapper.map)(start, pages).map_err(|_| Errno::NoBuffers),
        }
    }

    fn unmap_piece(&self, (start, pages): (u64, u64)) -> Result<(), MapError> {
        match pages {
            0 => Ok(()),
            _ => (self.mapper.unmap)(start, pages),
        }
    }

    /// Takes all pages of a number that is in use away but the first: whoever uses it may
    /// look at any time at what is told there, and holds no lock for that.
    fn shrink(&mut self, number: u32) {
        let Some(pages) = CLASSES.get(self.shelf(number)).copied() else {
            return;
        };
        let [received, sent] = behind(number, pages);
        let unmapped = self.unmap_piece(received).and(self.unmap_piece(sent));
        if unmapped.is_ok() {
            self.move_to(number, LISTENER);
        }
    }

    /// Notes that a number has a window of another class, or none.
    fn move_to(&mut self, number: u32, shelf: usize) {
        let before = sizes::bytes(self.shelf(number));
        let mapped = self.mapped.saturating_sub(before);
        self.mapped = mapped.saturating_add(sizes::bytes(shelf));
        self.set_shelf(number, shelf);
    }

    /// Takes the pages of a number that nobody uses away. Where the core does not do
    /// that, they stay, and so does the number's shelf.
    fn strip(&mut self, number: u32) -> bool {
        let Some(pages) = CLASSES.get(self.shelf(number)).copied() else {
            return true;
        };
        let [_, sent] = behind(number, pages);
        let received = (window::start(number as usize), pages.receive as u64);
        let unmapped = self.unmap_piece(received).and(self.unmap_piece(sent));
        // DEFENCE: window-stays-known
        if unmapped.is_err() {
            return false;
        }
        self.move_to(number, BARE);
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

/// What a window of these pages has behind its first page: where, and how many.
const fn behind(number: u32, pages: Pages) -> [(u64, u64); 2] {
    let start = window::start(number as usize);
    let rest = pages.receive.saturating_sub(1) as u64;
    [
        (start.saturating_add(PAGE_SIZE), rest),
        (start.saturating_add(SEND_AT), pages.send as u64),
    ]
}

/// The next smaller class for the same; none if there is none.
fn smaller(purpose: Purpose, class: usize) -> Option<usize> {
    let least = sizes::class(purpose, Wish::default(), 0);
    // DEFENCE: window-of-its-kind
    class.checked_sub(1).filter(|next| *next >= least)
}

const _: () = assert!(PAGE_SIZE == 4096 && BARE < 256);

#[cfg(test)]
mod tests;
