//! The kinds of memory that ring 3 can see, each with a key of its own.

use core::fmt;

use crate::Cell;

/// What a page holds. The protection key of the page says the same.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Area {
    /// All ring-3 code, gates included: fetched by all, read by none.
    Text,
    /// The safe kernel's data, stacks and heap.
    Safe,
    /// The application's data, stacks, heap and thread-local storage.
    App,
    /// Time page, boot information and the CPU's own page.
    Info,
    /// Buffers for frames, which the driver of a network device shares with the
    /// TCP/IP stack, and the device.
    Packets,
    /// A cell's data, stacks, rings, and the windows by which the safe kernel and
    /// its devices exchange bytes with it.
    Cell(Cell),
}

impl Area {
    /// How many areas are no cell's own.
    pub(crate) const BEFORE_CELLS: usize = 5;

    /// Every area, by number: the order of the table's rows.
    pub const ALL: [Area; Area::BEFORE_CELLS + Cell::ALL.len()] = {
        let mut all = [Area::Text; Area::BEFORE_CELLS + Cell::ALL.len()];
        (all[1], all[2], all[3]) = (Area::Safe, Area::App, Area::Info);
        all[4] = Area::Packets;
        let mut cell = 0;
        while cell < Cell::ALL.len() {
            all[Area::BEFORE_CELLS + cell] = Area::Cell(Cell::ALL[cell]);
            cell += 1;
        }
        all
    };

    /// Its number, which is its place in [`Area::ALL`].
    pub const fn number(self) -> u8 {
        match self {
            Area::Text => 0,
            Area::Safe => 1,
            Area::App => 2,
            Area::Info => 3,
            Area::Packets => 4,
            Area::Cell(cell) => Area::BEFORE_CELLS as u8 + cell.number() as u8,
        }
    }

    /// The word for it in reports and on command lines.
    pub const fn name(self) -> &'static str {
        match self {
            Area::Text => "text",
            Area::Safe => "safe",
            Area::App => "app",
            Area::Info => "info",
            Area::Packets => "packets",
            Area::Cell(cell) => cell.name(),
        }
    }

    /// The area called `name`.
    pub fn from_name(name: &str) -> Option<Area> {
        Area::ALL.into_iter().find(|area| area.name() == name)
    }
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
