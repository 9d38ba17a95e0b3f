//! A linked component, as read from its ELF file.
//!
//! [`Program::read`] checks that the file is what its linker script promised
//! (machine, place in the address space, no dynamic linking left over) and
//! gives its loadable ranges at their final addresses: the application is a
//! position-independent executable, and moves to its region here.

use domains::layout;
use domains::manifest::Tls;
use goblin::elf::program_header::{PT_GNU_RELRO, PT_LOAD, PT_TLS, ProgramHeader};
use goblin::elf::{Elf, header, note};

use super::{Component, ImageError, blank, relocate};

/// The type of the ELF note with the entry of a PVH kernel.
pub(crate) const PVH_NOTE: u32 = 18;

/// The template of a program without thread-local storage.
const NO_TLS: Tls = Tls {
    address: 0,
    file_size: 0,
    memory_size: 0,
    align: 1,
};

/// A linked component at its final addresses.
#[derive(Clone, Debug)]
pub struct Program {
    /// Which one.
    pub component: Component,
    /// The entry point.
    pub entry: u64,
    /// The loadable ranges, as the file has them.
    pub loads: Vec<Load>,
    /// Ranges that become read-only once relocations are applied.
    pub relro: Option<(u64, u64)>,
    /// The template of thread-local storage.
    pub tls: Tls,
    /// The physical address of the 32-bit entry, if there is a PVH note.
    pub pvh_entry: Option<u32>,
}

/// A loadable range (PT_LOAD).
#[derive(Clone, Debug)]
pub struct Load {
    /// The first address.
    pub address: u64,
    /// The physical address that the file names.
    pub physical: u64,
    /// The initialised bytes.
    pub bytes: Vec<u8>,
    /// How many bytes there are in all; the rest is zero.
    pub memory_size: u64,
    /// Whether stores are possible.
    pub writable: bool,
    /// Whether instructions may be fetched.
    pub executable: bool,
}

impl Load {
    /// The address behind the last byte.
    pub fn end(&self) -> u64 {
        self.address.saturating_add(self.memory_size)
    }
}

impl Program {
    /// Reads `file`, the linked `component`.
    pub fn read(component: Component, file: &[u8]) -> Result<Program, ImageError> {
        let elf = parse(component.title(), file)?;
        refuse_libraries(component, &elf)?;
        let base = base(component, &elf)?;
        let mut program = Program {
            component,
            entry: elf.entry.wrapping_add(base),
            loads: loads(component, &elf, file, base)?,
            relro: header_of(&elf, PT_GNU_RELRO).map(|header| range_of(header, base)),
            tls: header_of(&elf, PT_TLS).map_or(NO_TLS, |header| tls(header, base)),
            pvh_entry: pvh_entry(&elf, file),
        };
        program.check_region()?;
        relocate::apply(&elf, base, &mut program, file.len())?;
        if component == Component::App {
            blank::blank(&elf, base, &mut program);
        }
        Ok(program)
    }

    /// Refuses ranges outside of the component's region.
    fn check_region(&self) -> Result<(), ImageError> {
        let region = self.component.region();
        for load in &self.loads {
            if !region.contains_range(load.address, load.memory_size) {
                let (start, end) = (load.address, load.end());
                return Err(self.layout(format!(
                    "{start:#x} to {end:#x} lies outside of its region, {:#x} to {:#x}",
                    region.start, region.end
                )));
            }
        }
        Ok(())
    }

    /// The error for a rule of the memory layout that the component breaks.
    pub(crate) fn layout(&self, why: String) -> ImageError {
        ImageError::Layout {
            component: self.component,
            why,
        }
    }
}

/// Parses an ELF file for this machine; `what` names it in errors.
pub(crate) fn parse<'a>(what: &str, file: &'a [u8]) -> Result<Elf<'a>, ImageError> {
    if !file.starts_with(header::ELFMAG) {
        return Err(ImageError::NotElf { what: what.into() });
    }
    let elf = Elf::parse(file).map_err(|error| corrupt(what, error.to_string()))?;
    match foreign(&elf) {
        Some(why) => Err(ImageError::Foreign {
            what: what.into(),
            why,
        }),
        None => Ok(elf),
    }
}

/// The error for a file whose headers make no sense.
pub(crate) fn corrupt(what: &str, why: String) -> ImageError {
    ImageError::Corrupt {
        what: what.into(),
        why,
    }
}

/// The bytes of a program header in the file.
pub(crate) fn file_range<'a>(
    what: &str,
    header: &ProgramHeader,
    file: &'a [u8],
) -> Result<&'a [u8], ImageError> {
    let range = header
        .p_offset
        .checked_add(header.p_filesz)
        .and_then(|end| {
            let (start, end) = (
                usize::try_from(header.p_offset).ok()?,
                usize::try_from(end).ok()?,
            );
            file.get(start..end)
        });
    // DEFENCE: segment-tail
    match range {
        Some(bytes) if header.p_filesz <= header.p_memsz => Ok(bytes),
        _ => Err(corrupt(
            what,
            format!("a segment lies behind the end of its {} bytes", file.len()),
        )),
    }
}

/// Refuses headers that load the same bytes of the file again and again: what is
/// read of it would be larger than the file by any factor.
pub(crate) fn refuse_shared_bytes(
    what: &str,
    elf: &Elf<'_>,
    file: &[u8],
) -> Result<(), ImageError> {
    let loads = elf.program_headers.iter().filter(|it| it.p_type == PT_LOAD);
    let all = loads.fold(0_u64, |sum, load| sum.saturating_add(load.p_filesz));
    // DEFENCE: shared-bytes
    match all <= file.len() as u64 {
        true => Ok(()),
        false => Err(corrupt(what, "its segments share bytes of the file".into())),
    }
}

fn foreign(elf: &Elf<'_>) -> Option<String> {
    if !elf.is_64 {
        return Some("it is a 32-bit file".into());
    }
    if !elf.little_endian {
        return Some("it is a big-endian file".into());
    }
    if elf.header.e_machine != header::EM_X86_64 {
        return Some(format!(
            "its machine is {}",
            header::machine_to_str(elf.header.e_machine)
        ));
    }
    let kind = elf.header.e_type;
    (kind != header::ET_EXEC && kind != header::ET_DYN)
        .then(|| format!("its type is {}", header::et_to_str(kind)))
}

fn refuse_libraries(component: Component, elf: &Elf<'_>) -> Result<(), ImageError> {
    match elf.interpreter.or(elf.libraries.first().copied()) {
        Some(library) => Err(ImageError::Library {
            component,
            library: library.into(),
        }),
        None => Ok(()),
    }
}

/// What to add to the file's addresses. Only the application moves; all else
/// is linked where it runs.
fn base(component: Component, elf: &Elf<'_>) -> Result<u64, ImageError> {
    match (elf.header.e_type, component) {
        (header::ET_DYN, Component::App) => Ok(layout::APP.start),
        (header::ET_EXEC, _) => Ok(0),
        _ => Err(ImageError::Layout {
            component,
            why: "it is position-independent, but must be linked at its fixed address".into(),
        }),
    }
}

fn loads(
    component: Component,
    elf: &Elf<'_>,
    file: &[u8],
    base: u64,
) -> Result<Vec<Load>, ImageError> {
    refuse_shared_bytes(component.title(), elf, file)?;
    let headers = elf.program_headers.iter();
    headers
        .filter(|header| header.p_type == PT_LOAD && header.p_memsz > 0)
        .map(|header| {
            Ok(Load {
                address: header.p_vaddr.wrapping_add(base),
                physical: header.p_paddr,
                bytes: file_range(component.title(), header, file)?.to_vec(),
                memory_size: header.p_memsz,
                writable: header.is_write(),
                executable: header.is_executable(),
            })
        })
        .collect()
}

fn header_of<'e>(elf: &'e Elf<'_>, kind: u32) -> Option<&'e ProgramHeader> {
    elf.program_headers
        .iter()
        .find(|header| header.p_type == kind && header.p_memsz > 0)
}

fn range_of(header: &ProgramHeader, base: u64) -> (u64, u64) {
    let start = header.p_vaddr.wrapping_add(base);
    (start, start.saturating_add(header.p_memsz))
}

fn tls(header: &ProgramHeader, base: u64) -> Tls {
    Tls {
        address: header.p_vaddr.wrapping_add(base),
        file_size: header.p_filesz,
        memory_size: header.p_memsz,
        align: header.p_align.max(1),
    }
}

/// The entry that the PVH note names, wherever the note stands.
pub(crate) fn pvh_entry(elf: &Elf<'_>, file: &[u8]) -> Option<u32> {
    let notes = [
        elf.iter_note_headers(file),
        elf.iter_note_sections(file, None),
    ];
    notes
        .into_iter()
        .flatten()
        .flat_map(|notes| notes.flatten())
        .find_map(|note| entry_in(&note))
}

fn entry_in(note: &note::Note<'_>) -> Option<u32> {
    let named = note.name.trim_end_matches('\0') == "Xen" && note.n_type == PVH_NOTE;
    let bytes = note.desc.first_chunk::<4>().filter(|_| named)?;
    Some(u32::from_le_bytes(*bytes))
}
