//! The core's stacks, each with an unmapped page below.
//!
//! Every trap comes in on an interrupt stack, so that nothing is ever pushed
//! where ring 3 could have put RSP. Core calls have a stack of their own,
//! because the core can be interrupted there: while it idles. The CPU that boots
//! has its stacks in the core's image; every other CPU has them in the part of
//! the address space that is its own, at the same addresses as the others.

use domains::layout::{CORE_STACK, CORE_STACKS, PAGE_SIZE};

use super::shared::Shared;

/// One of a CPU's stacks, by its end behind the first one's guard page, from
/// where it grows down.
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
pub(crate) enum Stack {
    /// Exceptions and interrupts.
    Trap = PAGE_SIZE + CORE_STACK,
    /// Boot and core calls.
    Call = 2 * (PAGE_SIZE + CORE_STACK),
    /// NMI, double fault, machine check: the core dies on it.
    Abort = 2 * (PAGE_SIZE + CORE_STACK) + 2 * PAGE_SIZE,
}

/// All stacks of a CPU, each behind its guard page.
#[repr(align(4096))]
#[expect(dead_code, reason = "only pushes touch it")]
pub(crate) struct Stacks([u8; Stack::Abort as usize]);

/// The stacks of the CPU that boots.
pub(crate) static BOOT_STACKS: Shared<Stacks> = Shared::new(Stacks([0; Stack::Abort as usize]));

/// Where a CPU has its stacks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place(u64);

impl Place {
    /// The stacks of a CPU that did not boot.
    pub(crate) const OWN: Place = Place(CORE_STACKS);

    /// The stacks of the CPU that boots.
    pub(crate) fn boot() -> Place {
        Place(BOOT_STACKS.get().addr() as u64)
    }

    /// The address behind `stack`.
    pub(crate) const fn top(self, stack: Stack) -> u64 {
        self.0 + stack as u64
    }

    /// Whether the page at `address` stays unmapped below a stack.
    pub(crate) fn is_guard(self, address: u64) -> bool {
        [0, Stack::Trap as u64, Stack::Call as u64].contains(&address.wrapping_sub(self.0))
    }

    /// The pages that are mapped.
    pub(crate) fn pages(self) -> impl Iterator<Item = u64> {
        let all = (self.0..self.top(Stack::Abort)).step_by(PAGE_SIZE as usize);
        all.filter(move |page| !self.is_guard(*page))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_pages_but_the_guards_are_mapped() {
        assert_eq!(
            Place::OWN.pages().count(),
            (2 * CORE_STACK / PAGE_SIZE + 1) as usize
        );
        assert!(Place::OWN.pages().all(|page| !Place::OWN.is_guard(page)));
    }

    #[test]
    fn each_stack_is_aligned_for_calls_and_has_a_guard() {
        for (stack, size) in [
            (Stack::Trap, CORE_STACK),
            (Stack::Call, CORE_STACK),
            (Stack::Abort, PAGE_SIZE),
        ] {
            for place in [Place::boot(), Place::OWN] {
                let top = place.top(stack);
                assert!(top.is_multiple_of(16));
                assert!(place.is_guard(top - size - PAGE_SIZE));
                assert!(!place.is_guard(top - PAGE_SIZE));
            }
        }
    }
}
