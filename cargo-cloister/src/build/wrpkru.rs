//! WRPKRU in an application, named by function and crate.
//!
//! The verifier refuses it in any image; here the program still has its
//! symbols, and the refusal can say who brought it.

use goblin::elf::program_header::{PF_X, PT_LOAD};

use super::BuildError;
use crate::image::scan::{Run, WRPKRU, runs};
use crate::image::symbol_file::SymbolFile;
use crate::image::{crate_of, elf};

const WHAT: &str = "the application";

/// Every WRPKRU in the executable ranges of an ELF file, in words.
pub(super) fn sites(file: &[u8]) -> Result<Vec<String>, BuildError> {
    let found = text(file)?;
    let addresses: Vec<u64> = found.iter().flat_map(|run| run.find(&WRPKRU)).collect();
    if addresses.is_empty() {
        return Ok(Vec::new());
    }
    let symbols = SymbolFile::read(file);
    Ok(addresses
        .into_iter()
        .map(|address| describe(&symbols, address))
        .collect())
}

fn text(file: &[u8]) -> Result<Vec<Run>, BuildError> {
    let elf = elf::parse(WHAT, file)?;
    let headers = elf.program_headers.iter();
    let executable = headers.filter(|it| it.p_type == PT_LOAD && it.p_flags & PF_X != 0);
    let ranges = executable
        .map(|header| {
            Ok((
                header.p_vaddr,
                elf::file_range(WHAT, header, file)?.to_vec(),
            ))
        })
        .collect::<Result<Vec<_>, BuildError>>()?;
    Ok(runs(ranges))
}

fn describe(symbols: &SymbolFile, address: u64) -> String {
    let found = symbols.locate(address).unwrap_or_default();
    let place = match (&found.file, found.line) {
        (Some(file), Some(line)) => format!(" ({file}:{line})"),
        _ => String::new(),
    };
    match found.function {
        Some(name) => {
            let krate = crate_of(&name).unwrap_or_else(|| "without Rust names".into());
            format!("  `{name}` of the crate `{krate}`{place}")
        }
        None => format!("  no function that is known, at {address:#x}"),
    }
}
