//! The functions of a linked kernel, and what each takes of its stack.
//!
//! The compiler says in `.stack_sizes` what a function takes. What is written
//! in assembly is not there; it takes all that its pushes and subtractions
//! take, each counted once.

use std::collections::BTreeMap;

use iced_x86::{Decoder, DecoderOptions, Instruction, Mnemonic, OpKind, Register};
use object::{Object, ObjectSection, ObjectSymbol, SectionKind, SymbolKind};

use crate::image::symbol_file::demangle;

/// A function, or a label in assembly.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Function {
    /// Its name as a person wrote it.
    pub(super) name: String,
    /// The first address.
    pub(super) start: u64,
    /// The address behind the last.
    pub(super) end: u64,
    /// Bytes that it takes below its return address.
    pub(super) frame: u64,
    /// Whether the compiler said so, and whether its jumps to other functions
    /// give the frame back first.
    pub(super) is_compiled: bool,
}

/// A kernel's code and its constants.
pub(super) struct Code {
    /// The functions, by address.
    pub(super) functions: Vec<Function>,
    sections: Vec<(u64, Vec<u8>)>,
}

impl Code {
    /// Reads a linked kernel; none if it is no ELF file, or does not say what
    /// its functions take.
    pub(super) fn read(file: &[u8]) -> Option<Code> {
        let object = object::File::parse(file).ok()?;
        let sizes = object.section_by_name(".stack_sizes")?;
        let sizes = stack_sizes(sizes.data().ok()?);
        let sections = object
            .sections()
            .filter(|section| is_in_memory(section.kind()))
            .filter_map(|section| Some((section.address(), section.data().ok()?.to_vec())));
        let mut code = Code {
            sections: sections.collect(),
            functions: Vec::new(),
        };
        code.functions = code.functions_of(&object, &sizes);
        Some(code)
    }

    /// The function that starts at `address`.
    pub(super) fn starting(&self, address: u64) -> Option<usize> {
        let by_start = |function: &Function| function.start.cmp(&address);
        self.functions.binary_search_by(by_start).ok()
    }

    /// The function around `address`.
    pub(super) fn around(&self, address: u64) -> Option<usize> {
        let behind = self.functions.partition_point(|it| it.start <= address);
        let index = behind.checked_sub(1)?;
        (address < self.functions[index].end).then_some(index)
    }

    /// The word at a fixed address.
    pub(super) fn word(&self, address: u64) -> Option<u64> {
        let bytes = self.bytes(address, address.checked_add(8)?)?;
        Some(u64::from_le_bytes(bytes.try_into().ok()?))
    }

    /// The entry of a table of jumps at a fixed address.
    pub(super) fn distance(&self, address: u64) -> Option<i32> {
        let bytes = self.bytes(address, address.checked_add(4)?)?;
        Some(i32::from_le_bytes(bytes.try_into().ok()?))
    }

    /// The instructions of a function.
    pub(super) fn instructions(&self, function: &Function) -> Vec<Instruction> {
        let bytes = self.bytes(function.start, function.end).unwrap_or_default();
        Decoder::with_ip(64, bytes, function.start, DecoderOptions::NONE)
            .into_iter()
            .collect()
    }

    fn bytes(&self, start: u64, end: u64) -> Option<&[u8]> {
        self.sections.iter().find_map(|(address, bytes)| {
            let from = usize::try_from(start.checked_sub(*address)?).ok()?;
            let to = usize::try_from(end.checked_sub(*address)?).ok()?;
            bytes.get(from..to)
        })
    }

    fn functions_of(
        &self,
        object: &object::File<'_>,
        sizes: &BTreeMap<u64, u64>,
    ) -> Vec<Function> {
        let mut functions = Vec::new();
        for section in object
            .sections()
            .filter(|it| it.kind() == SectionKind::Text)
        {
            let end = section.address() + section.size();
            let names = names(object, section.address(), end);
            let ends = names.keys().skip(1).copied().chain([end]);
            for ((&start, name), end) in names.iter().zip(ends) {
                let mut function = Function {
                    name: demangle(name),
                    start,
                    end,
                    frame: 0,
                    is_compiled: sizes.contains_key(&start),
                };
                let said = sizes.get(&start).copied();
                function.frame = said.unwrap_or_else(|| pushed(&self.instructions(&function)));
                functions.push(function);
            }
        }
        functions.sort_by_key(|function| function.start);
        functions
    }
}

fn is_in_memory(kind: SectionKind) -> bool {
    matches!(
        kind,
        SectionKind::Text | SectionKind::Data | SectionKind::ReadOnlyData
    )
}

/// Whatever has a name between two addresses of the text.
fn names<'o>(object: &'o object::File<'_>, start: u64, end: u64) -> BTreeMap<u64, &'o str> {
    let symbols = object
        .symbols()
        .filter(|symbol| (start..end).contains(&symbol.address()))
        .filter(|symbol| {
            matches!(
                symbol.kind(),
                SymbolKind::Text | SymbolKind::Label | SymbolKind::Unknown
            )
        });
    let named = symbols.filter_map(|symbol| Some((symbol.address(), symbol.name().ok()?)));
    // Borders that linker scripts name are no code of their own.
    named
        .filter(|(_, name)| !name.starts_with("__") || name.starts_with("__rust"))
        .collect()
}

/// The entries of `.stack_sizes`: an address and a size in LEB128 each.
fn stack_sizes(mut data: &[u8]) -> BTreeMap<u64, u64> {
    let mut sizes = BTreeMap::new();
    while let Some((address, rest)) = data.split_first_chunk::<8>() {
        let length = 1 + rest.iter().take_while(|byte| *byte & 0x80 != 0).count();
        let (digits, rest) = rest.split_at(length.min(rest.len()));
        let size = digits
            .iter()
            .rev()
            .fold(0, |size, digit| size << 7 | u64::from(digit & 0x7f));
        sizes.insert(u64::from_le_bytes(*address), size);
        data = rest;
    }
    sizes
}

/// All that these instructions take of the stack.
fn pushed(instructions: &[Instruction]) -> u64 {
    let taken = |it: &Instruction| -> u64 {
        let from_stack =
            it.op_kind(0) == OpKind::Register && it.op_register(0) == Register::RSP;
        match it.mnemonic() {
            Mnemonic::Push | Mnemonic::Pushfq => 8,
            Mnemonic::Sub if from_stack => it.try_immediate(1).unwrap_or(0),
            _ => 0,
        }
    };
    instructions.iter().map(taken).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_of_more_than_a_byte_are_read() {
        let mut section = 0x1000_u64.to_le_bytes().to_vec();
        section.extend([0x80, 0x07]);
        section.extend(0x2000_u64.to_le_bytes());
        section.push(8);
        let expected = BTreeMap::from([(0x1000, 896), (0x2000, 8)]);
        assert_eq!(stack_sizes(&section), expected);
    }

    #[test]
    fn assembly_takes_what_it_pushes_and_subtracts() {
        // push rax; sub rsp, 0x28; ret
        let code = [0x50, 0x48, 0x83, 0xec, 0x28, 0xc3];
        let decoder = Decoder::with_ip(64, &code, 0x1000, DecoderOptions::NONE);
        assert_eq!(pushed(&decoder.into_iter().collect::<Vec<_>>()), 0x30);
    }
}
