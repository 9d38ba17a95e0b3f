//! What an image is for, and which cells it has for that.
//!
//! Images for tests have footholds in the kernels, and a cell more. The kernels of
//! either are built with the cells of their own. The host tool, which packs and
//! judges both, knows all, and asks here which of them an image has.

use crate::{Area, Cell, Domain};

/// What an image is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// For use.
    Use,
    /// For tests, with `test-hooks`.
    Tests,
}

impl Purpose {
    /// That of what is built with this table.
    pub const OWN: Purpose = if cfg!(feature = "test-hooks") {
        Purpose::Tests
    } else {
        Purpose::Use
    };

    /// The cells of such an image, by number.
    pub const fn cells(self) -> &'static [Cell] {
        match self {
            Purpose::Use => &Cell::DEPLOYED,
            Purpose::Tests => &Cell::ALL,
        }
    }

    /// Whether such an image has `cell`.
    pub const fn has(self, cell: Cell) -> bool {
        cell.number() < self.cells().len()
    }

    /// Whether such an image has pages of `area`.
    pub const fn has_area(self, area: Area) -> bool {
        match area {
            Area::Text | Area::Safe | Area::App | Area::Info | Area::Packets => true,
            Area::Cell(cell) => self.has(cell),
        }
    }

    /// Whether code runs in such an image as `domain`.
    pub const fn has_domain(self, domain: Domain) -> bool {
        match domain {
            Domain::Safe | Domain::App => true,
            Domain::Cell(cell) => self.has(cell),
        }
    }

    /// The areas of such an image, by number.
    pub fn areas(self) -> impl Iterator<Item = Area> {
        Area::ALL.into_iter().filter(move |it| self.has_area(*it))
    }

    /// The domains of such an image, by number.
    pub fn domains(self) -> impl Iterator<Item = Domain> {
        let all = Domain::ALL.into_iter();
        all.filter(move |it| self.has_domain(*it))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_for_tests_stands_behind_what_is_for_use() {
        let (deployed, all) = (Purpose::Use.cells(), Purpose::Tests.cells());
        assert_eq!(all[..deployed.len()], *deployed);
        for cell in all {
            assert!(Purpose::Tests.has(*cell));
            assert_eq!(Purpose::Use.has(*cell), deployed.contains(cell));
        }
    }

    /// So a number means the same cell, area and domain in both.
    #[test]
    fn numbers_are_the_same_for_both() {
        assert!(
            Purpose::Use.areas().eq(Area::ALL
                .into_iter()
                .take(Area::BEFORE_CELLS + Cell::DEPLOYED.len()))
        );
        let domains = Domain::ALL.into_iter().take(2 + Cell::DEPLOYED.len());
        assert!(Purpose::Use.domains().eq(domains));
        assert_eq!(Purpose::OWN.cells(), Cell::ALL);
    }
}
