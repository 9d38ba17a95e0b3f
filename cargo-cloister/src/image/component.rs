//! The separately linked parts of an image.

use std::fmt;

use domains::layout::{self, Region};
use domains::{Area, Cell, Cells, Domain};
use serde::{Serialize, Serializer};

/// A part of an image, linked on its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Component {
    /// The trusted core, in ring 0.
    Core,
    /// The page with the call gates.
    Gate,
    /// The safe kernel.
    Safe,
    /// A cell.
    Cell(Cell),
    /// The application with its copy of std.
    App,
}

impl Component {
    /// Every component of any image, in the order of their physical addresses.
    pub const ALL: [Component; 4 + Cell::ALL.len()] = {
        let mut all = [Component::App; 4 + Cell::ALL.len()];
        (all[0], all[1], all[2]) = (Component::Core, Component::Gate, Component::Safe);
        let mut cell = 0;
        while cell < Cell::ALL.len() {
            all[3 + cell] = Component::Cell(Cell::ALL[cell]);
            cell += 1;
        }
        all
    };

    /// The components of an image with these cells, in that order.
    pub fn of_image(cells: Cells) -> impl Iterator<Item = Component> {
        let is_there = move |it: &Component| it.cell().is_none_or(|cell| cells.has(cell));
        Component::ALL.into_iter().filter(is_there)
    }

    /// The word for it in file names and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Component::Core => "core",
            Component::Gate => "gate",
            Component::Safe => "safe",
            Component::Cell(cell) => cell.name(),
            Component::App => "app",
        }
    }

    /// What a person calls it.
    pub const fn title(self) -> &'static str {
        match self {
            Component::Core => "the trusted core",
            Component::Gate => "the gate page",
            Component::Safe => "the safe kernel",
            Component::Cell(cell) => cell.title(),
            Component::App => "the application",
        }
    }

    /// Where its pages must lie.
    pub const fn region(self) -> Region {
        match self {
            Component::Core => layout::CORE,
            Component::Gate => Region::new(layout::GATE_PAGE, layout::PAGE_SIZE),
            Component::Safe => layout::SAFE.image(),
            Component::Cell(cell) => cell.region().image(),
            Component::App => layout::APP.image(),
        }
    }

    /// The component whose image lies around `address`.
    pub fn at(address: u64) -> Option<Component> {
        Component::ALL
            .into_iter()
            .find(|component| component.region().contains(address))
    }

    /// The area of its pages that hold data; the core has none, it lies
    /// outside of the domain table.
    pub const fn data_area(self) -> Option<Area> {
        match self {
            Component::Core => None,
            Component::Gate => Some(Area::Text),
            Component::Safe => Some(Area::Safe),
            Component::Cell(cell) => Some(Area::Cell(cell)),
            Component::App => Some(Area::App),
        }
    }

    /// The cell that it is; none if it is another part.
    pub const fn cell(self) -> Option<Cell> {
        match self {
            Component::Cell(cell) => Some(cell),
            Component::Core | Component::Gate | Component::Safe | Component::App => None,
        }
    }

    /// The domain that runs its code; none for the core, which is none, and
    /// for the gates, which belong to both sides of their edge.
    pub const fn domain(self) -> Option<Domain> {
        match self {
            Component::Core | Component::Gate => None,
            Component::Safe => Some(Domain::Safe),
            Component::Cell(cell) => Some(Domain::Cell(cell)),
            Component::App => Some(Domain::App),
        }
    }
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Serialize for Component {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_has_at_most_one_component() {
        for component in Component::ALL {
            assert_eq!(Component::at(component.region().start), Some(component));
        }
        assert_eq!(Component::at(0), None);
        assert_eq!(
            Component::at(layout::APP.heap().start),
            None,
            "the heap is no image"
        );
    }
}
