//! The cell `probe`, used by a program as a cell is.

use gate::hooks::DIGEST;

use crate::hooks::hook;

/// Prints what the cell says of each of `texts`.
pub fn run(texts: &[&str]) -> Result<(), String> {
    for text in texts {
        let place = text.as_ptr().expose_provenance();
        println!("{text} {}", hook(DIGEST, place, text.len()));
    }
    Ok(())
}
