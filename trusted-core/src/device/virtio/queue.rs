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

use domains::device::QUEUE_SIZE_MAX;
use zerocopy::FromBytes;

use super::area::Areas;
use super::bus::Bell;
use crate::memory::physical::PhysicalMap;

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;

/// Flag of an available ring: no interrupt is wanted.
const NO_INTERRUPT: u16 = 1 << 0;
/// Flag of a used ring: no bell is wanted.
const NO_NOTIFY: u16 = 1 << 0;
/// Flag of a descriptor: it has a next one.
const NEXT: u16 = 1 << 0;
/// Flag of a descriptor: the device writes.
const WRITE: u16 = 1 << 1;

/// Bytes of a descriptor.
const DESCRIPTOR: u64 = 16;
/// Bytes of an entry of the used ring.
const USED: u64 = 8;
/// Where in a ring of either kind the index is, and where the entries begin.
const INDEX: u64 = 2;
const ENTRIES: u64 = 4;
/// Where in the page of the used ring the device's available ring is.
const AVAILABLE: u64 = 2560;
const _: () = {
    let used = ENTRIES + USED * QUEUE_SIZE_MAX as u64;
    assert!(used <= AVAILABLE);
    assert!(AVAILABLE + available(QUEUE_SIZE_MAX) <= domains::layout::PAGE_SIZE);
};

/// What a driver did that it must not do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Offence {
    /// It gave the device what lies at this address.
    Memory(u64),
    /// It broke a rule of the rings.
    Rings,
}

/// Why nothing was published.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Refusal {
    /// The driver is to blame.
    Driver(Offence),
    /// The device is to blame.
    Device,
}

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
    rings: Rings,
    size: u16,
    /// How many available entries were taken from the driver, and given to the
    /// device; how many used ones were seen. Both wrap.
    taken: u16,
    retired: u16,
    /// Of no use.
    padding: u16,
    bell: Bell,
    /// What each entry is.
    marks: Marks,
}

/// What each entry is: a byte, so that a look at it takes one instruction.
#[derive(Clone, Copy, Debug, FromBytes)]
#[repr(transparent)]
struct Marks([u8; QUEUE_SIZE_MAX as usize]);

/// An entry that the device does not have.
const FREE: u8 = 0;
/// One in flight: all of its chain, the first of several, and any other.
const ONLY: u8 = 1;
const HEAD: u8 = 2;
const TAIL: u8 = 3;

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

    /// Its rings, also when it is not set up any more.
    pub(super) const fn rings(&self) -> Rings {
        self.rings
    }

    /// By what the device hears of it.
    pub(super) const fn bell(&self) -> Bell {
        self.bell
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
    pub(crate) fn publish(&mut self, map: PhysicalMap, areas: &Areas) -> Result<(), Refusal> {
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
            1 => self.copy_one(map, areas).map_err(Refusal::Driver)?,
            count => self.copy_new(map, areas, count).map_err(Refusal::Driver)?,
        }
        self.taken = end;
        map.half(at(target, INDEX)).store(end, Release);
        Ok(())
    }

    /// Copies the only new entry. Most calls have one, and to begin a loop costs
    /// as much. Apart from the rest, so that each has the registers it needs.
    #[inline(never)]
    fn copy_one(&mut self, map: PhysicalMap, areas: &Areas) -> Result<(), Offence> {
        let (rings, marks) = (self.rings, self.marks.of(self.size));
        copy_entry(&rings, self.size, marks, map, areas, u32::from(self.taken))
    }

    /// Copies `count` new entries.
    #[inline(never)]
    fn copy_new(&mut self, map: PhysicalMap, areas: &Areas, count: u16) -> Result<(), Offence> {
        // DEFENCE: publish-count
        if count > self.size {
            return Err(Offence::Rings);
        }
        let (rings, marks) = (self.rings, self.marks.of(self.size));
        for index in indices(self.taken, count) {
            copy_entry(&rings, self.size, marks, map, areas, index)?;
        }
        Ok(())
    }

    /// Takes note of what the device has used, up to the index `end`.
    #[inline]
    fn retire(&mut self, map: PhysicalMap, end: u16) -> Result<(), Refusal> {
        let count = end.wrapping_sub(self.retired);
        // DEFENCE: used-index
        if count > self.taken.wrapping_sub(self.retired) {
            return Err(Refusal::Device);
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
    fn retire_all(&mut self, map: PhysicalMap, count: u16) -> Result<(), Refusal> {
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
        self.marks.0[usize::from(entry)] != FREE
    }

    /// Whether it has it as the first of a chain.
    fn is_head(&self, entry: u16) -> bool {
        matches!(self.marks.0[usize::from(entry)], ONLY | HEAD)
    }
}

/// So many indices of a ring from `first` on, which do not wrap.
#[inline]
fn indices(first: u16, count: u16) -> core::ops::Range<u32> {
    u32::from(first)..u32::from(first) + u32::from(count)
}

/// Where in a ring of `size` entries an index is.
#[inline]
fn place(index: u32, size: u16) -> u64 {
    u64::from(index & u32::from(size.wrapping_sub(1)))
}

/// Copies the available entry at `index`.
#[inline(always)]
fn copy_entry(
    rings: &Rings,
    size: u16,
    marks: &mut [u8],
    map: PhysicalMap,
    areas: &Areas,
    index: u32,
) -> Result<(), Offence> {
    let source = at(rings.driver, DESCRIPTOR * u64::from(size));
    let entry = ENTRIES + 2 * place(index, size);
    let head = map.half(at(source, entry)).load(Relaxed);
    copy_chain(rings, marks, map, areas, head)?;
    map.half(at(rings.available(), entry)).store(head, Relaxed);
    Ok(())
}

/// Takes note of the used entry at `index`.
#[inline(always)]
fn retire_entry(
    rings: &Rings,
    size: u16,
    marks: &mut [u8],
    map: PhysicalMap,
    index: u32,
) -> Result<(), Refusal> {
    let entry = ENTRIES + USED * place(index, size);
    let head = map.half(at(rings.shared, entry)).load(Relaxed);
    // DEFENCE: used-head
    match marks.get_mut(usize::from(head)) {
        Some(mark) if *mark == ONLY => *mark = FREE,
        Some(mark) if *mark == HEAD => forget_chain(rings, marks, map, head),
        _ => return Err(Refusal::Device),
    }
    Ok(())
}

/// Copies the descriptors from `head` on.
#[inline(always)]
fn copy_chain(
    rings: &Rings,
    marks: &mut [u8],
    map: PhysicalMap,
    areas: &Areas,
    head: u16,
) -> Result<(), Offence> {
    let mark = free(marks, head)?;
    let next = copy(rings, map, areas, head)?;
    *mark = if next.is_some() { HEAD } else { ONLY };
    match next {
        Some(next) => copy_tail(rings, marks, map, areas, next),
        None => Ok(()),
    }
}

/// Copies the descriptors of a chain from `number` on, which is not its first.
/// Each is free before and not behind, so that there is an end.
#[inline(never)]
fn copy_tail(
    rings: &Rings,
    marks: &mut [u8],
    map: PhysicalMap,
    areas: &Areas,
    mut number: u16,
) -> Result<(), Offence> {
    loop {
        let mark = free(marks, number)?;
        let next = copy(rings, map, areas, number)?;
        *mark = TAIL;
        match next {
            Some(next) => number = next,
            None => return Ok(()),
        }
    }
}

/// The mark of an entry that the device does not have.
#[inline]
fn free(marks: &mut [u8], number: u16) -> Result<&mut u8, Offence> {
    // DEFENCE: publish-table-end
    let mark = marks.get_mut(usize::from(number));
    // DEFENCE: publish-in-flight
    mark.filter(|mark| **mark == FREE).ok_or(Offence::Rings)
}

/// Copies descriptor `number`; the one that follows, if one does.
#[inline(always)]
fn copy(
    rings: &Rings,
    map: PhysicalMap,
    areas: &Areas,
    number: u16,
) -> Result<Option<u16>, Offence> {
    let offset = DESCRIPTOR * u64::from(number);
    let source = at(rings.driver, offset);
    // DEFENCE: publish-read-once
    let address = map.word(source).load(Relaxed);
    let rest = map.word(at(source, 8)).load(Relaxed);
    let (size, flags, next) = (rest & 0xffff_ffff, (rest >> 32) as u16, rest >> 48);
    // DEFENCE: publish-flags
    if flags & !(NEXT | WRITE) != 0 {
        return Err(Offence::Rings);
    }
    let physical = areas.translate(address, size);
    let physical = physical.ok_or(Offence::Memory(address))?;
    let target = at(rings.table, offset);
    map.word(target).store(physical, Relaxed);
    map.word(at(target, 8)).store(rest, Relaxed);
    Ok((flags & NEXT != 0).then_some(next as u16))
}

/// Forgets the descriptors from `head` on, which the device has used.
#[inline]
fn forget_chain(rings: &Rings, marks: &mut [u8], map: PhysicalMap, head: u16) {
    let (mut number, mut expected) = (head, HEAD);
    // Each step takes one out, so that there is an end.
    while let Some(mark) = marks.get_mut(usize::from(number))
        && *mark == expected
    {
        *mark = FREE;
        let place = at(rings.table, DESCRIPTOR * u64::from(number));
        let rest = map.word(at(place, 8)).load(Relaxed);
        if (rest >> 32) as u16 & NEXT == 0 {
            break;
        }
        (number, expected) = ((rest >> 48) as u16, TAIL);
    }
}

/// So far behind `base`. Rings lie in memory, and offsets end with a ring: no
/// sum wraps, and a check for it would be most of what the loops do.
#[inline]
const fn at(base: u64, offset: u64) -> u64 {
    base.wrapping_add(offset)
}

impl Marks {
    /// Those of a queue of `size` entries.
    #[inline]
    fn of(&mut self, size: u16) -> &mut [u8] {
        let size = usize::from(size).min(self.0.len());
        &mut self.0[..size]
    }
}

impl Default for Marks {
    fn default() -> Marks {
        Marks([FREE; QUEUE_SIZE_MAX as usize])
    }
}
