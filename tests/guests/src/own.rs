//! The core's own image, written by itself through its map of all memory.

use domains::core_call::test_hook::{OWN_DATA, OWN_RODATA, OWN_TEXT, WRITE_OWN};
use gate::hooks::CORE_HOOK;

use crate::hooks;

/// Has the core write to a part of its image; comes back only if it could.
pub fn run(part: &str) -> Result<(), String> {
    let number = match part {
        "text" => OWN_TEXT,
        "rodata" => OWN_RODATA,
        "data" => OWN_DATA,
        other => return Err(format!("no such part: {other}")),
    };
    match hooks::hook(CORE_HOOK, WRITE_OWN as usize, number as usize) {
        0 => println!("the core wrote to its {part}"),
        error => return Err(format!("the core refused: {error}")),
    }
    Ok(())
}
