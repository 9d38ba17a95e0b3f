//! The core's stacks, each with an unmapped page below.
//!
//! Every trap comes in on an interrupt stack, so that nothing is ever pushed
//! where ring 3 could have put RSP. Core calls have a stack of their own,
//! because the core can be interrupted there: while it idles. The CPU that boots
//! has its stacks in the core's image; every other CPU has them in the part of
//! the address space that is its own, at the same addresses as the others.

use core::cell::UnsafeCell;

use domains::layout::{CORE_STACK, CORE_STACKS, PAGE_SIZE};

const PAGE: usize = PAGE_SIZE as usize;
const DEEP: usize = CORE_STACK as usize;

/// One CPU's stacks.
#[repr(C, align(4096))]
pub(crate) struct Stacks {
    guard_trap: [u8; PAGE],
    trap: [u8; DEEP],
    guard_call: [u8; PAGE],
    call: [u8; DEEP],
    guard_abort: [u8; PAGE],
    abort: [u8; PAGE],
}

/// Where one stack ends; they grow down from there.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stack {
    /// Exceptions and interrupts.
    Trap,
    /// Boot and core calls.
    Call,
    /// NMI, double fault, machine check: the core dies on it.
    Abort,
}

/// Memory that only the CPU's pushes touch.
#[repr(transparent)]
pub(crate) struct Shared(UnsafeCell<Stacks>);

// The bytes are reached through stack pointers only.
#[expect(unsafe_code, reason = "declares memory that only stack pointers reach")]
// SAFETY: no reference to the contents is ever made.
unsafe impl Sync for Shared {}

const CLEAR: Stacks = Stacks {
    guard_trap: [0; PAGE],
    trap: [0; DEEP],
    guard_call: [0; PAGE],
    call: [0; DEEP],
    guard_abort: [0; PAGE],
    abort: [0; PAGE],
};

/// The stacks of the CPU that boots.
pub(crate) static BOOT_STACKS: Shared = Shared(UnsafeCell::new(CLEAR));

/// Where the stack for calls ends, relative to [`BOOT_STACKS`].
pub(crate) const CALL_TOP: usize = core::mem::offset_of!(Stacks, guard_abort);

/// Where the stack for calls of every CPU that did not boot ends.
pub(crate) const OWN_CALL_TOP: u64 = CORE_STACKS + CALL_TOP as u64;

/// Where a CPU has its stacks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    base: u64,
}

impl Place {
    /// The stacks of a CPU that did not boot.
    pub(crate) const OWN: Place = Place { base: CORE_STACKS };

    /// The stacks of the CPU that boots.
    pub(crate) fn boot() -> Place {
        let base = BOOT_STACKS.0.get().addr() as u64;
        Place { base }
    }

    /// The address behind `stack`.
    pub(crate) fn top(self, stack: Stack) -> u64 {
        let offset = match stack {
            Stack::Trap => core::mem::offset_of!(Stacks, guard_call),
            Stack::Call => CALL_TOP,
            Stack::Abort => size_of::<Stacks>(),
        };
        self.base + offset as u64
    }

    /// Whether the page at `address` stays unmapped below a stack.
    pub(crate) fn is_guard(self, address: u64) -> bool {
        [
            core::mem::offset_of!(Stacks, guard_trap),
            core::mem::offset_of!(Stacks, guard_call),
            core::mem::offset_of!(Stacks, guard_abort),
        ]
        .into_iter()
        .any(|offset| self.base + offset as u64 == address)
    }

    /// The pages that are mapped.
    pub(crate) fn pages(self) -> impl Iterator<Item = u64> {
        let end = self.base + size_of::<Stacks>() as u64;
        let all = (self.base..end).step_by(PAGE);
        all.filter(move |page| !self.is_guard(*page))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_pages_but_the_guards_are_mapped() {
        assert_eq!(Place::OWN.pages().count(), 2 * DEEP / PAGE + 1);
        assert!(Place::OWN.pages().all(|page| !Place::OWN.is_guard(page)));
    }

    #[test]
    fn each_stack_is_aligned_for_calls_and_has_a_guard() {
        for (stack, size) in [
            (Stack::Trap, DEEP),
            (Stack::Call, DEEP),
            (Stack::Abort, PAGE),
        ] {
            for place in [Place::boot(), Place::OWN] {
                let top = place.top(stack);
                assert!(top.is_multiple_of(16));
                assert!(place.is_guard(top - size as u64 - PAGE_SIZE));
                assert!(!place.is_guard(top - PAGE_SIZE));
            }
        }
    }
}
