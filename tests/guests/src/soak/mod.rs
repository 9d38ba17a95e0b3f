//! Work that goes on for long, or while a cell fails again and again.
//!
//! It is done twice: a little first, by which everything grows that does, then
//! all. Between the two and behind them the kernels have the same memory.

mod copy;
mod echo;
mod level;
mod names;
mod serve;

use self::names::Names;

/// Does the work called so.
pub fn run(words: &[&str]) -> Result<(), String> {
    match words {
        ["copy", folder] => copy::run(folder, Names::Sure),
        ["copy-unsure", folder] => copy::run(folder, Names::Unsure),
        ["echo", first] => echo::run(first),
        ["serve", first, all] => serve::run(first, all),
        other => Err(format!("no such work: {other:?}")),
    }
}

/// A sum over bytes, by which both sides know that they have the same (FNV-1a).
fn digest(sum: u64, bytes: &[u8]) -> u64 {
    const PRIME: u64 = 0x100_0000_01b3;
    let step = |sum: u64, byte: &u8| (sum ^ u64::from(*byte)).wrapping_mul(PRIME);
    bytes.iter().fold(sum, step)
}

/// That of nothing.
const NO_BYTES: u64 = 0xcbf2_9ce4_8422_2325;
