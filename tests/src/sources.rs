//! The project's own files, for the tidy tests.

use std::path::{Path, PathBuf};
use std::{fs, io};

use walkdir::{DirEntry, WalkDir};

/// A file of the project.
#[derive(Debug)]
pub struct Source {
    /// Its path from the root of the repository, with forward slashes.
    pub path: String,
    /// What it says.
    pub text: String,
}

/// The root of the repository.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Every file whose name ends with one of `endings`, in a fixed order.
pub fn with_endings(endings: &[&str]) -> Vec<Source> {
    let wanted = |path: &Path| {
        endings
            .iter()
            .any(|ending| path.to_string_lossy().ends_with(ending))
    };
    WalkDir::new(root())
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| !is_foreign(entry))
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file() && wanted(entry.path()))
        .filter_map(|entry| read(entry.path()).ok())
        .collect()
}

/// The Rust files.
pub fn rust() -> Vec<Source> {
    with_endings(&[".rs"])
}

/// One file by its path from the root.
pub fn file(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

impl Source {
    /// The lines with their numbers, from 1.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line))
    }

    /// Whether it lies below one of the `folders`.
    pub fn is_in(&self, folders: &[&str]) -> bool {
        folders.iter().any(|folder| self.path.starts_with(folder))
    }
}

fn read(path: &Path) -> io::Result<Source> {
    let text = fs::read_to_string(path)?;
    let relative = path.strip_prefix(root()).unwrap_or(path);
    Ok(Source {
        path: relative.to_string_lossy().replace('\\', "/"),
        text,
    })
}

fn is_foreign(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    entry.depth() > 0 && (name == "target" || name == ".git")
}
