//! Footholds in the kernels, for the attack tests.
//!
//! What an attack does needs unsafe code, which this crate has none of: the
//! component's binary hands it over when it starts.

use gate::hooks::IN_DRIVER;
use spin::Once;

use crate::drivers;
use crate::errno::{Answer, Errno};

/// What attacks from inside the safe kernel.
pub type Attack = fn(kind: u32, address: usize, argument: usize) -> i64;

static ATTACK: Once<Attack> = Once::new();

/// Hands the attack over.
pub fn install(attack: Attack) {
    ATTACK.call_once(|| attack);
}

/// Does what a test says, in this kernel or in the other.
///
/// # Errors
///
/// No attack was handed over, or the unsafe kernel did not survive it.
pub fn call(kind: u32, address: usize, argument: usize) -> Answer {
    if kind & IN_DRIVER != 0 {
        let kind = kind & !IN_DRIVER;
        return drivers::hook(kind, address, argument).map_err(|_| Errno::Device);
    }
    let attack = ATTACK.get().ok_or(Errno::NotSupported)?;
    Ok(attack(kind, address, argument))
}
