//! The gate page: read from its ELF file, and checked before it is mapped.
//!
//! What the host tool verifies on an image is verified here on the page, as
//! far as numbers could lie if it did not hold: it is a page that is linked to
//! its place, with the gates where the domain table has them, and each WRPKRU
//! writes what some domain runs with, and checks that it did. The page without
//! walls has none.

use std::fs;
use std::path::Path;

use domains::layout::{GATE_PAGE, PAGE_SIZE, gate};
use domains::{Cell, Domain, Isolation, Pkru};
use goblin::elf::Elf;
use goblin::elf::header::{EM_X86_64, ET_EXEC};
use goblin::elf::program_header::PT_LOAD;

const WRPKRU: [u8; 3] = [0x0f, 0x01, 0xef];
/// `mov eax, imm32`
const MOV_EAX: u8 = 0xb8;
/// `cmp eax, imm32`
const CMP_EAX: u8 = 0x3d;

/// The gates that are crossed, and where they must begin.
fn gates() -> impl Iterator<Item = (String, u64)> {
    let cells = Cell::ALL.map(|cell| (format!("to_{cell}"), gate::to_cell(cell)));
    let gates = [("app_to_safe".to_owned(), gate::APP_TO_SAFE)];
    let offsets = gates.into_iter().chain(cells);
    offsets.map(|(name, offset)| (name, GATE_PAGE + offset))
}

/// The code of a gate page that has passed all checks.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct GatePage {
    isolation: Isolation,
    code: Vec<u8>,
}

impl GatePage {
    /// Reads and checks the linked page at `path`.
    pub(crate) fn read(path: &Path, isolation: Isolation) -> Result<GatePage, String> {
        let in_file = |why| format!("{}: {why}", path.display());
        let file = fs::read(path).map_err(|error| in_file(error.to_string()))?;
        let page = GatePage::in_file(&file, isolation).map_err(in_file)?;
        Ok(page)
    }

    fn in_file(file: &[u8], isolation: Isolation) -> Result<GatePage, String> {
        let elf = Elf::parse(file).map_err(|error| error.to_string())?;
        let code = segment(&elf, file)?.to_vec();
        for (name, address) in gates() {
            if symbol(&elf, &name) != Some(address) {
                return Err(format!("`{name}` is not at {address:#x}"));
            }
        }
        check_writes(&code, isolation)?;
        Ok(GatePage { isolation, code })
    }

    /// Which of the two pages it is.
    pub(crate) const fn isolation(&self) -> Isolation {
        self.isolation
    }

    /// The code; the rest of the page is zero.
    pub(crate) fn code(&self) -> &[u8] {
        &self.code
    }
}

/// The only segment, if it is one executable page in its place.
fn segment<'f>(elf: &Elf<'_>, file: &'f [u8]) -> Result<&'f [u8], String> {
    if !elf.is_64 || elf.header.e_machine != EM_X86_64 || elf.header.e_type != ET_EXEC {
        return Err("it is no linked program for x86-64".into());
    }
    let mut loads = elf.program_headers.iter();
    let mut loads = loads.by_ref().filter(|header| header.p_type == PT_LOAD);
    let (Some(load), None) = (loads.next(), loads.next()) else {
        return Err("a gate page has one segment".into());
    };
    if load.p_vaddr != GATE_PAGE || load.p_memsz > PAGE_SIZE || load.p_filesz != load.p_memsz {
        return Err(format!("its segment is not one page at {GATE_PAGE:#x}"));
    }
    if load.is_write() || !load.is_executable() {
        return Err("its segment is not for execution only".into());
    }
    file.get(load.file_range())
        .ok_or_else(|| "its segment lies behind its end".into())
}

fn symbol(elf: &Elf<'_>, name: &str) -> Option<u64> {
    let named = |symbol: &goblin::elf::Sym| elf.strtab.get_at(symbol.st_name) == Some(name);
    elf.syms.iter().find(named).map(|symbol| symbol.st_value)
}

/// Checks that each WRPKRU is guarded, and that all domains are reached; or that
/// there is none.
fn check_writes(code: &[u8], isolation: Isolation) -> Result<(), String> {
    let found = code.windows(WRPKRU.len()).enumerate();
    let sites = found.filter(|(_, bytes)| *bytes == WRPKRU);
    let written: Vec<Domain> = sites
        .map(|(at, _)| written_at(code, at).map_err(|why| format!("WRPKRU at {at:#x}: {why}")))
        .collect::<Result<_, _>>()?;
    let missing = Domain::ALL.iter().find(|it| !written.contains(it));
    match (isolation, missing) {
        (Isolation::Mpk, Some(domain)) => {
            Err(format!("no gate leads to the domain `{domain}`"))
        }
        (Isolation::None, _) if !written.is_empty() => {
            Err("it has walls, and should have none".into())
        }
        _ => Ok(()),
    }
}

/// The domain whose rights the WRPKRU at `at` gives.
fn written_at(code: &[u8], at: usize) -> Result<Domain, &'static str> {
    let (before, behind) = (&code[..at], &code[at + WRPKRU.len()..]);
    let written = immediate(before.last_chunk(), MOV_EAX)
        .ok_or("there is no `mov eax, imm32` right before it")?;
    let demanded = immediate(behind.first_chunk(), CMP_EAX)
        .ok_or("there is no `cmp eax, imm32` right behind it")?;
    if written != demanded {
        return Err("its check demands another value than it writes");
    }
    Pkru::from_bits(written)
        .domain()
        .ok_or("no domain runs with its value")
}

fn immediate(instruction: Option<&[u8; 5]>, opcode: u8) -> Option<u32> {
    let [first, value @ ..] = instruction?;
    (*first == opcode).then(|| u32::from_le_bytes(*value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guarded(written: u32, demanded: u32) -> Vec<u8> {
        let (written, demanded) = (written.to_le_bytes(), demanded.to_le_bytes());
        [&[MOV_EAX], &written[..], &WRPKRU, &[CMP_EAX], &demanded].concat()
    }

    fn sound() -> Vec<u8> {
        let values = Domain::ALL.map(|domain| Pkru::of(domain).bits());
        values.map(|value| guarded(value, value)).concat()
    }

    fn check(code: &[u8]) -> Result<(), String> {
        check_writes(code, Isolation::Mpk)
    }

    #[test]
    fn guarded_writes_of_all_domains_pass() {
        assert_eq!(check(&sound()), Ok(()));
    }

    #[test]
    fn a_page_is_not_taken_for_the_other() {
        assert!(check_writes(&sound(), Isolation::None).is_err());
        assert!(check(&[]).is_err());
        assert_eq!(check_writes(&[], Isolation::None), Ok(()));
    }

    #[test]
    fn a_page_that_does_not_reach_all_domains_is_refused() {
        let one = sound().len() / Domain::ALL.len();
        assert!(check(&sound()[one..]).unwrap_err().contains("safe"));
    }

    #[test]
    fn a_write_without_its_check_is_refused() {
        let value = Pkru::of(Domain::App).bits();
        for bad in [
            guarded(value, value ^ 4),
            guarded(0, 0),
            guarded(value, value)[1..].to_vec(),
            guarded(value, value)[..12].to_vec(),
        ] {
            assert!(check(&[sound(), bad.clone()].concat()).is_err(), "{bad:x?}");
        }
    }

    #[test]
    fn what_is_no_linked_page_is_refused() {
        let read = |file: &[u8]| GatePage::in_file(file, Isolation::Mpk).unwrap_err();
        assert!(!read(b"no ELF").is_empty());
        let error = read(&fs::read("/proc/self/exe").unwrap());
        assert_eq!(error, "it is no linked program for x86-64");
    }
}
