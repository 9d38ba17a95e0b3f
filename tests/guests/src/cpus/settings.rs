//! Control registers, XCR0 and the rest: the same on every CPU.

use domains::core_call::test_hook::{PKRU_BY_XRSTOR, SETTINGS, SETTINGS_WORDS};
use gate::hooks::CORE_HOOK;

use super::{count, pinned};
use crate::hooks;

/// Compares the settings of all CPUs. With `mutant` the last one lets XRSTOR
/// change PKRU, which must be found.
pub fn run(mutant: bool) -> Result<(), String> {
    let last = count() - 1;
    if mutant {
        let open = || hooks::hook(CORE_HOOK, PKRU_BY_XRSTOR as usize, 1);
        pinned(last, open)?
            .recv()
            .map_err(|_| "the thread is gone")?;
    }
    let mut all = Vec::new();
    for cpu in 0..count() {
        let words = pinned(cpu, words)?;
        all.push(words.recv().map_err(|_| "the thread is gone")?);
    }
    println!("settings of {} CPUs: {:x?}", all.len(), all[0]);
    match all.iter().position(|words| words != &all[0]) {
        None => Ok(()),
        Some(cpu) => Err(format!("CPU {cpu} differs: {:x?}", all[cpu])),
    }
}

fn words() -> Vec<i64> {
    // The index of the word is the argument of the core's hook.
    let word = |index: u64| hooks::hook(CORE_HOOK, SETTINGS as usize, index as usize);
    (0..SETTINGS_WORDS).map(word).collect()
}
