//! Names for the addresses of an image.

use std::fs;
use std::path::Path;

use domains::layout;
use object::{Object, ObjectKind};

use super::packed::Packed;
use super::symbol_file::{Found, SymbolFile};
use super::{Component, sidecar};

/// The symbols of all components of an image.
pub struct Symbols {
    components: Vec<(Component, Linked)>,
}

/// A component as it was linked.
struct Linked {
    base: u64,
    file: SymbolFile,
}

/// Where in an image an address lies.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Location {
    /// In which component.
    pub component: Component,
    /// In which function or variable, demangled.
    pub function: Option<String>,
    /// How far behind its start.
    pub offset: u64,
    /// The source file.
    pub file: Option<String>,
    /// The line in it.
    pub line: Option<u32>,
}

impl Symbols {
    /// Reads the symbols beside `image`; none if there are none, or if they
    /// belong to another build.
    pub fn open(image: &Path) -> Option<Symbols> {
        let packed = Packed::read(&fs::read(image).ok()?).ok()?;
        let archive = fs::read(sidecar::path_of(image)).ok()?;
        let files = sidecar::read(&archive, &packed.build_id)?;
        Some(Symbols::of(&files))
    }

    /// The symbols of these unstripped components.
    pub(crate) fn of(files: &[(Component, Vec<u8>)]) -> Symbols {
        let linked = |(component, file): &(Component, Vec<u8>)| {
            let linked = Linked {
                base: base(*component, file),
                file: SymbolFile::read(file),
            };
            (*component, linked)
        };
        Symbols {
            components: files.iter().map(linked).collect(),
        }
    }

    /// What lies at `address` of the running image.
    pub fn locate(&self, address: u64) -> Option<Location> {
        let component = Component::at(address)?;
        let (_, linked) = self.components.iter().find(|(of, _)| *of == component)?;
        let found = linked
            .file
            .locate(address.wrapping_sub(linked.base))
            .unwrap_or_default();
        Some(Location {
            component,
            function: found.function,
            offset: found.offset,
            file: found.file,
            line: found.line,
        })
    }

    /// The two bytes that were linked at `address` of the running image.
    pub fn bytes_at(&self, address: u64) -> Option<[u8; 2]> {
        let component = Component::at(address)?;
        let (_, linked) = self.components.iter().find(|(of, _)| *of == component)?;
        linked.file.bytes_at(address.wrapping_sub(linked.base))
    }

    /// The application's functions at each of these addresses, innermost
    /// first.
    pub fn functions_at(&self, addresses: &[u64]) -> Vec<Vec<Found>> {
        let app = self.components.iter().find(|(of, _)| *of == Component::App);
        let Some((_, app)) = app else {
            return addresses.iter().map(|_| Vec::new()).collect();
        };
        let linked = addresses.iter().map(|it| it.wrapping_sub(app.base));
        app.file.functions_at(&linked.collect::<Vec<_>>())
    }

    /// Where the application's symbol `name` lies in the running image, as it
    /// stands in its file.
    pub fn address_of(&self, name: &str) -> Option<u64> {
        let (_, app) = self
            .components
            .iter()
            .find(|(of, _)| *of == Component::App)?;
        let symbol = app
            .file
            .symbols()
            .iter()
            .find(|symbol| symbol.name == name)?;
        Some(symbol.address.wrapping_add(app.base))
    }

    /// The symbol files, for what needs more than one address.
    pub(crate) fn files(&self) -> impl Iterator<Item = (Component, &SymbolFile)> {
        self.components
            .iter()
            .map(|(component, linked)| (*component, &linked.file))
    }
}

/// What was added to the component's addresses when it was packed.
pub(crate) fn base(component: Component, file: &[u8]) -> u64 {
    let kind = object::File::parse(file).map(|object| object.kind());
    match (component, kind) {
        (Component::App, Ok(ObjectKind::Dynamic)) => layout::APP.start,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::pack::pack;
    use crate::image::testing::{self, MPK};

    #[test]
    fn symbols_of_another_build_are_not_opened() {
        let folder = tempfile::tempdir().unwrap();
        let image = folder.path().join("program.cloister");
        fs::write(&image, pack(&testing::parts(), MPK).unwrap()).unwrap();
        assert!(Symbols::open(&image).is_none(), "no sidecar");
        fs::write(
            sidecar::path_of(&image),
            sidecar::write(&testing::parts(), "other"),
        )
        .unwrap();
        assert!(Symbols::open(&image).is_none());
        let id = Packed::read(&fs::read(&image).unwrap()).unwrap().build_id;
        fs::write(
            sidecar::path_of(&image),
            sidecar::write(&testing::parts(), &id),
        )
        .unwrap();
        let symbols = Symbols::open(&image).unwrap();
        let location = symbols.locate(layout::APP.start + 0x1000).unwrap();
        assert_eq!(location.component, Component::App);
        assert_eq!(
            location.function, None,
            "the test's components have no symbols"
        );
        assert_eq!(symbols.locate(layout::APP.heap().start), None);
        let code = symbols.bytes_at(layout::APP.start + 0x1000);
        assert_eq!(code, Some([0x90, 0x90]));
        assert_eq!(symbols.bytes_at(layout::APP.heap().start), None);
    }
}
