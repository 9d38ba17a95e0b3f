//! Where in the image an address lies.

use std::fmt;

use serde::Serialize;

use crate::image::symbols::Symbols;

/// An address with the names that the image's symbols give it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Place {
    /// The address.
    pub address: u64,
    /// The function or variable.
    pub symbol: Option<String>,
    /// How far behind its start the address lies.
    pub offset: u64,
    /// The source file.
    pub file: Option<String>,
    /// The line in it.
    pub line: Option<u32>,
}

impl Place {
    /// Looks `address` up.
    pub fn find(address: u64, symbols: Option<&Symbols>) -> Place {
        let unknown = Place {
            address,
            symbol: None,
            offset: 0,
            file: None,
            line: None,
        };
        match symbols.and_then(|symbols| symbols.locate(address)) {
            Some(found) => Place {
                symbol: found.function,
                offset: found.offset,
                file: found.file,
                line: found.line,
                ..unknown
            },
            None => unknown,
        }
    }

    /// The file and line, as `file:line`; empty if unknown.
    pub(super) fn source(&self) -> String {
        match (&self.file, self.line) {
            (Some(file), Some(line)) => format!("{file}:{line}"),
            (Some(file), None) => file.clone(),
            (None, _) => String::new(),
        }
    }

    /// The symbol with the distance from its start, as data is named.
    pub(super) fn datum(&self) -> String {
        match &self.symbol {
            Some(symbol) if self.offset == 0 => symbol.clone(),
            Some(symbol) => format!("{symbol} + {:#x}", self.offset),
            None => String::new(),
        }
    }
}

/// An address in groups of four digits.
pub(super) struct Address(pub(super) u64);

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d] = [48, 32, 16, 0].map(|shift| self.0 >> shift & 0xffff);
        f.pad(&format!("0x{a:04x}_{b:04x}_{c:04x}_{d:04x}"))
    }
}
