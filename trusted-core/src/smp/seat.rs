//! What a CPU needs before it can run the domains.

#![expect(unsafe_code, reason = "fills the core's own page for a CPU")]

use domains::layout::{self, PAGE_SIZE};
use domains::{Area, Cell};

use crate::cpu::control::Settings;
use crate::cpu::local::Local;
use crate::cpu::page::CpuPage;
use crate::cpu::stacks::Place;
use crate::memory::entry::{Bits, Entry, Rights};
use crate::memory::frame::Frame;
use crate::memory::owner::Owner;
use crate::memory::physical::PhysicalMap;
use crate::memory::space::Space;
use crate::memory::tables::Tables;

/// Makes the place of CPU `number` in the address space, of which it sees its own
/// part by `tables`: stacks, filled pages. Its `stacks` in the core are mapped.
/// None if memory runs out.
pub(crate) fn prepare(
    number: u64,
    tables: Tables,
    stacks: Place,
    settings: Settings,
    space: &mut Space,
) -> Option<()> {
    let cells = Cell::ALL.map(|cell| cell.stack(number));
    for stack in [layout::SAFE.start_stack(number)].into_iter().chain(cells) {
        space.map(stack.start, stack.size() / PAGE_SIZE, 0).ok()?;
    }
    let frame = space.frames.allocate(Owner::area(Area::Info))?;
    PhysicalMap::CORE.zero(frame);
    let entry = space.user(frame, Area::Info, Rights::Write);
    tables.put(layout::CPU_PAGE, entry, &mut space.frames)?;
    let page = CpuPage::new(PhysicalMap::CORE, frame);
    page.fill(number);
    let own = own_page(layout::CORE_CPU_PAGE, &tables, space)?;
    let local = Local::new(number, tables, page, stacks, settings);
    // SAFETY: the frame is new, and the CPU has not been told to run.
    unsafe { local.install(own) };
    Some(())
}

/// Maps a page of the core for the CPU with these tables alone.
pub(super) fn own_page(address: u64, tables: &Tables, space: &mut Space) -> Option<Frame> {
    let frame = space.frames.allocate(Owner::CORE)?;
    let entry = Entry::core(frame, Bits::WRITABLE | Bits::NO_EXECUTE);
    tables.put(address, entry, &mut space.frames)?;
    Some(frame)
}
