//! The guest's memory in a file, and where in it the pages of a region lie.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use domains::layout::{PAGE_SIZE, Region};

use crate::vm::Machine;

/// Bits of an entry of a page table (Intel SDM, volume 3, section 5.5.4).
const PRESENT: u64 = 1 << 0;
const WRITABLE: u64 = 1 << 1;
const USER: u64 = 1 << 2;
const LARGE: u64 = 1 << 7;
const NO_EXECUTE: u64 = 1 << 63;
const ADDRESS: u64 = 0x000f_ffff_ffff_f000;

/// Entries of a table.
const ENTRIES: usize = 512;
/// How many levels of tables there are.
const LEVELS: u32 = 4;
/// Where memory goes on that does not fit below the devices.
const UPPER: u64 = 1 << 32;

/// The guest's memory.
#[derive(Debug)]
pub(super) struct Memory {
    file: File,
    size: u64,
    /// How much of it lies below the devices.
    lower: u64,
}

/// Pages that follow each other in the address space, and have the same rights.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Run {
    pub(super) address: u64,
    /// Where each of them lies in physical memory.
    pub(super) pages: Vec<u64>,
    pub(super) is_writable: bool,
    pub(super) is_executable: bool,
}

impl Memory {
    /// Opens the file of a machine of this kind.
    pub(super) fn open(path: &Path, machine: Machine) -> io::Result<Memory> {
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        Ok(Memory {
            file,
            size,
            lower: lower(machine, size),
        })
    }

    /// Reads memory at a physical address.
    pub(super) fn read(&self, physical: u64, bytes: &mut [u8]) -> io::Result<()> {
        let place = match physical.checked_sub(UPPER) {
            Some(above) => self.lower.checked_add(above),
            None => (physical < self.lower).then_some(physical),
        };
        let end = place.and_then(|place| place.checked_add(bytes.len() as u64));
        match (place, end) {
            (Some(place), Some(end)) if end <= self.size => {
                self.file.read_exact_at(bytes, place)
            }
            _ => Err(strange(format!("there is no memory at {physical:#x}"))),
        }
    }

    /// The pages of a region that ring 3 can touch, by the tables at `root`.
    pub(super) fn pages(&self, root: u64, region: Region) -> io::Result<Vec<Run>> {
        let mut found = Found {
            runs: Vec::new(),
            left: self.size / PAGE_SIZE * 2,
        };
        self.walk(root, LEVELS, 0, region, &mut found)?;
        Ok(found.runs)
    }

    /// Looks at a table of `level` whose first entry is for `start`.
    fn walk(
        &self,
        table: u64,
        level: u32,
        start: u64,
        region: Region,
        found: &mut Found,
    ) -> io::Result<()> {
        // How much an entry is for.
        let step = PAGE_SIZE << (9 * (level - 1));
        for (number, entry) in self.table(table)?.into_iter().enumerate() {
            let address = start + number as u64 * step;
            let is_inside = address < region.end && region.start < address + step;
            // DEFENCE: dumps-have-the-application-alone
            if entry & PRESENT == 0 || entry & USER == 0 || !is_inside {
                continue;
            }
            let is_leaf = level == 1 || level < LEVELS && entry & LARGE != 0;
            match is_leaf {
                true => found.add(address, entry, step / PAGE_SIZE)?,
                false => self.walk(entry & ADDRESS, level - 1, address, region, found)?,
            }
        }
        Ok(())
    }

    fn table(&self, physical: u64) -> io::Result<Vec<u64>> {
        let mut bytes = [0; ENTRIES * 8];
        self.read(physical & ADDRESS, &mut bytes)?;
        let (words, _) = bytes.as_chunks::<8>();
        Ok(words.iter().map(|word| u64::from_le_bytes(*word)).collect())
    }
}

/// What was found, and how many pages may still be: tables that lead in a circle have more
/// than there is memory.
struct Found {
    runs: Vec<Run>,
    left: u64,
}

impl Found {
    fn add(&mut self, address: u64, entry: u64, pages: u64) -> io::Result<()> {
        let left = self.left.checked_sub(pages);
        self.left = left.ok_or_else(|| strange("the page tables have no end".to_owned()))?;
        let first = entry & ADDRESS & !(pages * PAGE_SIZE - 1);
        let new = Run {
            address,
            pages: (0..pages).map(|page| first + page * PAGE_SIZE).collect(),
            is_writable: entry & WRITABLE != 0,
            is_executable: entry & NO_EXECUTE == 0,
        };
        match self.runs.last_mut() {
            Some(last) if last.goes_on_with(&new) => last.pages.extend(new.pages),
            _ => self.runs.push(new),
        }
        Ok(())
    }
}

impl Run {
    /// How many bytes it has.
    pub(super) fn size(&self) -> u64 {
        self.pages.len() as u64 * PAGE_SIZE
    }

    fn goes_on_with(&self, next: &Run) -> bool {
        self.address + self.size() == next.address
            && self.is_writable == next.is_writable
            && self.is_executable == next.is_executable
    }
}

/// How much memory lies below the devices, as QEMU divides it.
fn lower(machine: Machine, size: u64) -> u64 {
    let (end, divided) = match machine {
        Machine::Microvm => (0xc000_0000, 0xc000_0000),
        Machine::Q35 => (0xb000_0000, 0x8000_0000),
    };
    match size < end {
        true => size,
        false => divided,
    }
}

fn strange(why: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const REGION: Region = Region::new(0x3000_0000_0000, 1 << 39);

    /// Memory of some pages, with these words at these addresses.
    fn memory(pages: u64, words: &[(u64, u64)]) -> Memory {
        let mut bytes = vec![0; (pages * PAGE_SIZE) as usize];
        for (at, word) in words {
            bytes[*at as usize..][..8].copy_from_slice(&word.to_le_bytes());
        }
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(&bytes).expect("there is room");
        Memory {
            file,
            size: bytes.len() as u64,
            lower: bytes.len() as u64,
        }
    }

    /// Tables at pages 0 to 3 for the start of the region, beside others.
    fn tables(leaves: &[(u64, u64)]) -> Vec<(u64, u64)> {
        let on = PRESENT | WRITABLE | USER;
        let mut words = vec![(96 * 8, 0x1000 | on), (32 * 8, 0x9000 | on)];
        words.extend([(0x1000, 0x2000 | on), (0x2000, 0x3000 | on)]);
        words.extend(
            leaves
                .iter()
                .map(|(number, entry)| (0x3000 + number * 8, *entry)),
        );
        words
    }

    #[test]
    fn pages_of_the_region_alone_are_found() {
        let data = PRESENT | WRITABLE | USER | NO_EXECUTE;
        let text = PRESENT | USER;
        let leaves = [
            (0, 0x5000 | text),
            (1, 0x8000 | data),
            (2, 0x7000 | data),
            (4, 0x6000 | data),
            (5, 0x6000 | PRESENT | WRITABLE),
            (6, 0x6000 | USER),
        ];
        let runs = memory(9, &tables(&leaves))
            .pages(0, REGION)
            .expect("they are tables");
        let found: Vec<_> = runs
            .iter()
            .map(|run| {
                (
                    run.address - REGION.start,
                    run.pages.clone(),
                    run.is_executable,
                )
            })
            .collect();
        let expected = [
            (0, vec![0x5000], true),
            (0x1000, vec![0x8000, 0x7000], false),
            (0x4000, vec![0x6000], false),
        ];
        assert_eq!(
            found, expected,
            "neither a supervisor's page nor one that is not there"
        );
    }

    #[test]
    fn tables_that_lead_in_a_circle_or_nowhere_are_told() {
        let on = PRESENT | WRITABLE | USER;
        let circle: Vec<_> = (0..512).map(|number| (number * 8, on)).collect();
        let error = memory(1, &circle).pages(0, REGION).expect_err("no end");
        assert!(error.to_string().contains("no end"), "{error}");
        let error = memory(1, &[(96 * 8, 0x70_0000 | on)]).pages(0, REGION);
        assert!(
            error
                .expect_err("no memory")
                .to_string()
                .contains("0x700000")
        );
    }

    #[test]
    fn memory_goes_on_above_the_devices() {
        assert_eq!(lower(Machine::Microvm, 64 << 20), 64 << 20);
        assert_eq!(lower(Machine::Q35, 4 << 30), 2 << 30);
        assert_eq!(
            lower(Machine::Q35, 0xb000_0000),
            2 << 30,
            "no less than all"
        );
        assert_eq!(lower(Machine::Microvm, 0xc000_0000), 3 << 30);
        let memory = Memory {
            lower: 0x1000,
            ..memory(2, &[(0x1008, 77)])
        };
        let mut word = [0; 8];
        memory.read(UPPER + 8, &mut word).expect("it is there");
        assert_eq!(u64::from_le_bytes(word), 77);
        assert!(memory.read(0x1000, &mut word).is_err(), "devices are there");
    }
}
