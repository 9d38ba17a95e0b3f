//! Saved contexts: where a preempted application waits.
//!
//! A context is a frame that belongs to the core. The safe kernel knows it by
//! the frame's number, cannot see it, and can do two things with it: resume it
//! or discard it. PKRU is not saved: a context is always the application's.

#![expect(unsafe_code, reason = "FS and GS bases, vector state")]

use core::arch::asm;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;

use domains::core_call::error;
use domains::cpu_page::offset;
use domains::layout::{PAGE_SIZE, SAFE};
use domains::{Domain, entry_names};
use static_assertions::const_assert;
use x86_64::registers::segmentation::{FS, GS, Segment64};

use super::Trap;
use super::registers::Registers;
use crate::cpu::vector_state;
use crate::memory::frame::Frame;
use crate::memory::frames::Frames;
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
pub(crate) fn upcall(trap: &mut Trap<'_>) -> bool {
    let entry_stack = trap.local.page.get(offset::ENTRY_STACK);
    if entry_stack == 0 {
        return false;
    }
    let Some(frame) = trap.core.space.frames.allocate_at_need(Owner::CONTEXT) else {
        return false;
    };
    save(trap.core.words(frame), entry_stack, trap.registers);
    trap.local.page.set(offset::ENTRY_STACK, 0);
    note_upcall(trap, entry_stack);
    // What the kernels do not use they shall not see either.
    // DEFENCE: upcall-vectors
    vector_state::reset();
    // As after a call: the return address would be at a multiple of 16.
    let stack = (entry_stack & !0xf).wrapping_sub(8);
    *trap.registers = Registers::entering(trap.core.upcall, stack);
    trap.registers.rdi = frame.number();
    // DEFENCE: upcall-rights
    trap.local.assume(Domain::Safe);
    true
}

/// Says what the kernel stack with this top serves, for reports. The safe kernel
/// says where that is, so nothing but its own stacks is written to.
fn note_upcall(trap: &Trap<'_>, top: u64) {
    let is_stack = SAFE.stacks().contains_range(top, 8) && top.is_multiple_of(8);
    if let Some(physical) = trap.local.tables.translate(top).filter(|_| is_stack) {
        let words = trap.core.words(Frame::containing(physical));
        words[(top % PAGE_SIZE) as usize / 8].store(entry_names::UPCALL.into(), Relaxed);
    }
}

/// Puts the context in `slot` back and frees it.
pub(crate) fn resume(trap: &mut Trap<'_>, slot: u64) -> Result<(), i64> {
    let frame = find(&trap.core.space.frames, slot)?;
    let words = trap.core.words(frame);
    let word = |index: usize| words[index].load(Relaxed);
    *trap.registers = Registers::from_words(core::array::from_fn(word));
    trap.local.page.set(offset::ENTRY_STACK, word(ENTRY_STACK));
    // DEFENCE: context-bases
    set_bases(word(FS_BASE), word(GS_BASE));
    // SAFETY: `save` filled the area, and nobody else has written to it.
    unsafe { vector_state::restore(area(words)) };
    trap.core.space.frames.release(frame);
    // DEFENCE: context-rights
    trap.local.assume(Domain::App);
    Ok(())
}

/// Frees the context in `slot`.
pub(crate) fn discard(core: &mut Core, slot: u64) -> Result<(), i64> {
    let frame = find(&core.space.frames, slot)?;
    core.space.frames.release(frame);
    Ok(())
}

/// The frame of the context in `slot`; an error if there is none.
fn find(frames: &Frames, slot: u64) -> Result<Frame, i64> {
    let frame = Frame::from_number(slot);
    // DEFENCE: context-owner
    let is_context = frames.owner(frame) == Owner::CONTEXT;
    is_context.then_some(frame).ok_or(error::INVALID)
}

fn save(words: &[AtomicU64; WORDS], entry_stack: u64, registers: &Registers) {
    let (fs, gs) = bases();
    let (first, rest) = words.split_at(ENTRY_STACK);
    for (slot, word) in first.iter().zip(registers.to_words()) {
        slot.store(word, Relaxed);
    }
    for (slot, word) in rest.iter().zip([entry_stack, fs, gs]) {
        slot.store(word, Relaxed);
    }
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
    (FS::read_base().as_u64(), GS::read_base().as_u64())
}

/// Sets both bases. They are the application's own and were canonical when it
/// was interrupted.
pub(crate) fn set_bases(fs: u64, gs: u64) {
    // SAFETY: CR4.FSGSBASE is set; the core uses neither segment.
    unsafe {
        asm!("wrfsbase {}", "wrgsbase {}", in(reg) fs, in(reg) gs, options(nomem, nostack));
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use crate::memory::space::tests::space;

    #[test]
    fn only_a_context_is_resumed_or_discarded_and_once() {
        let mut frames = space(32).frames;
        let context = frames.allocate(Owner::CONTEXT).expect("a free frame");
        let other = frames.allocate(Owner::CORE).expect("a free frame");
        assert_eq!(find(&frames, context.number()), Ok(context));
        let free =
            (0..32).find(|number| frames.owner(Frame::from_number(*number)) == Owner::FREE);
        let wrong = [other.number(), free.expect("some are left"), 32, u64::MAX];
        for slot in wrong {
            assert_eq!(find(&frames, slot), Err(error::INVALID), "{slot:#x}");
        }
        frames.release(context);
        assert_eq!(find(&frames, context.number()), Err(error::INVALID));
    }
}
