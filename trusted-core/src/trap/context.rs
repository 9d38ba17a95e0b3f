//! Saved contexts: where a preempted application waits.
//!
//! A context is a frame that belongs to the core. The safe kernel knows it by
//! the frame's number, cannot see it, and can do two things with it: resume it
//! or discard it. PKRU is not saved: a context is always the application's.

#![expect(unsafe_code, reason = "FS and GS bases, vector state")]

use core::arch::asm;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;

use domains::Domain;
use domains::core_call::error;
use domains::layout::PAGE_SIZE;
use static_assertions::const_assert;

use super::registers::Registers;
use crate::cpu::local::Local;
use crate::cpu::vector_state;
use crate::memory::frame::Frame;
use crate::memory::owner::Owner;
use crate::memory::physical::WORDS;
use crate::state::Core;

/// Words of a context: the registers, then these, then the vector state.
const ENTRY_STACK: usize = Registers::WORDS;
const FS_BASE: usize = ENTRY_STACK + 1;
const GS_BASE: usize = FS_BASE + 1;
const VECTOR_STATE: usize = 512 / 8;

const_assert!(GS_BASE < VECTOR_STATE);
const_assert!((VECTOR_STATE as u64 * 8).is_multiple_of(vector_state::ALIGN));
const_assert!(VECTOR_STATE as u64 * 8 + vector_state::SIZE_MAX <= PAGE_SIZE);

/// Saves the application's context and goes on in the safe kernel's upcall.
/// False if that is impossible now, and nothing happened: no frame is free, or
/// the application has no kernel stack.
pub(crate) fn upcall(core: &mut Core, local: &Local, registers: &mut Registers) -> bool {
    let entry_stack = local.page.entry_stack();
    if entry_stack == 0 {
        return false;
    }
    let Some(frame) = core.frames.allocate(Owner::Context) else {
        return false;
    };
    save(core, frame, entry_stack, registers);
    local.page.set_entry_stack(0);
    // As after a call: the return address would be at a multiple of 16.
    *registers = Registers::entering(core.upcall, (entry_stack & !0xf) - 8);
    registers.rdi = frame.number();
    local.assume(Domain::Safe);
    true
}

/// Puts the context in `slot` back and frees it.
pub(crate) fn resume(
    core: &mut Core,
    local: &Local,
    slot: u64,
    registers: &mut Registers,
) -> Result<(), i64> {
    let frame = find(core, slot)?;
    let words = core.space.tables.physical().words(frame);
    *registers =
        Registers::from_words(core::array::from_fn(|index| words[index].load(Relaxed)));
    local.page.set_entry_stack(words[ENTRY_STACK].load(Relaxed));
    set_bases(words[FS_BASE].load(Relaxed), words[GS_BASE].load(Relaxed));
    // SAFETY: `save` filled the area, and nobody else has written to it.
    unsafe { vector_state::restore(area(words)) };
    core.frames.release(frame);
    local.assume(Domain::App);
    Ok(())
}

/// Frees the context in `slot`.
pub(crate) fn discard(core: &mut Core, slot: u64) -> Result<(), i64> {
    let frame = find(core, slot)?;
    core.frames.release(frame);
    Ok(())
}

fn find(core: &Core, slot: u64) -> Result<Frame, i64> {
    let frame = Frame::from_number(slot);
    (core.frames.owner(frame) == Owner::Context)
        .then_some(frame)
        .ok_or(error::INVALID)
}

fn save(core: &Core, frame: Frame, entry_stack: u64, registers: &Registers) {
    let words = core.space.tables.physical().words(frame);
    for (slot, word) in words.iter().zip(registers.to_words()) {
        slot.store(word, Relaxed);
    }
    let (fs, gs) = bases();
    words[ENTRY_STACK].store(entry_stack, Relaxed);
    words[FS_BASE].store(fs, Relaxed);
    words[GS_BASE].store(gs, Relaxed);
    // XSAVE writes eight bytes of the header, and XRSTOR wants the rest zero.
    let header = VECTOR_STATE + vector_state::HEADER as usize / 8;
    let header = &words[header..header + vector_state::HEADER_SIZE as usize / 8];
    header.iter().for_each(|word| word.store(0, Relaxed));
    // SAFETY: the area is aligned and reaches to the end of the core's frame.
    unsafe { vector_state::save(area(words)) };
}

fn area(words: &[AtomicU64; WORDS]) -> u64 {
    (&raw const words[VECTOR_STATE]).addr() as u64
}

/// The application's FS and GS bases.
pub(crate) fn bases() -> (u64, u64) {
    let (fs, gs): (u64, u64);
    // SAFETY: CR4.FSGSBASE is set; the core uses neither segment.
    unsafe {
        asm!("rdfsbase {}", "rdgsbase {}", out(reg) fs, out(reg) gs, options(nomem, nostack));
    }
    (fs, gs)
}

/// Sets both bases. They are the application's own and were canonical when it
/// was interrupted.
pub(crate) fn set_bases(fs: u64, gs: u64) {
    // SAFETY: CR4.FSGSBASE is set; the core uses neither segment.
    unsafe {
        asm!("wrfsbase {}", "wrgsbase {}", in(reg) fs, in(reg) gs, options(nomem, nostack));
    }
}
