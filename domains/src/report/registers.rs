//! The registers of an application that was stopped.

use core::fmt;

/// Registers of the thread that was stopped, and where its memory is found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Registers {
    /// The physical address of the top-level page table.
    pub root: u64,
    /// The base of FS: the thread's own storage.
    pub fs: u64,
    /// All others, as [`Registers::NAMES`] names them.
    pub words: [u64; Registers::NAMES.len()],
}

impl Registers {
    /// What the words hold, in the order in which a trap stores them.
    pub const NAMES: [&str; 22] = [
        "r15", "r14", "r13", "r12", "r11", "r10", "r9", "r8", "rbp", "rdi", "rsi", "rdx",
        "rcx", "rbx", "rax", "vector", "error", "rip", "cs", "rflags", "rsp", "ss",
    ];

    /// The word of this name; zero if there is none.
    pub fn get(&self, name: &str) -> u64 {
        let mut words = Registers::NAMES.iter().zip(self.words);
        let word = words.find(|(known, _)| **known == name);
        word.map_or(0, |(_, word)| word)
    }
}

impl fmt::Display for Registers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "registers root={:#x} fs={:#x}", self.root, self.fs)?;
        let mut words = Registers::NAMES.iter().zip(self.words);
        words.try_for_each(|(name, word)| write!(f, " {name}={word:#x}"))
    }
}
