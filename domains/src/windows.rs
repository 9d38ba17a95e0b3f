//! How the windows of cells are cut up.
//!
//! A window is where the safe kernel and a cell exchange bytes, and what the
//! device behind it reads and writes itself. The windows of a cell lie in one
//! piece of physical memory, mapped at boot for good; those of volumes only as
//! far as there are any.

use crate::boot::VOLUMES_MAX;
use crate::device::{CONSOLES, DEVICES_MAX};
use crate::layout::{PACKETS, PAGE_SIZE, Region};
use crate::network::{desk, packets};
use crate::{Area, Cell};

/// Bytes of a console's output that are sent at once.
pub const OUTPUT_SIZE: usize = 4 * PAGE_SIZE as usize;
/// Bytes of standard input that a device brings at once.
pub const INPUT_SIZE: usize = PAGE_SIZE as usize;
/// How many such pieces there are.
pub const INPUTS: usize = 16;
/// Random bytes that a device brings at once.
pub const RANDOM_SIZE: usize = 512;

/// Bytes that the cell `probe` is shown at once.
#[cfg(feature = "test-hooks")]
pub const PROBE_SIZE: usize = 2 * PAGE_SIZE as usize;

const INPUT: usize = CONSOLES * OUTPUT_SIZE;
const RANDOM: usize = INPUT + INPUTS * INPUT_SIZE;

/// How many requests a volume has under way.
pub const REQUESTS: usize = 4;
/// How many requests any queue has under way.
pub const SLOTS: usize = if INPUTS > REQUESTS { INPUTS } else { REQUESTS };
/// Entries of a queue that the safe kernel speaks by: two for each request to a
/// server, or one for each piece of input.
pub const ENTRIES: usize = if INPUTS > 2 * REQUESTS {
    INPUTS
} else {
    2 * REQUESTS
};
/// Bytes for a request to a volume and its reply: 64 KiB of data and a page for
/// what is around it.
pub const REQUEST_SIZE: usize = 17 * PAGE_SIZE as usize;

/// How large the windows of a cell are, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    /// However many devices it has.
    fixed: u64,
    /// For each of its devices.
    for_each: u64,
}

/// Those of the cell `console`.
pub(crate) const CONSOLE: Size = Size {
    fixed: RANDOM as u64 + PAGE_SIZE,
    for_each: 0,
};
/// Those of the cell `hostfs`.
pub(crate) const HOSTFS: Size = Size {
    fixed: 0,
    for_each: (REQUESTS * REQUEST_SIZE) as u64,
};
/// Those of the cell `nic`.
pub(crate) const NIC: Size = Size {
    fixed: (desk::nic::SIZE as u64).next_multiple_of(PAGE_SIZE),
    for_each: 0,
};
/// Those of the cell `net`.
pub(crate) const NET: Size = Size {
    fixed: desk::net::SIZE as u64,
    for_each: 0,
};
/// Those of the cell `probe`.
#[cfg(feature = "test-hooks")]
pub(crate) const PROBE: Size = Size {
    fixed: PROBE_SIZE as u64,
    for_each: 0,
};

/// The windows that `cell` has if it has so many devices.
pub const fn all(cell: Cell, devices: usize) -> Region {
    let Size { fixed, for_each } = cell.windows_size();
    Region::new(cell.windows().start, fixed + devices as u64 * for_each)
}

/// What `cell`'s devices may read and write that is not the cell's alone: whose
/// it is, and where it lies.
pub const fn shared(cell: Cell) -> Option<(Area, Region)> {
    match cell {
        // DEFENCE: packets-of-network-cards
        Cell::Nic => Some((
            Area::Packets,
            Region::new(PACKETS.start, packets::BYTES as u64),
        )),
        _ => None,
    }
}

/// Where the output of a console lies.
pub const fn output(console: usize) -> Region {
    window(Cell::Console, console % CONSOLES * OUTPUT_SIZE, OUTPUT_SIZE)
}

/// Where a piece of input lies.
pub const fn input(piece: usize) -> Region {
    window(
        Cell::Console,
        INPUT + piece % INPUTS * INPUT_SIZE,
        INPUT_SIZE,
    )
}

/// Where random bytes lie.
pub const fn random() -> Region {
    window(Cell::Console, RANDOM, RANDOM_SIZE)
}

/// Where a request to a volume and its reply lie.
pub const fn request(volume: usize, slot: usize) -> Region {
    let number = volume % VOLUMES_MAX * REQUESTS + slot % REQUESTS;
    window(Cell::Hostfs, number * REQUEST_SIZE, REQUEST_SIZE)
}

/// The desk of the cell `nic`.
pub const fn nic() -> Region {
    window(Cell::Nic, 0, desk::nic::SIZE)
}

/// The desk of the cell `net`.
pub const fn net() -> Region {
    window(Cell::Net, 0, desk::net::SIZE)
}

/// Where the cell `probe` is shown bytes.
#[cfg(feature = "test-hooks")]
pub const fn probe() -> Region {
    window(Cell::Probe, 0, PROBE_SIZE)
}

const fn window(cell: Cell, offset: usize, size: usize) -> Region {
    Region::new(cell.windows().start + offset as u64, size as u64)
}

const _: () = {
    let mut number = 0;
    while number < Cell::ALL.len() {
        let cell = Cell::ALL[number];
        assert!(all(cell, DEVICES_MAX).end <= cell.windows().end);
        number += 1;
    }
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_follow_each_other() {
        assert_eq!(output(0).start, all(Cell::Console, 0).start);
        assert_eq!(output(0).end, output(1).start);
        assert_eq!(output(1).end, input(0).start);
        assert_eq!(input(INPUTS - 1).end, random().start);
        assert!(random().end <= all(Cell::Console, 0).end);
        assert_eq!(request(0, 0).start, all(Cell::Hostfs, 1).start);
        assert_eq!(request(0, REQUESTS - 1).end, request(1, 0).start);
        let last = request(VOLUMES_MAX - 1, REQUESTS - 1);
        assert_eq!(last.end, all(Cell::Hostfs, VOLUMES_MAX).end);
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
