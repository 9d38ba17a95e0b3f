//! What a file in memory holds: pages, where something was written.
//!
//! Between its pages a file is zero and costs nothing, so its size says nothing
//! of its memory. A page begins small and grows to what was written in it, so
//! that a short file costs little. Bytes behind the end are always zero in a
//! page: a file that grows shows zeros and never what it held once.

use alloc::vec::Vec;

use hashbrown::HashTable;

use super::room::Room;
use crate::errno::Errno;
use crate::events;
use crate::files::system::Appended;
use crate::files::transfer::{Source, Target};
use crate::heap;

/// The largest file: offsets are signed for the application.
pub const SIZE_MAX: u64 = i64::MAX as u64;
/// The most bytes of one request; the caller asks again. It bounds how long
/// others wait for the file, and for the CPU.
pub const TRANSFER_MAX: usize = 1 << 20;

const PAGE: usize = 4096;
/// What a page costs besides its bytes: its place in the table, which may be
/// more than twice as large as it need be.
const PLACE_COST: u64 = 88;
/// What the table of a file costs besides the places of its pages: it begins
/// with several.
const TABLE_COST: u64 = 128;
/// How many pages are freed before others may run.
const FREED_AT_ONCE: usize = 1024;
/// The smallest size of a page.
const PAGE_MIN: usize = 64;

static ZEROS: [u8; PAGE] = [0; PAGE];

/// The bytes of a file.
#[derive(Debug, Default)]
pub struct Pages {
    pages: HashTable<Page>,
    size: u64,
    /// What the pages cost.
    cost: u64,
}

/// Pages that are in no file any more. To free them takes long where they are
/// many, so they are dropped without a lock, and others run meanwhile.
#[derive(Debug, Default)]
#[must_use]
pub struct Remains(HashTable<Page>);

impl Drop for Remains {
    fn drop(&mut self) {
        let mut pages = core::mem::take(&mut self.0).into_iter();
        while pages.by_ref().take(FREED_AT_ONCE).map(drop).count() == FREED_AT_ONCE {
            events::let_others_run();
        }
    }
}

#[derive(Debug)]
struct Page {
    number: u64,
    /// The first bytes; those that are not there are zero.
    bytes: Vec<u8>,
}

impl Page {
    fn cost(&self) -> u64 {
        page_cost(self.bytes.len())
    }

    /// The bytes from `start` on, as far as they are there.
    fn from(&mut self, start: usize) -> &mut [u8] {
        self.bytes.get_mut(start..).unwrap_or(&mut [])
    }
}

/// A part of one page.
#[derive(Clone, Copy, Debug)]
struct Part {
    page: u64,
    start: usize,
    end: usize,
}

impl Part {
    /// The part of at most `size` bytes from `offset` on.
    fn at(offset: u64, size: usize) -> Part {
        let start = (offset % PAGE as u64) as usize;
        Part {
            page: offset / PAGE as u64,
            start,
            end: start.saturating_add(size).min(PAGE),
        }
    }

    fn size(&self) -> usize {
        self.end.saturating_sub(self.start)
    }
}

impl Pages {
    /// How many bytes there are.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// How many blocks of 512 bytes are in use.
    pub fn blocks(&self) -> u64 {
        self.cost.div_ceil(512)
    }

    /// Reads from `offset` on; how many bytes.
    ///
    /// # Errors
    ///
    /// The target did not take the first of them.
    pub fn read(&self, offset: u64, target: &mut dyn Target) -> Result<usize, Errno> {
        let left = self.size.saturating_sub(offset);
        let left = usize::try_from(left).unwrap_or(usize::MAX);
        let size = target.size().min(left).min(TRANSFER_MAX);
        let mut done = 0;
        while done < size {
            let part = Part::at(
                offset.saturating_add(done as u64),
                size.saturating_sub(done),
            );
            match self.read_part(part, done, target) {
                Ok(()) => done = done.saturating_add(part.size()),
                Err(errno) if done == 0 => return Err(errno),
                Err(_) => break,
            }
        }
        Ok(done)
    }

    /// Writes from `offset` on; how many bytes.
    ///
    /// # Errors
    ///
    /// There is no room, the file would be too large, or the source has not got
    /// the first of them.
    pub fn write(
        &mut self,
        offset: u64,
        source: &dyn Source,
        room: &Room,
    ) -> Result<usize, Errno> {
        let left = SIZE_MAX.saturating_sub(offset);
        let left = usize::try_from(left).unwrap_or(usize::MAX);
        let size = source.size().min(left).min(TRANSFER_MAX);
        if size == 0 && source.size() > 0 {
            return Err(Errno::TooBig);
        }
        let mut done = 0;
        while done < size {
            let at = offset.saturating_add(done as u64);
            let part = Part::at(at, size.saturating_sub(done));
            match self.write_part(part, done, source, room) {
                Ok(()) => done = done.saturating_add(part.size()),
                Err(errno) if done == 0 => return Err(errno),
                Err(_) => break,
            }
            self.size = self.size.max(offset.saturating_add(done as u64));
        }
        Ok(done)
    }

    /// Writes at the end.
    ///
    /// # Errors
    ///
    /// As [`Pages::write`].
    pub fn append(&mut self, source: &dyn Source, room: &Room) -> Result<Appended, Errno> {
        let written = self.write(self.size, source, room)?;
        Ok(Appended {
            written,
            end: self.size,
        })
    }

    /// Cuts the file, or lets it grow by zeros.
    ///
    /// # Errors
    ///
    /// A file cannot be that large.
    pub fn set_size(&mut self, size: u64, room: &Room) -> Result<Remains, Errno> {
        if size > SIZE_MAX {
            return Err(Errno::TooBig);
        }
        let mut remains = Remains::default();
        if size == 0 {
            remains = self.clear(room);
        } else if size < self.size {
            self.cut(size, room);
        }
        self.size = size;
        Ok(remains)
    }

    /// Gives all its memory back, when what remains is dropped.
    pub fn clear(&mut self, room: &Room) -> Remains {
        room.give_back(self.cost);
        Remains(core::mem::take(self).pages)
    }

    fn cut(&mut self, size: u64, room: &Room) {
        let last = Part::at(size, 0);
        if let Some(page) = self.find_mut(last.page) {
            page.from(last.start).fill(0);
        }
        let kept = size.div_ceil(PAGE as u64);
        let mut removed: u64 = 0;
        self.pages.retain(|page| {
            let is_kept = page.number < kept;
            if !is_kept {
                removed = removed.saturating_add(page.cost());
            }
            is_kept
        });
        self.cost = self.cost.saturating_sub(removed);
        room.give_back(removed);
    }

    /// Puts a part of a page at the place `at` of the target.
    fn read_part(&self, part: Part, at: usize, target: &mut dyn Target) -> Result<(), Errno> {
        let held = self.find(part.page).map_or(&[][..], |page| &page.bytes);
        let held = held.get(part.start..).unwrap_or(&[]);
        let held = held.get(..part.size()).unwrap_or(held);
        if !held.is_empty() {
            target.put(at, held)?;
        }
        let zeros = part.size().saturating_sub(held.len());
        match ZEROS.get(..zeros) {
            Some(zeros @ [_, ..]) => target.put(at.saturating_add(held.len()), zeros),
            _ => Ok(()),
        }
    }

    fn write_part(
        &mut self,
        part: Part,
        at: usize,
        source: &dyn Source,
        room: &Room,
    ) -> Result<(), Errno> {
        let size = self.size;
        let page = self.find_or_make(part.page, part.end, room)?;
        let bytes = page.bytes.get_mut(part.start..part.end);
        let taken = source.take(at, bytes.ok_or(Errno::Invalid)?);
        if taken.is_err() {
            // What came before the failure may lie behind the end.
            let start = part.page.saturating_mul(PAGE as u64);
            let end = usize::try_from(size.saturating_sub(start)).unwrap_or(usize::MAX);
            page.from(end).fill(0);
        }
        taken
    }

    fn find(&self, number: u64) -> Option<&Page> {
        self.pages.find(hash(number), |page| page.number == number)
    }

    fn find_mut(&mut self, number: u64) -> Option<&mut Page> {
        self.pages
            .find_mut(hash(number), |page| page.number == number)
    }

    /// The page `number`, with at least `size` bytes.
    fn find_or_make(
        &mut self,
        number: u64,
        size: usize,
        room: &Room,
    ) -> Result<&mut Page, Errno> {
        let held = self.find(number).map(|page| page.bytes.len());
        if held.is_none_or(|held| held < size) {
            let size = size.next_power_of_two().clamp(PAGE_MIN, PAGE);
            let table = if self.pages.is_empty() { TABLE_COST } else { 0 };
            let more = page_cost(size)
                .saturating_sub(held.map_or(0, page_cost))
                .saturating_add(table);
            room.take(more)?;
            let grown = self.grow(number, size);
            grown.inspect_err(|_| room.give_back(more))?;
            self.cost = self.cost.saturating_add(more);
        }
        self.find_mut(number).ok_or(Errno::NoSpace)
    }

    /// Gives the page `number`, which it makes if need be, `size` bytes.
    fn grow(&mut self, number: u64, size: usize) -> Result<(), Errno> {
        if let Some(page) = self.find_mut(number) {
            return lengthen(&mut page.bytes, size);
        }
        self.pages
            .try_reserve(1, |page| hash(page.number))
            .map_err(|_| Errno::NoSpace)?;
        let mut bytes = Vec::new();
        lengthen(&mut bytes, size)?;
        self.pages
            .insert_unique(hash(number), Page { number, bytes }, |page| {
                hash(page.number)
            });
        Ok(())
    }
}

/// What a page costs that has `size` bytes.
const fn page_cost(size: usize) -> u64 {
    heap::cost(size).saturating_add(PLACE_COST)
}

/// Adds zeros up to `size` bytes.
fn lengthen(bytes: &mut Vec<u8>, size: usize) -> Result<(), Errno> {
    let more = size.saturating_sub(bytes.len());
    bytes.try_reserve_exact(more).map_err(|_| Errno::NoSpace)?;
    bytes.resize(size, 0);
    Ok(())
}

/// Neighbours go far apart, in the upper bits as well as in the lower.
fn hash(number: u64) -> u64 {
    const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
    let hash = number.wrapping_mul(GOLDEN);
    hash ^ (hash >> 32)
}

#[cfg(test)]
mod tests;
