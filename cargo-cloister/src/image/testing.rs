//! Hand-made components for the tests of this module.

use domains::cpu_page::offset;
use domains::layout::{self, PAGE_SIZE};
use domains::{Cell, Cells, Domain, Isolation, Pkru, Purpose, entries};
use object::elf;
use object::write::elf::{FileHeader, ProgramHeader, Writer};

use super::pack::{Parts, Traits};
use super::scan::WRPKRU;

pub(crate) const MPK: Traits = Traits {
    isolation: Isolation::Mpk,
    purpose: Purpose::Use,
    cells: Cells::of(Purpose::Use),
};

/// The same for tests.
pub(crate) const HOOKED: Traits = Traits {
    purpose: Purpose::Tests,
    cells: Cells::of(Purpose::Tests),
    ..MPK
};

/// Traits of an image for use without `cell`.
pub(crate) fn without(cell: Cell) -> Traits {
    Traits {
        cells: MPK.cells.without(cell),
        ..MPK
    }
}

/// A program header and its bytes.
#[derive(Clone)]
pub(crate) struct Part {
    pub(crate) kind: elf::ProgramType,
    pub(crate) flags: elf::ProgramFlags,
    pub(crate) address: u64,
    pub(crate) physical: u64,
    pub(crate) bytes: Vec<u8>,
    pub(crate) memory_size: u64,
    pub(crate) align: u64,
}

impl Part {
    pub(crate) fn load(flags: &str, address: u64, bytes: &[u8]) -> Part {
        let bit = |letter: char, flag: elf::ProgramFlags| {
            if flags.contains(letter) {
                flag
            } else {
                elf::ProgramFlags(0)
            }
        };
        Part {
            kind: elf::PT_LOAD,
            flags: bit('r', elf::PF_R) | bit('w', elf::PF_W) | bit('x', elf::PF_X),
            address,
            physical: address,
            bytes: bytes.to_vec(),
            memory_size: bytes.len() as u64,
            align: PAGE_SIZE,
        }
    }

    pub(crate) fn size(self, memory_size: u64) -> Part {
        Part {
            memory_size,
            ..self
        }
    }

    pub(crate) fn kind(self, kind: elf::ProgramType) -> Part {
        Part { kind, ..self }
    }
}

/// An ELF file with these parts.
pub(crate) fn elf_file(kind: elf::FileType, entry: u64, parts: &[Part]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut writer = Writer::new(object::Endianness::Little, true, &mut file);
    writer.reserve_file_header();
    writer.reserve_program_headers(parts.len() as u32);
    let offsets: Vec<u64> = parts
        .iter()
        .map(|part| writer.reserve(part.bytes.len() as u64, 8))
        .collect();
    let header = FileHeader {
        os_abi: elf::ELFOSABI_NONE,
        abi_version: 0,
        e_type: kind,
        e_machine: elf::EM_X86_64,
        e_entry: entry,
        e_flags: elf::FileFlags(0),
    };
    writer.write_file_header(&header).unwrap();
    writer.write_align_program_headers();
    for (part, offset) in parts.iter().zip(&offsets) {
        writer.write_program_header(&ProgramHeader {
            p_type: part.kind,
            p_flags: part.flags,
            p_offset: *offset,
            p_vaddr: part.address,
            p_paddr: part.physical,
            p_filesz: part.bytes.len() as u64,
            p_memsz: part.memory_size,
            p_align: part.align,
        });
    }
    for (part, offset) in parts.iter().zip(&offsets) {
        writer.pad_until(*offset);
        writer.write(&part.bytes);
    }
    file
}

/// Components that make a sound image for use under `mpk`.
pub(crate) fn parts() -> Parts {
    parts_for(Purpose::Use)
}

/// Components that make a sound image for `purpose` under `mpk`.
pub(crate) fn parts_for(purpose: Purpose) -> Parts {
    let file = |cell: Cell| match purpose.has(cell) {
        true => kernel_file(cell.region().start),
        false => Vec::new(),
    };
    Parts {
        core: core_file(),
        gate: gate_file(&gate_code_for(purpose)),
        safe: kernel_file(layout::SAFE.start),
        cells: Cell::ALL.map(file),
        archive: Vec::new(),
        app: app_file(&app_parts()),
    }
}

pub(crate) fn core_parts() -> Vec<Part> {
    let at = |flags, physical: u64, bytes: &[u8]| Part {
        physical,
        ..Part::load(flags, physical + layout::CORE_OFFSET, bytes)
    };
    let entry = u32::try_from(layout::CORE_PHYSICAL).unwrap();
    let note: Vec<u8> = [4u32, 4, 18, u32::from_le_bytes(*b"Xen\0"), entry]
        .map(u32::to_le_bytes)
        .concat();
    let mut note = Part::load("r", 0, &note).kind(elf::PT_NOTE);
    note.align = 4;
    vec![
        at("rx", layout::CORE_PHYSICAL, &[0xf4; 100]),
        at("rw", layout::CORE_PHYSICAL + PAGE_SIZE, &[1; 10]).size(3 * PAGE_SIZE + 5),
        note,
    ]
}

fn core_file() -> Vec<u8> {
    elf_file(
        elf::ET_EXEC,
        layout::CORE_PHYSICAL + layout::CORE_OFFSET,
        &core_parts(),
    )
}

pub(crate) fn gate_file(code: &[u8]) -> Vec<u8> {
    let text = Part::load("rx", layout::GATE_PAGE, code);
    elf_file(elf::ET_EXEC, layout::GATE_PAGE, &[text])
}

/// What a gate dies of.
const UD2: [u8; 2] = [0x0f, 0x0b];
/// How long a look at a token is.
const LOOK: u8 = 11;
/// How long a change of rights is, with its look at the token and what it dies of.
pub(crate) const CHANGE: u8 = 15 + LOOK + 2;

/// The gate page of an image for use.
pub(crate) fn gate_code() -> Vec<u8> {
    gate_code_for(Purpose::Use)
}

/// A change of rights to every domain, and where the core returns to from each
/// cell.
pub(crate) fn gate_code_for(purpose: Purpose) -> Vec<u8> {
    let mut code = Vec::new();
    for domain in purpose.domains() {
        code.extend(guarded(Pkru::in_image(domain, purpose), LOOK));
        let token = match domain {
            Domain::Safe | Domain::App => offset::ENTRY_STACK,
            Domain::Cell(cell) => offset::armed(cell),
        };
        code.extend(look(token, 0));
        code.extend(UD2);
    }
    for cell in purpose.cells() {
        code.resize(layout::gate::faulted(*cell) as usize, 0x90);
        code.extend(look(offset::armed(*cell), 0));
        code.extend(UD2);
    }
    code
}

/// `cmp qword ptr [token], 0; je distance`: eleven bytes.
pub(crate) fn look(token: usize, distance: u8) -> Vec<u8> {
    let address = (layout::CPU_PAGE + token as u64) as u32;
    let mut code = vec![0x48, 0x83, 0x3c, 0x25];
    code.extend(address.to_le_bytes());
    code.extend([0, 0x74, distance]);
    code
}

/// `mov eax, value; wrpkru; cmp eax, value; jne distance`: fifteen bytes.
pub(crate) fn guarded(value: Pkru, distance: u8) -> Vec<u8> {
    let value = value.bits().to_le_bytes();
    [
        &[0xb8][..],
        &value,
        &WRPKRU,
        &[0x3d],
        &value,
        &[0x75, distance],
    ]
    .concat()
}

pub(crate) fn kernel_file(start: u64) -> Vec<u8> {
    elf_file(elf::ET_EXEC, start, &kernel_parts(start))
}

/// An entry page, a page of text and two of data.
pub(crate) fn kernel_parts(start: u64) -> Vec<Part> {
    let text = start + PAGE_SIZE;
    let words = entries::TABLE / 8 + entries::SLOTS;
    let mut entry_page: Vec<u8> = (0..words).flat_map(|_| text.to_le_bytes()).collect();
    entry_page[entries::PENDING + 8..entries::TABLE].fill(0);
    vec![
        Part::load("r", start, &entry_page),
        Part::load("rx", text, &[0xc3; 64]),
        Part::load("rw", text + PAGE_SIZE, &[7; 32]).size(2 * PAGE_SIZE),
    ]
}

/// Constants, text, and data of a program linked at zero.
pub(crate) fn app_parts() -> Vec<Part> {
    let tls = Part::load("r", 0x2010, &[3; 16]).size(64).kind(elf::PT_TLS);
    vec![
        Part::load("r", 0, &[9; 64]),
        Part::load("rx", 0x1000, &[0x90; 64]),
        Part::load("rw", 0x2000, &[3; 256]).size(0x3000),
        Part { align: 16, ..tls },
    ]
}

pub(crate) fn app_file(parts: &[Part]) -> Vec<u8> {
    elf_file(elf::ET_DYN, 0x1000, parts)
}

/// `parts` with a dynamic table of these relocations: `(offset, type, addend)`.
pub(crate) fn with_relocations(mut parts: Vec<Part>, list: &[(u64, u32, u64)]) -> Vec<Part> {
    let entries = list
        .iter()
        .flat_map(|(at, kind, addend)| [*at, u64::from(*kind), *addend]);
    let table: Vec<u8> = entries.flat_map(u64::to_le_bytes).collect();
    let size = table.len() as u64;
    // DT_RELA, DT_RELASZ, DT_RELAENT, end.
    let tags = [7, 0x8000, 8, size, 9, 24, 0, 0];
    let tags: Vec<u8> = tags.into_iter().flat_map(u64::to_le_bytes).collect();
    parts.push(Part::load("r", 0x8000, &table));
    parts.push(Part::load("rw", 0x9000, &tags));
    parts.push(Part::load("rw", 0x9000, &tags).kind(elf::PT_DYNAMIC));
    parts
}
