//! Bytes on their way between a file and the application.
//!
//! A file system sees neither addresses nor how many buffers there are: it puts
//! bytes into a [`Target`] and takes them from a [`Source`]. What passes through
//! the frames goes from there to the application in one copy.

use gate::user::UserSlice;
use gate::view::View;

use crate::errno::Errno;

/// Where bytes go that are read.
pub trait Target {
    /// How many there is room for.
    fn size(&self) -> usize;

    /// Puts `bytes` at the place `at`; they fit.
    ///
    /// # Errors
    ///
    /// The application's memory is not as it said.
    fn put(&mut self, at: usize, bytes: &[u8]) -> Result<(), Errno>;

    /// Puts the first `size` bytes of a window at the place `at`.
    ///
    /// # Errors
    ///
    /// As [`Target::put`].
    fn put_from(&mut self, at: usize, window: View, size: usize) -> Result<(), Errno>;
}

/// Where bytes come from that are written.
pub trait Source {
    /// How many there are.
    fn size(&self) -> usize;

    /// Fills `buffer` from the place `at` on; there are enough.
    ///
    /// # Errors
    ///
    /// The application's memory is not as it said.
    fn take(&self, at: usize, buffer: &mut [u8]) -> Result<(), Errno>;

    /// Takes `size` bytes from the place `at` on to the beginning of a window.
    ///
    /// # Errors
    ///
    /// As [`Source::take`].
    fn take_to(&self, at: usize, window: View, size: usize) -> Result<(), Errno>;
}

/// Buffers of the application, one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Buffers<'a>(pub &'a [UserSlice]);

impl Buffers<'_> {
    fn total(&self) -> usize {
        self.0
            .iter()
            .fold(0, |total: usize, part| total.saturating_add(part.size()))
    }

    /// Calls `each` for the parts of buffers that the `size` bytes from `at` on
    /// lie in, with how far into those bytes each part begins.
    fn for_each(
        &self,
        at: usize,
        size: usize,
        mut each: impl FnMut(usize, UserSlice) -> Result<(), Errno>,
    ) -> Result<(), Errno> {
        let mut skip = at;
        let mut done = 0;
        for buffer in self.0 {
            let part = buffer.part(skip, size.saturating_sub(done));
            skip = skip.saturating_sub(buffer.size());
            if part.size() > 0 {
                each(done, part)?;
                done = done.saturating_add(part.size());
            }
            if done >= size {
                return Ok(());
            }
        }
        Err(Errno::BadAddress)
    }
}

impl Target for Buffers<'_> {
    fn size(&self) -> usize {
        self.total()
    }

    fn put(&mut self, at: usize, bytes: &[u8]) -> Result<(), Errno> {
        self.for_each(at, bytes.len(), |done, part| {
            let end = done.saturating_add(part.size());
            let bytes = bytes.get(done..end).ok_or(Errno::BadAddress)?;
            Ok(part.write(bytes)?)
        })
    }

    fn put_from(&mut self, at: usize, window: View, size: usize) -> Result<(), Errno> {
        self.for_each(at, size, |done, part| {
            Ok(part.write_from(window.from(done))?)
        })
    }
}

impl Source for Buffers<'_> {
    fn size(&self) -> usize {
        self.total()
    }

    fn take(&self, at: usize, buffer: &mut [u8]) -> Result<(), Errno> {
        self.for_each(at, buffer.len(), |done, part| {
            let end = done.saturating_add(part.size());
            let buffer = buffer.get_mut(done..end).ok_or(Errno::BadAddress)?;
            Ok(part.read(buffer)?)
        })
    }

    fn take_to(&self, at: usize, window: View, size: usize) -> Result<(), Errno> {
        self.for_each(at, size, |done, part| Ok(part.read_to(window.from(done))?))
    }
}

/// Bytes of the kernel's own: what tests of file systems read and write.
#[cfg(test)]
pub mod testing {
    use super::*;

    impl Target for &mut [u8] {
        fn size(&self) -> usize {
            self.len()
        }

        fn put(&mut self, at: usize, bytes: &[u8]) -> Result<(), Errno> {
            let end = at.checked_add(bytes.len()).ok_or(Errno::BadAddress)?;
            let place = self.get_mut(at..end).ok_or(Errno::BadAddress)?;
            place.copy_from_slice(bytes);
            Ok(())
        }

        fn put_from(&mut self, _: usize, _: View, _: usize) -> Result<(), Errno> {
            Err(Errno::BadAddress)
        }
    }

    impl Source for &[u8] {
        fn size(&self) -> usize {
            self.len()
        }

        fn take(&self, at: usize, buffer: &mut [u8]) -> Result<(), Errno> {
            let end = at.checked_add(buffer.len()).ok_or(Errno::BadAddress)?;
            buffer.copy_from_slice(self.get(at..end).ok_or(Errno::BadAddress)?);
            Ok(())
        }

        fn take_to(&self, _: usize, _: View, _: usize) -> Result<(), Errno> {
            Err(Errno::BadAddress)
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use domains::layout::APP;

    use super::*;

    fn parts(sizes: &[usize], at: usize, size: usize) -> (Vec<(usize, usize)>, bool) {
        let buffers: Vec<UserSlice> = sizes
            .iter()
            .map(|size| UserSlice::new(APP.start as usize, *size))
            .collect();
        let mut parts = Vec::new();
        let done = Buffers(&buffers).for_each(at, size, |done, part| {
            parts.push((done, part.size()));
            Ok(())
        });
        (parts, done.is_ok())
    }

    #[test]
    fn bytes_lie_in_buffers_one_after_the_other() {
        assert_eq!(parts(&[3, 0, 4], 0, 7).0, [(0, 3), (3, 4)]);
        assert_eq!(parts(&[3, 0, 4], 2, 3).0, [(0, 1), (1, 2)]);
        assert_eq!(parts(&[3, 4], 3, 4).0, [(0, 4)]);
        assert_eq!(parts(&[3, 4], 6, 1), (alloc::vec![(0, 1)], true));
    }

    #[test]
    fn more_bytes_than_there_are_is_an_error() {
        assert!(!parts(&[3, 4], 6, 2).1);
        assert!(!parts(&[], 0, 1).1);
        assert_eq!(Source::size(&Buffers(&[])), 0);
    }
}
