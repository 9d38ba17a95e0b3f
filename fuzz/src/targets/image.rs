//! Files that the host tool is given: images, applications, symbols, tar files.

use std::path::Path;
use std::sync::LazyLock;

use cargo_cloister::image::pack::{self, Parts, Traits};
use cargo_cloister::image::packed::Packed;
use cargo_cloister::image::symbol_file::SymbolFile;
use cargo_cloister::image::verify::{self, Refused};
use cargo_cloister::image::{Component, ImageError, sidecar};
use cargo_cloister::rootfs;
use domains::{Cells, Isolation, Purpose, archive};

use super::{about, kind, seen};
use crate::corpus;
use crate::target::Seen;

/// The name of the build of the archive of symbols among the seeds.
const BUILD: &str = "0123";

/// An image. What is accepted can be read again, and then says the same.
pub fn image(bytes: &[u8]) -> Seen {
    match verify::verify(bytes) {
        Ok(verified) => {
            let packed = Packed::read(bytes).expect("what was verified can be read");
            assert_eq!(packed.segments.len(), verified.segments.len());
            assert_eq!(packed.build_id, verified.build_id);
            for segment in &packed.segments {
                let is_both = segment.is_writable() && segment.is_executable();
                assert!(!is_both && segment.area().is_some(), "{segment:?}");
            }
            seen((0, about(verified.listed.len()), verified.segments.len()))
        }
        Err(Refused::Violations(all)) => {
            let kinds: Vec<_> = all.iter().map(std::mem::discriminant).take(4).collect();
            seen((1, kinds))
        }
        Err(error) => seen((2, kind(&error.to_string()))),
    }
}

/// An application, packed with components that are right. What can be packed can be
/// read, or is too large for any machine, as its build hears from the verifier.
pub fn elf(bytes: &[u8]) -> Seen {
    static PARTS: LazyLock<Parts> = LazyLock::new(parts);
    let parts = Parts {
        app: bytes.to_vec(),
        ..PARTS.clone()
    };
    let traits = Traits {
        isolation: Isolation::Mpk,
        purpose: Purpose::Use,
        cells: Cells::of(Purpose::Use),
    };
    match pack::pack(&parts, traits) {
        Ok(file) => match Packed::read(&file) {
            Ok(packed) => seen((0, packed.segments.len(), image(&file))),
            Err(ImageError::Corrupt { why, .. }) if why.starts_with("it loads") => seen(2),
            Err(error) => panic!("what was packed cannot be read: {error}"),
        },
        Err(error) => seen((1, kind(&error.to_string()))),
    }
}

/// The components in the archive of symbols among the seeds.
fn parts() -> Parts {
    let files = corpus::read(&corpus::seeds_of("sidecar")).expect("there are seeds");
    let found = files
        .iter()
        .find_map(|(_, file)| sidecar::read(file, BUILD));
    let found = found.expect("one is whole");
    let file = |wanted: Component| {
        let mut files = found.iter().filter(|(component, _)| *component == wanted);
        files.next().map_or(Vec::new(), |(_, file)| file.clone())
    };
    Parts {
        core: file(Component::Core),
        gate: file(Component::Gate),
        safe: file(Component::Safe),
        cells: domains::Cell::ALL.map(|cell| file(Component::Cell(cell))),
        app: Vec::new(),
        archive: Vec::new(),
    }
}

/// An archive of symbols: no file in it is larger than it is.
pub fn sidecar(bytes: &[u8]) -> Seen {
    let Some(files) = sidecar::read(bytes, BUILD) else {
        return seen(0);
    };
    for (_, file) in &files {
        assert!(file.len() <= bytes.len());
        symbols(file);
    }
    let names: Vec<_> = files
        .iter()
        .map(|(component, _)| component.name())
        .collect();
    seen(names)
}

/// A file with symbols, and what is at some addresses.
pub fn symbols(bytes: &[u8]) -> Seen {
    let file = SymbolFile::read(bytes);
    assert!(file.symbols().len() <= bytes.len());
    let symbols = file.symbols().iter().take(4).map(|symbol| symbol.address);
    let addresses: Vec<u64> = [0, 0x1000, u64::MAX].into_iter().chain(symbols).collect();
    for found in addresses.iter().filter_map(|address| file.locate(*address)) {
        let plain =
            |text: &Option<String>| text.iter().all(|text| !text.contains(['\u{1b}', '\n']));
        assert!(plain(&found.function) && plain(&found.file), "{found:?}");
    }
    let functions = file.functions_at(&addresses);
    let depths: Vec<_> = functions.iter().map(|all| about(all.len())).collect();
    let bytes_at = addresses
        .iter()
        .filter(|it| file.bytes_at(**it).is_some())
        .count();
    seen((about(file.symbols().len()), depths, bytes_at))
}

/// A tar file: what is made of it is an archive that the guest reads as a whole.
pub fn tar(bytes: &[u8]) -> Seen {
    match rootfs::archive_of_tar(Path::new("files.tar"), bytes) {
        Ok(made) => {
            let count = archive::items(&made).count();
            let wanted = rootfs::count(&made, made.len() as u64);
            assert_eq!(count, wanted, "each record is sound");
            for item in archive::items(&made) {
                assert!(!item.path.starts_with(b"/") && !item.path.ends_with(b"/"));
                assert!(
                    item.path
                        .split(|byte| *byte == b'/')
                        .all(|name| name != b"..")
                );
            }
            seen((0, about(count)))
        }
        Err(error) => seen((1, kind(&error.to_string()))),
    }
}
