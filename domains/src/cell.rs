//! The cells: components of the kernel that may be wrong, and lose only their
//! own.
//!
//! A cell is a row here and a folder of its own. Its domain, area, key, region,
//! gate, token, entries, devices and windows follow from the row. It is called by
//! the safe kernel only, and calls nobody but the core.

use core::fmt;

use crate::boot::VOLUMES_MAX;
use crate::device::{CONSOLES, Kind};
use crate::layout::PAGE_SIZE;
use crate::windows::Size;
use crate::{RestartLimit, entry_names, windows};

/// A component of the kernel with walls of its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Cell {
    /// Consoles, and the source of entropy.
    Console = 0,
    /// Servers of the host's files.
    Hostfs = 1,
    /// A network device.
    Nic = 2,
    /// The TCP/IP stack.
    Net = 3,
    /// Nothing but what tests ask of a cell; images for use have none.
    #[cfg(feature = "test-hooks")]
    Probe = 4,
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
    /// What its entries are called, by number.
    entries: &'static [(u32, &'static str)],
    /// The devices that it drives.
    drives: &'static [Kind],
    /// What its memory holds, in words.
    holds: &'static str,
    /// How often it is started anew before it is given up.
    restarts: RestartLimit,
    /// How long a call may take, in milliseconds.
    deadline_ms: u32,
    /// How large its windows are.
    windows: Size,
    /// Pages for its rings and messages, which its devices may read and write.
    dma_pages: u64,
}

/// The rows, by number.
const ROWS: [Row; Cell::ALL.len()] = [
    Row {
        name: "console",
        title: "the cell `console`",
        key: 5,
        entries: entry_names::CONSOLE,
        drives: &[Kind::Console, Kind::Entropy],
        holds: "consoles and entropy: data, rings, windows",
        restarts: RestartLimit::new(16, 64),
        deadline_ms: 100,
        windows: windows::CONSOLE,
        // Three queues of a console and what it is told; a queue of entropy. The
        // rest is spare: the attack tests have rings of their own there.
        dma_pages: CONSOLES as u64 * 4 + 1 + 8,
    },
    Row {
        name: "hostfs",
        title: "the cell `hostfs`",
        key: 6,
        entries: entry_names::HOSTFS,
        drives: &[Kind::Ninep, Kind::FileSystem],
        holds: "the host's files: data, rings, windows",
        restarts: RestartLimit::new(16, 64),
        deadline_ms: 100,
        windows: windows::HOSTFS,
        dma_pages: VOLUMES_MAX as u64,
    },
    Row {
        name: "nic",
        title: "the cell `nic`",
        key: 7,
        entries: entry_names::NIC,
        drives: &[Kind::Network],
        holds: "a network device: data, rings, lists",
        restarts: RestartLimit::new(16, 64),
        deadline_ms: 100,
        windows: windows::NIC,
        // Two queues of 256 entries, each with rings of three pages.
        dma_pages: 6,
    },
    Row {
        name: "net",
        title: "the cell `net`",
        key: 8,
        entries: entry_names::NET,
        drives: &[],
        holds: "the TCP/IP stack: data, heap, sockets",
        restarts: RestartLimit::new(16, 64),
        deadline_ms: 100,
        windows: windows::NET,
        dma_pages: 0,
    },
    #[cfg(feature = "test-hooks")]
    Row {
        name: "probe",
        title: "the cell `probe`",
        key: 10,
        entries: entry_names::PROBE,
        drives: &[],
        holds: "what tests ask of a cell",
        restarts: RestartLimit::new(16, 64),
        deadline_ms: 100,
        windows: windows::PROBE,
        dma_pages: 0,
    },
];

/// The most cells that there is room for: in the address space, on the gate page
/// and among the words of a CPU page.
pub const CELLS_MAX: usize = 8;

impl Cell {
    /// The cells of every image, by number.
    pub const DEPLOYED: [Cell; 4] = [Cell::Console, Cell::Hostfs, Cell::Nic, Cell::Net];

    /// Every cell, by number: those, and behind them what only tests have.
    #[cfg(not(feature = "test-hooks"))]
    pub const ALL: [Cell; Cell::DEPLOYED.len()] = Cell::DEPLOYED;
    /// Every cell, by number: those, and behind them what only tests have.
    #[cfg(feature = "test-hooks")]
    pub const ALL: [Cell; 5] = [
        Cell::Console,
        Cell::Hostfs,
        Cell::Nic,
        Cell::Net,
        Cell::Probe,
    ];

    /// The number of the entry `null` of every cell, which does nothing.
    pub const NULL: u32 = 0;
    /// The number of the entry `start` of every cell, which starts its devices.
    pub const START: u32 = 1;

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

    /// What its entries are called, by number.
    pub const fn entries(self) -> &'static [(u32, &'static str)] {
        self.row().entries
    }

    /// The number of its entry `hook`, the last, which tests have.
    pub const fn hook(self) -> u32 {
        self.entries().len() as u32 - 1
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

    /// How large its windows are.
    pub(crate) const fn windows_size(self) -> Size {
        self.row().windows
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
    fn every_cell_has_the_entries_of_all_cells_in_their_places() {
        for cell in Cell::ALL {
            let numbers = cell.entries().iter().map(|(number, _)| *number);
            assert!(numbers.eq(0..=cell.hook()), "{cell}");
            let places = [
                (Cell::NULL, "null"),
                (Cell::START, "start"),
                (cell.hook(), "hook"),
            ];
            for place in places {
                assert!(cell.entries().contains(&place), "{cell}: {place:?}");
            }
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
