//! The core's own image, written by itself through its map of all memory; and
//! what it lets ring 3 see.

use domains::core_call::test_hook::{self, OWN_DATA, OWN_RODATA, OWN_TEXT, WRITE_OWN};
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

/// Whether all that ring 3 can see is memory, by the page tables.
pub fn pages() -> Result<(), String> {
    let counts = hooks::hook(CORE_HOOK, test_hook::PAGES_OF_RING_3 as usize, 0);
    let (pages, foreign) = (counts >> 32, counts & 0xffff_ffff);
    println!("ring 3 can see {pages} pages, of which {foreign} are no memory");
    match (pages, foreign) {
        (100.., 0) => Ok(()),
        _ => Err("there are too few, or registers among them".to_owned()),
    }
}
