//! The access matrix: which domain may do what with which area.
//!
//! Everything else about keys follows from [`rights`] and [`TABLE`]: the PKRU
//! values, the forbidden edges that the fault tests walk, and the matrix that
//! the security document quotes.

use core::fmt;

use crate::{Area, Cell, Domain, Key, Purpose, Rights};

/// One row of the matrix: an area, and its key.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// What the pages hold.
    pub area: Area,
    /// The key that the pages carry.
    pub key: Key,
    /// What they hold, in words.
    pub holds: &'static str,
}

/// The domain table. Key 0 has no row: nobody may touch it, so that a page
/// that forgets its key fails closed.
pub const TABLE: [Row; Area::ALL.len()] = {
    let mut table = [row(Area::Text); Area::ALL.len()];
    let mut index = 0;
    while index < table.len() {
        table[index] = row(Area::ALL[index]);
        index += 1;
    }
    table
};

const fn row(area: Area) -> Row {
    let (key, holds) = match area {
        Area::Text => (1, "all ring-3 code, execute-only"),
        Area::Safe => (2, "the safe kernel's data, stacks, heap"),
        Area::App => (3, "the application's data, stacks, heap"),
        Area::Info => (4, "time page, boot information, CPU page"),
        Area::Packets => (9, "buffers for frames"),
        Area::Cell(cell) => (cell.key(), cell.holds()),
    };
    Row {
        area,
        key: Key::new(key),
        holds,
    }
}

/// What `domain` may do with `area`.
///
/// The safe kernel may touch all data; safe code in it reaches the application's
/// and the cells' by copying views only. Everyone else has its own, and reads
/// what all read. No area is shared by two cells but the buffers of frames, because
/// that sharing is their work.
pub const fn rights(domain: Domain, area: Area) -> Rights {
    match (domain, area) {
        (_, Area::Text) => Rights::None,
        (Domain::Safe, _) | (Domain::App, Area::App) => Rights::ReadWrite,
        (_, Area::Info) => Rights::Read,
        (Domain::Cell(Cell::Nic | Cell::Net), Area::Packets) => Rights::ReadWrite,
        (Domain::Cell(own), Area::Cell(cell)) if own.number() == cell.number() => {
            Rights::ReadWrite
        }
        _ => Rights::None,
    }
}

/// The row of `area`.
pub const fn row_of(area: Area) -> &'static Row {
    const ROWS: &[Row] = &TABLE;
    &ROWS[area.number() as usize]
}

/// The key that pages of `area` carry.
pub const fn key_of(area: Area) -> Key {
    row_of(area).key
}

/// The area whose pages carry `key`; none for key 0 and the spare keys.
pub fn area_of(key: Key) -> Option<Area> {
    TABLE.iter().find(|row| row.key == key).map(|row| row.area)
}

/// Displays the access matrix of images for use as a Markdown table.
pub struct Matrix;

impl fmt::Display for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let domains = || Purpose::Use.domains();
        write!(f, "| key | area |")?;
        domains().try_for_each(|it| write!(f, " {it} |"))?;
        write!(f, " holds |\n|---|---|")?;
        domains().try_for_each(|_| write!(f, "---|"))?;
        write!(f, "---|\n| 0 | – |")?;
        domains().try_for_each(|_| write!(f, " – |"))?;
        writeln!(f, " nothing that ring 3 may touch |")?;
        for row in Purpose::Use.areas().map(row_of) {
            write!(f, "| {} | {} |", row.key.number(), row.area)?;
            for domain in domains() {
                write!(f, " {} |", rights(domain, row.area))?;
            }
            writeln!(f, " {} |", row.holds)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_area_has_a_key_of_its_own_and_none_has_key_zero() {
        for area in Area::ALL {
            assert_ne!(key_of(area), Key::NONE);
            assert_eq!(area_of(key_of(area)), Some(area));
        }
        assert_eq!(area_of(Key::NONE), None);
    }

    /// A key too many would be one that the hardware has not, and what comes
    /// next needs some.
    #[test]
    fn four_keys_stay_free() {
        let used = TABLE.iter().map(|row| row.key.number());
        assert!(used.max().expect("there are rows") < Key::COUNT - 4);
    }

    #[test]
    fn a_cell_reaches_nothing_of_another_nor_anyone_of_a_cell_but_the_safe_kernel() {
        for cell in Cell::ALL {
            for domain in Domain::ALL {
                let expected = match domain {
                    Domain::Safe => Rights::ReadWrite,
                    Domain::Cell(own) if own == cell => Rights::ReadWrite,
                    Domain::App | Domain::Cell(_) => Rights::None,
                };
                assert_eq!(rights(domain, Area::Cell(cell)), expected);
            }
        }
    }

    #[test]
    fn only_the_network_reaches_the_buffers_of_frames() {
        for domain in Domain::ALL {
            let expected = match domain {
                Domain::Safe | Domain::Cell(Cell::Nic | Cell::Net) => Rights::ReadWrite,
                Domain::App | Domain::Cell(_) => Rights::None,
            };
            assert_eq!(rights(domain, Area::Packets), expected);
        }
    }

    #[test]
    fn nobody_reads_text_and_only_the_safe_kernel_writes_info() {
        for domain in Domain::ALL {
            assert_eq!(rights(domain, Area::Text), Rights::None);
            let writes = rights(domain, Area::Info) == Rights::ReadWrite;
            assert_eq!(writes, domain == Domain::Safe);
        }
    }
}
