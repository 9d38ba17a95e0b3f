//! Where things lie in physical memory, and what stands there.
//!
//! A test must know where a device would write, and whether it did.

use core::sync::atomic::Ordering::Acquire;

use domains::core_call::error;

use crate::memory::frame::Frame;
use crate::memory::owner::Owner;
use crate::memory::physical::PhysicalMap;
use crate::trap::Trap;

/// The physical address of what is mapped at `address`.
pub(super) fn translate(trap: &Trap<'_>, address: u64) -> Result<u64, i64> {
    let physical = trap.local.tables.translate(address);
    physical.ok_or(error::BAD_ADDRESS)
}

/// The word at `physical`.
pub(super) fn word(trap: &Trap<'_>, physical: u64) -> Result<u64, i64> {
    let owner = trap.core.space.frames.owner(Frame::containing(physical));
    let is_word = owner != Owner::ABSENT && physical.is_multiple_of(8);
    is_word.then_some(()).ok_or(error::BAD_ADDRESS)?;
    Ok(PhysicalMap::CORE.word(physical).load(Acquire))
}
