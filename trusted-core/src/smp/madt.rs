//! The CPUs that ACPI lists: from the root pointer to the MADT.
//!
//! The tables are the firmware's, and none of their numbers is believed before
//! it has been compared with what is mapped and what its table holds. Tables
//! that are wrong anywhere list nobody.

use zerocopy::FromBytes;

use super::ids::Ids;
use crate::memory::physical::PhysicalMap;

/// No table that the core reads is longer.
const LENGTH_MAX: u64 = 64 << 10;
/// Where the entries of the MADT begin.
const ENTRIES: u64 = 44;

/// The root pointer's first form (ACPI 6.5, table 5.3), and its second.
const POINTER_1: u64 = 20;
const POINTER_2: u64 = 36;
const REVISION: u64 = 15;
const RSDT: u64 = 16;
const XSDT: u64 = 24;

/// Kinds of entries of the MADT (ACPI 6.5, table 5.21).
const LOCAL_APIC: u8 = 0;
const LOCAL_X2APIC: u8 = 9;
const ENABLED: u32 = 1;

/// The memory that tables may lie in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    /// The view of it.
    pub(crate) map: PhysicalMap,
    /// The address behind all that is mapped.
    pub(crate) end: u64,
}

/// The head of every table but the pointer.
#[repr(C)]
#[derive(FromBytes)]
struct Header {
    signature: [u8; 4],
    length: u32,
    revision: u8,
    checksum: u8,
    origin: [u8; 26],
}

const HEADER: u64 = size_of::<Header>() as u64;

/// A table whose checksum is right.
#[derive(Clone, Copy)]
struct Table {
    start: u64,
    end: u64,
}

/// The CPU `own` and all that the tables below the pointer at `rsdp` list; none
/// if they are not in order.
pub(super) fn ids(memory: Memory, rsdp: u64, own: u8) -> Option<Ids> {
    let madt = memory.madt(rsdp)?;
    let mut ids = Ids::only(own);
    let mut at = madt.start.checked_add(ENTRIES)?;
    while at < madt.end {
        let [kind, length]: [u8; 2] = memory.read(at)?;
        let end = at + u64::from(length);
        if length < 2 || end > madt.end {
            return None;
        }
        if let Some(id) = memory.processor(kind, at, u64::from(length)) {
            ids.add(id);
        }
        at = end;
    }
    Some(ids)
}

impl Memory {
    /// A record, if it lies in the memory.
    fn read<T: FromBytes>(self, at: u64) -> Option<T> {
        let end = at.checked_add(size_of::<T>() as u64)?;
        (end <= self.end).then(|| self.map.read(at))
    }

    /// The APIC id in an entry of the MADT, if it is that of a usable CPU.
    fn processor(self, kind: u8, at: u64, length: u64) -> Option<u8> {
        let (id, flags): (u32, u32) = match (kind, length) {
            (LOCAL_APIC, 8) => (self.read::<u8>(at + 3)?.into(), self.read(at + 4)?),
            (LOCAL_X2APIC, 16) => (self.read(at + 4)?, self.read(at + 8)?),
            _ => return None,
        };
        let is_enabled = flags & ENABLED != 0;
        is_enabled.then(|| u8::try_from(id).ok()).flatten()
    }

    fn madt(self, rsdp: u64) -> Option<Table> {
        let (root, name, size) = self.root(rsdp)?;
        let root = self.table(root, name)?;
        let mut entries = (root.start + HEADER..root.end).step_by(size);
        entries.find_map(|at| {
            let address = match size {
                4 => u64::from(self.read::<u32>(at)?),
                _ => self.read(at)?,
            };
            self.table(address, b"APIC")
        })
    }

    /// The root table's address and name, and the size of its entries.
    fn root(self, rsdp: u64) -> Option<(u64, &'static [u8; 4], usize)> {
        let name: [u8; 8] = self.read(rsdp)?;
        let revision: u8 = self.read(rsdp.checked_add(REVISION)?)?;
        if name != *b"RSD PTR " || !self.adds_up(rsdp, POINTER_1) {
            return None;
        }
        if revision < 2 {
            let address: u32 = self.read(rsdp + RSDT)?;
            return Some((u64::from(address), b"RSDT", 4));
        }
        let address = self.read(rsdp + XSDT)?;
        self.adds_up(rsdp, POINTER_2)
            .then_some((address, b"XSDT", 8))
    }

    /// The table at `start`, if it has this name and its checksum is right.
    fn table(self, start: u64, name: &[u8; 4]) -> Option<Table> {
        let header: Header = self.read(start)?;
        let length = u64::from(header.length);
        let is_plausible = header.signature == *name && (HEADER..LENGTH_MAX).contains(&length);
        let end = start.checked_add(length)?;
        (is_plausible && self.adds_up(start, length)).then_some(Table { start, end })
    }

    /// Whether the `length` bytes at `start` sum up to zero.
    fn adds_up(self, start: u64, length: u64) -> bool {
        let mut bytes = (0..length).map(|offset| self.read::<u8>(start.checked_add(offset)?));
        bytes.try_fold(0_u8, |sum, byte| Some(sum.wrapping_add(byte?))) == Some(0)
    }
}

#[cfg(test)]
mod tests;
