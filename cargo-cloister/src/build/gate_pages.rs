//! Notes of the gate pages that were built, each with the sources it is of.
//!
//! An image's page is known by its digest alone, so the tool knows the pages that
//! it has built. But what it built before a defence was added would pass for ever:
//! a note holds only as long as the sources are what they were.

use std::fs;
use std::path::{Path, PathBuf};

use domains::Isolation;
use sha2::{Digest, Sha256};

use super::BuildError;
use super::folders::{Folders, install};
use crate::image::gate_page::GatePage;

/// All that a gate page is made of, in the workspace of the components.
const SOURCES: [&str; 3] = ["domains", "gate/page", "linker-scripts/gate.ld"];

/// Takes note of a gate page that was built.
pub(super) fn remember(
    folders: &Folders,
    isolation: Isolation,
    page: &GatePage,
) -> Result<(), BuildError> {
    let note = note(folders, isolation, page)?;
    match note.is_file() {
        true => Ok(()),
        false => install(&note, &[]),
    }
}

/// Whether that gate page was built here, of the sources as they are; none if no
/// other was ever built either.
pub(super) fn remembers(
    folders: &Folders,
    isolation: Isolation,
    page: &GatePage,
) -> Option<bool> {
    let is_noted = || note(folders, isolation, page).is_ok_and(|note| note.is_file());
    notes(folders, isolation).is_dir().then(is_noted)
}

/// The file that says of a page that it was built.
fn note(
    folders: &Folders,
    isolation: Isolation,
    page: &GatePage,
) -> Result<PathBuf, BuildError> {
    // DEFENCE: gate-page-sources
    let sources = digest(&folders.sources)?;
    Ok(notes(folders, isolation)
        .join(sources)
        .join(page.to_string()))
}

fn notes(folders: &Folders, isolation: Isolation) -> PathBuf {
    folders.target.join("gate-pages").join(isolation.name())
}

/// What tells these sources of the gate page from any other.
fn digest(workspace: &Path) -> Result<String, BuildError> {
    let mut files = Vec::new();
    for source in SOURCES {
        collect(&workspace.join(source), &mut files)?;
    }
    files.sort();
    let mut digest = Sha256::new();
    for path in &files {
        let content = fs::read(path).map_err(BuildError::io("read", path))?;
        let name = path.strip_prefix(workspace).unwrap_or(path);
        for part in [name.as_os_str().as_encoded_bytes(), &content] {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
    }
    let bytes = digest.finalize();
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Adds the file at `path`, or all that lie below it.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), BuildError> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path).map_err(BuildError::io("read", path))? {
        let entry = entry.map_err(BuildError::io("read", path))?;
        collect(&entry.path(), files)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::testing;

    const MPK: Isolation = Isolation::Mpk;

    /// Folders whose sources are a line each.
    fn folders(home: &Path) -> Folders {
        for file in ["domains/src/lib.rs", "gate/page/src/bin/mpk.rs", SOURCES[2]] {
            install(&home.join(file), b"first").expect("a file");
        }
        Folders::at(home)
    }

    fn page(code: &[u8]) -> GatePage {
        GatePage::built(&testing::gate_file(code)).expect("a gate page")
    }

    #[test]
    fn a_page_is_known_as_long_as_its_sources_are_what_they_were() {
        let home = tempfile::tempdir().expect("a folder");
        let folders = folders(home.path());
        let (old, new) = (page(&[0x90]), page(&[0xc3]));
        let known = |page| remembers(&folders, MPK, page);
        assert_eq!(known(&old), None);
        remember(&folders, MPK, &old).expect("a note");
        assert_eq!((known(&old), known(&new)), (Some(true), Some(false)));
        for file in ["domains/src/lib.rs", "gate/page/src/bin/mpk.rs", SOURCES[2]] {
            install(&home.path().join(file), b"second").expect("a file");
            assert_eq!(known(&old), Some(false), "{file}");
            remember(&folders, MPK, &old).expect("a note");
            assert_eq!(known(&old), Some(true), "{file}");
        }
        assert_eq!(remembers(&folders, Isolation::None, &old), None);
    }

    #[test]
    fn the_repository_has_the_sources() {
        let folders = Folders::find().expect("the repository");
        let one = digest(&folders.sources).expect("sources");
        assert_eq!(one, digest(&folders.sources).expect("sources"));
    }
}
