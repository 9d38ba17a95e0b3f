//! Preemption: thousands of times, with every register checked.

use std::arch::asm;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, ScopedJoinHandle};

use domains::{Domain, Isolation, Pkru};
use gate::hooks::PKRU_AFTER_CELL_CALL;
use gate::{info, safe};

use crate::hooks;

/// Two threads and a third compute until the kernel has preempted `count`
/// times; none may find a register changed.
pub fn run(count: &str) -> Result<(), String> {
    let count: i64 = count.parse().map_err(|_| "not a number")?;
    hooks::set_time_slice(20_000);
    let stop = &AtomicBool::new(false);
    let sound = thread::scope(|scope| {
        let workers: Vec<_> = (1..=3_u64)
            .map(|seed| scope.spawn(move || work(seed, stop)))
            .collect();
        let are_sound = || !workers.iter().any(ScopedJoinHandle::is_finished);
        while hooks::preemptions() < count && are_sound() {
            thread::yield_now();
            spin();
        }
        stop.store(true, Ordering::Release);
        workers
            .into_iter()
            .all(|worker| worker.join().unwrap_or(false))
    });
    println!("{} preemptions", hooks::preemptions());
    if sound {
        Ok(())
    } else {
        Err("a register changed under a thread".into())
    }
}

/// Two threads call the safe kernel, and by it a cell, until the kernel has preempted
/// `count` times, after times that are never the same for long. What comes back from a gate
/// must have the rights of its domain.
pub fn in_gates(count: &str) -> Result<(), String> {
    let count: i64 = count.parse().map_err(|_| "not a number")?;
    let stop = &AtomicBool::new(false);
    let sound = thread::scope(|scope| {
        let workers: Vec<_> = (0..2).map(|_| scope.spawn(move || calls(stop))).collect();
        let are_sound = || !workers.iter().any(ScopedJoinHandle::is_finished);
        let mut slices = (0..SLICES).cycle();
        while hooks::preemptions() < count && are_sound() {
            hooks::set_time_slice(SLICE + slices.next().unwrap_or(0) * 7);
            (0..100).for_each(|_| thread::yield_now());
        }
        stop.store(true, Ordering::Release);
        workers
            .into_iter()
            .all(|worker| worker.join().unwrap_or(false))
    });
    println!("{} preemptions", hooks::preemptions());
    sound
        .then_some(())
        .ok_or("wrong rights behind a gate".into())
}

/// How many calls there are for each look at the own rights, which takes longer.
const CALLS: u32 = 32;
/// The shortest time slice there, in nanoseconds, and how many longer ones there are.
const SLICE: usize = 9973;
const SLICES: usize = 311;

/// Calls until `stop`; false if the rights behind a gate are others than before it.
fn calls(stop: &AtomicBool) -> bool {
    let safe = match info::isolation() {
        Isolation::None => 0,
        Isolation::Mpk => i64::from(Pkru::of(Domain::Safe).bits()),
    };
    while !stop.load(Ordering::Acquire) {
        // SAFETY: the hook calls a cell, and changes nothing.
        let call = |_| unsafe { safe::hook(PKRU_AFTER_CELL_CALL, 0, 0) };
        let is_same = (0..CALLS)
            .map(call)
            .all(|behind| safe == 0 || behind == safe);
        if !is_same || !rights_survive() {
            return false;
        }
    }
    true
}

/// Computes until `stop`; false if a result is not the expected one.
fn work(seed: u64, stop: &AtomicBool) -> bool {
    let expected = series(seed).to_bits();
    while !stop.load(Ordering::Acquire) {
        if series(seed).to_bits() != expected || !registers_survive(seed) || !rights_survive() {
            return false;
        }
    }
    true
}

/// A sum that any lost bit of a floating-point register shows in.
fn series(seed: u64) -> f64 {
    (1..500).fold(seed as f64, |sum, term| {
        sum + (sum / f64::from(term)).sin_cos_free()
    })
}

/// A cheap non-linear function without the mathematics library.
trait Mix {
    fn sin_cos_free(self) -> f64;
}

impl Mix for f64 {
    fn sin_cos_free(self) -> f64 {
        (self * self + 1.0).sqrt() / (self.abs() + 2.0)
    }
}

/// Fills general and vector registers with a pattern, spins long enough to be
/// preempted now and then, and looks at them again.
fn registers_survive(seed: u64) -> bool {
    let pattern = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let difference: u64;
    // SAFETY: only registers are changed, and all are declared.
    unsafe {
        asm!(
            "movq xmm0, {pattern}",
            "movq xmm7, {pattern}",
            "movq xmm15, {pattern}",
            "mov r12, {pattern}",
            "mov r15, {pattern}",
            "2:",
            "pause",
            "dec {count}",
            "jnz 2b",
            "movq r8, xmm0",
            "xor r8, {pattern}",
            "movq r9, xmm7",
            "xor r9, {pattern}",
            "movq r10, xmm15",
            "xor r10, {pattern}",
            "xor r12, {pattern}",
            "xor r15, {pattern}",
            "or r8, r9",
            "or r8, r10",
            "or r8, r12",
            "or r8, r15",
            pattern = in(reg) pattern,
            count = inout(reg) 2000_u64 => _,
            out("r8") difference, out("r9") _, out("r10") _, out("r12") _, out("r15") _,
            out("xmm0") _, out("xmm7") _, out("xmm15") _,
            options(nomem, nostack),
        );
    }
    difference == 0
}

/// Whether the rights are still the application's.
fn rights_survive() -> bool {
    if info::isolation() == Isolation::None {
        return true;
    }
    let pkru: u32;
    // SAFETY: RDPKRU touches no memory; CR4.PKE is set where there are walls.
    unsafe { asm!("rdpkru", in("ecx") 0, out("eax") pkru, out("edx") _) };
    pkru == Pkru::of(Domain::App).bits()
}

fn spin() {
    for _ in 0..1000 {
        std::hint::spin_loop();
    }
}
