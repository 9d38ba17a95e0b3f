//! Packs separately linked components into one bootable image.
//!
//! The trusted core keeps its physical place; behind it come the manifest and
//! then the pages of every other component, one after the other. The manifest
//! says whose each page is, so that the core needs no ELF parser. Nothing here
//! judges whether the walls hold: [`super::verify`] does, from the image's
//! bytes alone.

#[cfg(test)]
mod tests;

use domains::manifest::{self, Header, Segment, rights};
use domains::{Area, Cell, Cells, Isolation, Purpose, layout};
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
    /// The cells, by number; empty for those that the image does not have.
    pub cells: [Vec<u8>; Cell::ALL.len()],
    /// The application.
    pub app: Vec<u8>,
    /// The archive of files that the guest reads; empty if there is none.
    pub archive: Vec<u8>,
}

/// What else an image says of itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Traits {
    /// How its domains are kept apart.
    pub isolation: Isolation,
    /// What it is for.
    pub purpose: Purpose,
    /// The cells that it has.
    pub cells: Cells,
}

impl Parts {
    /// The file of `component`.
    pub fn file(&self, component: Component) -> &[u8] {
        match component {
            Component::Core => &self.core,
            Component::Gate => &self.gate,
            Component::Safe => &self.safe,
            Component::Cell(cell) => &self.cells[cell.number()],
            Component::App => &self.app,
        }
    }
}

/// Packs `parts` into an image.
pub fn pack(parts: &Parts, traits: Traits) -> Result<Vec<u8>, ImageError> {
    let core = core(parts)?;
    let app = Program::read(Component::App, &parts.app)?;
    check_entry(&app)?;
    let pieces = user_pieces(parts, &app, traits.cells)?;
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
        archive_size: parts.archive.len() as u64,
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
    archive_size: u64,
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
            test_hooks: u32::from(self.traits.purpose == Purpose::Tests),
            physical_end: end,
            app_entry: self.app.entry,
            tls: self.app.tls,
            archive_size: self.archive_size,
            cells: self.traits.cells.bits(),
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
fn user_pieces(parts: &Parts, app: &Program, cells: Cells) -> Result<Vec<Piece>, ImageError> {
    let gate = Program::read(Component::Gate, &parts.gate)?;
    let safe = Program::read(Component::Safe, &parts.safe)?;
    let mut pieces = gate_piece(&gate)?;
    pieces.extend(pages::pieces(&safe)?);
    for cell in cells.iter() {
        let program = Program::read(Component::Cell(cell), &parts.cells[cell.number()])?;
        pieces.extend(pages::pieces(&program)?);
    }
    pieces.extend(pages::pieces(app)?);
    pieces.extend(archive_piece(&parts.archive));
    Ok(pieces)
}

/// The pages of the archive, which only the safe kernel reads.
fn archive_piece(archive: &[u8]) -> Option<Piece> {
    (!archive.is_empty()).then(|| Piece {
        address: layout::ARCHIVE.start,
        bytes: archive.to_vec(),
        pages: (archive.len() as u64).div_ceil(layout::PAGE_SIZE),
        area: Area::Safe,
        rights: 0,
    })
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
