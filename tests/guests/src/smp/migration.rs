//! Preempted threads that go on elsewhere, with every register checked.

use std::arch::asm;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use super::numbers::{cpus, here};
use crate::hooks;

/// More threads than CPUs compute, and each sleeps now and then: then its CPU
/// takes one that was preempted elsewhere. Until that has happened `count`
/// times in the middle of a loop.
pub fn run(count: usize) -> Result<(), String> {
    hooks::set_time_slice(50_000);
    let (moves, stop) = (&AtomicUsize::new(0), &AtomicBool::new(false));
    let is_sound = thread::scope(|scope| {
        let spawn = |seed| scope.spawn(move || work(seed, moves, stop));
        let workers: Vec<_> = (1..=cpus() as u64 + 2).map(spawn).collect();
        while moves.load(Ordering::Relaxed) < count {
            thread::sleep(Duration::from_millis(1));
        }
        stop.store(true, Ordering::Release);
        workers
            .into_iter()
            .all(|worker| worker.join().unwrap_or(false))
    });
    println!("{} moves", moves.load(Ordering::Relaxed));
    if is_sound {
        Ok(())
    } else {
        Err("a register changed under a thread".into())
    }
}

/// Computes until `stop`; false if a register has changed.
fn work(seed: u64, moves: &AtomicUsize, stop: &AtomicBool) -> bool {
    let mut round = seed;
    while !stop.load(Ordering::Acquire) {
        let before = here();
        if !registers_survive(round) {
            return false;
        }
        // No call of the kernel lies between: it was preempted.
        moves.fetch_add(usize::from(here() != before), Ordering::Relaxed);
        round = round.wrapping_add(seed);
        if round.is_multiple_of(7) {
            thread::sleep(Duration::from_micros(30));
        }
    }
    true
}

/// Fills general and vector registers, the rounding mode and the thread
/// pointer's variable with a pattern, spins long enough to be preempted, and
/// looks at them again.
fn registers_survive(seed: u64) -> bool {
    thread_local! {
        static OWN: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
    }
    let pattern = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    OWN.set(pattern);
    let difference: u64;
    // SAFETY: only registers are changed, and all are declared.
    unsafe {
        asm!(
            "movq xmm0, {pattern}",
            "movq xmm6, {pattern}",
            "movq xmm15, {pattern}",
            "vpbroadcastq ymm9, xmm0",
            "mov r12, {pattern}",
            "mov r15, {pattern}",
            "2:",
            "pause",
            "dec {count}",
            "jnz 2b",
            "vextracti128 xmm1, ymm9, 1",
            "movq r8, xmm0",
            "xor r8, {pattern}",
            "movq r9, xmm6",
            "xor r9, {pattern}",
            "or r8, r9",
            "movq r9, xmm15",
            "xor r9, {pattern}",
            "or r8, r9",
            "movq r9, xmm1",
            "xor r9, {pattern}",
            "or r8, r9",
            "xor r12, {pattern}",
            "xor r15, {pattern}",
            "or r8, r12",
            "or r8, r15",
            pattern = in(reg) pattern,
            count = inout(reg) 3000_u64 => _,
            out("r8") difference, out("r9") _, out("r12") _, out("r15") _,
            out("xmm0") _, out("xmm1") _, out("xmm6") _, out("xmm9") _, out("xmm15") _,
            options(nomem, nostack),
        );
    }
    difference == 0 && OWN.get() == pattern
}
