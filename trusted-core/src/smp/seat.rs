//! What a further CPU needs before it can be woken.

use domains::Area;
use domains::layout::{self, PAGE_SIZE, Region};

use crate::cpu::page::CpuPage;
use crate::cpu::stacks::Place;
use crate::memory::entry::{Bits, Entry, Rights};
use crate::memory::hatch;
use crate::memory::owner::Owner;
use crate::memory::physical::PhysicalMap;
use crate::memory::space::Space;
use crate::memory::tables::Tables;

/// The place of one CPU in the address space.
#[derive(Clone, Copy)]
pub(crate) struct Seat {
    /// Its number.
    pub(crate) number: u64,
    /// Its page tables.
    pub(crate) tables: Tables,
    /// Its CPU page, filled.
    pub(crate) page: CpuPage,
}

/// Makes the seat of CPU `number`; none if memory runs out.
pub(crate) fn prepare(number: u64, space: &mut Space) -> Option<Seat> {
    let own = hatch::tables(&space.tables, &mut space.frames)?;
    start_stack(layout::SAFE, number, space)?;
    let unsafe_stack = start_stack(layout::UNSAFE, number, space)?;
    let page = cpu_page(&own, space)?;
    page.fill(number, unsafe_stack);
    for address in Place::OWN.pages().chain([layout::CORE_CPU_PAGE]) {
        let frame = space.frames.allocate(Owner::CORE)?;
        let entry = Entry::core(frame, Bits::WRITABLE | Bits::NO_EXECUTE);
        own.put(address, entry, &mut space.frames)?;
    }
    Some(Seat {
        number,
        tables: own,
        page,
    })
}

/// Maps the stack that CPU `number` starts on in the kernel in `region`; its
/// top.
pub(crate) fn start_stack(region: Region, number: u64, space: &mut Space) -> Option<u64> {
    let stack = region.start_stack(number);
    space.map(stack.start, stack.size() / PAGE_SIZE, 0).ok()?;
    Some(stack.end)
}

fn cpu_page(own: &Tables, space: &mut Space) -> Option<CpuPage> {
    let frame = space.frames.allocate(Owner::area(Area::Info))?;
    PhysicalMap::CORE.zero(frame);
    let entry = space.user(frame, Area::Info, Rights::Write);
    own.put(layout::CPU_PAGE, entry, &mut space.frames)?;
    Some(CpuPage::new(PhysicalMap::CORE, frame))
}
