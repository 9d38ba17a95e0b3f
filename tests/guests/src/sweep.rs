//! Jumps into the gate page at every byte, with forged registers.

use domains::Domain;
use domains::attack::Check;
use domains::core_call::test_hook::{BLUNT_GATE, SWEEP};
use gate::hooks::CORE_HOOK;

use crate::hooks;

/// Has the core try everything as `attacker`; fails if anything got through.
pub fn run(attacker: &str) -> Result<(), String> {
    let attacker = Domain::from_name(attacker).ok_or("no such domain")?;
    let result = hooks::hook(CORE_HOOK, SWEEP as usize, attacker.number() as usize);
    if result < 0 {
        return Err(format!("no sweep: {result}"));
    }
    let (attempts, anomalies) = (result >> 32, result & 0xffff_ffff);
    if anomalies > 0 {
        return Err(format!("{attempts} attempts, {anomalies} got through"));
    }
    println!("{attempts} attempts, none got through");
    Ok(())
}

/// Takes these checks out of the gate page first. Now something must get
/// through.
pub fn run_on_mutant(attacker: &str, checks: &str) -> Result<(), String> {
    let check = Check::from_name(checks).ok_or_else(|| format!("no such checks: {checks}"))?;
    match hooks::hook(CORE_HOOK, BLUNT_GATE as usize, check.number() as usize) {
        count if count > 0 => println!("{count} checks taken out"),
        error => return Err(format!("no check taken out: {error}")),
    }
    run(attacker)
}
