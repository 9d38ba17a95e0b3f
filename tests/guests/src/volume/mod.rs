//! Volumes: folders of the host, as programs use them.

mod content;
mod cost;
mod errors;
mod host;
mod large;
mod lies;
mod many;
mod modes;
mod restarts;
mod waiting;

use std::fs::File;

use crate::checks::done;

/// What is broken, or has no driver, answers so.
const EIO: i32 = 5;

/// Does what `words` say in the folder that comes first.
pub fn run(folder: &str, words: &[&str]) -> Result<(), String> {
    match words {
        ["content"] => content::run(folder),
        ["abandoned"] => waiting::abandoned(folder),
        ["beside"] => waiting::beside(folder),
        ["cost"] => cost::run(folder),
        ["errors"] => errors::run(folder),
        ["gone"] => host::gone(folder),
        ["killed"] => host::killed(folder),
        ["large"] => large::run(folder),
        ["lies", lies] => lies::run(lies),
        ["found-out", lies] => lies::found_out(lies),
        ["limit"] => errors::limit(folder),
        ["links"] => host::links(folder),
        ["many", count] => many::run(folder, count),
        ["modes", lie] => modes::run(folder, lie),
        ["endless-storm"] => waiting::endless_storm(folder),
        ["lies-for-ever"] => lies::for_ever(),
        ["noise", seed] => lies::noise(folder, seed),
        ["read-only"] => errors::read_only(folder),
        ["restarts"] => restarts::course(folder),
        ["restarts-of-names"] => restarts::names(folder),
        ["restarts-renamed"] => restarts::renamed(folder),
        ["restarts-too-many"] => restarts::too_many(folder),
        ["restarts-unlinked"] => restarts::unlinked(folder),
        ["seen"] => host::seen(folder),
        ["slow-storm"] => waiting::storm(folder, 100),
        ["storm"] => waiting::storm(folder, 0),
        ["threads"] => many::threads(folder),
        other => Err(format!("no such checks: {other:?}")),
    }?;
    println!("volume: {words:?} passed");
    Ok(())
}

/// Opens a file that is empty then, to be written and read.
fn empty(path: &str) -> Result<File, String> {
    let mut options = File::options();
    let options = options.read(true).write(true).create(true).truncate(true);
    done("open", options.open(path))
}

/// Bytes that tell where they belong.
fn pattern(seed: u64, size: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        bytes.extend_from_slice(&next());
    }
    bytes.truncate(size);
    bytes
}
