//! A copy of the sources, in which one thing at a time is changed.
//!
//! It is kept from run to run, and only files that differ are written, so that
//! little is built anew. One run has it at a time: a second one would change back
//! what the first has changed, and boot the other's image.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::SystemTime;

use tests::mutants::Patch;
use tests::sources;
use walkdir::WalkDir;

use crate::built;

/// The copy.
pub(crate) struct Copy {
    folder: PathBuf,
    lock: File,
}

/// A change, which is taken back at the end.
pub(crate) struct Changed {
    /// The file's name from the root.
    name: String,
    file: PathBuf,
    old: String,
    new: String,
    when: SystemTime,
}

impl Copy {
    /// Brings the copy below `scratch`, which lies in the target folder, up to date.
    pub(crate) fn of_sources(scratch: &Path) -> io::Result<Copy> {
        let folder = scratch.join("mutants");
        let target = folder.join("sources");
        fs::create_dir_all(&target)?;
        let lock = lock(&folder)?;
        let kept = copy_all(&sources::root(), &target)?;
        remove_others(&target, &kept)?;
        Ok(Copy { folder, lock })
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

    /// What holds the copy. Who runs in it has this, too: if this program is
    /// killed, the next waits for what is left of the last.
    pub(crate) fn held(&self) -> io::Result<File> {
        self.lock.try_clone()
    }

    /// Keeps what was said without the defence called `mutant`, beside the copy: for
    /// whoever wants to know why the test has failed.
    pub(crate) fn keep(&self, mutant: &str, output: &Output) -> io::Result<()> {
        let folder = self.folder.join("said");
        fs::create_dir_all(&folder)?;
        let text = [&output.stdout[..], &output.stderr].concat();
        fs::write(folder.join(mutant.replace('/', "-")), text)
    }

    /// Changes the copy as `patch` has it, until what is returned is dropped.
    pub(crate) fn change(&mut self, patch: &Patch) -> Result<Changed, String> {
        let file = self.sources().join(&patch.file);
        let said = |error: io::Error| format!("{}: {error}", patch.file);
        let old = fs::read_to_string(&file).map_err(said)?;
        let new = patch.apply(&old)?;
        fs::write(&file, &new).map_err(said)?;
        let when = fs::metadata(&file).and_then(|data| data.modified());
        Ok(Changed {
            name: patch.file.clone(),
            file,
            old,
            new,
            when: when.map_err(said)?,
        })
    }
}

impl Changed {
    /// Fails unless something below `target` was built of the file as it was
    /// changed, and it is still so.
    pub(crate) fn was_built(&self, target: &Path) -> Result<(), String> {
        let said = |error: io::Error| format!("{}: {error}", self.name);
        if fs::read_to_string(&self.file).map_err(said)? != self.new {
            return Err(format!("{} was changed by somebody else", self.name));
        }
        match built::is_of(target, &self.name, self.when).map_err(said)? {
            true => Ok(()),
            false => Err(format!("{} was changed, and not built anew", self.name)),
        }
    }
}

impl Drop for Changed {
    fn drop(&mut self) {
        // The next run makes the copy anew if this fails.
        let _ = fs::write(&self.file, &self.old);
    }
}

/// Waits until nobody else has the copy in `folder`.
pub(crate) fn lock(folder: &Path) -> io::Result<File> {
    let file = File::create(folder.join("lock"))?;
    if file.try_lock().is_err() {
        eprintln!("waiting for another run that takes out defences");
        file.lock()?;
    }
    Ok(file)
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
