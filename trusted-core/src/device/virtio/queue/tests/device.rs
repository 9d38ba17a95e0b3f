//! A device that takes its time: it reads one word at a step, and uses what it
//! has read in any order.

use super::bench::{load_bytes, store_bytes};
use super::*;

#[derive(Default)]
pub(super) struct Device {
    /// How many entries of its ring it has seen, and how many it has used.
    seen: u16,
    used: u16,
    reading: Option<Reading>,
    /// What it has read and not used.
    held: Vec<Chain>,
    is_asleep: bool,
    is_quiet: bool,
}

/// A chain of descriptors, without their links.
struct Chain {
    head: u16,
    parts: Vec<[u64; 2]>,
}

/// A chain that is being read.
struct Reading {
    chain: Chain,
    number: u16,
    /// The first word of the descriptor, once it is read.
    address: Option<u64>,
}

/// The byte at `place` of what answers `request`.
pub(super) fn answer(request: &[u8], place: usize) -> u8 {
    request[place % request.len()] ^ 0x5a ^ place as u8
}

impl Device {
    /// Hears the bell.
    pub(super) fn wake(&mut self) {
        self.is_asleep = false;
    }

    /// Asks for no bell until it finds nothing more.
    pub(super) fn be_quiet(&mut self, bench: &Bench) {
        if !self.is_asleep {
            self.is_quiet = true;
            bench.set_used_flags(NO_NOTIFY);
        }
    }

    /// Makes one step.
    pub(super) fn step(&mut self, bench: &Bench) {
        match self.reading.take() {
            Some(reading) => self.read(reading, bench),
            None if self.is_asleep => (),
            None if self.seen != bench.index() => self.begin(bench),
            None if self.is_quiet => {
                self.is_quiet = false;
                bench.set_used_flags(0);
            }
            None => self.is_asleep = true,
        }
    }

    fn begin(&mut self, bench: &Bench) {
        let head = bench.slot(self.seen);
        self.seen = self.seen.wrapping_add(1);
        let parts = Vec::new();
        self.reading = Some(Reading {
            chain: Chain { head, parts },
            number: head,
            address: None,
        });
    }

    fn read(&mut self, mut reading: Reading, bench: &Bench) {
        let [first, rest] = bench.entry(reading.number);
        let Some(address) = reading.address.take() else {
            reading.address = Some(first);
            self.reading = Some(reading);
            return;
        };
        reading.chain.parts.push([address, rest]);
        if (rest >> 32) as u16 & NEXT == 0 {
            return self.held.push(reading.chain);
        }
        reading.number = (rest >> 48) as u16;
        self.reading = Some(reading);
    }

    /// Uses one of those that it holds; its head, if it holds any.
    pub(super) fn use_one(&mut self, pick: usize, bench: &Bench) -> Option<u16> {
        let number = pick.checked_rem(self.held.len())?;
        let chain = self.held.swap_remove(number);
        let count = chain.answer(bench.map);
        bench.set_used_with(self.used, chain.head, count);
        self.used = self.used.wrapping_add(1);
        Some(chain.head)
    }
}

impl Chain {
    /// Writes the answer; how many bytes.
    fn answer(&self, map: PhysicalMap) -> u16 {
        let is_for_it = |rest: u64| (rest >> 32) as u16 & WRITE != 0;
        let parts = self.parts.iter();
        let (to, from): (Vec<_>, Vec<_>) = parts.partition(|[_, rest]| is_for_it(*rest));
        let bytes = |part: &[u64; 2]| load_bytes(map, part[0], part[1] & 0xffff_ffff);
        let request: Vec<u8> = from.into_iter().flat_map(bytes).collect();
        let mut place = 0;
        for [address, rest] in to {
            let size = (rest & 0xffff_ffff) as usize;
            let answer: Vec<u8> = (place..place + size)
                .map(|at| answer(&request, at))
                .collect();
            store_bytes(map, *address, &answer);
            place += size;
        }
        place as u16
    }
}
