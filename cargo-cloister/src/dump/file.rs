//! The file of a core dump: an ELF with notes, and a segment for each run of pages.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use domains::layout::PAGE_SIZE;
use object::elf::{
    ELFOSABI_NONE, EM_X86_64, ET_CORE, FileFlags, PF_R, PF_W, PF_X, PT_LOAD, PT_NOTE,
    ProgramFlags, ProgramType,
};
use object::write::elf::{FileHeader, ProgramHeader, Writer};

use super::memory::{Memory, Run};

/// Writes a dump; how many bytes it has. What a program had in memory is for whoever runs it
/// alone.
pub(super) fn write(
    target: &Path,
    memory: &Memory,
    runs: &[Run],
    notes: &[u8],
) -> io::Result<u64> {
    let head = head(runs, notes);
    let mut options = OpenOptions::new();
    let file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(target)?;
    let mut out = BufWriter::new(file);
    out.write_all(&head)?;
    let mut page = vec![0; PAGE_SIZE as usize];
    for physical in runs.iter().flat_map(|run| &run.pages) {
        memory.read(*physical, &mut page)?;
        out.write_all(&page)?;
    }
    let file: File = out.into_inner().map_err(|error| error.into_error())?;
    Ok(file.metadata()?.len())
}

/// All that comes before the pages, up to a whole page.
fn head(runs: &[Run], notes: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = Writer::new(object::Endianness::Little, true, &mut bytes);
    writer.reserve_file_header();
    writer.reserve_program_headers(1 + runs.len() as u32);
    let notes_at = writer.reserve(notes.len() as u64, 4);
    let mut pages_at = writer.reserve(0, PAGE_SIZE);
    // Writing to memory does not fail.
    let _ = writer.write_file_header(&FileHeader {
        os_abi: ELFOSABI_NONE,
        abi_version: 0,
        e_type: ET_CORE,
        e_machine: EM_X86_64,
        e_entry: 0,
        e_flags: FileFlags(0),
    });
    writer.write_align_program_headers();
    let size = notes.len() as u64;
    writer.write_program_header(&header(PT_NOTE, ProgramFlags(0), notes_at, 0, size, 4));
    for run in runs {
        let flags = flags(run);
        let size = run.size();
        writer.write_program_header(&header(
            PT_LOAD,
            flags,
            pages_at,
            run.address,
            size,
            PAGE_SIZE,
        ));
        pages_at += size;
    }
    writer.write_align(4);
    writer.write(notes);
    writer.write_align(PAGE_SIZE);
    bytes
}

fn header(
    kind: ProgramType,
    flags: ProgramFlags,
    at: u64,
    address: u64,
    size: u64,
    align: u64,
) -> ProgramHeader {
    ProgramHeader {
        p_type: kind,
        p_flags: flags,
        p_offset: at,
        p_vaddr: address,
        p_paddr: 0,
        p_filesz: size,
        p_memsz: if kind == PT_LOAD { size } else { 0 },
        p_align: align,
    }
}

fn flags(run: &Run) -> ProgramFlags {
    let mut flags = PF_R;
    if run.is_writable {
        flags |= PF_W;
    }
    if run.is_executable {
        flags |= PF_X;
    }
    flags
}
