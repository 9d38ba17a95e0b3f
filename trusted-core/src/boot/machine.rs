//! The machine as the loader described it, copied out of the loader's memory.

use domains::device::MMIO_SLOTS;

use super::cmdline::Slot;
/// The most ranges of memory that are remembered.
const RANGES_MAX: usize = 32;

/// Bytes of physical memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Range {
    /// The first byte.
    pub(super) start: u64,
    /// How many there are.
    pub(super) size: u64,
}

impl Range {
    /// The address behind the last byte.
    pub(super) const fn end(&self) -> u64 {
        self.start.saturating_add(self.size)
    }

    /// Whether the ranges have a byte in common.
    pub(super) const fn overlaps(&self, other: &Range) -> bool {
        self.start < other.end() && other.start < self.end()
    }
}

/// Memory, module and devices.
#[derive(Clone, Debug, Default)]
pub(super) struct Machine {
    memory: [Range; RANGES_MAX],
    memory_count: usize,
    /// The boot options, if there is a module.
    pub(super) module: Option<Range>,
    slots: [Option<Slot>; MMIO_SLOTS],
}

impl Machine {
    /// Remembers usable memory. Empty ranges, and more than there is room for,
    /// are left out.
    pub(super) fn add_memory(&mut self, range: Range) {
        if let Some(free) = self.memory.get_mut(self.memory_count)
            && range.size > 0
        {
            *free = range;
            self.memory_count += 1;
        }
    }

    /// Usable memory.
    pub(super) fn memory(&self) -> &[Range] {
        &self.memory[..self.memory_count]
    }

    /// How many bytes of memory there are.
    pub(super) fn memory_size(&self) -> u64 {
        self.memory().iter().map(|range| range.size).sum()
    }

    /// Remembers devices; those at the highest addresses come first, which on
    /// a `microvm` are the first on QEMU's command line.
    pub(super) fn add_slots(&mut self, slots: impl Iterator<Item = Slot>) {
        for (free, slot) in self.slots.iter_mut().zip(slots) {
            *free = Some(slot);
        }
        self.slots.sort_unstable_by_key(|slot| {
            core::cmp::Reverse(slot.map_or(0, |slot| slot.address))
        });
    }

    /// Devices.
    pub(super) fn slots(&self) -> &[Option<Slot>; MMIO_SLOTS] {
        &self.slots
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_range_is_no_memory() {
        let mut machine = Machine::default();
        machine.add_memory(Range { start: 0, size: 0 });
        machine.add_memory(Range {
            start: 0x1000,
            size: 0x2000,
        });
        assert_eq!(
            machine.memory(),
            [Range {
                start: 0x1000,
                size: 0x2000
            }]
        );
        assert_eq!(machine.memory_size(), 0x2000);
    }

    #[test]
    fn the_highest_device_comes_first() {
        let mut machine = Machine::default();
        let slot = |address| Slot { address, pin: 1 };
        machine.add_slots([slot(0x1000), slot(0x3000), slot(0x2000)].into_iter());
        let expected = [Some(slot(0x3000)), Some(slot(0x2000)), Some(slot(0x1000))];
        assert_eq!(machine.slots()[..3], expected);
        assert_eq!(machine.slots()[3..], [None; 5]);
    }
}
