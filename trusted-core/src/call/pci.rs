//! Core calls on PCI configuration: a shadow for drivers.
//!
//! A driver reads what it likes. It writes three bits of the command register,
//! of virtio functions only; no BAR, and nothing about message interrupts.

use domains::core_call::error;
use domains::layout::PAGE_SIZE;

use crate::device::bars::{self, Bar};
use crate::device::pci::{
    BARS, BUS_MASTER, COMMAND, FIRST_BAR, Function, INTERRUPT_DISABLE, MEMORY_SPACE,
};
use crate::memory::frame::{Frame, pages_of};
use crate::memory::owner::Owner;
use crate::state::Core;

/// The bits of the command register that are the driver's.
const DRIVERS: u32 = MEMORY_SPACE | BUS_MASTER | INTERRUPT_DISABLE;

/// Where interrupt controllers have their registers.
const CONTROLLERS: core::ops::Range<u64> = 0xfec0_0000..0xff00_0000;

/// Reads four bytes.
pub(super) fn read(core: &Core, function: u64, offset: u64) -> Result<u64, i64> {
    let (function, offset) = place(function, offset)?;
    let value = if is_bar(offset) && function.is_virtio() {
        core.bars.read(function, offset)
    } else {
        function.read(offset)
    };
    Ok(u64::from(value))
}

/// Writes four bytes, as far as a driver may.
pub(super) fn write(
    core: &mut Core,
    function: u64,
    offset: u64,
    value: u64,
) -> Result<(), i64> {
    let (function, offset) = place(function, offset)?;
    let value = u32::try_from(value).map_err(|_| error::INVALID)?;
    if !function.is_virtio() {
        return Err(error::DENIED);
    }
    match offset {
        // The high half is the status, where a one clears: write zeros there.
        COMMAND => {
            let command = function.read(COMMAND) & 0xffff & !DRIVERS;
            function.write(COMMAND, command | value & DRIVERS);
            Ok(())
        }
        offset if is_bar(offset) => {
            core.bars.write(function, offset, value);
            Ok(())
        }
        _ => Err(error::DENIED),
    }
}

/// Maps a memory BAR for drivers, but for the pages with the table of message
/// interrupts: whoever writes there sends an interrupt of his choice.
pub(super) fn map(core: &mut Core, function: u64, bar: u64) -> Result<u64, i64> {
    let function = Function::new(function).ok_or(error::INVALID)?;
    let bar = u8::try_from(bar)
        .ok()
        .filter(|bar| *bar < BARS)
        .ok_or(error::INVALID)?;
    if !function.is_virtio() {
        return Err(error::DENIED);
    }
    let found = bars::find(function, bar).filter(|found| is_devices(core, *found));
    let found = found.ok_or(error::BAD_ADDRESS)?;
    let start = found.place(function, bar).ok_or(error::BAD_ADDRESS)?;
    let table = function
        .interrupt_table()
        .filter(|(table_bar, _)| *table_bar == bar);
    let is_table = |page: u64| {
        table.as_ref().is_some_and(|(_, bytes)| {
            bytes.start < (page + 1) * PAGE_SIZE && page * PAGE_SIZE < bytes.end
        })
    };
    for page in (0..found.size / PAGE_SIZE).filter(|page| !is_table(*page)) {
        let frame = Frame::containing(found.address + page * PAGE_SIZE);
        let (address, entry) = (start + page * PAGE_SIZE, core.space.device(frame));
        let is_mapped = core.space.tables.find(address) == entry;
        if !is_mapped && !core.space.place_page(address, entry) {
            return Err(error::NO_MEMORY);
        }
    }
    Ok(start)
}

/// Whether a BAR lies over neither memory nor an interrupt controller.
fn is_devices(core: &Core, bar: Bar) -> bool {
    let end = bar.address.saturating_add(bar.size);
    let frames = bar.address / PAGE_SIZE..pages_of(end);
    let mut owners = frames.map(|number| core.space.frames.owner(Frame::from_number(number)));
    let is_controller = bar.address < CONTROLLERS.end && CONTROLLERS.start < end;
    !is_controller && owners.all(|owner| owner == Owner::ABSENT)
}

fn place(function: u64, offset: u64) -> Result<(Function, u8), i64> {
    let function = Function::new(function).ok_or(error::INVALID)?;
    let offset = u8::try_from(offset).map_err(|_| error::INVALID)?;
    if offset.is_multiple_of(4) {
        Ok((function, offset))
    } else {
        Err(error::INVALID)
    }
}

fn is_bar(offset: u8) -> bool {
    (FIRST_BAR..FIRST_BAR + 4 * BARS).contains(&offset)
}
