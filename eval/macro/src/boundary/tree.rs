//! A tree of files, made, walked, read and removed.
//!
//! Every directory has the same number of directories and files below it, and
//! every file holds its own number as often as that number's last digit says,
//! so that the sums of a walk can be worked out by hand.

use std::fs;
use std::io::Result;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::{Check, Class};

/// Directories in a directory, down to the last level.
const BRANCHES: u32 = 4;
/// Files in every directory.
const FILES: u32 = 8;

/// What a walk finds.
#[derive(Default)]
struct Sums {
    directories: i64,
    files: i64,
    bytes: i64,
    content: i64,
}

pub(crate) fn run(class: Class) -> Vec<Check> {
    let levels = match class {
        Class::S => 4,
        Class::W => 5,
        Class::A => 6,
    };
    let root = new_root();
    let found = grow_and_walk(&root, levels);
    let expected = expected(levels);
    let sums = found.unwrap_or_default();
    vec![
        Check::exact("directories", sums.directories, expected.directories),
        Check::exact("files", sums.files, expected.files),
        Check::exact("bytes", sums.bytes, expected.bytes),
        Check::exact("sum of the bytes", sums.content, expected.content),
        Check::text("what is left", &format!("{:?}", root.exists()), "false"),
    ]
}

/// A folder that nobody else has, here or in another process.
fn new_root() -> PathBuf {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.unwrap_or_default().as_nanos();
    std::env::temp_dir().join(format!("tree-bench-{now:032}"))
}

fn grow_and_walk(root: &Path, levels: u32) -> Result<Sums> {
    fs::create_dir_all(root)?;
    grow(root, levels)?;
    let mut sums = Sums::default();
    walk(root, &mut sums)?;
    remove(root)?;
    Ok(sums)
}

fn grow(folder: &Path, levels: u32) -> Result<()> {
    for number in 0..FILES {
        fs::write(folder.join(format!("file-{number}")), content(number))?;
    }
    if levels > 1 {
        for number in 0..BRANCHES {
            let branch = folder.join(format!("branch-{number}"));
            fs::create_dir(&branch)?;
            grow(&branch, levels - 1)?;
        }
    }
    Ok(())
}

/// What file number `number` of a directory holds.
fn content(number: u32) -> Vec<u8> {
    vec![number as u8; 100 * number as usize]
}

fn walk(folder: &Path, sums: &mut Sums) -> Result<()> {
    sums.directories += 1;
    for path in paths(folder)? {
        if fs::metadata(&path)?.is_dir() {
            walk(&path, sums)?;
        } else {
            let bytes = fs::read(&path)?;
            sums.files += 1;
            sums.bytes += bytes.len() as i64;
            sums.content += bytes.iter().map(|byte| i64::from(*byte)).sum::<i64>();
        }
    }
    Ok(())
}

/// Removes the directory and all below it, one by one: this target's std has no
/// function for it.
fn remove(folder: &Path) -> Result<()> {
    for path in paths(folder)? {
        if fs::metadata(&path)?.is_dir() {
            remove(&path)?;
        } else {
            fs::remove_file(&path)?;
        }
    }
    fs::remove_dir(folder)
}

fn paths(folder: &Path) -> Result<Vec<PathBuf>> {
    fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect()
}

/// The sums by hand: of one directory, times directories.
fn expected(levels: u32) -> Sums {
    let directories: i64 = (0..levels)
        .map(|level| i64::from(BRANCHES.pow(level)))
        .sum();
    let numbers = || (0..i64::from(FILES)).map(|number| (number, 100 * number));
    Sums {
        directories,
        files: directories * i64::from(FILES),
        bytes: directories * numbers().map(|(_, size)| size).sum::<i64>(),
        content: directories * numbers().map(|(byte, size)| byte * size).sum::<i64>(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failures;

    #[test]
    fn the_walk_finds_what_was_made() {
        let checks = run(Class::S);
        assert!(failures(&checks).is_empty(), "{checks:?}");
    }
}
