//! Tests of the way to the CPUs that ACPI lists.

extern crate std;

use std::vec;
use std::vec::Vec;

use super::*;
use crate::memory::frame::Frame;
use crate::memory::physical;
use core::sync::atomic::Ordering::Relaxed;

const RSDP: usize = 0x40;
const ROOT: usize = 0x104;
const OTHER: usize = 0x300;
const MADT: usize = 0x401;
const END: usize = 0x1000;

/// Bytes of memory with tables in them.
struct Fake(Vec<u8>);

impl Fake {
    /// Tables of the old form or the new, with these entries in the MADT.
    fn new(revision: u8, entries: &[&[u8]]) -> Fake {
        let mut fake = Fake(vec![0; END]);
        let root: Vec<u8> = match revision {
            0 => [OTHER, MADT]
                .iter()
                .flat_map(|at| (*at as u32).to_le_bytes())
                .collect(),
            _ => [OTHER, MADT]
                .iter()
                .flat_map(|at| (*at as u64).to_le_bytes())
                .collect(),
        };
        fake.pointer(revision);
        fake.table(ROOT, if revision == 0 { b"RSDT" } else { b"XSDT" }, &root);
        fake.table(OTHER, b"FACP", &[7; 50]);
        fake.table(
            MADT,
            b"APIC",
            &[&[0; 8], entries.concat().as_slice()].concat(),
        );
        fake
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        self.0[at..at + bytes.len()].copy_from_slice(bytes);
    }

    fn pointer(&mut self, revision: u8) {
        self.put(RSDP, b"RSD PTR ");
        self.put(RSDP + 15, &[revision]);
        self.put(RSDP + 16, &(ROOT as u32).to_le_bytes());
        self.close(RSDP, 20, RSDP + 8);
        if revision >= 2 {
            self.put(RSDP + 20, &36_u32.to_le_bytes());
            self.put(RSDP + 24, &(ROOT as u64).to_le_bytes());
            self.close(RSDP, 36, RSDP + 32);
        }
    }

    fn table(&mut self, at: usize, name: &[u8], body: &[u8]) {
        let length = 36 + body.len();
        self.put(at, name);
        self.put(at + 4, &(length as u32).to_le_bytes());
        self.put(at + 36, body);
        self.close(at, length, at + 9);
    }

    /// Makes the bytes from `at` sum up to zero by the one at `place`.
    fn close(&mut self, at: usize, length: usize, place: usize) {
        self.0[place] = 0;
        let sum = self.0[at..at + length]
            .iter()
            .fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
        self.0[place] = sum.wrapping_neg();
    }

    fn ids(&self) -> Option<Ids> {
        let map = physical::fake(1);
        let words = map.words(Frame::from_number(0));
        for (word, bytes) in words.iter().zip(self.0.as_chunks().0) {
            word.store(u64::from_le_bytes(*bytes), Relaxed);
        }
        let end = END as u64;
        ids(Memory { map, end }, RSDP as u64, 0)
    }
}

fn apic(id: u8, flags: u8) -> [u8; 8] {
    [LOCAL_APIC, 8, 9, id, flags, 0, 0, 0]
}

fn x2apic(id: u32, flags: u8) -> [u8; 16] {
    let [a, b, c, d] = id.to_le_bytes();
    [
        LOCAL_X2APIC,
        16,
        0,
        0,
        a,
        b,
        c,
        d,
        flags,
        0,
        0,
        0,
        9,
        0,
        0,
        0,
    ]
}

#[test]
fn enabled_cpus_are_found_among_other_entries() {
    let io_apic = [1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let entries: [&[u8]; 6] = [
        &apic(0, 1),
        &io_apic,
        &apic(2, 1),
        &apic(3, 0),
        &x2apic(5, 1),
        &x2apic(1000, 1),
    ];
    for revision in [0, 2] {
        let ids = Fake::new(revision, &entries).ids().expect("good tables");
        assert_eq!(ids.as_slice(), [0, 2, 5], "revision {revision}");
    }
}

#[test]
fn a_wrong_byte_anywhere_lists_nobody() {
    let good = Fake::new(2, &[&apic(0, 1), &apic(1, 1)]);
    let checked = [RSDP..RSDP + 20, ROOT..ROOT + 52, MADT..MADT + 60];
    for at in checked.into_iter().flatten() {
        let mut bad = Fake(good.0.clone());
        bad.0[at] ^= 0x40;
        assert_eq!(bad.ids(), None, "byte {at:#x}");
    }
}

#[test]
fn entries_that_do_not_fit_list_nobody() {
    for entry in [[LOCAL_APIC, 0], [LOCAL_APIC, 1], [LOCAL_APIC, 200]] {
        assert_eq!(Fake::new(2, &[&apic(1, 1), &entry]).ids(), None);
    }
    // One byte is left behind the last entry.
    assert_eq!(Fake::new(2, &[&apic(1, 1), &[0]]).ids(), None);
}

#[test]
fn addresses_out_of_the_memory_list_nobody() {
    for address in [END as u64 - 8, END as u64, u64::MAX - 3, 1 << 40] {
        let mut fake = Fake::new(2, &[&apic(1, 1)]);
        fake.put(RSDP + 24, &address.to_le_bytes());
        fake.close(RSDP, 36, RSDP + 32);
        assert_eq!(fake.ids(), None);
        let map = physical::fake(1);
        let end = END as u64;
        assert_eq!(ids(Memory { map, end }, address, 0), None);
    }
}

#[test]
fn a_table_that_claims_to_be_long_lists_nobody() {
    for length in [0, 35, 0x1_0000, u32::MAX] {
        let mut fake = Fake::new(0, &[&apic(1, 1)]);
        fake.put(MADT + 4, &length.to_le_bytes());
        assert_eq!(fake.ids(), None);
    }
}
