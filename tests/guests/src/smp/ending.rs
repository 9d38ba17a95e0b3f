//! Threads that end together: what that takes, and how often all CPUs are asked.

use std::arch::x86_64::_rdtsc;
use std::sync::Barrier;
use std::thread::{Builder, JoinHandle};

use domains::core_call::test_hook::SHOOTDOWNS;
use gate::hooks::CORE_HOOK;

use super::numbers::leak;
use crate::hooks::hook;

/// The least stack that the kernel makes is larger.
const STACK: usize = 16 << 10;

/// Has `count` threads end at once, and says what passes until all of them are
/// joined: ticks, which are instructions of all CPUs where those count as time,
/// and shootdowns.
pub fn run(count: usize) -> Result<(), String> {
    let meeting: &Barrier = leak(Barrier::new(count + 1));
    let spawn = |_| {
        let thread = Builder::new().stack_size(STACK);
        thread.spawn(|| _ = meeting.wait())
    };
    let threads: Result<Vec<_>, _> = (0..count).map(spawn).collect();
    let threads = threads.map_err(|error| error.to_string())?;
    let (ticks, asked) = (ticks(), shootdowns());
    meeting.wait();
    let joined = threads.into_iter().map(JoinHandle::join);
    let ended = joined.filter(Result::is_ok).count();
    let (ticks, asked) = (self::ticks() - ticks, shootdowns() - asked);
    println!("{ended} ended: {ticks} ticks, {asked} shootdowns");
    match ended == count {
        true => Ok(()),
        false => Err(format!("{count} were to end")),
    }
}

fn shootdowns() -> i64 {
    hook(CORE_HOOK, SHOOTDOWNS as usize, 0)
}

fn ticks() -> u64 {
    // SAFETY: it touches no memory, and every x86-64 CPU has it.
    unsafe { _rdtsc() }
}
