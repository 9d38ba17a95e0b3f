//! The folders of inputs: seeds, which are kept, and what was found.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// The folder of a target's seeds.
pub fn seeds_of(target: &str) -> PathBuf {
    here().join("corpus").join(target)
}

/// The folder of inputs at which a target failed.
pub fn found_of(target: &str) -> PathBuf {
    here().join("found").join(target)
}

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files of a folder with their contents, by name; none if there is no folder.
///
/// # Errors
///
/// One cannot be read.
pub fn read(folder: &Path) -> io::Result<Vec<(PathBuf, Vec<u8>)>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<_>>()?;
    paths.sort();
    let read = |path: PathBuf| Ok((path.clone(), fs::read(path)?));
    paths.into_iter().map(read).collect()
}

/// Keeps an input, under a name that its bytes decide; where.
///
/// # Errors
///
/// It cannot be written.
pub fn keep(folder: &Path, input: &[u8]) -> io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let path = folder.join(format!("{:016x}", hash(input)));
    fs::write(&path, input)?;
    Ok(path)
}

/// FNV-1a: a name, and no more.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
    })
}
