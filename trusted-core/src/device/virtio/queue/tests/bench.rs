//! A queue in memory of the host, with both of its ends laid open.

extern crate std;

use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::vec::Vec;

use super::super::{AVAILABLE, DESCRIPTOR, ENTRIES, INDEX, Queue, Rings, USED};
use crate::device::virtio::Refused;
use crate::device::virtio::area::{Area, Areas};
use crate::device::virtio::bus::Bell;
use crate::memory::frame::Frame;
use crate::memory::physical::{self, PhysicalMap};

const FRAMES: usize = 9;
pub(super) const RINGS: Rings = Rings {
    driver: 0x1000,
    table: 0x3000,
    shared: 0x4000,
};

/// Memory that the device may have.
pub(super) const GOOD: Area = Area {
    address: 0x7000_0000,
    physical: 0x5000,
    size: 0x4000,
};

#[derive(Clone, Copy)]
pub(super) struct Bench {
    pub(super) map: PhysicalMap,
    pub(super) areas: Areas,
    pub(super) queue: Queue,
    pub(super) size: u16,
}

impl Bench {
    pub(super) fn new(size: u16) -> Bench {
        Bench {
            map: physical::fake(FRAMES),
            areas: Areas {
                windows: GOOD,
                ..Areas::default()
            },
            queue: Queue::new(size, RINGS, Bell::default()),
            size,
        }
    }

    /// Begins anew, as after a reset.
    pub(super) fn restart(&mut self) {
        for physical in [RINGS.table, RINGS.shared] {
            self.map.zero(Frame::containing(physical));
        }
        self.set_index(0);
        self.queue = Queue::new(self.size, RINGS, Bell::default());
    }

    /// Writes a descriptor as the driver does.
    pub(super) fn describe(&self, number: u16, address: u64, size: u32, flags: u16, next: u16) {
        let place = RINGS.driver + DESCRIPTOR * u64::from(number);
        self.map.word(place).store(address, Relaxed);
        let rest = rest(size, flags, next);
        self.map.word(place + 8).store(rest, Relaxed);
    }

    /// A descriptor that nothing is wrong with.
    pub(super) fn describe_good(&self, number: u16, flags: u16, next: u16) {
        self.describe(number, GOOD.address + 16, 32, flags, next);
    }

    fn source(&self) -> u64 {
        RINGS.driver + DESCRIPTOR * u64::from(self.size)
    }

    /// Writes the flags of the driver's ring.
    pub(super) fn set_flags(&self, flags: u16) {
        self.map.half(self.source()).store(flags, Relaxed);
    }

    /// Writes the index of the driver's ring.
    pub(super) fn set_index(&self, index: u16) {
        self.map.half(self.source() + INDEX).store(index, Release);
    }

    /// Writes an entry of the driver's ring.
    pub(super) fn set_slot(&self, index: u16, head: u16) {
        let slot = ENTRIES + 2 * u64::from(index % self.size);
        self.map.half(self.source() + slot).store(head, Relaxed);
    }

    /// Puts `heads` into the driver's ring behind what was taken.
    pub(super) fn offer(&self, heads: &[u16]) {
        let mut index = self.queue.taken;
        for head in heads {
            self.set_slot(index, *head);
            index = index.wrapping_add(1);
        }
        self.set_index(index);
    }

    pub(super) fn publish(&mut self) -> Result<(), Refused> {
        self.queue.publish(self.map, &self.areas)
    }

    /// Offers and publishes.
    pub(super) fn give(&mut self, heads: &[u16]) -> Result<(), Refused> {
        self.offer(heads);
        self.publish()
    }

    /// The flags of the device's ring.
    pub(super) fn flags(&self) -> u16 {
        self.map.half(RINGS.available()).load(Relaxed)
    }

    /// The index of the device's ring.
    pub(super) fn index(&self) -> u16 {
        self.map.half(RINGS.available() + INDEX).load(Acquire)
    }

    /// An entry of the device's ring.
    pub(super) fn slot(&self, index: u16) -> u16 {
        let slot = ENTRIES + 2 * u64::from(index % self.size);
        self.map.half(RINGS.shared + AVAILABLE + slot).load(Relaxed)
    }

    /// A descriptor of the device's, whole.
    pub(super) fn entry(&self, number: u16) -> [u64; 2] {
        let place = RINGS.table + DESCRIPTOR * u64::from(number);
        [0, 8].map(|word| self.map.word(place + word).load(Relaxed))
    }

    /// Uses `id` as the device does, as the entry `index` of its ring.
    pub(super) fn set_used(&self, index: u16, id: u16) {
        self.set_used_with(index, id, 0);
    }

    /// The same, having written `count` bytes.
    pub(super) fn set_used_with(&self, index: u16, id: u16, count: u16) {
        let place = RINGS.shared + ENTRIES + USED * u64::from(index % self.size);
        self.map.half(place).store(id, Relaxed);
        self.map.half(place + 4).store(count, Relaxed);
        self.set_used_index(index.wrapping_add(1));
    }

    /// Writes the flags of the used ring.
    pub(super) fn set_used_flags(&self, flags: u16) {
        self.map.half(RINGS.shared).store(flags, Relaxed);
    }

    /// Writes the index of the used ring.
    pub(super) fn set_used_index(&self, index: u16) {
        self.map.half(RINGS.shared + INDEX).store(index, Release);
    }
}

/// The `count` bytes at `physical`.
pub(super) fn load_bytes(map: PhysicalMap, physical: u64, count: u64) -> Vec<u8> {
    let byte = |at: u64| map.word(at & !7).load(Relaxed).to_le_bytes()[at as usize % 8];
    (physical..physical + count).map(byte).collect()
}

/// Writes bytes at `physical`.
pub(super) fn store_bytes(map: PhysicalMap, physical: u64, bytes: &[u8]) {
    for (at, byte) in (physical..).zip(bytes) {
        let word = map.word(at & !7);
        let mut all = word.load(Relaxed).to_le_bytes();
        all[at as usize % 8] = *byte;
        word.store(u64::from_le_bytes(all), Relaxed);
    }
}

/// The second word of a descriptor.
pub(super) fn rest(size: u32, flags: u16, next: u16) -> u64 {
    u64::from(size) | u64::from(flags) << 32 | u64::from(next) << 48
}
