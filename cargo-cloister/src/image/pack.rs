//! Packs separately linked components into one bootable image.
//!
//! The trusted core keeps its physical place; behind it come the manifest and
//! then the pages of every other component, one after the other. The manifest
//! says whose each page is, so that the core needs no ELF parser. Nothing here
//! judges whether the walls hold: [`super::verify`] does, from the image's
//! bytes alone.

use domains::manifest::{self, Header, Segment, rights};
use domains::{Isolation, layout};
use zerocopy::IntoBytes;

use super::elf::{Load, Program};
use super::pages::{self, Piece, page_end};
use super::write::{self, Extent};
use super::{Component, ImageError};

/// The ELF files of the components.
#[derive(Clone, Debug)]
pub struct Parts {
    /// The trusted core.
    pub core: Vec<u8>,
    /// The gate page for the image's isolation.
    pub gate: Vec<u8>,
    /// The safe kernel.
    pub safe: Vec<u8>,
    /// The unsafe kernel.
    pub unsafe_: Vec<u8>,
    /// The application.
    pub app: Vec<u8>,
}

/// What else an image says of itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Traits {
    /// How its domains are kept apart.
    pub isolation: Isolation,
    /// Whether its core was built with `test-hooks`.
    pub test_hooks: bool,
}

impl Parts {
    /// The file of `component`.
    pub fn file(&self, component: Component) -> &[u8] {
        match component {
            Component::Core => &self.core,
            Component::Gate => &self.gate,
            Component::Safe => &self.safe,
            Component::Unsafe => &self.unsafe_,
            Component::App => &self.app,
        }
    }
}

/// Packs `parts` into an image.
pub fn pack(parts: &Parts, traits: Traits) -> Result<Vec<u8>, ImageError> {
    let core = core(parts)?;
    let app = Program::read(Component::App, &parts.app)?;
    check_entry(&app)?;
    let pieces = user_pieces(parts, &app)?;
    let manifest_at = core
        .loads
        .iter()
        .map(physical_end)
        .max()
        .map_or(0, page_end);
    let image = Image {
        core,
        app,
        pieces,
        manifest_at,
        traits,
    };
    image.write()
}

/// All that goes into an image.
struct Image {
    core: Program,
    app: Program,
    pieces: Vec<Piece>,
    manifest_at: u64,
    traits: Traits,
}

impl Image {
    fn write(&self) -> Result<Vec<u8>, ImageError> {
        let entry = self.core.pvh_entry.ok_or_else(|| {
            self.core
                .layout("it has no PVH note, so no boot loader finds its entry".into())
        })?;
        let segments = self.segments()?;
        let manifest = self.manifest(&segments);
        let mut extents: Vec<Extent<'_>> = self.core.loads.iter().map(core_extent).collect();
        extents.push(manifest_extent(&manifest, self.manifest_at));
        let places = self.pieces.iter().zip(&segments);
        extents.extend(places.map(|(piece, segment)| user_extent(piece, segment.physical)));
        Ok(write::file(&extents, entry))
    }

    /// The records of the pieces, which lie one after the other behind the
    /// manifest.
    fn segments(&self) -> Result<Vec<Segment>, ImageError> {
        let size = size_of::<Header>() + self.pieces.len() * size_of::<Segment>();
        let mut physical = page_end(self.manifest_at + size as u64);
        let mut segments = Vec::with_capacity(self.pieces.len());
        for piece in &self.pieces {
            segments.push(self.segment(piece, physical)?);
            physical += piece.size();
        }
        Ok(segments)
    }

    fn segment(&self, piece: &Piece, physical: u64) -> Result<Segment, ImageError> {
        let pages = u32::try_from(piece.pages).map_err(|_| {
            self.app
                .layout(format!("{} pages are too many", piece.pages))
        })?;
        Ok(Segment {
            address: piece.address,
            physical,
            pages,
            area: Segment::area_number(piece.area),
            rights: piece.rights,
            reserved: 0,
        })
    }

    fn manifest(&self, segments: &[Segment]) -> Vec<u8> {
        let end = segments.last().map_or(self.manifest_at, segment_end);
        let header = Header {
            magic: manifest::MAGIC,
            version: manifest::VERSION,
            segments: u32::try_from(segments.len()).expect("an image has few segments"),
            isolation: u32::from(self.traits.isolation == Isolation::Mpk),
            test_hooks: u32::from(self.traits.test_hooks),
            physical_end: end,
            app_entry: self.app.entry,
            tls: self.app.tls,
        };
        [header.as_bytes(), segments.as_bytes()].concat()
    }
}

/// Reads the core and checks that it lies where its own code expects it.
fn core(parts: &Parts) -> Result<Program, ImageError> {
    let core = Program::read(Component::Core, &parts.core)?;
    for load in &core.loads {
        let expected = load.address.wrapping_sub(layout::CORE_OFFSET);
        if load.physical != expected || load.physical < layout::CORE_PHYSICAL {
            let (address, physical) = (load.address, load.physical);
            return Err(core.layout(format!("{address:#x} is loaded at {physical:#x}")));
        }
    }
    match core.loads.is_empty() {
        true => Err(core.layout("it is empty".into())),
        false => Ok(core),
    }
}

/// Refuses an application that the linker threw away, which it does silently
/// where nothing names an entry.
fn check_entry(app: &Program) -> Result<(), ImageError> {
    let inside = |load: &Load| (load.address..load.end()).contains(&app.entry);
    match app.loads.iter().any(|load| load.executable && inside(load)) {
        true => Ok(()),
        false if !app.loads.iter().any(|load| load.executable) => Err(ImageError::Empty {
            why: "it has no code".into(),
        }),
        false => Err(ImageError::Empty {
            why: "it has no entry point in its code".into(),
        }),
    }
}

/// The pages of all components of ring 3.
fn user_pieces(parts: &Parts, app: &Program) -> Result<Vec<Piece>, ImageError> {
    let gate = Program::read(Component::Gate, &parts.gate)?;
    let safe = Program::read(Component::Safe, &parts.safe)?;
    let unsafe_ = Program::read(Component::Unsafe, &parts.unsafe_)?;
    let mut pieces = gate_piece(&gate)?;
    for program in [&safe, &unsafe_, app] {
        pieces.extend(pages::pieces(program)?);
    }
    Ok(pieces)
}

fn gate_piece(gate: &Program) -> Result<Vec<Piece>, ImageError> {
    let pieces = pages::pieces(gate)?;
    match &pieces[..] {
        [piece] if piece.rights == rights::EXECUTE && piece.pages == 1 => Ok(pieces),
        _ => Err(gate.layout("it must be one page of code and nothing else".into())),
    }
}

fn physical_end(load: &Load) -> u64 {
    load.physical.saturating_add(load.memory_size)
}

fn segment_end(segment: &Segment) -> u64 {
    segment.physical + u64::from(segment.pages) * layout::PAGE_SIZE
}

fn core_extent(load: &Load) -> Extent<'_> {
    Extent {
        physical: load.physical,
        address: load.address,
        bytes: &load.bytes,
        memory_size: load.memory_size,
        writable: load.writable,
        executable: load.executable,
    }
}

fn manifest_extent(manifest: &[u8], physical: u64) -> Extent<'_> {
    Extent {
        physical,
        address: physical.wrapping_add(layout::CORE_OFFSET),
        bytes: manifest,
        memory_size: page_end(manifest.len() as u64),
        writable: false,
        executable: false,
    }
}

fn user_extent(piece: &Piece, physical: u64) -> Extent<'_> {
    Extent {
        physical,
        address: piece.address,
        bytes: &piece.bytes,
        memory_size: piece.size(),
        writable: piece.rights & rights::WRITE != 0,
        executable: piece.rights & rights::EXECUTE != 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::packed::Packed;
    use crate::image::testing::{self, MPK, Part};
    use domains::Area;
    use object::elf;

    fn packed_app(parts: &[Part]) -> Result<Packed, ImageError> {
        let parts = Parts {
            app: testing::app_file(parts),
            ..testing::parts()
        };
        Ok(Packed::read(&pack(&parts, MPK)?).expect("a packed image reads back"))
    }

    fn word(image: &Packed, address: u64) -> u64 {
        let owner = image
            .segments
            .iter()
            .find(|s| s.start() <= address && address < s.end());
        let contents = image.contents(owner.expect("the address is packed"));
        let offset = (address - owner.unwrap().start()) as usize;
        u64::from_le_bytes(*contents[offset..].first_chunk().unwrap())
    }

    #[test]
    fn every_component_keeps_its_pages_and_bytes() {
        let image = packed_app(&testing::app_parts()).unwrap();
        assert_eq!(
            image.manifest_at,
            layout::CORE_PHYSICAL + 5 * layout::PAGE_SIZE
        );
        assert_eq!(image.header.app_entry, layout::APP.start + 0x1000);
        assert_eq!(
            word(&image, layout::SAFE.start + 0x1000),
            0xc3c3_c3c3_c3c3_c3c3
        );
        assert_eq!(
            word(&image, layout::APP.start + 0x2010),
            0x0303_0303_0303_0303
        );
        assert_eq!(word(&image, layout::APP.start + 0x4000), 0, "bss");
        let tls = image.header.tls;
        assert_eq!(
            (tls.address, tls.file_size, tls.memory_size, tls.align),
            (layout::APP.start + 0x2010, 16, 64, 16)
        );
    }

    #[test]
    fn the_same_input_gives_the_same_bytes_and_other_input_another_build_id() {
        let first = pack(&testing::parts(), MPK).unwrap();
        assert_eq!(first, pack(&testing::parts(), MPK).unwrap());
        let hooks = pack(
            &testing::parts(),
            Traits {
                test_hooks: true,
                ..MPK
            },
        )
        .unwrap();
        let id = |image: &[u8]| Packed::read(image).unwrap().build_id;
        assert_eq!(id(&first).len(), 40);
        assert_ne!(id(&first), id(&hooks));
    }

    #[test]
    fn relative_relocations_are_applied_and_their_zero_tail_grows() {
        const RELATIVE: u32 = 8;
        let list = [(0x2020, RELATIVE, 0x1004), (0x2ff8, RELATIVE, 0x10)];
        let image =
            packed_app(&testing::with_relocations(testing::app_parts(), &list)).unwrap();
        assert_eq!(
            word(&image, layout::APP.start + 0x2020),
            layout::APP.start + 0x1004
        );
        assert_eq!(
            word(&image, layout::APP.start + 0x2ff8),
            layout::APP.start + 0x10
        );
    }

    #[test]
    fn any_other_relocation_is_refused_by_name() {
        const GLOB_DAT: u32 = 6;
        let parts = testing::with_relocations(testing::app_parts(), &[(0x2020, GLOB_DAT, 0)]);
        let error = packed_app(&parts).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the application needs a dynamic linker: relocation R_X86_64_GLOB_DAT at 0x2020"
        );
    }

    #[test]
    fn a_relocation_outside_of_all_segments_is_refused() {
        let parts = testing::with_relocations(testing::app_parts(), &[(0x7000_0000, 8, 0)]);
        assert!(
            packed_app(&parts)
                .unwrap_err()
                .to_string()
                .contains("lies in no segment")
        );
    }

    #[test]
    fn data_that_is_read_only_once_relocated_is_packed_so() {
        let mut parts = testing::app_parts();
        parts.push(
            Part::load("r", 0x2000, &[])
                .size(0x1000)
                .kind(elf::PT_GNU_RELRO),
        );
        let image = packed_app(&parts).unwrap();
        let writable = |address: u64| {
            let found = image
                .segments
                .iter()
                .find(|s| s.start() <= address && address < s.end());
            found.unwrap().is_writable()
        };
        assert!(!writable(layout::APP.start + 0x2000));
        assert!(writable(layout::APP.start + 0x3000));
    }

    #[test]
    fn such_data_need_not_begin_with_its_page() {
        let mut parts = testing::app_parts();
        parts.push(Part::load("rw", 0x6010, &[1; 64]));
        parts.push(
            Part::load("r", 0x6010, &[])
                .size(0xff0)
                .kind(elf::PT_GNU_RELRO),
        );
        let image = packed_app(&parts).unwrap();
        let last = image.segments.last().unwrap();
        assert_eq!(
            (last.start(), last.is_writable()),
            (layout::APP.start + 0x6000, false)
        );
        assert_eq!(last.area(), Some(Area::App));
    }

    #[test]
    fn an_application_without_entry_or_code_is_refused() {
        let no_entry = testing::elf_file(elf::ET_DYN, 0, &testing::app_parts());
        let parts = Parts {
            app: no_entry,
            ..testing::parts()
        };
        assert!(matches!(pack(&parts, MPK), Err(ImageError::Empty { .. })));
        let no_code = [Part::load("r", 0, &[1])];
        assert!(matches!(
            packed_app(&no_code),
            Err(ImageError::Empty { .. })
        ));
    }

    #[test]
    fn writable_code_and_shared_pages_are_refused() {
        let app = [Part::load("rwx", 0x1000, &[0x90; 8])];
        assert!(
            packed_app(&app)
                .unwrap_err()
                .to_string()
                .contains("writable and executable")
        );
        let app = [
            Part::load("rx", 0x1000, &[0x90; 8]),
            Part::load("rw", 0x1800, &[1]),
        ];
        assert!(
            packed_app(&app)
                .unwrap_err()
                .to_string()
                .contains("share the page at")
        );
    }

    #[test]
    fn a_component_outside_of_its_region_is_refused() {
        let safe = testing::kernel_file(layout::UNSAFE.start);
        let parts = Parts {
            safe,
            ..testing::parts()
        };
        let error = pack(&parts, MPK).unwrap_err();
        assert!(
            error.to_string().contains("outside of its region"),
            "{error}"
        );
    }

    #[test]
    fn a_gate_of_two_pages_is_refused() {
        let gate = testing::gate_file(&[0x90; 5000]);
        assert!(
            pack(
                &Parts {
                    gate,
                    ..testing::parts()
                },
                MPK
            )
            .is_err()
        );
    }

    #[test]
    fn a_core_without_note_is_refused() {
        let core = testing::elf_file(elf::ET_EXEC, 0, &testing::core_parts()[..2]);
        let error = pack(
            &Parts {
                core,
                ..testing::parts()
            },
            MPK,
        )
        .unwrap_err();
        assert!(error.to_string().contains("no PVH note"), "{error}");
    }

    #[test]
    fn a_page_of_zeroes_takes_no_space_in_the_file() {
        let mut bytes = vec![5; 100];
        bytes.resize(40 * 4096, 0);
        bytes.extend([6; 100]);
        let app = [
            Part::load("rx", 0x1000, &[0x90; 8]),
            Part::load("r", 0x10000, &bytes),
        ];
        let parts = Parts {
            app: testing::app_file(&app),
            ..testing::parts()
        };
        let file = pack(&parts, MPK).unwrap();
        assert!(file.len() < 20 * 4096, "{} bytes", file.len());
        let image = Packed::read(&file).unwrap();
        let last = layout::APP.start + 0x10000 + 40 * 4096;
        assert_eq!(word(&image, last), 0x0606_0606_0606_0606);
    }
}
