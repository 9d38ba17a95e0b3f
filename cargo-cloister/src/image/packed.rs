//! A packed image, as read back from its bytes.
//!
//! Nothing here trusts the packer: an image may be truncated, corrupt or made
//! by someone else. What reads well is not yet safe; [`super::verify`] judges.
//! No number in it makes us take more memory than the file has bytes.

use domains::layout::PAGE_SIZE;
use domains::manifest::{Header, MAGIC, Segment, VERSION, rights};
use domains::{Area, Cells, Isolation, Purpose};
use goblin::elf::Elf;
use goblin::elf::program_header::{PF_W, PF_X, PT_LOAD, ProgramHeader};
use zerocopy::FromBytes;

use super::elf::{self, corrupt};
use super::write::BUILD_ID_NOTE;
use super::{Component, ImageError};

const WHAT: &str = "the image";
/// No image is larger; keeps corrupt headers from asking for terabytes.
const PHYSICAL_LIMIT: u64 = 1 << 32;
const MANIFEST_LIMIT: usize = 1 << 20;

/// An image and its manifest.
#[derive(Clone, Debug)]
pub struct Packed {
    /// The physical address of the 32-bit entry.
    pub pvh_entry: u32,
    /// What identifies the image and its symbols, in hexadecimal.
    pub build_id: String,
    /// The head of the manifest.
    pub header: Header,
    /// How the domains are kept apart.
    pub isolation: Isolation,
    /// Where the manifest lies in physical memory.
    pub manifest_at: u64,
    /// The pages of ring 3.
    pub segments: Vec<Pages>,
    /// What the boot loader puts into memory, by physical address.
    pub loads: Vec<PackedLoad>,
}

/// Bytes that the boot loader puts into memory.
#[derive(Clone, Debug)]
pub struct PackedLoad {
    /// Where in physical memory.
    pub physical: u64,
    /// Where in the address space.
    pub address: u64,
    /// The initialised bytes.
    pub bytes: Vec<u8>,
    /// How many bytes in all.
    pub memory_size: u64,
    /// Whether the header allows stores.
    pub writable: bool,
    /// Whether the header allows instruction fetches.
    pub executable: bool,
}

/// A segment of the manifest.
#[derive(Clone, Copy, Debug)]
pub struct Pages {
    /// The record.
    pub record: Segment,
}

impl Pages {
    /// The first address.
    pub fn start(&self) -> u64 {
        self.record.address
    }

    /// How many bytes the pages have.
    pub fn size(&self) -> u64 {
        u64::from(self.record.pages) * PAGE_SIZE
    }

    /// The address behind the last page.
    pub fn end(&self) -> u64 {
        self.start().saturating_add(self.size())
    }

    /// The physical address behind the last page.
    pub fn physical_end(&self) -> u64 {
        self.record.physical.saturating_add(self.size())
    }

    /// What the pages hold.
    pub fn area(&self) -> Option<Area> {
        self.record.area()
    }

    /// Whether stores are possible.
    pub fn is_writable(&self) -> bool {
        self.record.rights & rights::WRITE != 0
    }

    /// Whether instructions may be fetched.
    pub fn is_executable(&self) -> bool {
        self.record.rights & rights::EXECUTE != 0
    }

    /// Whose image they are part of.
    pub fn component(&self) -> Option<Component> {
        Component::at(self.start())
    }
}

impl PackedLoad {
    /// The physical address behind the last byte.
    pub fn physical_end(&self) -> u64 {
        self.physical.saturating_add(self.memory_size)
    }
}

impl Packed {
    /// Reads the image in `file`.
    pub fn read(file: &[u8]) -> Result<Packed, ImageError> {
        let elf = elf::parse(WHAT, file)?;
        let loads = loads(&elf, file)?;
        let pvh_entry = elf::pvh_entry(&elf, file);
        let pvh_entry = pvh_entry.ok_or_else(|| not_an_image("it has no PVH note"))?;
        let manifest = loads.iter().find(|load| load.bytes.starts_with(&MAGIC));
        let manifest = manifest.ok_or_else(|| not_an_image("it has no manifest"))?;
        let (header, segments) = records(&whole(manifest)?)?;
        Ok(Packed {
            pvh_entry,
            build_id: build_id(&elf, file).ok_or_else(|| not_an_image("it has no build-id"))?,
            isolation: isolation(&header)?,
            manifest_at: manifest.physical,
            header,
            segments,
            loads,
        })
    }

    /// What the image is for.
    pub fn purpose(&self) -> Purpose {
        self.header.purpose()
    }

    /// The cells that it has; where its header makes no sense, all that such an image
    /// can have.
    pub fn cells(&self) -> Cells {
        let all = Cells::of(self.purpose());
        self.header.cells().unwrap_or(all)
    }

    /// The core's own bytes.
    pub fn core_loads(&self) -> impl Iterator<Item = &PackedLoad> {
        self.loads
            .iter()
            .filter(|load| load.physical < self.manifest_at)
    }

    /// The bytes of the pages of `segment`, as far as the file has them: all
    /// behind them is zero, and may be very much.
    pub fn contents(&self, segment: &Pages) -> Vec<u8> {
        let (start, end) = (segment.record.physical, segment.physical_end());
        // DEFENCE: image-contents
        let last = self
            .loads
            .iter()
            .filter(|load| (start..end).contains(&load.physical))
            .map(|load| load.physical.saturating_add(load.bytes.len() as u64))
            .max();
        let size = last.unwrap_or(start).min(end) - start;
        self.physical_bytes(start, index(size))
    }

    /// `size` bytes from the physical address `start` on.
    pub fn physical_bytes(&self, start: u64, size: usize) -> Vec<u8> {
        let mut bytes = vec![0; size];
        let end = start.saturating_add(size as u64);
        for load in &self.loads {
            let from = load.physical.max(start);
            let to = load
                .physical
                .saturating_add(load.bytes.len() as u64)
                .min(end);
            if from < to {
                let source =
                    &load.bytes[index(from - load.physical)..index(to - load.physical)];
                bytes[index(from - start)..index(to - start)].copy_from_slice(source);
            }
        }
        bytes
    }

    /// Whether `address` lies in pages of `component` that may be executed.
    pub fn is_text_of(&self, component: Component, address: u64) -> bool {
        self.segments.iter().any(|segment| {
            segment.is_executable()
                && segment.component() == Some(component)
                && (segment.start()..segment.end()).contains(&address)
        })
    }

    /// Where the manifest must lie: on the first page behind the core.
    pub fn core_end(&self) -> u64 {
        let end = self
            .core_loads()
            .map(PackedLoad::physical_end)
            .max()
            .unwrap_or(0);
        end.div_ceil(PAGE_SIZE) * PAGE_SIZE
    }
}

fn index(distance: u64) -> usize {
    usize::try_from(distance).expect("the distance lies within a file in memory")
}

fn not_an_image(why: &str) -> ImageError {
    ImageError::NotAnImage { why: why.into() }
}

fn loads(elf: &Elf<'_>, file: &[u8]) -> Result<Vec<PackedLoad>, ImageError> {
    elf::refuse_shared_bytes(WHAT, elf, file)?;
    let headers = elf.program_headers.iter();
    let mut loads = headers
        .filter(|header| {
            header.p_type == PT_LOAD && (header.p_memsz > 0 || header.p_filesz > 0)
        })
        .map(|header| load(header, file))
        .collect::<Result<Vec<_>, _>>()?;
    loads.sort_by_key(|load| load.physical);
    Ok(loads)
}

fn load(header: &ProgramHeader, file: &[u8]) -> Result<PackedLoad, ImageError> {
    if header
        .p_paddr
        .checked_add(header.p_memsz)
        .is_none_or(|end| end > PHYSICAL_LIMIT)
    {
        return Err(corrupt(
            WHAT,
            format!("it loads {:#x} bytes", header.p_memsz),
        ));
    }
    Ok(PackedLoad {
        physical: header.p_paddr,
        address: header.p_vaddr,
        bytes: elf::file_range(WHAT, header, file)?.to_vec(),
        memory_size: header.p_memsz,
        writable: header.p_flags & PF_W != 0,
        executable: header.p_flags & PF_X != 0,
    })
}

/// The manifest with the zeroes that the file leaves out.
fn whole(manifest: &PackedLoad) -> Result<Vec<u8>, ImageError> {
    let size = usize::try_from(manifest.memory_size)
        .ok()
        .filter(|size| *size <= MANIFEST_LIMIT);
    let size = size.ok_or_else(|| corrupt(WHAT, "its manifest is too large".into()))?;
    let mut bytes = manifest.bytes.clone();
    bytes.resize(size, 0);
    Ok(bytes)
}

/// The manifest's header and segments.
fn records(bytes: &[u8]) -> Result<(Header, Vec<Pages>), ImageError> {
    let truncated = || corrupt(WHAT, "its manifest ends early".into());
    let (header, rest) = Header::read_from_prefix(bytes).map_err(|_| truncated())?;
    if header.version != VERSION {
        let why = format!("its manifest has version {}, not {VERSION}", header.version);
        return Err(ImageError::NotAnImage { why });
    }
    let count = usize::try_from(header.segments).map_err(|_| truncated())?;
    let mut records = rest.chunks_exact(size_of::<Segment>());
    let segments: Vec<Pages> = records
        .by_ref()
        .take(count)
        .filter_map(|record| Segment::read_from_bytes(record).ok())
        .map(|record| Pages { record })
        .collect();
    if segments.len() == count {
        Ok((header, segments))
    } else {
        Err(truncated())
    }
}

fn isolation(header: &Header) -> Result<Isolation, ImageError> {
    header.isolation().ok_or_else(|| {
        corrupt(
            WHAT,
            format!("its manifest names isolation number {}", header.isolation),
        )
    })
}

fn build_id(elf: &Elf<'_>, file: &[u8]) -> Option<String> {
    let mut notes = elf.iter_note_headers(file)?.flatten();
    let note =
        notes.find(|note| note.name.starts_with("GNU") && note.n_type == BUILD_ID_NOTE)?;
    Some(note.desc.iter().map(|byte| format!("{byte:02x}")).collect())
}
