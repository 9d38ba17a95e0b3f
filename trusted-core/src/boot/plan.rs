//! Where the owner table goes, and whether there is memory enough.

#![expect(unsafe_code, reason = "the owner table becomes a slice")]

use domains::layout::{CORE_PHYSICAL, PAGE_SIZE, Region};

use super::pvh::Machine;
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
    owners: Region,
    shortage: Shortage,
}

/// Plans for an image that ends at `image_end`.
pub(super) fn make(machine: &Machine, image_end: u64) -> Result<Plan, Shortage> {
    let ends = machine.memory.iter().map(|range| range.end);
    let memory_end = ends.max().unwrap_or(0);
    let module = machine.module;
    let size = page_up(memory_end / PAGE_SIZE);
    let mut owners = Region::new(page_up(image_end), size);
    if module.start < owners.end && owners.start < module.end {
        owners = Region::new(page_up(module.end), size);
    }
    let need = owners.end + page_up(module.size()) + RESERVE;
    let mut memory = machine.memory.iter();
    let have = memory.find(|range| range.contains(CORE_PHYSICAL));
    let shortage = Shortage {
        need,
        have: have.map_or(0, |range| range.end),
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
    pub(super) fn frames(&self, machine: &Machine) -> Frames {
        // SAFETY: the plan put the table where nothing else is.
        let owners =
            unsafe { PhysicalMap::CORE.slice(self.owners.start, self.owners.size() as usize) };
        let mut frames = Frames::new(owners);
        for range in &machine.memory {
            let first = range.start.div_ceil(PAGE_SIZE).max(1);
            frames.declare(first, range.end / PAGE_SIZE, Owner::FREE);
        }
        let image = Region::new(CORE_PHYSICAL, self.image_end - CORE_PHYSICAL);
        for used in [image, self.owners, machine.module] {
            let end = used.end.div_ceil(PAGE_SIZE);
            frames.declare(used.start / PAGE_SIZE, end, Owner::CORE);
        }
        frames
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(size: u64) -> Machine {
        let mut memory = [Region::new(0, 0); 32];
        memory[0] = Region::new(0, 0xa_0000);
        memory[2] = Region::new(0x10_0000, size);
        let module = Region::new(0, 0);
        Machine { memory, module }
    }

    #[test]
    fn the_owner_table_lies_behind_the_image_and_not_in_the_module() {
        let mut machine = machine(63 << 20);
        let plan = make(&machine, 0x20_0800).expect("there is enough");
        assert_eq!(plan.owners, Region::new(0x20_1000, 0x4000));
        assert_eq!(plan.memory_end, 64 << 20);
        machine.module = Region::new(0x20_3000, 0x1800);
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
