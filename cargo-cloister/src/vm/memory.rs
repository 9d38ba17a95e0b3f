//! Sizes of memory as people write them.

use std::fmt;
use std::str::FromStr;

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
const TIB: u64 = 1 << 40;

/// An amount of memory for a guest; a plain number is in MiB, as for QEMU.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Memory(u64);

/// A size that no machine can have.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InvalidMemory {
    /// Not a number with a unit.
    #[error("`{0}` is not a size: write a number with K, M or G behind it, such as 64M")]
    NotASize(String),
    /// Outside of what QEMU can give.
    #[error("{0} is outside of what a machine can have: from 2M to 1024G")]
    OutOfRange(String),
}

impl Memory {
    /// What a guest gets when nobody says otherwise.
    pub const DEFAULT: Memory = Memory(64 * MIB);

    /// How many bytes it is.
    pub const fn bytes(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            bytes if bytes % GIB == 0 => write!(f, "{}G", bytes / GIB),
            bytes if bytes % MIB == 0 => write!(f, "{}M", bytes / MIB),
            bytes => write!(f, "{}K", bytes / KIB),
        }
    }
}

impl FromStr for Memory {
    type Err = InvalidMemory;

    fn from_str(text: &str) -> Result<Memory, InvalidMemory> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let not_a_size = || InvalidMemory::NotASize(text.to_owned());
        let unit = unit_of(unit).ok_or_else(not_a_size)?;
        if number.is_empty() {
            return Err(not_a_size());
        }
        number
            .parse::<u64>()
            .ok()
            .and_then(|number| number.checked_mul(unit))
            .filter(|bytes| (2 * MIB..=TIB).contains(bytes))
            .map(Memory)
            .ok_or_else(|| InvalidMemory::OutOfRange(text.to_owned()))
    }
}

fn unit_of(suffix: &str) -> Option<u64> {
    match suffix.to_ascii_lowercase().as_str() {
        "k" | "kb" | "kib" => Some(KIB),
        "" | "m" | "mb" | "mib" => Some(MIB),
        "g" | "gb" | "gib" => Some(GIB),
        _ => None,
    }
}

/// Bytes as MiB, rounded up to what a person would give with `-m`.
pub(super) fn mebibytes(bytes: u64) -> u64 {
    bytes.div_ceil(MIB)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_and_without_a_unit() {
        for (text, bytes) in [
            ("64", 64 * MIB),
            ("64M", 64 * MIB),
            ("10MiB", 10 * MIB),
            ("1g", GIB),
            ("2048k", 2 * MIB),
        ] {
            assert_eq!(
                text.parse::<Memory>().map(Memory::bytes),
                Ok(bytes),
                "{text}"
            );
        }
    }

    #[test]
    fn sizes_that_are_none_are_refused() {
        for text in ["", "M", "-5M", "64X", "6 4M", "sixty"] {
            let refusal = text.parse::<Memory>();
            assert!(
                matches!(refusal, Err(InvalidMemory::NotASize(_))),
                "{text}: {refusal:?}"
            );
        }
        for text in ["0", "1M", "99999999999999999999G", "2000G"] {
            let refusal = text.parse::<Memory>();
            assert!(
                matches!(refusal, Err(InvalidMemory::OutOfRange(_))),
                "{text}: {refusal:?}"
            );
        }
    }

    #[test]
    fn sizes_are_written_as_qemu_reads_them() {
        for text in ["64M", "1G", "2052K"] {
            assert_eq!(
                text.parse::<Memory>().map(|size| size.to_string()),
                Ok(text.to_owned())
            );
        }
    }
}
