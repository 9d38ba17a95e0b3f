//! What a further CPU does: becomes the equal of the first, sleeps, enters the
//! safe kernel.

#![expect(unsafe_code, reason = "loads this CPU's own segments")]

use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering::{Acquire, Release};

use domains::Domain;
use domains::layout::SAFE;

use super::{offer, shootdown};
use crate::cpu::control::{self, Settings};
use crate::cpu::features::Features;
use crate::cpu::local::{self, Local};
use crate::cpu::stacks::Place;
use crate::cpu::{segments, syscall, tlb, vector_state, vectors};
use crate::device::lapic;
use crate::state;
use crate::time::timer::Until;
use crate::trap::registers::Registers;
use crate::trap::tick;

static ARE_RELEASED: AtomicBool = AtomicBool::new(false);

/// Lets the CPUs that sleep here go on. They must be interrupted, too.
pub(super) fn release() {
    ARE_RELEASED.store(true, Release);
}

/// The first Rust function of a further CPU, which has taken its offer and runs
/// in its own tables. Returns, to be halted, if the CPU cannot be used.
pub(crate) extern "C" fn enter() {
    let is_up = set_up(local::current());
    if offer::reply(is_up) && is_up {
        sleep();
        enter_safe_kernel();
    }
}

/// Sets the CPU up as boot does with the first; whether it is like it now.
fn set_up(local: &Local) -> bool {
    let Settings {
        isolation,
        features,
        ..
    } = local.settings;
    if Features::detect() != features {
        return false;
    }
    // SAFETY: its seat has this number and the stacks; called once on this CPU.
    unsafe { segments::load(local.number, Place::OWN) };
    vectors::load();
    control::enable(&features, isolation);
    vector_state::reset();
    syscall::enable();
    lapic::enable();
    Settings::now(features, isolation) == local.settings
}

/// Sleeps until the safe kernel wants this CPU.
fn sleep() {
    while !ARE_RELEASED.load(Acquire) {
        x86_64::instructions::interrupts::enable_and_hlt();
        x86_64::instructions::interrupts::disable();
    }
}

/// Enters the safe kernel with its rights, on a stack of this CPU: as after a
/// call, so that the stack is aligned as functions expect it.
pub(crate) fn enter_safe_kernel() -> ! {
    let local = local::current();
    let registers = state::with(|core| {
        shootdown::join(local.number);
        // What was changed before has never been used here, but may have been
        // read ahead.
        tlb::forget_all();
        tick::arm(local, Until::Run);
        let stack = SAFE.start_stack(local.number);
        Registers::entering(core.cpus.start, stack.end - 8)
    });
    local.assume(Domain::Safe);
    vectors::leave(&raw const registers)
}
