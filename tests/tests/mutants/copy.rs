//! A copy of the sources, in which one thing at a time is changed.
//!
//! It is kept from run to run, and only files that differ are written, so that
//! little is built anew.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tests::mutants::Patch;
use tests::sources;
use walkdir::WalkDir;

/// The copy.
pub(crate) struct Copy {
    folder: PathBuf,
}

/// A change, which is taken back at the end.
pub(crate) struct Changed {
    file: PathBuf,
    text: String,
}

impl Copy {
    /// Brings the copy below `scratch`, which lies in the target folder, up to date.
    pub(crate) fn of_sources(scratch: &Path) -> io::Result<Copy> {
        let folder = scratch.join("mutants");
        let target = folder.join("sources");
        fs::create_dir_all(&target)?;
        let kept = copy_all(&sources::root(), &target)?;
        remove_others(&target, &kept)?;
        Ok(Copy { folder })
    }

    /// The root of the copied repository.
    pub(crate) fn sources(&self) -> PathBuf {
        self.folder.join("sources")
    }

    /// The copy's own target folder. Cargo would take what is built in the sources'
    /// one for theirs: a package's name there does not depend on where it lies.
    pub(crate) fn target(&self) -> PathBuf {
        self.folder.join("built")
    }

    /// Changes the copy as `patch` has it, until what is returned is dropped.
    pub(crate) fn change(&mut self, patch: &Patch) -> Result<Changed, String> {
        let file = self.sources().join(&patch.file);
        let said = |error: io::Error| format!("{}: {error}", patch.file);
        let text = fs::read_to_string(&file).map_err(said)?;
        fs::write(&file, patch.apply(&text)?).map_err(said)?;
        Ok(Changed { file, text })
    }
}

impl Drop for Changed {
    fn drop(&mut self) {
        // The next run makes the copy anew if this fails.
        let _ = fs::write(&self.file, &self.text);
    }
}

/// Copies what cargo builds from; the copied files' paths.
fn copy_all(source: &Path, target: &Path) -> io::Result<HashSet<PathBuf>> {
    let is_made = |name: &std::ffi::OsStr| name == "target" || name == ".git";
    let entries = WalkDir::new(source)
        .min_depth(1)
        .into_iter()
        .filter_entry(|entry| !is_made(entry.file_name()));
    let mut kept = HashSet::new();
    for entry in entries {
        let entry = entry?;
        let path = entry.path();
        let copied = target.join(path.strip_prefix(source).unwrap_or(path));
        if entry.file_type().is_dir() {
            fs::create_dir_all(&copied)?;
        } else if entry.file_type().is_file() {
            copy_if_other(path, &copied)?;
            kept.insert(copied);
        }
    }
    Ok(kept)
}

fn copy_if_other(source: &Path, target: &Path) -> io::Result<()> {
    let content = fs::read(source)?;
    if fs::read(target).is_ok_and(|old| old == content) {
        return Ok(());
    }
    fs::copy(source, target).map(|_| ())
}

/// Removes files that have gone from the sources.
fn remove_others(target: &Path, kept: &HashSet<PathBuf>) -> io::Result<()> {
    for entry in WalkDir::new(target) {
        let entry = entry?;
        if entry.file_type().is_file() && !kept.contains(entry.path()) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
