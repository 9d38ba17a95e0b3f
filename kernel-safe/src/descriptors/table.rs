//! The table of descriptors: which number is open to what.

use alloc::vec::Vec;

use super::numbers::Numbers;
use super::open::Open;
use crate::errno::Errno;
use crate::stdio::Stream;

/// What a descriptor is open to.
#[derive(Clone, Debug)]
pub enum Entry {
    /// A standard stream, which nobody has to count.
    Stream(Stream),
    /// Anything else.
    Open(Open),
}

/// The descriptors.
#[derive(Debug)]
pub struct Table {
    numbers: Numbers,
    entries: Vec<Option<Entry>>,
}

impl Table {
    /// None.
    pub const fn new() -> Table {
        Table {
            numbers: Numbers::new(),
            entries: Vec::new(),
        }
    }

    /// What `descriptor` is open to.
    ///
    /// # Errors
    ///
    /// It is not open.
    #[inline]
    pub fn get(&self, descriptor: i32) -> Result<&Entry, Errno> {
        // A negative number becomes one that is too large.
        let entry = self.entries.get(descriptor as usize);
        entry.and_then(Option::as_ref).ok_or(Errno::BadDescriptor)
    }

    /// Opens the lowest free descriptor, from `lowest` on, to `entry`.
    ///
    /// # Errors
    ///
    /// None is free, or memory is short; then `entry` comes back, to be dropped
    /// where no lock is held.
    pub fn add(&mut self, lowest: usize, entry: Entry) -> Result<i32, (Errno, Entry)> {
        match self.make_room(lowest) {
            Ok(number) => {
                if let Some(place) = self.entries.get_mut(number) {
                    *place = Some(entry);
                }
                // There are fewer than 2^31.
                Ok(number as i32)
            }
            Err(errno) => Err((errno, entry)),
        }
    }

    /// Closes `descriptor`: what it was open to, to be dropped where no lock is
    /// held.
    ///
    /// # Errors
    ///
    /// It is not open.
    pub fn close(&mut self, descriptor: i32) -> Result<Entry, Errno> {
        let number = usize::try_from(descriptor).map_err(|_| Errno::BadDescriptor)?;
        let entry = self.entries.get_mut(number).and_then(Option::take);
        let entry = entry.ok_or(Errno::BadDescriptor)?;
        self.numbers.give_back(number);
        Ok(entry)
    }

    /// Takes a number, which has an entry.
    fn make_room(&mut self, lowest: usize) -> Result<usize, Errno> {
        let number = self.numbers.take(lowest)?;
        if let Some(missing) = number.checked_sub(self.entries.len()) {
            let missing = missing.saturating_add(1);
            if self.entries.try_reserve(missing).is_err() {
                self.numbers.give_back(number);
                return Err(Errno::NoMemory);
            }
            self.entries
                .extend(core::iter::repeat_with(|| None).take(missing));
        }
        Ok(number)
    }
}

impl Default for Table {
    fn default() -> Self {
        Table::new()
    }
}

#[cfg(test)]
mod tests {
    use super::super::numbers::LIMIT;
    use super::*;

    fn add(table: &mut Table, lowest: usize) -> Result<i32, Errno> {
        let added = table.add(lowest, Entry::Stream(Stream::Output));
        added.map_err(|(errno, _)| errno)
    }

    #[test]
    fn what_is_not_open_is_no_descriptor() {
        let mut table = Table::new();
        assert_eq!(add(&mut table, 0), Ok(0));
        assert!(table.get(0).is_ok());
        for bad in [1, 255, 256, -1, i32::MIN, i32::MAX] {
            assert!(table.get(bad).is_err());
            assert!(table.close(bad).is_err());
        }
    }

    #[test]
    fn a_closed_descriptor_is_the_next_to_be_given() {
        let mut table = Table::new();
        for number in 0..4 {
            assert_eq!(add(&mut table, 0), Ok(number));
        }
        assert!(table.close(1).is_ok());
        assert!(table.close(1).is_err());
        assert_eq!(add(&mut table, 0), Ok(1));
        assert_eq!(add(&mut table, 100), Ok(100));
        assert!(table.get(99).is_err());
        assert_eq!(add(&mut table, 0), Ok(4));
    }

    #[test]
    fn the_table_has_an_end() {
        let mut table = Table::new();
        for _ in 0..LIMIT {
            assert!(add(&mut table, 0).is_ok());
        }
        assert_eq!(add(&mut table, 0), Err(Errno::TooManyDescriptors));
        assert!(table.close(100_000).is_ok());
        assert_eq!(add(&mut table, 0), Ok(100_000));
    }
}
