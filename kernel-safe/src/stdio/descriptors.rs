//! Descriptors: numbers for what is open.

use crate::errno::Errno;

/// What a descriptor is open to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stream {
    /// Standard input.
    Input,
    /// Standard output.
    Output,
    /// Standard error.
    Error,
}

/// How many descriptors there can be.
pub const DESCRIPTORS: usize = 256;

/// The open descriptors.
#[derive(Debug)]
pub struct Descriptors {
    open: [Option<Stream>; DESCRIPTORS],
}

impl Descriptors {
    /// What a program starts with.
    pub const fn new() -> Descriptors {
        let mut open = [None; DESCRIPTORS];
        open[0] = Some(Stream::Input);
        open[1] = Some(Stream::Output);
        open[2] = Some(Stream::Error);
        Descriptors { open }
    }

    /// What `descriptor` is open to.
    ///
    /// # Errors
    ///
    /// It is not open.
    pub fn get(&self, descriptor: i32) -> Result<Stream, Errno> {
        let place = usize::try_from(descriptor).ok();
        let entry = place.and_then(|place| self.open.get(place));
        entry.copied().flatten().ok_or(Errno::BadDescriptor)
    }

    /// Closes `descriptor`.
    ///
    /// # Errors
    ///
    /// It is not open.
    pub fn close(&mut self, descriptor: i32) -> Result<(), Errno> {
        let place = usize::try_from(descriptor).ok();
        let entry = place.and_then(|place| self.open.get_mut(place));
        let closed = entry.and_then(Option::take);
        closed.map(|_| ()).ok_or(Errno::BadDescriptor)
    }

    /// Opens the lowest free descriptor to what `descriptor` is open to.
    ///
    /// # Errors
    ///
    /// It is not open, or no descriptor is free.
    pub fn duplicate(&mut self, descriptor: i32) -> Result<i32, Errno> {
        let stream = self.get(descriptor)?;
        let mut entries = (0_i32..).zip(self.open.iter_mut());
        let free = entries.find(|(_, entry)| entry.is_none());
        let (number, entry) = free.ok_or(Errno::TooManyDescriptors)?;
        *entry = Some(stream);
        Ok(number)
    }
}

impl Default for Descriptors {
    fn default() -> Self {
        Descriptors::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_starts_with_three_streams() {
        let descriptors = Descriptors::new();
        assert_eq!(descriptors.get(0), Ok(Stream::Input));
        assert_eq!(descriptors.get(1), Ok(Stream::Output));
        assert_eq!(descriptors.get(2), Ok(Stream::Error));
        for bad in [3, 255, 256, -1, i32::MIN, i32::MAX] {
            assert_eq!(descriptors.get(bad), Err(Errno::BadDescriptor));
        }
    }

    #[test]
    fn a_closed_descriptor_is_the_next_to_be_given() {
        let mut descriptors = Descriptors::new();
        assert_eq!(descriptors.duplicate(2), Ok(3));
        assert_eq!(descriptors.close(1), Ok(()));
        assert_eq!(descriptors.close(1), Err(Errno::BadDescriptor));
        assert_eq!(descriptors.duplicate(3), Ok(1));
        assert_eq!(descriptors.get(1), Ok(Stream::Error));
        assert_eq!(descriptors.duplicate(77), Err(Errno::BadDescriptor));
    }

    #[test]
    fn the_table_has_an_end() {
        let mut descriptors = Descriptors::new();
        for next in 3..256 {
            assert_eq!(descriptors.duplicate(1), Ok(next));
        }
        assert_eq!(descriptors.duplicate(1), Err(Errno::TooManyDescriptors));
    }
}
