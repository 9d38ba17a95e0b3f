//! The cells: components of the kernel that may be wrong, and lose only their
//! own.
//!
//! A cell is a row here and a folder of its own. Its domain, area, key, region,
//! gate, token, devices and windows follow from the row. It is called by the
//! safe kernel only, and calls nobody but the core.

use core::fmt;

use crate::RestartLimit;
use crate::boot::VOLUMES_MAX;
use crate::device::{CONSOLES, Kind};
use crate::layout::PAGE_SIZE;

/// A component of the kernel with walls of its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Cell {
    /// Consoles, and the source of entropy.
    Console = 0,
    /// Servers of the host's files.
    Hostfs = 1,
}

/// What there is to know of a cell.
#[derive(Clone, Copy, Debug)]
struct Row {
    /// The word for it in reports and on command lines.
    name: &'static str,
    /// What a person calls it.
    title: &'static str,
    /// The number of its protection key.
    key: u8,
    /// The devices that it drives.
    drives: &'static [Kind],
    /// What its memory holds, in words.
    holds: &'static str,
    /// How often it is started anew before it is given up.
    restarts: RestartLimit,
    /// How long a call may take, in milliseconds.
    deadline_ms: u32,
    /// Pages for its rings and messages, which its devices may read and write.
    dma_pages: u64,
}

/// The rows, by number.
const ROWS: [Row; Cell::ALL.len()] = [
    Row {
        name: "console",
        title: "the cell `console`",
        key: 5,
        drives: &[Kind::Console, Kind::Entropy],
        holds: "consoles and entropy: data, rings, windows",
        restarts: RestartLimit::new(16, 64),
        deadline_ms: 100,
        // Three queues of a console and what it is told; a queue of entropy. The
        // rest is spare: the attack tests have rings of their own there.
        dma_pages: CONSOLES as u64 * 4 + 1 + 8,
    },
    Row {
        name: "hostfs",
        title: "the cell `hostfs`",
        key: 6,
        drives: &[Kind::Ninep, Kind::FileSystem],
        holds: "the host's files: data, rings, windows",
        restarts: RestartLimit::new(16, 64),
        deadline_ms: 100,
        dma_pages: VOLUMES_MAX as u64,
    },
];

/// The most cells that there is room for: in the address space, on the gate page
/// and among the words of a CPU page.
pub const CELLS_MAX: usize = 8;

impl Cell {
    /// Every cell, by number.
    pub const ALL: [Cell; 2] = [Cell::Console, Cell::Hostfs];

    /// Its number, which is its place in [`Cell::ALL`].
    pub const fn number(self) -> usize {
        self as usize
    }

    const fn row(self) -> &'static Row {
        &ROWS[self.number()]
    }

    /// The word for it in reports and on command lines.
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// What a person calls it.
    pub const fn title(self) -> &'static str {
        self.row().title
    }

    /// The number of its protection key.
    pub(crate) const fn key(self) -> u8 {
        self.row().key
    }

    /// The devices that it drives.
    pub const fn drives(self) -> &'static [Kind] {
        self.row().drives
    }

    /// What its memory holds, in words.
    pub(crate) const fn holds(self) -> &'static str {
        self.row().holds
    }

    /// How often it is started anew before it is given up.
    pub const fn restart_limit(self) -> RestartLimit {
        self.row().restarts
    }

    /// How long a call may take, in milliseconds of the timer that ends it.
    pub const fn deadline_ms(self) -> u32 {
        self.row().deadline_ms
    }

    /// Bytes for its rings and messages.
    pub const fn dma_size(self) -> u64 {
        self.row().dma_pages * PAGE_SIZE
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

const _: () = assert!(Cell::ALL.len() <= CELLS_MAX, "there is no room for so many");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_has_its_place_and_a_name_of_its_own() {
        for (place, cell) in Cell::ALL.into_iter().enumerate() {
            assert_eq!(cell.number(), place);
            let same = Cell::ALL.into_iter().filter(|it| it.name() == cell.name());
            assert_eq!(same.count(), 1);
        }
    }

    #[test]
    fn every_kind_of_device_is_driven_by_one_cell() {
        for kind in Kind::ALL {
            let drivers = Cell::ALL
                .into_iter()
                .filter(|it| it.drives().contains(&kind));
            assert!(drivers.eq([kind.cell()]), "{kind:?}");
        }
    }
}
