//! Jumps into the gate page at every byte, with forged registers.

use gate::hooks::CORE_HOOK;

use crate::hooks;

/// The core's hook that does it: it enters the page as an attacker would and
/// catches the fault that ends each attempt.
const SWEEP: usize = 1;
/// The core's hook that takes checks out of the gate page.
const BLUNT_GATE: usize = 4;

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

/// Takes the checks out of the gate page first: those of PKRU, or those of the
/// tokens. Now something must get through.
pub fn run_on_mutant(checks: &str) -> Result<(), String> {
    let which = match checks {
        "pkru" => 0,
        "tokens" => 1,
        other => return Err(format!("no such checks: {other}")),
    };
    match hooks::hook(CORE_HOOK, BLUNT_GATE, which) {
        count if count > 0 => println!("{count} checks taken out"),
        error => return Err(format!("no check taken out: {error}")),
    }
    run()
}
