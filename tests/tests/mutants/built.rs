//! Whether a test has run what was changed.
//!
//! Cargo goes by the times of files. Where those deceive it, or somebody else has
//! changed the file back, a test runs what has its defence still, and passes. So
//! nothing is said of a test unless a compiler has read the changed file since:
//! it leaves a list of what it read beside what it built.

use std::fs;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use walkdir::{DirEntry, WalkDir};

/// Whether something was built below `target` of the file called `name`, from
/// the root of its sources, after it was written at `changed`.
pub(crate) fn is_of(target: &Path, name: &str, changed: SystemTime) -> io::Result<bool> {
    for entry in WalkDir::new(target) {
        let entry = entry?;
        if is_list(&entry) && entry.metadata()?.modified()? > changed {
            let list = fs::read_to_string(entry.path())?;
            if names(&list, name) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn is_list(entry: &DirEntry) -> bool {
    let path = entry.path();
    entry.file_type().is_file() && path.extension().is_some_and(|ending| ending == "d")
}

/// Whether the list, which is a part of a makefile, has a line for the file.
fn names(list: &str, name: &str) -> bool {
    let mut files = list.lines().filter_map(|line| line.strip_suffix(':'));
    files.any(|file| Path::new(file).ends_with(name))
}
