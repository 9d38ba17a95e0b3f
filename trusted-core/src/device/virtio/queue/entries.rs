//! What stands in the rings: entries, and the chains of descriptors behind them.

use core::sync::atomic::Ordering::Relaxed;

use domains::core_call::error;
use domains::device::QUEUE_SIZE_MAX;
use zerocopy::FromBytes;

use super::Rings;
use crate::device::virtio::Refused;
use crate::device::virtio::area::Areas;
use crate::memory::physical::PhysicalMap;

/// Flag of a descriptor: it has a next one.
pub(super) const NEXT: u16 = 1 << 0;
/// Flag of a descriptor: the device writes.
pub(super) const WRITE: u16 = 1 << 1;

/// Bytes of a descriptor.
pub(super) const DESCRIPTOR: u64 = 16;
/// Bytes of an entry of the used ring.
pub(super) const USED: u64 = 8;
/// Where in a ring of either kind the entries begin.
pub(super) const ENTRIES: u64 = 4;

/// What each entry is: a byte, so that a look at it takes one instruction.
#[derive(Clone, Copy, Debug, FromBytes)]
#[repr(transparent)]
pub(super) struct Marks([u8; QUEUE_SIZE_MAX as usize]);

/// An entry that the device does not have.
pub(super) const FREE: u8 = 0;
/// One in flight: all of its chain, the first of several, and any other.
pub(super) const ONLY: u8 = 1;
pub(super) const HEAD: u8 = 2;
const TAIL: u8 = 3;

/// So many indices of a ring from `first` on, which do not wrap.
#[inline]
pub(super) fn indices(first: u16, count: u16) -> core::ops::Range<u32> {
    u32::from(first)..u32::from(first) + u32::from(count)
}

/// Where in a ring of `size` entries an index is.
#[inline]
fn place(index: u32, size: u16) -> u64 {
    u64::from(index & u32::from(size.wrapping_sub(1)))
}

/// Copies the available entry at `index`.
#[inline(always)]
pub(super) fn copy_entry(
    rings: &Rings,
    size: u16,
    marks: &mut [u8],
    map: PhysicalMap,
    areas: &Areas,
    index: u32,
) -> Result<(), Refused> {
    let source = at(rings.driver, DESCRIPTOR * u64::from(size));
    let entry = ENTRIES + 2 * place(index, size);
    let head = map.half(at(source, entry)).load(Relaxed);
    copy_chain(rings, marks, map, areas, head)?;
    map.half(at(rings.available(), entry)).store(head, Relaxed);
    Ok(())
}

/// Takes note of the used entry at `index`.
#[inline(always)]
pub(super) fn retire_entry(
    rings: &Rings,
    size: u16,
    marks: &mut [u8],
    map: PhysicalMap,
    index: u32,
) -> Result<(), Refused> {
    let entry = ENTRIES + USED * place(index, size);
    let head = map.half(at(rings.shared, entry)).load(Relaxed);
    // DEFENCE: used-head
    match marks.get_mut(usize::from(head)) {
        Some(mark) if *mark == ONLY => *mark = FREE,
        Some(mark) if *mark == HEAD => forget_chain(rings, marks, map, head),
        _ => return Err(Refused::Error(error::DEVICE)),
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
) -> Result<(), Refused> {
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
) -> Result<(), Refused> {
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
fn free(marks: &mut [u8], number: u16) -> Result<&mut u8, Refused> {
    // DEFENCE: publish-table-end
    let mark = marks.get_mut(usize::from(number));
    // DEFENCE: publish-in-flight
    mark.filter(|mark| **mark == FREE).ok_or(Refused::Rings)
}

/// Copies descriptor `number`; the one that follows, if one does.
#[inline(always)]
fn copy(
    rings: &Rings,
    map: PhysicalMap,
    areas: &Areas,
    number: u16,
) -> Result<Option<u16>, Refused> {
    let offset = DESCRIPTOR * u64::from(number);
    let source = at(rings.driver, offset);
    // DEFENCE: publish-read-once
    let address = map.word(source).load(Relaxed);
    let rest = map.word(at(source, 8)).load(Relaxed);
    let (size, flags, next) = (rest & 0xffff_ffff, (rest >> 32) as u16, rest >> 48);
    // DEFENCE: publish-flags
    if flags & !(NEXT | WRITE) != 0 {
        return Err(Refused::Rings);
    }
    let physical = areas.translate(address, size);
    let physical = physical.ok_or(Refused::Memory(address))?;
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
pub(super) const fn at(base: u64, offset: u64) -> u64 {
    base.wrapping_add(offset)
}

impl Marks {
    /// Those of a queue of `size` entries.
    #[inline]
    pub(super) fn of(&mut self, size: u16) -> &mut [u8] {
        let size = usize::from(size).min(self.0.len());
        &mut self.0[..size]
    }
}

#[cfg(test)]
impl Marks {
    /// What an entry is.
    pub(super) fn get(&self, entry: u16) -> u8 {
        self.0[usize::from(entry)]
    }
}

impl Default for Marks {
    fn default() -> Marks {
        Marks([FREE; QUEUE_SIZE_MAX as usize])
    }
}
