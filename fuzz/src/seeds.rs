//! Seeds that code makes: small inputs that are right.
//!
//! They lie in the corpus as files, beside inputs that were found. A test compares them
//! with what is made here, so that they are right for today's formats.

mod cells;
mod guest;
mod host;
mod network;
mod packets;
mod volumes;

use std::path::PathBuf;
use std::{fs, io};

use crate::corpus;

/// A seed: its target, its name and its bytes.
type Seed = (&'static str, &'static str, Vec<u8>);

/// All seeds, with the files that they lie in.
pub fn all() -> impl Iterator<Item = (PathBuf, Vec<u8>)> {
    let all = [
        cells::all(),
        guest::all(),
        host::all(),
        network::all(),
        volumes::all(),
    ];
    all.into_iter().flatten().map(|(target, name, bytes)| {
        let path = corpus::seeds_of(target).join(name);
        (path, bytes)
    })
}

/// Writes them to the corpus.
///
/// # Errors
///
/// A file cannot be written.
pub fn write() -> io::Result<()> {
    for (path, bytes) in all() {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, bytes)?;
    }
    Ok(())
}

/// Words of 64 bits as bytes.
fn words(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}
