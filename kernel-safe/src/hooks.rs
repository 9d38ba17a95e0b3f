//! Footholds in the kernels, for the attack tests.
//!
//! What an attack does needs unsafe code, which this crate has none of: the
//! component's binary hands it over when it starts.

use core::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use gate::hooks::{
    BESIDE, BLUNT_POINTERS, CORE_HOOK, DIGEST, PREEMPTED_AT, PREEMPTIONS, READ_VECTORS,
    SET_TIME_SLICE, VECTORS_AT_UPCALL, cell_of, for_cell,
};
use gate::{clock, core_call};
use spin::Once;

use crate::drivers;
use crate::errno::{Answer, Errno};
use crate::schedule::cpu::FLEET;

/// What attacks from inside the safe kernel.
pub type Attack = fn(kind: u32, address: usize, argument: usize) -> i64;

static ATTACK: Once<Attack> = Once::new();
static PREEMPTED: AtomicU64 = AtomicU64::new(0);
static LAST_AT: AtomicU64 = AtomicU64::new(0);
static VECTORS: AtomicI64 = AtomicI64::new(0);

/// Hands the attack over.
pub fn install(attack: Attack) {
    ATTACK.call_once(|| attack);
}

/// Notes a preemption of the application, when it was, and what it left in
/// registers that the kernel does not use.
pub fn note_preemption() {
    if let Some(attack) = ATTACK.get() {
        VECTORS.fetch_or(attack(READ_VECTORS, 0, 0), Ordering::Relaxed);
    }
    LAST_AT.store(clock::ticks(), Ordering::Relaxed);
    PREEMPTED.fetch_add(1, Ordering::Relaxed);
}

/// Does what a test says, in this kernel or in a cell.
///
/// # Errors
///
/// No attack was handed over, or the cell did not survive it.
pub fn call(kind: u32, address: usize, argument: usize) -> Answer {
    if let Some(cell) = cell_of(kind) {
        let told = for_cell(kind);
        return match kind & BESIDE {
            0 => drivers::hook(cell, told, address, argument).map_err(|_| Errno::Device),
            _ => gate::cell::hook(cell, told, address, argument).map_err(|_| Errno::Device),
        };
    }
    match kind {
        SET_TIME_SLICE => {
            for number in 0..FLEET.count() {
                FLEET.cpu(number).look().alarm.set_slice(argument as u64);
            }
            Ok(0)
        }
        BLUNT_POINTERS => {
            gate::user::take_checks_out();
            Ok(0)
        }
        PREEMPTIONS => Ok(PREEMPTED.load(Ordering::Relaxed) as i64),
        PREEMPTED_AT => Ok(LAST_AT.load(Ordering::Relaxed) as i64),
        DIGEST => drivers::digest(address, argument),
        VECTORS_AT_UPCALL => Ok(VECTORS.load(Ordering::Relaxed)),
        CORE_HOOK => Ok(core_call::test_hook(address as u64, argument as u64)),
        _ => {
            let attack = ATTACK.get().ok_or(Errno::NotSupported)?;
            Ok(attack(kind, address, argument))
        }
    }
}
