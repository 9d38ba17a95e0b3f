//! The notes of a core dump, as Linux writes them for x86-64.
//!
//! `NT_PRSTATUS` has the registers, `NT_AUXV` the program's entry, by which a debugger finds
//! out where the program lies (elf(5), core(5), `linux/elfcore.h`).

use domains::report::Registers;

const PRSTATUS: u32 = 1;
const AUXV: u32 = 6;
const NAME: &[u8; 8] = b"CORE\0\0\0\0";
/// The signal of whoever touches what he must not.
const SIGSEGV: u32 = 11;
/// Bytes of `struct elf_prstatus`, and where the registers stand in it.
const STATUS_SIZE: usize = 336;
const REGISTERS_AT: usize = 112;
/// Entries of the auxiliary vector.
const AT_NULL: u64 = 0;
const AT_ENTRY: u64 = 9;

/// `struct user_regs_struct`, by our names; none of those in braces is kept.
const ORDER: [&str; 27] = [
    "r15",
    "r14",
    "r13",
    "r12",
    "rbp",
    "rbx",
    "r11",
    "r10",
    "r9",
    "r8",
    "rax",
    "rcx",
    "rdx",
    "rsi",
    "rdi",
    "{orig_rax}",
    "rip",
    "cs",
    "rflags",
    "rsp",
    "ss",
    "{fs_base}",
    "{gs_base}",
    "{ds}",
    "{es}",
    "{fs}",
    "{gs}",
];

/// All notes, one behind the other.
pub(super) fn notes(registers: &Registers, entry: Option<u64>) -> Vec<u8> {
    let mut notes = note(PRSTATUS, &status(registers));
    if let Some(entry) = entry {
        let words = [AT_ENTRY, entry, AT_NULL, 0];
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        notes.extend(note(AUXV, &bytes));
    }
    notes
}

fn note(kind: u32, bytes: &[u8]) -> Vec<u8> {
    // The name's size counts its zero and no padding.
    let head = [5, bytes.len() as u32, kind];
    let mut note: Vec<u8> = head.iter().flat_map(|word| word.to_le_bytes()).collect();
    note.extend(NAME);
    note.extend(bytes);
    note.resize(note.len().next_multiple_of(4), 0);
    note
}

fn status(registers: &Registers) -> [u8; STATUS_SIZE] {
    let mut status = [0; STATUS_SIZE];
    // The signal stands twice: as a number of four bytes, and as one of two.
    status[..4].copy_from_slice(&SIGSEGV.to_le_bytes());
    status[12] = SIGSEGV as u8;
    // The number of a process, which debuggers take for the thread's; there is one.
    status[32] = 1;
    let (words, _) = status[REGISTERS_AT..].as_chunks_mut::<8>();
    for (word, name) in words.iter_mut().zip(ORDER) {
        let value = match name {
            "{fs_base}" => registers.fs,
            name => registers.get(name),
        };
        *word = value.to_le_bytes();
    }
    status
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_stand_where_debuggers_look() {
        let registers = Registers {
            root: 0,
            fs: 0x77,
            words: std::array::from_fn(|number| number as u64),
        };
        let notes = notes(&registers, Some(0x1234));
        let word = |at: usize| u64::from_le_bytes(notes[at..at + 8].try_into().expect("eight"));
        let register = |number: usize| word(20 + REGISTERS_AT + number * 8);
        assert_eq!(register(16), registers.get("rip"));
        assert_eq!(register(19), registers.get("rsp"));
        assert_eq!((register(21), register(15)), (0x77, 0));
        let auxv = 20 + STATUS_SIZE + 20;
        assert_eq!((word(auxv), word(auxv + 8)), (AT_ENTRY, 0x1234));
        assert_eq!(notes.len(), auxv + 32);
    }
}
