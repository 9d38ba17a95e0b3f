//! A description of an image, for people and as JSON.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use domains::layout::PAGE_SIZE;
use domains::table::{key_of, rights};
use domains::{Area, Cell, Domain, Pkru, layout};
use miette::{IntoDiagnostic, WrapErr};
use serde::Serialize;

use super::Component;
use super::crates::crate_of;
use super::depth::{self, Depth};
use super::gate_page::GatePage;
use super::listed::Listed;
use super::packed::{Packed, Pages};
use super::symbols::Symbols;
use super::verify::{self, Verified};
use crate::rootfs;

mod text;

/// What an image consists of.
#[derive(Clone, Debug, Serialize)]
pub struct Inspection {
    /// How its domains are kept apart.
    pub isolation: &'static str,
    /// What identifies the image and its symbols.
    pub build_id: String,
    /// Whether the core was built with `test-hooks`.
    pub test_hooks: bool,
    /// Bytes of the image file.
    pub file_size: u64,
    /// Bytes that the image takes in memory.
    pub memory_size: u64,
    /// The domains.
    pub domains: Vec<DomainView>,
    /// The keys.
    pub keys: Vec<KeyView>,
    /// The gate page, by its digest.
    pub gate_page: GatePage,
    /// The WRPKRU instructions of the gates.
    pub gates: Vec<GateView>,
    /// Harmless instructions that deserve to be known.
    pub listed: Vec<ListedView>,
    /// The components.
    pub components: Vec<ComponentView>,
    /// Cells that such an image can have, and this one does not.
    pub left_out: Vec<&'static str>,
    /// The files that travel in the image, if there are any.
    pub files: Option<FilesView>,
}

/// A domain.
#[derive(Clone, Debug, Serialize)]
pub struct DomainView {
    /// Its name.
    pub name: &'static str,
    /// The value of PKRU with which it runs.
    pub pkru: u32,
    /// Its rights over every area.
    pub rights: BTreeMap<&'static str, String>,
}

/// A protection key.
#[derive(Clone, Debug, Serialize)]
pub struct KeyView {
    /// Its number.
    pub key: u8,
    /// The area whose pages carry it.
    pub area: &'static str,
    /// How many pages of the image carry it.
    pub pages: u64,
}

/// A WRPKRU of a gate.
#[derive(Clone, Debug, Serialize)]
pub struct GateView {
    /// Where it is.
    pub address: u64,
    /// The gate that it is part of, if symbols tell.
    pub gate: Option<String>,
    /// The value that it writes.
    pub pkru: u32,
    /// The domain that runs with this value.
    pub domain: &'static str,
}

/// A harmless instruction.
#[derive(Clone, Debug, Serialize)]
pub struct ListedView {
    /// Where it is.
    pub address: u64,
    /// Its name.
    pub instruction: &'static str,
    /// The function that it is part of, if symbols tell.
    pub function: Option<String>,
}

/// A component.
#[derive(Clone, Debug, Serialize)]
pub struct ComponentView {
    /// Which one.
    pub name: &'static str,
    /// Bytes of pages that may be executed.
    pub text: u64,
    /// Bytes of pages that can only be read.
    pub constants: u64,
    /// Bytes of pages that can be written.
    pub data: u64,
    /// Bytes of functions and data by crate, if symbols tell.
    pub crates: Vec<CrateView>,
    /// How deep a kernel's calls go, if symbols tell.
    pub depth: Option<Depth>,
}

/// The files that travel in the image.
#[derive(Clone, Debug, Serialize)]
pub struct FilesView {
    /// How many there are, directories and links among them.
    pub count: usize,
    /// Bytes of the archive.
    pub size: u64,
}

/// A crate's share of a component.
#[derive(Clone, Debug, Serialize)]
pub struct CrateView {
    /// The crate; none for names that were never mangled.
    pub name: Option<String>,
    /// How many bytes.
    pub size: u64,
}

impl Inspection {
    /// Verifies and describes the image at `path`.
    pub fn of(path: &Path) -> miette::Result<Inspection> {
        let read = || format!("cannot read `{}`", path.display());
        let file = fs::read(path).into_diagnostic().wrap_err_with(read)?;
        let verified = verify::verify(&file)?;
        let image = Packed::read(&file)?;
        let symbols = Symbols::open(path);
        Ok(Inspection {
            isolation: verified.isolation.name(),
            build_id: verified.build_id.clone(),
            test_hooks: verified.test_hooks,
            file_size: file.len() as u64,
            memory_size: verified.pages * PAGE_SIZE,
            domains: domains(&image),
            keys: keys(&image),
            gate_page: verified.gate_page,
            gates: gates(&verified, symbols.as_ref()),
            listed: verified
                .listed
                .iter()
                .map(|it| listed(it, symbols.as_ref()))
                .collect(),
            components: components(&image, symbols.as_ref()),
            left_out: left_out(&image),
            files: files(&image),
        })
    }
}

fn domains(image: &Packed) -> Vec<DomainView> {
    let domains = image.purpose().domains();
    let domains = domains.filter(|domain| image.cells().has_domain(*domain));
    domains.map(|it| domain(it, image)).collect()
}

fn domain(domain: Domain, image: &Packed) -> DomainView {
    let rights = areas(image).map(|area| (area.name(), rights(domain, area).to_string()));
    DomainView {
        name: domain.name(),
        pkru: Pkru::in_image(domain, image.purpose()).bits(),
        rights: rights.collect(),
    }
}

/// The areas of which the image has pages, or makes some.
fn areas(image: &Packed) -> impl Iterator<Item = Area> {
    let cells = image.cells();
    let is_there = move |area: &Area| match area {
        Area::Cell(cell) => cells.has(*cell),
        Area::Packets => cells.has(Cell::Nic) || cells.has(Cell::Net),
        Area::Text | Area::Safe | Area::App | Area::Info => true,
    };
    image.purpose().areas().filter(is_there)
}

fn left_out(image: &Packed) -> Vec<&'static str> {
    let all = image.purpose().cells().iter().copied();
    let others = all.filter(|cell| !image.cells().has(*cell));
    others.map(Cell::name).collect()
}

fn keys(image: &Packed) -> Vec<KeyView> {
    let pages = |area: Area| -> u64 {
        let owned = image
            .segments
            .iter()
            .filter(|segment| segment.area() == Some(area));
        owned.map(|segment| u64::from(segment.record.pages)).sum()
    };
    let view = |area: Area| KeyView {
        key: key_of(area).number(),
        area: area.name(),
        pages: pages(area),
    };
    areas(image).map(view).collect()
}

fn gates(verified: &Verified, symbols: Option<&Symbols>) -> Vec<GateView> {
    let view = |site: &verify::GateSite| GateView {
        address: site.address,
        gate: name_at(symbols, site.address),
        pkru: site.pkru.bits(),
        domain: site.domain.name(),
    };
    verified.gate_sites.iter().map(view).collect()
}

fn listed(listed: &Listed, symbols: Option<&Symbols>) -> ListedView {
    ListedView {
        address: listed.address,
        instruction: listed.instruction,
        function: name_at(symbols, listed.address),
    }
}

fn name_at(symbols: Option<&Symbols>, address: u64) -> Option<String> {
    symbols?.locate(address)?.function
}

fn components(image: &Packed, symbols: Option<&Symbols>) -> Vec<ComponentView> {
    let mut views: Vec<ComponentView> = Component::of_image(image.cells())
        .map(|component| sizes(image, component))
        .collect();
    for (component, file) in symbols.into_iter().flat_map(Symbols::files) {
        let view = views.iter_mut().find(|view| view.name == component.name());
        if let Some(view) = view {
            view.crates = crates(file);
            view.depth = depth::judge(component, file.content()).ok().flatten();
        }
    }
    views
}

/// The files of the archive, which verification has found in its place.
fn files(image: &Packed) -> Option<FilesView> {
    let size = image.header.archive_size;
    let pages = image.segments.iter().find(|segment| is_archive(segment))?;
    Some(FilesView {
        count: rootfs::count(&image.contents(pages), size),
        size,
    })
}

fn is_archive(segment: &Pages) -> bool {
    layout::ARCHIVE.contains(segment.start())
}

fn sizes(image: &Packed, component: Component) -> ComponentView {
    let mut view = ComponentView {
        name: component.name(),
        text: 0,
        constants: 0,
        data: 0,
        crates: Vec::new(),
        depth: None,
    };
    let core = image.core_loads().map(|load| {
        (
            Some(Component::Core),
            load.writable,
            load.executable,
            load.memory_size,
        )
    });
    let linked = image.segments.iter().filter(|segment| !is_archive(segment));
    let ring_3 = linked.map(|segment| {
        let (writable, executable) = (segment.is_writable(), segment.is_executable());
        (segment.component(), writable, executable, segment.size())
    });
    for (owner, writable, executable, size) in core.chain(ring_3) {
        match (owner == Some(component), writable, executable) {
            (false, ..) => {}
            (true, _, true) => view.text += size,
            (true, true, false) => view.data += size,
            (true, false, false) => view.constants += size,
        }
    }
    view
}

/// The sizes of all symbols by crate, the largest first.
fn crates(file: &super::symbol_file::SymbolFile) -> Vec<CrateView> {
    let mut sizes: BTreeMap<Option<String>, u64> = BTreeMap::new();
    for symbol in file.symbols() {
        *sizes.entry(crate_of(&symbol.demangled())).or_default() += symbol.size;
    }
    let sizes = sizes.into_iter().filter(|(_, size)| *size > 0);
    let mut views: Vec<CrateView> =
        sizes.map(|(name, size)| CrateView { name, size }).collect();
    views.sort_by_key(|view| std::cmp::Reverse(view.size));
    views
}

#[cfg(test)]
mod tests {
    use domains::Purpose;

    use super::*;
    use crate::image::pack::pack;
    use crate::image::testing::{self, MPK};

    #[test]
    fn an_image_is_described_with_its_keys_and_gates() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("program.cloister");
        fs::write(&path, pack(&testing::parts(), MPK).unwrap()).unwrap();
        let inspection = Inspection::of(&path).unwrap();
        assert_eq!(inspection.isolation, "mpk");
        assert_eq!(inspection.gates.len(), Purpose::Use.domains().count());
        let text = inspection
            .keys
            .iter()
            .find(|key| key.area == "text")
            .unwrap();
        let programs = Component::of_image(MPK.cells).count() - 2;
        assert_eq!(
            text.pages,
            1 + programs as u64,
            "the gate page and one page of each program"
        );
        let app = inspection.components.last().unwrap();
        assert_eq!((app.text, app.constants, app.data), (4096, 4096, 3 * 4096));
        let shown = inspection.to_string();
        for word in ["isolation", "mpk", "hostfs", "0x10000005", "info"] {
            assert!(shown.contains(word), "{word} in\n{shown}");
        }
        let json = serde_json::to_value(&inspection).unwrap();
        assert_eq!(json["domains"][0]["name"], "safe");
    }

    /// A cell that only tests have is in what is told of their images, and in
    /// nothing that is told of others.
    #[test]
    fn an_image_is_described_with_the_cells_of_its_kind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("program.cloister");
        for traits in [MPK, testing::HOOKED] {
            let image = pack(&testing::parts_for(traits.purpose), traits).unwrap();
            fs::write(&path, image).unwrap();
            let told = serde_json::to_string(&Inspection::of(&path).unwrap()).unwrap();
            for cell in Cell::ALL {
                let is_told = told.contains(cell.name());
                assert_eq!(is_told, traits.purpose.has(cell), "{cell} in {told}");
            }
        }
    }

    /// Its gate stays on the page, which is the same for all images.
    #[test]
    fn a_cell_that_was_left_out_is_named_as_such_and_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("program.cloister");
        fs::write(
            &path,
            pack(&testing::parts(), testing::without(Cell::Hostfs)).unwrap(),
        )
        .unwrap();
        let inspection = Inspection::of(&path).unwrap();
        assert_eq!(inspection.left_out, ["hostfs"]);
        assert_eq!(inspection.gates.len(), Purpose::Use.domains().count());
        let cell = Cell::Hostfs.name();
        assert!(inspection.domains.iter().all(|it| it.name != cell));
        assert!(inspection.keys.iter().all(|it| it.area != cell));
        assert!(inspection.components.iter().all(|it| it.name != cell));
        let shown = inspection.to_string();
        assert!(shown.contains("\nleft out   hostfs\n"), "{shown}");
    }

    #[test]
    fn the_files_of_an_image_are_counted_apart() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("name"), [7; 9000]).unwrap();
        let archive = rootfs::archive(folder.path()).unwrap();
        let size = archive.len() as u64;
        let parts = crate::image::pack::Parts {
            archive,
            ..testing::parts()
        };
        let path = folder.path().join("program.cloister");
        fs::write(&path, pack(&parts, MPK).unwrap()).unwrap();
        let inspection = Inspection::of(&path).unwrap();
        let files = inspection.files.as_ref().unwrap();
        assert_eq!((files.count, files.size), (1, size));
        assert_eq!(
            inspection.components[2].constants, 4096,
            "the safe kernel's own"
        );
        assert!(inspection.to_string().contains("files      1 in"));
    }

    #[test]
    fn a_missing_image_is_named() {
        let error = Inspection::of(Path::new("/nonexistent.cloister")).unwrap_err();
        assert!(error.to_string().contains("/nonexistent.cloister"));
    }
}
