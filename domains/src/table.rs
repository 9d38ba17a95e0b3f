//! The access matrix: which domain may do what with which area.
//!
//! Everything else about keys follows from [`TABLE`]: the PKRU values, the
//! forbidden edges that the fault tests walk, and the matrix that the security
//! document quotes.

use core::fmt;

use crate::{Area, Domain, Key, Rights};

/// One row of the matrix: an area, its key, and each domain's rights over it.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// What the pages hold.
    pub area: Area,
    /// The key that the pages carry.
    pub key: Key,
    /// What they hold, in words.
    pub holds: &'static str,
    safe: Rights,
    unsafe_: Rights,
    app: Rights,
}

/// The domain table. Key 0 has no row: nobody may touch it, so that a page
/// that forgets its key fails closed.
pub const TABLE: [Row; Area::ALL.len()] = {
    use Rights::{None, Read, ReadWrite};
    [
        row(
            Area::Text,
            1,
            [None, None, None],
            "all ring-3 code, execute-only",
        ),
        row(
            Area::Safe,
            2,
            [ReadWrite, None, None],
            "the safe kernel's data, stacks, heap",
        ),
        row(
            Area::Unsafe,
            3,
            [None, ReadWrite, None],
            "the drivers' data, their rings in the DMA area",
        ),
        row(
            Area::App,
            4,
            [ReadWrite, None, ReadWrite],
            "the application's data, stacks, heap",
        ),
        row(
            Area::Frames,
            5,
            [ReadWrite, ReadWrite, None],
            "buffers between the kernels",
        ),
        row(
            Area::Info,
            6,
            [ReadWrite, Read, Read],
            "time page, boot information, CPU page",
        ),
    ]
};

const fn row(area: Area, key: u8, rights: [Rights; 3], holds: &'static str) -> Row {
    let [safe, unsafe_, app] = rights;
    Row {
        area,
        key: Key::new(key),
        holds,
        safe,
        unsafe_,
        app,
    }
}

impl Row {
    /// What `domain` may do with this area.
    pub const fn rights(&self, domain: Domain) -> Rights {
        match domain {
            Domain::Safe => self.safe,
            Domain::Unsafe => self.unsafe_,
            Domain::App => self.app,
        }
    }
}

/// The row of `area`.
pub const fn row_of(area: Area) -> &'static Row {
    const ROWS: &[Row] = &TABLE;
    let mut index = 0;
    while index < ROWS.len() {
        if ROWS[index].area as u8 == area as u8 {
            return &ROWS[index];
        }
        index += 1;
    }
    panic!("every area has a row")
}

/// The key that pages of `area` carry.
pub const fn key_of(area: Area) -> Key {
    row_of(area).key
}

/// The area whose pages carry `key`; none for key 0 and the spare keys.
pub fn area_of(key: Key) -> Option<Area> {
    TABLE.iter().find(|row| row.key == key).map(|row| row.area)
}

/// What `domain` may do with `area`.
pub const fn rights(domain: Domain, area: Area) -> Rights {
    row_of(area).rights(domain)
}

/// Displays the access matrix as a Markdown table.
pub struct Matrix;

impl fmt::Display for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| key | area | safe kernel | unsafe kernel | app | holds |"
        )?;
        writeln!(f, "|---|---|---|---|---|---|")?;
        writeln!(f, "| 0 | – | – | – | – | nothing that ring 3 may touch |")?;
        for row in &TABLE {
            write!(f, "| {} | {} |", row.key.number(), row.area)?;
            for domain in Domain::ALL {
                write!(f, " {} |", row.rights(domain))?;
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

    #[test]
    fn nobody_reads_text_and_only_the_safe_kernel_writes_info() {
        for domain in Domain::ALL {
            assert_eq!(rights(domain, Area::Text), Rights::None);
            let writes = rights(domain, Area::Info) == Rights::ReadWrite;
            assert_eq!(writes, domain == Domain::Safe);
        }
    }
}
