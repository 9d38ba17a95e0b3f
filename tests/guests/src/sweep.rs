//! Jumps into the gate page at every byte, with forged registers.

use gate::hooks::CORE_HOOK;

use crate::hooks;

/// The core's hook that does it: it enters the page as an attacker would and
/// catches the fault that ends each attempt.
const SWEEP: usize = 1;

/// Has the core try everything; fails if anything got through.
pub fn run() -> Result<(), String> {
    let result = hooks::hook(CORE_HOOK, SWEEP, 0);
    let (attempts, anomalies) = (result >> 32, result & 0xffff_ffff);
    if result < 0 || anomalies > 0 {
        return Err(format!(
            "{attempts} attempts, {anomalies} got through ({result:#x})"
        ));
    }
    println!("{attempts} attempts, none got through");
    Ok(())
}
