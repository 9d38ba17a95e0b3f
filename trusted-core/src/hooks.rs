//! The core's side of the attack tests. Release images refuse this feature.
//!
//! One hook tries the gate page, two are about the core's own memory, one is about
//! its flags, and one about what ring 3 can see; one counts free frames; the others
//! take a wall away, to show that the test of that wall has power.

mod blunt;
mod canary;
mod marks;
mod open;
mod own;
mod physical;
mod seen;
mod sweep;

use core::sync::atomic::Ordering::Relaxed;
use core::sync::atomic::{AtomicBool, AtomicU64};

use domains::core_call::{error, test_hook};

use crate::call::Arguments;
use crate::cpu::control::Settings;
use crate::cpu::vector_state;
use crate::trap::Trap;

pub(crate) use marks::print as print_marks;
pub(crate) use open::entered;
pub(crate) use sweep::{Sweep, interrupted};

static FORGETS_HERE_ONLY: AtomicBool = AtomicBool::new(false);

/// Whether a CPU that changes the tables leaves the others as they are.
pub(crate) fn forgets_here_only() -> bool {
    FORGETS_HERE_ONLY.load(Relaxed)
}

static SHOOTDOWNS: AtomicU64 = AtomicU64::new(0);

/// Notes that a CPU has the others forget something.
pub(crate) fn note_shootdown() {
    SHOOTDOWNS.fetch_add(1, Relaxed);
}

static IS_BLIND: AtomicBool = AtomicBool::new(false);

/// Whether the core does not look at what is to be executed.
pub(crate) fn is_blind() -> bool {
    IS_BLIND.load(Relaxed)
}

/// Whether a fault is part of a test, and is dealt with.
pub(crate) fn caught(trap: &mut Trap<'_>) -> bool {
    canary::tell();
    sweep::caught(trap)
}

/// Makes hook number `hook`. What it answers is the result of the call, which
/// that of [`test_hook::SWEEP`] makes when it is through.
pub(crate) fn call(trap: &mut Trap<'_>, [hook, argument, ..]: Arguments) -> Result<u64, i64> {
    match hook {
        test_hook::SWEEP => sweep::begin(trap, argument),
        test_hook::PKRU_BY_XRSTOR => {
            vector_state::let_xrstor_write_pkru(argument != 0);
            Ok(0)
        }
        test_hook::BLUNT_GATE => blunt::gate(trap.core, argument),
        test_hook::SETTINGS => {
            let Settings {
                features,
                isolation,
                ..
            } = trap.local.settings;
            let now = Settings::now(features, isolation);
            now.register(argument).ok_or(error::INVALID)
        }
        test_hook::FORGET_HERE_ONLY => {
            FORGETS_HERE_ONLY.store(argument != 0, Relaxed);
            Ok(0)
        }
        test_hook::UNMAP => trap.core.space.unmap(argument, 1, 0).map(|()| 0),
        test_hook::SKIP_SCAN => {
            IS_BLIND.store(argument != 0, Relaxed);
            Ok(0)
        }
        test_hook::WRITE_OWN => own::write(argument),
        test_hook::CANARY_PUT => canary::put(argument),
        test_hook::CANARY_GET => canary::get(argument),
        test_hook::SHOOTDOWNS => Ok(SHOOTDOWNS.load(Relaxed)),
        test_hook::TRANSLATE => physical::translate(trap, argument),
        test_hook::PHYSICAL_WORD => physical::word(trap, argument),
        test_hook::TABLES => Ok(trap.local.tables.root().address()),
        test_hook::OPEN_TRAPS => Ok(open::count()),
        test_hook::FREE_FRAMES => Ok(trap.core.space.frames.free() as u64),
        test_hook::PAGES_OF_RING_3 => Ok(seen::count(&trap.core.space)),
        _ => Err(error::INVALID),
    }
}
