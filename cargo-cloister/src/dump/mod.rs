//! Core dumps: what a program had in memory when it was stopped.
//!
//! | module | holds |
//! |---|---|
//! | [`memory`] | the guest's memory, and the pages of the application in it |
//! | [`notes`] | registers, as debuggers want them |
//! | [`file`] | the ELF of it all |
//!
//! A dump has the pages of the application's domain and no others: what a kernel or a cell
//! knows is in none.

mod file;
mod memory;
mod notes;

use std::io;
use std::path::Path;

use domains::layout;
use domains::report::Registers;

use crate::vm::Machine;
use memory::Memory;

/// Writes what the application had in memory to `target`; how many bytes that were.
///
/// `memory` is the file that the guest's memory lay in, and `entry` the address of the
/// program's entry.
///
/// # Errors
///
/// A file cannot be read or written, or the page tables do not lead to pages.
pub fn write(
    target: &Path,
    memory: &Path,
    machine: Machine,
    registers: &Registers,
    entry: Option<u64>,
) -> io::Result<u64> {
    let memory = Memory::open(memory, machine)?;
    let pages = memory.pages(registers.root, layout::APP)?;
    let notes = notes::notes(registers, entry);
    file::write(target, &memory, &pages, &notes)
}
