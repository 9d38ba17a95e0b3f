//! The file with an image's symbols.
//!
//! Images are stripped. Beside each lies a tar archive with the components as
//! they were linked and the build-id of the image that was packed from them;
//! symbols of another build are worse than none.

use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};

use tar::{Archive, Builder, Header};

use super::Component;
use super::pack::Parts;

/// The entry with the build-id.
const BUILD_ID: &str = "build-id";

/// Where the symbols of the image at `image` lie.
pub fn path_of(image: &Path) -> PathBuf {
    let mut name = OsString::from(image);
    name.push(".sym");
    PathBuf::from(name)
}

/// The archive for an image packed from `parts`.
pub fn write(parts: &Parts, build_id: &str) -> Vec<u8> {
    let mut archive = Builder::new(Vec::new());
    append(&mut archive, BUILD_ID, build_id.as_bytes());
    let files = Component::ALL.map(|component| (component, parts.file(component)));
    for (component, file) in files.into_iter().filter(|(_, file)| !file.is_empty()) {
        append(&mut archive, component.name(), file);
    }
    archive
        .into_inner()
        .expect("writing to memory does not fail")
}

/// The unstripped components, if `archive` is of the image with `build_id`.
pub fn read(archive: &[u8], build_id: &str) -> Option<Vec<(Component, Vec<u8>)>> {
    let mut components = Vec::new();
    let mut matches = false;
    for entry in Archive::new(archive).entries().ok()? {
        let mut entry = entry.ok()?;
        let name = entry.path().ok()?.to_str()?.to_owned();
        let mut content = Vec::new();
        // An entry may say that it is zeroes, as many as it likes.
        // DEFENCE: sidecar-size
        if entry.size() > archive.len() as u64 {
            return None;
        }
        entry.read_to_end(&mut content).ok()?;
        matches |= name == BUILD_ID && content == build_id.as_bytes();
        let component = Component::ALL
            .into_iter()
            .find(|component| component.name() == name);
        components.extend(component.map(|component| (component, content)));
    }
    matches.then_some(components)
}

/// Appends a file that says nothing of who made it, and when.
fn append(archive: &mut Builder<Vec<u8>>, name: &str, content: &[u8]) {
    let mut header = Header::new_gnu();
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    header.set_cksum();
    let result = archive.append_data(&mut header, name, content);
    result.expect("writing to memory does not fail");
}

#[cfg(test)]
mod tests {
    use domains::{Cells, Purpose};

    use super::*;
    use crate::image::testing;

    #[test]
    fn components_come_back_for_their_own_image_only() {
        let parts = testing::parts();
        let archive = write(&parts, "0123");
        let components = read(&archive, "0123").unwrap();
        let expected = Component::of_image(Cells::of(Purpose::Use));
        assert!(expected.eq(components.iter().map(|(component, _)| *component)));
        for (component, file) in components {
            assert_eq!(file, parts.file(component));
        }
        assert!(read(&archive, "4567").is_none());
        assert!(read(b"nothing", "0123").is_none());
        assert_eq!(archive, write(&parts, "0123"), "reproducible");
    }

    /// GNU's tar has files with holes, which a header of 512 bytes makes as large
    /// as it likes.
    #[test]
    fn an_entry_that_is_larger_than_the_archive_is_none() {
        const HOLE: u64 = 64 << 20;
        let mut archive = Builder::new(Vec::new());
        append(&mut archive, BUILD_ID, b"0123");
        let mut header = Header::new_gnu();
        header.set_entry_type(tar::EntryType::GNUSparse);
        header.set_path(Component::App.name()).unwrap();
        header.set_size(0);
        let gnu = header.as_gnu_mut().unwrap();
        let octal = format!("{HOLE:011o}\0");
        gnu.realsize.copy_from_slice(octal.as_bytes());
        gnu.sparse[0].offset.copy_from_slice(octal.as_bytes());
        gnu.sparse[0].numbytes.copy_from_slice(b"00000000000\0");
        header.set_cksum();
        archive.append(&header, &[][..]).unwrap();
        assert!(read(&archive.into_inner().unwrap(), "0123").is_none());
    }
}
