//! The devices that every program expects.

use crate::errno::Errno;
use crate::files::transfer::{Source, Target};
use crate::random;

use super::pages::TRANSFER_MAX;

/// How much is made at once: it lies on the kernel's stack.
const PIECE: usize = 256;

/// A device.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Device {
    /// Holds nothing, takes all.
    Null,
    /// Is full of zeros.
    Zero,
    /// Is full of zeros, and full.
    Full,
    /// Holds random bytes.
    Random,
}

impl Device {
    /// Every device, by its name.
    pub const ALL: [(&'static [u8], Device); 5] = [
        (b"null", Device::Null),
        (b"zero", Device::Zero),
        (b"full", Device::Full),
        (b"urandom", Device::Random),
        (b"random", Device::Random),
    ];

    /// Reads it; how many bytes.
    ///
    /// # Errors
    ///
    /// There are no random bytes, or the target did not take the first.
    pub fn read(self, target: &mut dyn Target) -> Result<usize, Errno> {
        let size = match self {
            Device::Null => 0,
            _ => target.size().min(TRANSFER_MAX),
        };
        let mut done = 0;
        while done < size {
            let mut piece = [0; PIECE];
            let part = PIECE.min(size.saturating_sub(done));
            let piece = piece.get_mut(..part).ok_or(Errno::Invalid)?;
            if self == Device::Random {
                random::generate(piece)?;
            }
            match target.put(done, piece) {
                Ok(()) => done = done.saturating_add(part),
                Err(errno) if done == 0 => return Err(errno),
                Err(_) => break,
            }
        }
        Ok(done)
    }

    /// Writes to it; how many bytes.
    ///
    /// # Errors
    ///
    /// It is full.
    pub fn write(self, source: &dyn Source) -> Result<usize, Errno> {
        match self {
            Device::Full => Err(Errno::NoSpace),
            _ => Ok(source.size()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_hold_nothing_or_zeros() {
        let mut buffer = [1; 600];
        assert_eq!(Device::Null.read(&mut &mut buffer[..]), Ok(0));
        assert_eq!(Device::Zero.read(&mut &mut buffer[..]), Ok(600));
        assert_eq!(buffer, [0; 600]);
        let bytes = &&b"abc"[..];
        assert_eq!(Device::Null.write(bytes), Ok(3));
        assert_eq!(Device::Full.write(bytes), Err(Errno::NoSpace));
    }
}
