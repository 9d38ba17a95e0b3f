//! Where the owner table goes, and whether there is memory enough.

#![expect(unsafe_code, reason = "the owner table becomes a slice")]

use domains::layout::{CORE_PHYSICAL, PAGE_SIZE};

use super::machine::{Machine, Range};
use crate::memory::frame::page_up;
use crate::memory::frames::Frames;
use crate::memory::owner::Owner;
use crate::memory::physical::PhysicalMap;

/// What must be left for page tables, stacks, and the first needs of kernels
/// and application.
const RESERVE: u64 = 1 << 20;

/// Too little memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Shortage {
    /// Bytes that are needed.
    pub(super) need: u64,
    /// Bytes that there are.
    pub(super) have: u64,
}

/// The use of memory at boot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Plan {
    /// The address behind the highest memory.
    pub(super) memory_end: u64,
    image_end: u64,
    owners: Range,
    shortage: Shortage,
}

/// Plans for an image that ends at `image_end`.
pub(super) fn make(machine: &Machine, image_end: u64) -> Result<Plan, Shortage> {
    let memory_end = machine.memory().iter().map(Range::end).max().unwrap_or(0);
    let mut owners = Range {
        start: page_up(image_end),
        size: page_up(memory_end / PAGE_SIZE),
    };
    if let Some(module) = machine.module.filter(|module| module.overlaps(&owners)) {
        owners.start = page_up(module.end());
    }
    let module_size = page_up(machine.module.map_or(0, |module| module.size));
    let need = owners.end() + module_size + RESERVE;
    let have = machine
        .memory()
        .iter()
        .find(|range| (range.start..range.end()).contains(&CORE_PHYSICAL));
    let shortage = Shortage {
        need,
        have: have.map_or(0, Range::end),
    };
    if shortage.have < need {
        return Err(shortage);
    }
    Ok(Plan {
        memory_end,
        image_end,
        owners,
        shortage,
    })
}

impl Plan {
    /// What to say if memory runs out at boot after all.
    pub(super) fn shortage(&self) -> Shortage {
        let Shortage { need, have } = self.shortage;
        Shortage {
            need: need.max(have + RESERVE),
            have,
        }
    }

    /// Makes the owner table. All memory is free but the image from the core
    /// on, the table itself and the module; frame zero is nobody's, so that no
    /// number of a frame is zero.
    pub(super) fn frames(&self, map: PhysicalMap, machine: &Machine, core_end: u64) -> Frames {
        // SAFETY: the plan put the table where nothing else is.
        let owners = unsafe { map.slice(self.owners.start, self.owners.size as usize) };
        let mut frames = Frames::new(owners);
        for range in machine.memory() {
            let first = range.start.div_ceil(PAGE_SIZE).max(1);
            frames.declare(first, range.end() / PAGE_SIZE, Owner::FREE);
        }
        let core = Range {
            start: CORE_PHYSICAL,
            size: core_end - CORE_PHYSICAL,
        };
        let image = Range {
            start: core_end,
            size: self.image_end.saturating_sub(core_end),
        };
        for used in [core, image, self.owners].into_iter().chain(machine.module) {
            frames.declare(
                used.start / PAGE_SIZE,
                used.end().div_ceil(PAGE_SIZE),
                Owner::CORE,
            );
        }
        frames
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(size: u64) -> Machine {
        let mut machine = Machine::default();
        machine.add_memory(Range {
            start: 0,
            size: 0xa_0000,
        });
        machine.add_memory(Range {
            start: 0x10_0000,
            size,
        });
        machine
    }

    #[test]
    fn the_owner_table_lies_behind_the_image_and_not_in_the_module() {
        let mut machine = machine(63 << 20);
        let plan = make(&machine, 0x20_0800).expect("there is enough");
        assert_eq!(
            plan.owners,
            Range {
                start: 0x20_1000,
                size: 0x4000
            }
        );
        assert_eq!(plan.memory_end, 64 << 20);
        machine.module = Some(Range {
            start: 0x20_3000,
            size: 0x1800,
        });
        let plan = make(&machine, 0x20_0800).expect("there is enough");
        assert_eq!(plan.owners.start, 0x20_5000);
    }

    #[test]
    fn too_little_memory_is_measured() {
        let shortage = make(&machine(1 << 20), 0x1f_0000).expect_err("one mebibyte");
        assert_eq!(shortage.have, 2 << 20);
        assert_eq!(shortage.need, 0x1f_0000 + 0x1000 + RESERVE);
        let exact = machine(shortage.need - (1 << 20));
        assert!(
            make(&exact, 0x1f_0000).is_ok(),
            "what is asked for is enough"
        );
    }
}
