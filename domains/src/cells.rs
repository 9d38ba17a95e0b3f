//! Sets of cells: which of them an image has.

use crate::cell::CELLS_MAX;
use crate::{Cell, Domain, Purpose};

/// A set of cells, a bit for each by its number, as it stands in a manifest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cells(u64);

impl Cells {
    /// All cells of images for `purpose`.
    pub const fn of(purpose: Purpose) -> Cells {
        Cells((1 << purpose.cells().len()) - 1)
    }

    /// The set with these bits; none if one of them is that of no cell in images
    /// for `purpose`.
    pub const fn from_bits(bits: u64, purpose: Purpose) -> Option<Cells> {
        match bits & !Cells::of(purpose).0 {
            0 => Some(Cells(bits)),
            _ => None,
        }
    }

    /// A bit for each cell that is in the set.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// The same set without `cell`.
    pub const fn without(self, cell: Cell) -> Cells {
        Cells(self.0 & !(1 << cell.number()))
    }

    /// Whether `cell` is in the set.
    pub const fn has(self, cell: Cell) -> bool {
        self.0 >> cell.number() & 1 != 0
    }

    /// Whether code runs as `domain` where there are these cells.
    pub const fn has_domain(self, domain: Domain) -> bool {
        match domain {
            Domain::Safe | Domain::App => true,
            Domain::Cell(cell) => self.has(cell),
        }
    }

    /// The cells of the set, by number.
    pub fn iter(self) -> impl Iterator<Item = Cell> + Clone {
        Cell::ALL.into_iter().filter(move |cell| self.has(*cell))
    }
}

const _: () = assert!(CELLS_MAX < 64, "each cell has a bit");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_the_cells_that_were_not_left_out() {
        let all = Cells::of(Purpose::Tests);
        assert!(all.iter().eq(Cell::ALL));
        assert!(Cells::of(Purpose::Use).iter().eq(Cell::DEPLOYED));
        for cell in Cell::ALL {
            let others = all.without(cell);
            assert!(!others.has(cell) && !others.has_domain(Domain::Cell(cell)));
            assert!(
                others
                    .iter()
                    .eq(Cell::ALL.into_iter().filter(|it| *it != cell))
            );
            assert_eq!(others.without(cell), others);
            assert!(others.has_domain(Domain::Safe) && others.has_domain(Domain::App));
        }
    }

    #[test]
    fn bits_of_no_cell_are_no_set() {
        for purpose in [Purpose::Use, Purpose::Tests] {
            let all = Cells::of(purpose);
            assert_eq!(Cells::from_bits(all.bits(), purpose), Some(all));
            assert_eq!(Cells::from_bits(0, purpose).map(Cells::bits), Some(0));
            let next = 1 << purpose.cells().len();
            assert_eq!(Cells::from_bits(next, purpose), None);
            assert_eq!(Cells::from_bits(u64::MAX, purpose), None);
        }
    }
}
