//! The file of a core dump: an ELF with notes, and a segment for each run of pages.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use domains::layout::PAGE_SIZE;
use object::elf::{
    ELFOSABI_NONE, EM_X86_64, ET_CORE, FileFlags, PF_R, PF_W, PF_X, PT_LOAD, PT_NOTE,
    ProgramFlags, ProgramType,
};
use object::write::elf::{FileHeader, ProgramHeader, Writer};
use tempfile::NamedTempFile;

use super::memory::{Memory, Run};

/// Writes a dump; how many bytes it has. What a program had in memory is for whoever runs it
/// alone. It takes its name when it is whole: what had that name before, a link too, gives
/// none of its rights to it, and stays if the dump cannot be written.
pub(super) fn write(
    target: &Path,
    memory: &Memory,
    runs: &[Run],
    notes: &[u8],
) -> io::Result<u64> {
    let head = head(runs, notes)?;
    let folder = match target.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    // Nobody else may read or write it.
    let mut file = NamedTempFile::new_in(folder)?;
    let mut out = BufWriter::new(file.as_file_mut());
    out.write_all(&head)?;
    let mut page = vec![0; PAGE_SIZE as usize];
    for physical in runs.iter().flat_map(|run| &run.pages) {
        memory.read(*physical, &mut page)?;
        out.write_all(&page)?;
    }
    out.flush()?;
    drop(out);
    // DEFENCE: dumps-are-for-their-owner
    let file = file.persist(target).map_err(|error| error.error)?;
    Ok(file.metadata()?.len())
}

/// All that comes before the pages, up to a whole page.
fn head(runs: &[Run], notes: &[u8]) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut writer = Writer::new(object::Endianness::Little, true, &mut bytes);
    writer.reserve_file_header();
    writer.reserve_program_headers(1 + runs.len() as u32);
    let notes_at = writer.reserve(notes.len() as u64, 4);
    let mut pages_at = writer.reserve(0, PAGE_SIZE);
    let written = writer.write_file_header(&FileHeader {
        os_abi: ELFOSABI_NONE,
        abi_version: 0,
        e_type: ET_CORE,
        e_machine: EM_X86_64,
        e_entry: 0,
        e_flags: FileFlags(0),
    });
    // More runs than an ELF without sections can have.
    written.map_err(io::Error::other)?;
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
    Ok(bytes)
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;
    use crate::vm::Machine;

    fn memory(folder: &Path) -> Memory {
        let path = folder.join("memory");
        fs::write(&path, [7; 4096]).expect("a file");
        Memory::open(&path, Machine::Microvm).expect("it is there")
    }

    fn run(physical: u64) -> Run {
        Run {
            address: 0x3000_0000_0000,
            pages: vec![physical],
            is_writable: true,
            is_executable: false,
        }
    }

    #[test]
    fn what_had_the_name_before_gives_the_dump_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let memory = memory(folder.path());
        let (target, other) = (folder.path().join("a.core"), folder.path().join("other"));
        fs::write(&other, "another's").expect("a file");
        let open = fs::Permissions::from_mode(0o644);
        fs::set_permissions(&other, open).expect("it is ours");
        symlink(&other, &target).expect("a link");
        write(&target, &memory, &[run(0)], &[]).expect("there is room");
        let found = fs::symlink_metadata(&target).expect("it is there");
        assert!(found.is_file());
        assert_eq!(found.permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read(&other).expect("it stays"), b"another's");
    }

    #[test]
    fn a_dump_that_cannot_be_written_leaves_what_was_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let memory = memory(folder.path());
        let target = folder.path().join("a.core");
        fs::write(&target, "the one before").expect("a file");
        assert!(write(&target, &memory, &[run(0x5000)], &[]).is_err());
        assert_eq!(fs::read(&target).expect("it stays"), b"the one before");
        let names = fs::read_dir(folder.path()).expect("a folder").count();
        assert_eq!(names, 2, "no half of one is left");
        let many = vec![run(0); 0x1_0000];
        assert!(
            write(&target, &memory, &many, &[]).is_err(),
            "too many runs"
        );
    }
}
