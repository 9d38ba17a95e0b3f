//! What one unstripped ELF file knows about its addresses.
//!
//! Names come from the symbol table, data as well as functions. Where there is
//! debugging information, the function is the innermost that is not the
//! standard library's: a wild write through `ptr::write` is named for the code
//! that asked for it.

use addr2line::Context;
use addr2line::gimli::{Dwarf, EndianSlice, LittleEndian, SectionId};
use object::{Object, ObjectSection, ObjectSegment, ObjectSymbol, SymbolKind};

use crate::plain::Plain;

/// How far behind a symbol without a size an address may lie: a page, as a
/// gate is.
const REACH: u64 = 4096;
/// What the folder of the library's sources is called in what is built here.
pub(crate) const LIBRARY: &str = "/rust";

type Reader<'a> = EndianSlice<'a, LittleEndian>;

/// An ELF file with its symbols at hand.
pub struct SymbolFile {
    symbols: Vec<Symbol>,
    file: Vec<u8>,
}

/// What lies at an address.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Found {
    /// The function or variable, demangled.
    pub function: Option<String>,
    /// How far behind its start the address lies.
    pub offset: u64,
    /// The source file.
    pub file: Option<String>,
    /// The line in it.
    pub line: Option<u32>,
    /// The column in that.
    pub column: Option<u32>,
}

/// A name for a range of addresses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Symbol {
    /// The name as it stands in the file.
    pub name: String,
    /// The first address.
    pub address: u64,
    /// How many bytes; zero if nobody said.
    pub size: u64,
}

impl Symbol {
    /// The name as a person wrote it.
    pub fn demangled(&self) -> String {
        demangle(&self.name)
    }
}

impl SymbolFile {
    /// Reads an ELF file; one without symbols knows nothing.
    pub fn read(file: &[u8]) -> SymbolFile {
        let symbols = object::File::parse(file).map_or(Vec::new(), |object| symbols(&object));
        SymbolFile {
            symbols,
            file: file.to_vec(),
        }
    }

    /// The file itself.
    pub fn content(&self) -> &[u8] {
        &self.file
    }

    /// The symbols, by address.
    pub fn symbols(&self) -> &[Symbol] {
        &self.symbols
    }

    /// What lies at `address`.
    pub fn locate(&self, address: u64) -> Option<Found> {
        let symbol = self.symbol_at(address);
        let mut found = self.frame_at(address).unwrap_or_default();
        if let Some(symbol) = symbol {
            found.offset = address - symbol.address;
            found.function = found.function.or_else(|| Some(symbol.demangled()));
        }
        (found != Found::default()).then_some(found)
    }

    /// The functions at each of these addresses, innermost first: several
    /// where calls were inlined. The debugging information is read once.
    pub fn functions_at(&self, addresses: &[u64]) -> Vec<Vec<Found>> {
        let context = context(&self.file);
        let functions = |&address: &u64| {
            let found = context.as_ref().map(|it| frames(it, address));
            let found = found.filter(|found| !found.is_empty());
            found.unwrap_or_else(|| self.locate(address).into_iter().collect())
        };
        addresses.iter().map(functions).collect()
    }

    /// The two bytes at `address`.
    pub fn bytes_at(&self, address: u64) -> Option<[u8; 2]> {
        let object = object::File::parse(&*self.file).ok()?;
        let mut segments = object.segments();
        let bytes = segments.find_map(|it| it.data_range(address, 2).ok()?);
        bytes?.try_into().ok()
    }

    fn symbol_at(&self, address: u64) -> Option<&Symbol> {
        let before = self
            .symbols
            .partition_point(|symbol| symbol.address <= address);
        let near = self.symbols[..before].iter().rev();
        let covers = |symbol: &&Symbol| {
            let distance = address - symbol.address;
            distance < symbol.size || symbol.size == 0 && distance < REACH
        };
        near.take(64).find(covers)
    }

    /// The innermost function that is not of the standard library, with the
    /// line where it is.
    fn frame_at(&self, address: u64) -> Option<Found> {
        let frames = frames(&context(&self.file)?, address);
        let is_library = |found: &&Found| {
            let file = found.file.as_ref();
            file.is_some_and(|file| file.starts_with(LIBRARY))
        };
        let own = frames.iter().find(|found| !is_library(found));
        own.or(frames.first()).cloned()
    }
}

/// The functions at `address`, innermost first.
fn frames(context: &Context<Reader<'_>>, address: u64) -> Vec<Found> {
    let mut found = Vec::new();
    // The last address is followed by none, and addr2line adds one to it. Whoever dies
    // says himself where that was.
    if address == u64::MAX {
        return found;
    }
    let Ok(mut frames) = context.find_frames(address).skip_all_loads() else {
        return found;
    };
    while let Ok(Some(frame)) = frames.next() {
        let location = frame.location.as_ref();
        let file = location.and_then(|location| location.file);
        let name = frame.function.as_ref();
        found.push(Found {
            function: name.and_then(|name| Some(demangle(&name.raw_name().ok()?))),
            offset: 0,
            file: file.map(|file| Plain::line(file).to_string()),
            line: location.and_then(|location| location.line),
            column: location.and_then(|location| location.column),
        });
    }
    found
}

/// The name as a person wrote it; whoever made the file chose it, so that it may
/// hold anything.
pub(super) fn demangle(name: &str) -> String {
    let name = format!("{:#}", rustc_demangle::demangle(name));
    Plain::line(&name).to_string()
}

fn symbols(object: &object::File<'_>) -> Vec<Symbol> {
    let mut symbols: Vec<Symbol> = object
        .symbols()
        .filter(|symbol| symbol.is_definition() || symbol.kind() == SymbolKind::Label)
        .filter(|symbol| is_named(symbol.kind()))
        .filter_map(|symbol| {
            let name = symbol.name().ok().filter(|name| !name.is_empty())?;
            Some(Symbol {
                name: name.to_owned(),
                address: symbol.address(),
                size: symbol.size(),
            })
        })
        // Marks of linker scripts and gates, which name borders and no thing.
        .filter(|symbol| symbol.size > 0 || !symbol.name.starts_with("__"))
        .collect();
    symbols.sort_by(|a, b| (a.address, a.size, &a.name).cmp(&(b.address, b.size, &b.name)));
    symbols
}

fn is_named(kind: SymbolKind) -> bool {
    matches!(
        kind,
        SymbolKind::Text | SymbolKind::Data | SymbolKind::Label | SymbolKind::Unknown
    )
}

/// The debugging information of an ELF file. It is read anew for each address:
/// few are asked for, and most of it is left alone.
fn context(file: &[u8]) -> Option<Context<Reader<'_>>> {
    let object = object::File::parse(file).ok()?;
    let load = |id: SectionId| -> Result<Reader<'_>, object::Error> {
        let section = object.section_by_name(id.name());
        let data = section.map(|section| section.data()).transpose()?;
        Ok(Reader::new(data.unwrap_or_default(), LittleEndian))
    };
    Context::from_dwarf(Dwarf::load(load).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(symbols: &[(&str, u64, u64)]) -> SymbolFile {
        let symbols = symbols.iter().map(|(name, address, size)| Symbol {
            name: (*name).into(),
            address: *address,
            size: *size,
        });
        SymbolFile {
            symbols: symbols.collect(),
            file: Vec::new(),
        }
    }

    #[test]
    fn data_is_named_with_the_distance_from_its_start() {
        let file = file(&[("_ZN11kernel_safe3net5TABLE17h0123456789abcdefE", 0x1000, 64)]);
        let found = file.locate(0x1018).unwrap();
        assert_eq!(found.function.as_deref(), Some("kernel_safe::net::TABLE"));
        assert_eq!(found.offset, 0x18);
        assert_eq!(file.locate(0x1040), None);
    }

    #[test]
    fn a_label_reaches_to_the_next_symbol() {
        let file = file(&[("enter", 0x1000, 0), ("die", 0x1080, 0)]);
        assert_eq!(
            file.locate(0x107f).unwrap().function.as_deref(),
            Some("enter")
        );
        assert_eq!(
            file.locate(0x1080).unwrap().function.as_deref(),
            Some("die")
        );
        assert_eq!(file.locate(0x9000), None);
    }

    /// A dying program may say of any address that it was there.
    #[test]
    fn nothing_is_at_the_last_address() {
        let own = std::env::current_exe().expect("this test");
        let file = SymbolFile::read(&std::fs::read(own).expect("it can be read"));
        assert_eq!(file.locate(u64::MAX), None);
        assert_eq!(file.functions_at(&[u64::MAX]), [[]]);
    }

    #[test]
    fn what_is_no_object_knows_nothing() {
        assert_eq!(SymbolFile::read(b"nothing").locate(0), None);
    }
}
