//! Parts of the kernel that an image can do without.

use clap::ValueEnum;
use domains::Cell;
use serde::Deserialize;

/// A part that an image can do without.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Part {
    /// The network: the cells `nic` and `net`
    Net,
}

impl Part {
    /// The cells that are left out with it.
    pub(super) const fn cells(self) -> &'static [Cell] {
        match self {
            Part::Net => &[Cell::Nic, Cell::Net],
        }
    }
}

/// The cells of all `parts`, each once.
pub(super) fn cells_of(parts: &[Part]) -> Vec<Cell> {
    let mut cells: Vec<Cell> = parts
        .iter()
        .flat_map(|part| part.cells())
        .copied()
        .collect();
    cells.sort_unstable();
    cells.dedup();
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_that_is_named_twice_is_left_out_once() {
        let cells = cells_of(&[Part::Net]);
        assert_eq!(cells, [Cell::Nic, Cell::Net]);
        assert_eq!(cells_of(&[Part::Net, Part::Net]), cells);
    }
}
