//! Relocations, applied when the image is packed.
//!
//! A statically linked position-independent program has only relocations that
//! add its base (R_X86_64_RELATIVE). They are applied here, once, so that the
//! guest needs no relocation code and no writable window over read-only data.
//! Any other relocation asks for a dynamic linker and is refused by its name.

use goblin::elf::Elf;
use goblin::elf::reloc::{self, Reloc};

use super::elf::{Load, Program};
use super::{Component, ImageError};

const PAGE: usize = domains::layout::PAGE_SIZE as usize;
/// The tag of a table of packed relative relocations (DT_RELR).
const DT_RELR: u64 = 36;

/// Applies the relocations of `elf`, which has `size` bytes, to `program`, which
/// lies `base` above the addresses of the file.
pub(crate) fn apply(
    elf: &Elf<'_>,
    base: u64,
    program: &mut Program,
    size: usize,
) -> Result<(), ImageError> {
    refuse_packed(elf, program.component)?;
    let tables = [&elf.dynrelas, &elf.dynrels, &elf.pltrelocs];
    for relocation in tables.into_iter().flat_map(|table| table.iter()) {
        let value = value_of(&relocation, base, program.component)?;
        store(program, relocation.r_offset.wrapping_add(base), value, size)?;
    }
    Ok(())
}

/// Refuses the packed form of relative relocations, which no target of ours
/// asks its linker for.
fn refuse_packed(elf: &Elf<'_>, component: Component) -> Result<(), ImageError> {
    let entries = elf.dynamic.iter().flat_map(|dynamic| &dynamic.dyns);
    match entries.into_iter().find(|entry| entry.d_tag == DT_RELR) {
        Some(entry) => Err(ImageError::Relocation {
            component,
            name: "table DT_RELR".into(),
            address: entry.d_val,
        }),
        None => Ok(()),
    }
}

fn value_of(relocation: &Reloc, base: u64, component: Component) -> Result<u64, ImageError> {
    match (relocation.r_type, relocation.r_addend) {
        (reloc::R_X86_64_RELATIVE, Some(addend)) => Ok(base.wrapping_add_signed(addend)),
        (kind, _) => Err(ImageError::Relocation {
            component,
            name: name_of(kind),
            address: relocation.r_offset,
        }),
    }
}

fn name_of(kind: u32) -> String {
    format!(
        "R_{}",
        reloc::r_to_str(kind, goblin::elf::header::EM_X86_64)
    )
}

/// Stores the eight bytes of `value` at `address`.
fn store(
    program: &mut Program,
    address: u64,
    value: u64,
    size: usize,
) -> Result<(), ImageError> {
    let place = program
        .loads
        .iter_mut()
        .find_map(|load| slot(load, address, size));
    match place {
        Some(slot) => {
            slot.copy_from_slice(&value.to_le_bytes());
            Ok(())
        }
        None => Err(program.layout(format!("a relocation at {address:#x} lies in no segment"))),
    }
}

/// The eight bytes at `address`, if they lie in this range; its zeroed tail
/// becomes initialised as far as needed, but not much further than the file is
/// long: linkers leave few relocations in what is zero.
fn slot(load: &mut Load, address: u64, size: usize) -> Option<&mut [u8]> {
    let start = usize::try_from(address.checked_sub(load.address)?).ok()?;
    let end = start.checked_add(size_of::<u64>())?;
    if u64::try_from(end).ok()? > load.memory_size {
        return None;
    }
    if load.bytes.len() < end {
        // DEFENCE: relocated-tail
        if end - load.bytes.len() > size + PAGE {
            return None;
        }
        load.bytes.resize(end, 0);
    }
    load.bytes.get_mut(start..end)
}
