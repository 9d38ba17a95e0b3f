//! What is copied: trees of files and a stream of letters, and their digests.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::Failed;
use walkdir::WalkDir;

use crate::ensure;
use crate::images::TOOL;

/// How many folders the tree has in each of its [`TOP`] folders, and how many files
/// are in each of those. The tree that is copied first has the least such folders.
pub(super) struct Sizes {
    pub(super) folders: usize,
    pub(super) files: usize,
}

const TOP: usize = 8;

/// Makes both trees in a folder of this name, and the places for their copies.
pub(super) fn make(name: &str, sizes: &Sizes) -> Result<PathBuf, Failed> {
    let root = TOOL.scratch_file(&format!("soak-{name}"));
    // It may be left from an earlier run, or not be there at all.
    let _ = fs::remove_dir_all(&root);
    for (tree, folders) in [("first", 1), ("all", sizes.folders)] {
        fs::create_dir_all(root.join(format!("{tree}-copy")))?;
        for number in 0..TOP * folders {
            let (top, inner) = (number % TOP, number / TOP);
            let folder = root.join(format!("{tree}/{top}/{inner}"));
            fill(&folder, number * sizes.files, sizes.files)?;
        }
    }
    Ok(root)
}

/// Makes files with these numbers.
fn fill(folder: &Path, first: usize, count: usize) -> Result<(), Failed> {
    fs::create_dir_all(folder)?;
    for number in first..first + count {
        let content = bytes(number as u64, size(number));
        fs::write(folder.join(format!("file-{number}")), content)?;
    }
    Ok(())
}

/// Most fit into one message, some into none or take several.
fn size(number: usize) -> usize {
    match number % 40 {
        0 => 150_000,
        1 => 0,
        _ => number * 7919 % 9000,
    }
}

/// Compares the tree with its copy, and removes both; what the guest says of it.
pub(super) fn compare(root: &Path) -> Result<String, Failed> {
    let [tree, copy] = ["all", "all-copy"].map(|tree| content(&root.join(tree)));
    let (tree, copy) = (tree?, copy?);
    let others = tree.iter().filter(|(path, it)| copy.get(*path) != Some(it));
    let others: Vec<&String> = others.map(|(path, _)| path).take(9).collect();
    ensure(others.is_empty(), "each file, as it is", &others)?;
    ensure(copy.len() == tree.len(), "no other files", &copy.len())?;
    fs::remove_dir_all(root)?;
    let sums = tree.iter().map(|(path, it)| sum(path.as_bytes(), it));
    let sum = sums.fold(0, u64::wrapping_add);
    Ok(format!("{} files, digest {sum:016x}", tree.len()))
}

/// The files below a folder, by their paths in it.
fn content(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>, Failed> {
    let mut files = BTreeMap::new();
    for entry in WalkDir::new(folder) {
        let entry = entry?;
        if entry.file_type().is_file() {
            let path = entry.path().strip_prefix(folder)?;
            let path = format!("/{}", path.display());
            files.insert(path, fs::read(entry.path())?);
        }
    }
    Ok(files)
}

/// Letters that tell where they belong, in lines.
pub(super) fn letters(size: usize) -> Vec<u8> {
    let letter = |(place, byte)| match place % 80 {
        79 => b'\n',
        _ => b'a' + byte % 26,
    };
    let bytes = bytes(1, size).into_iter();
    bytes.enumerate().map(letter).collect()
}

/// Bytes that tell where they belong.
fn bytes(seed: u64, size: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..size).map(|_| next()).collect()
}

/// What the guest says of bytes.
pub(super) fn digest(bytes: &[u8]) -> String {
    format!("{:016x}", sum(b"", bytes))
}

/// A sum over a path and what is there, as the guest has it (FNV-1a).
fn sum(path: &[u8], content: &[u8]) -> u64 {
    let step = |sum: u64, byte: &u8| (sum ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
    path.iter().chain(content).fold(0xcbf2_9ce4_8422_2325, step)
}
