//! A split virtqueue between a driver and a device (virtio 1.2, 2.7).
//!
//! The driver has a descriptor table and an available ring in its own memory,
//! with its own addresses in them. The device has another pair, which only the
//! core writes. The used ring is the device's; the core and the driver read it,
//! and what it tells decides what is *in flight*: given to the device and not
//! used. An entry in flight is never rewritten. A device that read the address
//! of one descriptor and the length of the next would go beyond the driver's
//! memory though both were good. An entry has the same number on both sides.
//!
//! [`Queue::publish`] does this under the core's lock, and looks at each word of
//! the driver once:
//!
//! 1. It reads the driver's index, and only then what the device has used. The
//!    other way round, an entry that is used, reaped and submitted again in
//!    between would be refused.
//! 2. It copies the driver's flags, even if there is no new entry: a driver that
//!    is about to sleep asks for interrupts so.
//! 3. For each new entry it refuses what is in flight or out of range, copies
//!    the descriptors, and then stores the slot.
//! 4. It stores the index. The lock opens; then comes a fence, even if there was
//!    no new entry: the driver's second look at the used ring may not come
//!    before the flags are seen.
//! 5. The bell is rung if the device wants it.
//!
//! So a driver and a device that look a second time before they sleep are not
//! left asleep. A reset takes the same lock, and nothing is used again before
//! the device has said that it has stopped. A driver that publishes from another
//! CPU meanwhile has its old entries published once more: that hurts only
//! itself. The model visits every order of these steps.
//!
//! A driver that breaks a rule is convicted, a device that does is given up.
//! Whoever breaks one, the loops end: what they go along is marked or counted.

use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use domains::core_call::error;
use domains::device::QUEUE_SIZE_MAX;
use zerocopy::FromBytes;

use self::entries::{DESCRIPTOR, ENTRIES, Marks, USED, at, copy_entry, indices, retire_entry};
use super::Refused;
use super::area::Areas;
use super::bus::Bell;
use crate::memory::physical::PhysicalMap;

mod entries;
#[cfg(feature = "fuzzed")]
pub(crate) mod fuzzed;
#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;

/// Flag of an available ring: no interrupt is wanted.
const NO_INTERRUPT: u16 = 1 << 0;
/// Flag of a used ring: no bell is wanted.
const NO_NOTIFY: u16 = 1 << 0;
/// Where in a ring of either kind the index is.
const INDEX: u64 = 2;
/// Where in the page of the used ring the device's available ring is.
const AVAILABLE: u64 = 2560;
const _: () = {
    let used = ENTRIES + USED * QUEUE_SIZE_MAX as u64;
    assert!(used <= AVAILABLE);
    assert!(AVAILABLE + available(QUEUE_SIZE_MAX) <= domains::layout::PAGE_SIZE);
};

/// Where the rings of a queue lie in physical memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, FromBytes)]
#[repr(C)]
pub(crate) struct Rings {
    /// The driver's descriptors, and behind them its available ring.
    pub(crate) driver: u64,
    /// The device's descriptors, a page.
    pub(crate) table: u64,
    /// The used ring and the device's available ring, a page.
    pub(crate) shared: u64,
}

/// A queue. One without entries was not set up.
#[derive(Clone, Copy, Debug, Default, FromBytes)]
#[repr(C)]
pub(crate) struct Queue {
    /// Where its rings are, also when it is not set up any more.
    pub(super) rings: Rings,
    size: u16,
    /// How many available entries were taken from the driver, and given to the
    /// device; how many used ones were seen. Both wrap.
    taken: u16,
    retired: u16,
    /// By what the device hears of it.
    pub(super) bell: Bell,
    /// What each entry is.
    marks: Marks,
}

/// Whether the device whose used ring is at `used` wants to hear of what is new.
#[inline]
pub(super) fn wants_bell(used: u64, map: PhysicalMap) -> bool {
    map.half(used).load(Relaxed) & NO_NOTIFY == 0
}

/// Bytes of an available ring.
const fn available(size: u16) -> u64 {
    ENTRIES + 2 * size as u64
}

/// Bytes of a driver's descriptors and available ring.
pub(crate) const fn driver_size(size: u16) -> u64 {
    DESCRIPTOR * size as u64 + available(size)
}

impl Rings {
    /// Where the device's available ring is.
    pub(crate) const fn available(&self) -> u64 {
        at(self.shared, AVAILABLE)
    }
}

impl Queue {
    /// A queue of `size` entries, a power of two, whose rings are clear.
    pub(super) fn new(size: u16, rings: Rings, bell: Bell) -> Queue {
        Queue {
            rings,
            size,
            bell,
            ..Queue::default()
        }
    }

    /// Whether it was set up.
    pub(super) const fn is_ready(&self) -> bool {
        self.size > 0
    }

    /// Forgets everything but where the rings are: the device was reset.
    pub(super) fn close(&mut self) {
        *self = Queue::new(0, self.rings, Bell::default());
    }

    /// Gives the device what the driver has put into its rings.
    #[inline]
    pub(crate) fn publish(&mut self, map: PhysicalMap, areas: &Areas) -> Result<(), Refused> {
        let source = at(self.rings.driver, DESCRIPTOR * u64::from(self.size));
        let target = self.rings.available();
        let end = map.half(at(source, INDEX)).load(Acquire);
        let used = map.half(at(self.rings.shared, INDEX)).load(Acquire);
        if used != self.retired {
            self.retire(map, used)?;
        }
        // DEFENCE: publish-flags-always
        let flags = map.half(source).load(Relaxed) & NO_INTERRUPT;
        map.half(target).store(flags, Relaxed);
        match end.wrapping_sub(self.taken) {
            0 => {}
            1 => self.copy_one(map, areas)?,
            count => self.copy_new(map, areas, count)?,
        }
        self.taken = end;
        map.half(at(target, INDEX)).store(end, Release);
        Ok(())
    }

    /// Copies the only new entry. Most calls have one, and to begin a loop costs
    /// as much. Apart from the rest, so that each has the registers it needs.
    #[inline(never)]
    fn copy_one(&mut self, map: PhysicalMap, areas: &Areas) -> Result<(), Refused> {
        let (rings, marks) = (self.rings, self.marks.of(self.size));
        copy_entry(&rings, self.size, marks, map, areas, u32::from(self.taken))
    }

    /// Copies `count` new entries.
    #[inline(never)]
    fn copy_new(&mut self, map: PhysicalMap, areas: &Areas, count: u16) -> Result<(), Refused> {
        // DEFENCE: publish-count
        if count > self.size {
            return Err(Refused::Rings);
        }
        let (rings, marks) = (self.rings, self.marks.of(self.size));
        for index in indices(self.taken, count) {
            copy_entry(&rings, self.size, marks, map, areas, index)?;
        }
        Ok(())
    }

    /// Takes note of what the device has used, up to the index `end`.
    #[inline]
    fn retire(&mut self, map: PhysicalMap, end: u16) -> Result<(), Refused> {
        let count = end.wrapping_sub(self.retired);
        // DEFENCE: used-index
        if count > self.taken.wrapping_sub(self.retired) {
            return Err(Refused::Error(error::DEVICE));
        }
        match count {
            1 => {
                let (rings, marks) = (self.rings, self.marks.of(self.size));
                retire_entry(&rings, self.size, marks, map, u32::from(self.retired))?;
            }
            count => self.retire_all(map, count)?,
        }
        self.retired = end;
        Ok(())
    }

    /// Takes note of `count` entries that were used.
    #[inline(never)]
    fn retire_all(&mut self, map: PhysicalMap, count: u16) -> Result<(), Refused> {
        let (rings, marks) = (self.rings, self.marks.of(self.size));
        for index in indices(self.retired, count) {
            retire_entry(&rings, self.size, marks, map, index)?;
        }
        Ok(())
    }
}

#[cfg(test)]
impl Queue {
    /// Whether the device has an entry.
    fn is_in_flight(&self, entry: u16) -> bool {
        self.marks.get(entry) != entries::FREE
    }

    /// Whether it has it as the first of a chain.
    fn is_head(&self, entry: u16) -> bool {
        matches!(self.marks.get(entry), entries::ONLY | entries::HEAD)
    }
}
