//! Parts of an application's file that nothing in the guest reads.
//!
//! The ELF header, notes and the tables of a dynamic linker are loaded with
//! the read-only data. They are blanked: zeroes take no space in the image,
//! and the header and the linker's build-id tell of debugging information,
//! which is not part of it and differs between machines.

use goblin::elf::program_header::PT_LOAD;
use goblin::elf::section_header::{
    SHF_ALLOC, SHT_DYNSYM, SHT_GNU_HASH, SHT_HASH, SHT_NOTE, SHT_RELA, SHT_STRTAB,
};
use goblin::elf::{Elf, SectionHeader};

use super::elf::{Load, Program};

/// Blanks what the guest does not read in `program`, which lies `base` above
/// the addresses of the file.
pub(crate) fn blank(elf: &Elf<'_>, base: u64, program: &mut Program) {
    let tables = elf
        .section_headers
        .iter()
        .filter(|section| is_unread(section));
    let tables = tables.map(|section| (section.sh_addr, section.sh_size));
    for (address, size) in tables.chain(header(elf)) {
        let start = address.wrapping_add(base);
        for load in program.loads.iter_mut().filter(|load| !load.writable) {
            fill(load, start, size);
        }
    }
}

/// Where the headers of the file are loaded, and how long they are.
fn header(elf: &Elf<'_>) -> Option<(u64, u64)> {
    let first =
        |header: &&goblin::elf::ProgramHeader| header.p_type == PT_LOAD && header.p_offset == 0;
    let load = elf.program_headers.iter().find(first)?;
    let size = u64::from(elf.header.e_phnum) * u64::from(elf.header.e_phentsize);
    let end = elf.header.e_phoff.saturating_add(size).min(load.p_filesz);
    Some((load.p_vaddr, end))
}

fn is_unread(section: &SectionHeader) -> bool {
    let kinds = [
        SHT_RELA,
        SHT_DYNSYM,
        SHT_STRTAB,
        SHT_HASH,
        SHT_GNU_HASH,
        SHT_NOTE,
    ];
    section.sh_flags & u64::from(SHF_ALLOC) != 0 && kinds.contains(&section.sh_type)
}

fn fill(load: &mut Load, start: u64, size: u64) {
    let first = start
        .checked_sub(load.address)
        .and_then(|first| usize::try_from(first).ok());
    let size = usize::try_from(size).ok();
    let range = first
        .zip(size)
        .and_then(|(first, size)| Some(first..first.checked_add(size)?));
    if let Some(bytes) = range.and_then(|range| load.bytes.get_mut(range)) {
        bytes.fill(0);
    }
}
