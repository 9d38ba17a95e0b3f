//! How the frames are cut up: a window for each device.
//!
//! A window is where the safe kernel and a driver exchange bytes, and what the
//! device reads and writes itself. The frames lie in one piece of physical
//! memory, mapped at boot for good; those of volumes only as far as there are
//! any.

use crate::boot::VOLUMES_MAX;
use crate::device::CONSOLES;
use crate::layout::PAGE_SIZE;

const PAGE: usize = PAGE_SIZE as usize;

/// Bytes of a console's output that are sent at once.
pub const OUTPUT_SIZE: usize = 4 * PAGE;
/// Bytes of standard input that a device brings at once.
pub const INPUT_SIZE: usize = PAGE;
/// How many such pieces there are.
pub const INPUTS: usize = 16;
/// Random bytes that a device brings at once.
pub const RANDOM_SIZE: usize = 512;

const INPUT: usize = CONSOLES * OUTPUT_SIZE;
const RANDOM: usize = INPUT + INPUTS * INPUT_SIZE;
const FIRST_VOLUME: usize = RANDOM + PAGE;

/// How many requests a volume has under way.
pub const REQUESTS: usize = 4;
/// How many requests any queue has under way.
pub const SLOTS: usize = if INPUTS > REQUESTS { INPUTS } else { REQUESTS };
/// Bytes for a request to a volume and its reply: 64 KiB of data and a page for
/// what is around it.
pub const REQUEST_SIZE: usize = 17 * PAGE;

/// Bytes of all windows.
pub const SIZE_MAX: usize = size(VOLUMES_MAX);

/// Bytes of the windows that there are with so many volumes.
pub const fn size(volumes: usize) -> usize {
    FIRST_VOLUME + volumes * REQUESTS * REQUEST_SIZE
}

/// Where the output of a console lies, of [`OUTPUT_SIZE`] bytes.
pub const fn output(console: usize) -> usize {
    console % CONSOLES * OUTPUT_SIZE
}

/// Where a piece of input lies, of [`INPUT_SIZE`] bytes.
pub const fn input(piece: usize) -> usize {
    INPUT + piece % INPUTS * INPUT_SIZE
}

/// Where random bytes lie, [`RANDOM_SIZE`] of them.
pub const fn random() -> usize {
    RANDOM
}

/// Where a request to a volume lies, of [`REQUEST_SIZE`] bytes.
pub const fn request(volume: usize, slot: usize) -> usize {
    let number = volume % VOLUMES_MAX * REQUESTS + slot % REQUESTS;
    FIRST_VOLUME + number * REQUEST_SIZE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_follow_each_other() {
        assert_eq!(output(1) + OUTPUT_SIZE, input(0));
        assert_eq!(input(INPUTS - 1) + INPUT_SIZE, random());
        assert!(random() + RANDOM_SIZE <= request(0, 0));
        assert_eq!(request(0, REQUESTS - 1) + REQUEST_SIZE, request(1, 0));
        let last = request(VOLUMES_MAX - 1, REQUESTS - 1);
        assert_eq!(last + REQUEST_SIZE, SIZE_MAX);
    }

    #[test]
    fn a_number_that_is_too_large_has_the_window_of_another() {
        assert_eq!(output(CONSOLES), output(0));
        assert_eq!(input(INPUTS), input(0));
        assert_eq!(request(VOLUMES_MAX, 0), request(0, 0));
        for volume in 0..VOLUMES_MAX {
            assert_eq!(request(volume, REQUESTS), request(volume, 0));
        }
    }
}
