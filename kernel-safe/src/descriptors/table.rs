//! The table of descriptors: which number is open to what.

use alloc::vec::Vec;

use super::numbers::Numbers;
use super::open::Open;
use crate::errno::Errno;

/// The descriptors.
#[derive(Debug)]
pub struct Table {
    numbers: Numbers,
    open: Vec<Option<Open>>,
}

impl Table {
    /// None.
    pub const fn new() -> Table {
        Table {
            numbers: Numbers::new(),
            open: Vec::new(),
        }
    }

    /// What `descriptor` is open to.
    ///
    /// # Errors
    ///
    /// It is not open.
    #[inline]
    pub fn get(&self, descriptor: i32) -> Result<&Open, Errno> {
        // A negative number becomes one that is too large.
        let entry = self.open.get(descriptor as usize);
        entry.and_then(Option::as_ref).ok_or(Errno::BadDescriptor)
    }

    /// Opens the lowest free descriptor, from `lowest` on, to `open`.
    ///
    /// # Errors
    ///
    /// None is free, or memory is short; then `open` comes back, to be dropped
    /// where no lock is held.
    pub fn add(&mut self, lowest: usize, open: Open) -> Result<i32, (Errno, Open)> {
        match self.make_room(lowest) {
            Ok(number) => {
                if let Some(place) = self.open.get_mut(number) {
                    *place = Some(open);
                }
                // There are fewer than 2^31.
                Ok(number as i32)
            }
            Err(errno) => Err((errno, open)),
        }
    }

    /// Whether one more can be opened now.
    ///
    /// # Errors
    ///
    /// None is free, or memory is short.
    pub fn check_room(&mut self) -> Result<(), Errno> {
        let number = self.make_room(0)?;
        self.numbers.give_back(number);
        Ok(())
    }

    /// Closes `descriptor`: what it was open to, to be dropped where no lock is
    /// held.
    ///
    /// # Errors
    ///
    /// It is not open.
    pub fn close(&mut self, descriptor: i32) -> Result<Open, Errno> {
        let number = usize::try_from(descriptor).map_err(|_| Errno::BadDescriptor)?;
        let entry = self.open.get_mut(number).and_then(Option::take);
        let entry = entry.ok_or(Errno::BadDescriptor)?;
        self.numbers.give_back(number);
        Ok(entry)
    }

    /// Takes a number, which has a place.
    fn make_room(&mut self, lowest: usize) -> Result<usize, Errno> {
        let number = self.numbers.take(lowest)?;
        if let Some(missing) = number.checked_sub(self.open.len()) {
            let missing = missing.saturating_add(1);
            if self.open.try_reserve(missing).is_err() {
                self.numbers.give_back(number);
                return Err(Errno::NoMemory);
            }
            self.open
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
    use crate::stdio::Stream;

    fn add(table: &mut Table, lowest: usize) -> Result<i32, Errno> {
        let open = Open::new(Stream::Output.into(), 0)?;
        let added = table.add(lowest, open);
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
