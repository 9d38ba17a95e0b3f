//! Rings that a driver and a device write to as bytes say.

extern crate std;

use core::sync::atomic::Ordering::Relaxed;
use std::collections::BTreeMap;
use std::thread_local;
use std::vec::Vec;

use super::entries::{DESCRIPTOR, ENTRIES, NEXT, USED};
use super::{AVAILABLE, INDEX, Queue, Rings};
use crate::device::virtio::Refused;
use crate::device::virtio::area::{Area, Areas};
use crate::device::virtio::bus::Bell;
use crate::memory::frame::Frame;
use crate::memory::physical::{self, PhysicalMap};

const RINGS: Rings = Rings {
    driver: 0x1000,
    table: 0x3000,
    shared: 0x4000,
};
/// Memory that the device may have.
const GOOD: Area = Area {
    address: 0x7000_0000,
    physical: 0x5000,
    size: 0x4000,
};

/// A queue between two who do what bytes say.
struct World {
    map: PhysicalMap,
    queue: Queue,
    size: u16,
    /// What the device has: the descriptors of each chain, by its head.
    live: BTreeMap<u16, Vec<(u16, [u64; 2])>>,
    used: u16,
    seen: [usize; 4],
}

/// Has a driver and a device act, four bytes each time, behind one for the size of the
/// queue: what was published, used and refused, more or less.
pub fn queue(bytes: &[u8]) -> [usize; 4] {
    let Some((size, rest)) = bytes.split_first() else {
        return [0; 4];
    };
    let mut world = World::new(8 << (size % 6));
    for act in rest.as_chunks::<4>().0 {
        if !world.act(*act) {
            break;
        }
    }
    world.seen.map(|count| count.min(4))
}

impl World {
    fn new(size: u16) -> World {
        thread_local! {
            static MAP: PhysicalMap = physical::fake(9);
        }
        let map = MAP.with(|map| *map);
        (0..9).for_each(|frame| map.zero(Frame::from_number(frame)));
        World {
            map,
            queue: Queue::new(size, RINGS, Bell::default()),
            size,
            live: BTreeMap::new(),
            used: 0,
            seen: [0; 4],
        }
    }

    /// One act; whether the queue goes on.
    fn act(&mut self, [what, first, second, third]: [u8; 4]) -> bool {
        let number = u64::from(first) % u64::from(self.size);
        let (small, both) = (u16::from(second), u16::from_le_bytes([second, third]));
        match what % 16 {
            0..=4 => self.describe(number, small, third),
            5 => self.set(
                RINGS.driver + DESCRIPTOR * number + u64::from(second % 8) * 2,
                both,
            ),
            6..=8 => self.set(self.source() + ENTRIES + 2 * number, both % (self.size + 1)),
            9 => self.set(self.source() + INDEX, both),
            10 | 11 => {
                let index = self.map.half(self.source() + INDEX).load(Relaxed);
                self.set(self.source() + INDEX, index.wrapping_add(small % 4));
            }
            12 => self.use_one(small % self.size, true),
            13 => self.use_one(both, third % 2 == 0),
            _ => return self.publish(),
        }
        true
    }

    /// A descriptor that is mostly right.
    fn describe(&mut self, number: u64, next: u16, does: u8) {
        let place = RINGS.driver + DESCRIPTOR * number;
        let address = GOOD.address + u64::from(does) * 64;
        let flags = u64::from(does & 3);
        let rest = 0x40 | flags << 32 | u64::from(next % self.size) << 48;
        self.map.word(place).store(address, Relaxed);
        self.map.word(place + 8).store(rest, Relaxed);
    }

    fn set(&mut self, place: u64, value: u16) {
        self.map.half(place).store(value, Relaxed);
    }

    fn source(&self) -> u64 {
        RINGS.driver + DESCRIPTOR * u64::from(self.size)
    }

    /// The device uses an entry, and says so or not yet.
    fn use_one(&mut self, head: u16, tells: bool) {
        let head = match self.live.keys().nth(usize::from(head) % 8) {
            Some(live) if tells => *live,
            _ => head,
        };
        let entry = USED * u64::from(self.used % self.size);
        self.set(RINGS.shared + ENTRIES + entry, head);
        self.used = self.used.wrapping_add(1);
        if tells {
            self.set(RINGS.shared + INDEX, self.used);
        }
    }

    /// Publishes; whether nobody broke a rule.
    fn publish(&mut self) -> bool {
        let (before, retired) = (self.index(), self.queue.retired);
        let areas = Areas {
            windows: GOOD,
            ..Areas::default()
        };
        let published = self.queue.publish(self.map, &areas);
        // What was used is taken note of first, whatever is refused then.
        self.retire(retired);
        self.check_live();
        match published {
            Ok(()) => {
                let count = self.index().wrapping_sub(before);
                assert!(count <= self.size, "no more than there is room for");
                (0..count).for_each(|place| self.add(before.wrapping_add(place)));
                self.seen[0] += usize::from(count);
            }
            Err(Refused::Memory(_)) => self.seen[2] += 1,
            Err(_) => self.seen[3] += 1,
        }
        published.is_ok()
    }

    fn index(&self) -> u16 {
        self.map.half(RINGS.available() + INDEX).load(Relaxed)
    }

    /// What the device was believed to have used, it had.
    fn retire(&mut self, mut from: u16) {
        while from != self.queue.retired {
            let entry = USED * u64::from(from % self.size);
            let head = self.map.half(RINGS.shared + ENTRIES + entry).load(Relaxed);
            let was_live = self.live.remove(&head);
            assert!(was_live.is_some(), "{head} is used, and was not given");
            self.seen[1] += 1;
            from = from.wrapping_add(1);
        }
    }

    /// Nothing that the device has was rewritten.
    fn check_live(&self) {
        for (number, entry) in self.live.values().flatten() {
            assert_eq!(self.entry(*number), *entry, "descriptor {number}");
        }
    }

    fn entry(&self, number: u16) -> [u64; 2] {
        let place = RINGS.table + DESCRIPTOR * u64::from(number);
        [0, 8].map(|word| self.map.word(place + word).load(Relaxed))
    }

    /// Takes note of a chain that the device was given: it ends, and each of its
    /// descriptors leads to memory that the device may have.
    fn add(&mut self, index: u16) {
        let slot = ENTRIES + 2 * u64::from(index % self.size);
        let head = self.map.half(RINGS.shared + AVAILABLE + slot).load(Relaxed);
        let (mut chain, mut next) = (Vec::new(), Some(head));
        while let Some(number) = next {
            let entry = self.entry(number);
            let (size, flags) = (entry[1] & 0xffff_ffff, (entry[1] >> 32) as u16);
            assert!(entry[0] >= GOOD.physical, "{:#x} is another's", entry[0]);
            assert!(entry[0] + size <= GOOD.physical + GOOD.size);
            chain.push((number, entry));
            assert!(chain.len() <= usize::from(self.size), "a chain has an end");
            next = (flags & NEXT != 0).then_some((entry[1] >> 48) as u16);
        }
        let before = self.live.insert(head, chain);
        assert!(before.is_none(), "{head} is given twice");
    }
}
