//! The bytes of a bootable ELF file.
//!
//! Segments stand in the order of their physical addresses, which is where
//! the boot loader puts them; virtual addresses are for debuggers only. The
//! notes have a PT_NOTE of their own, aligned to four bytes, or QEMU does not
//! find them. Runs of zeroed pages take no space in the file. There is no
//! section table, no symbol and no time stamp: the same input gives the same
//! bytes.

use domains::layout::PAGE_SIZE;
use object::Endianness;
use object::elf;
use object::write::elf::{FileHeader, ProgramHeader, Writer};
use sha2::{Digest, Sha256};

use super::elf::PVH_NOTE;

/// How many bytes the build-id has.
pub(crate) const BUILD_ID_SIZE: usize = 20;
/// The type of the note with the build-id.
pub(crate) const BUILD_ID_NOTE: u32 = 3;
/// Where a segment's bytes start in the file: more would waste space, less
/// would make the file hard to read.
const FILE_ALIGN: u64 = 16;
const NOTE_ALIGN: u64 = 4;

/// Bytes for the boot loader to put somewhere.
#[derive(Clone, Debug)]
pub(crate) struct Extent<'a> {
    /// Where in physical memory.
    pub(crate) physical: u64,
    /// Where in the address space that the image sets up.
    pub(crate) address: u64,
    /// The initialised bytes.
    pub(crate) bytes: &'a [u8],
    /// How many bytes in all.
    pub(crate) memory_size: u64,
    /// Whether stores are possible.
    pub(crate) writable: bool,
    /// Whether instructions may be fetched.
    pub(crate) executable: bool,
}

/// Writes the file; `entry` is the physical address of the 32-bit entry.
pub(crate) fn file(extents: &[Extent<'_>], entry: u32) -> Vec<u8> {
    let parts: Vec<Extent<'_>> = extents.iter().flat_map(split).collect();
    let mut image = layout(&parts, &notes(entry, [0; BUILD_ID_SIZE]), entry);
    let digest = Sha256::digest(&image);
    let id = digest
        .first_chunk()
        .expect("SHA-256 is longer than the build-id");
    image = layout(&parts, &notes(entry, *id), entry);
    image
}

/// Cuts an extent where at least one page of zeroes lies, so that the zeroes
/// become the uninitialised tail of what stands before them.
fn split<'a>(extent: &Extent<'a>) -> Vec<Extent<'a>> {
    let mut parts: Vec<Extent<'a>> = Vec::new();
    let mut data_before = false;
    let mut offset = 0;
    while offset < extent.memory_size {
        let size = (PAGE_SIZE - (extent.address + offset) % PAGE_SIZE)
            .min(extent.memory_size - offset);
        let page = slice(extent.bytes, offset, size);
        let data = page.iter().any(|byte| *byte != 0);
        match parts.last_mut() {
            Some(part) if data_before || !data => extend(part, extent, offset, page, size),
            _ => parts.push(part_at(extent, offset, page, size)),
        }
        data_before = data;
        offset += size;
    }
    parts
        .iter_mut()
        .for_each(|part| part.bytes = trimmed(part.bytes));
    parts
}

/// The part of `extent` from `offset` on that holds one page.
fn part_at<'a>(extent: &Extent<'a>, offset: u64, page: &'a [u8], size: u64) -> Extent<'a> {
    Extent {
        physical: extent.physical + offset,
        address: extent.address + offset,
        bytes: page,
        memory_size: size,
        ..*extent
    }
}

/// Adds the page at `offset` of `extent` to `part`.
fn extend<'a>(part: &mut Extent<'a>, extent: &Extent<'a>, offset: u64, page: &[u8], size: u64) {
    let start = part.physical - extent.physical;
    part.bytes = slice(extent.bytes, start, offset - start + page.len() as u64);
    part.memory_size += size;
}

fn slice(bytes: &[u8], offset: u64, size: u64) -> &[u8] {
    let clamp = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
    &bytes[clamp(offset)..clamp(offset.saturating_add(size))]
}

fn trimmed(bytes: &[u8]) -> &[u8] {
    let end = bytes
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last + 1);
    &bytes[..end]
}

fn notes(entry: u32, build_id: [u8; BUILD_ID_SIZE]) -> Vec<u8> {
    let mut notes = note(PVH_NOTE, b"Xen\0", &entry.to_le_bytes());
    notes.extend(note(BUILD_ID_NOTE, b"GNU\0", &build_id));
    notes
}

fn note(kind: u32, name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let length = |bytes: &[u8]| {
        u32::try_from(bytes.len())
            .expect("a note is short")
            .to_le_bytes()
    };
    let parts = [
        &length(name)[..],
        &length(content),
        &kind.to_le_bytes(),
        name,
        content,
    ];
    parts.concat()
}

fn layout(parts: &[Extent<'_>], notes: &[u8], entry: u32) -> Vec<u8> {
    let mut image = Vec::new();
    let mut writer = Writer::new(Endianness::Little, true, &mut image);
    let count = u32::try_from(parts.len()).expect("an image has few segments") + 1;
    writer.reserve_file_header();
    writer.reserve_program_headers(count);
    let notes_at = writer.reserve(notes.len() as u64, NOTE_ALIGN);
    let reserve = |part: &Extent<'_>| writer.reserve(part.bytes.len() as u64, FILE_ALIGN);
    let offsets: Vec<u64> = parts.iter().map(reserve).collect();

    writer
        .write_file_header(&file_header(entry))
        .expect("a few segments fit into the header");
    writer.write_align_program_headers();
    writer.write_program_header(&note_header(notes_at, notes.len() as u64));
    for (part, offset) in parts.iter().zip(&offsets) {
        writer.write_program_header(&load_header(part, *offset));
    }
    writer.pad_until(notes_at);
    writer.write(notes);
    for (part, offset) in parts.iter().zip(&offsets) {
        writer.pad_until(*offset);
        writer.write(part.bytes);
    }
    image
}

fn file_header(entry: u32) -> FileHeader {
    FileHeader {
        os_abi: elf::ELFOSABI_NONE,
        abi_version: 0,
        e_type: elf::ET_EXEC,
        e_machine: elf::EM_X86_64,
        e_entry: entry.into(),
        e_flags: elf::FileFlags(0),
    }
}

fn note_header(offset: u64, size: u64) -> ProgramHeader {
    ProgramHeader {
        p_type: elf::PT_NOTE,
        p_flags: elf::PF_R,
        p_offset: offset,
        p_vaddr: 0,
        p_paddr: 0,
        p_filesz: size,
        p_memsz: size,
        p_align: NOTE_ALIGN,
    }
}

fn load_header(part: &Extent<'_>, offset: u64) -> ProgramHeader {
    let bit =
        |set: bool, flag: elf::ProgramFlags| if set { flag } else { elf::ProgramFlags(0) };
    ProgramHeader {
        p_type: elf::PT_LOAD,
        p_flags: elf::PF_R | bit(part.writable, elf::PF_W) | bit(part.executable, elf::PF_X),
        p_offset: offset,
        p_vaddr: part.address,
        p_paddr: part.physical,
        p_filesz: part.bytes.len() as u64,
        p_memsz: part.memory_size,
        p_align: 1,
    }
}
