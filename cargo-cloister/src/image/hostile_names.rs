//! Symbols that try to steer the terminal of who looks at an image.
//!
//! The file with an image's symbols lies beside it and may be anybody's. Names
//! out of it stand in reports, backtraces, `inspect` and their JSON.

use std::fs;
use std::path::Path;

use domains::layout;
use domains::report::{Action, Cause, Fault, Page, Trace, TraceKind};
use domains::{Area, Domain};
use object::write::{Object, StandardSection, Symbol, SymbolSection};
use object::{Architecture, BinaryFormat, Endianness, SymbolFlags, SymbolKind, SymbolScope};

use super::inspect::Inspection;
use super::pack::{Parts, pack};
use super::packed::Packed;
use super::sidecar;
use super::symbols::Symbols;
use super::testing::{self, MPK};
use crate::plain;
use crate::report::{Backtrace, FaultReport, Style};

/// Clears the screen, by ESC and by its twin of one byte; turns the direction of
/// writing; begins a line of its own.
const NAME: &str = "evil\u{1b}[2J\u{9b}2J\u{7f}\u{202e}\nerror: ::f";

/// An object with that name all over `addresses`.
fn cursed(addresses: &[u64]) -> Vec<u8> {
    let mut object = Object::new(BinaryFormat::Elf, Architecture::X86_64, Endianness::Little);
    let text = object.section_id(StandardSection::Text);
    for &address in addresses {
        object.add_symbol(Symbol {
            name: NAME.into(),
            value: address,
            size: 4096,
            kind: SymbolKind::Text,
            scope: SymbolScope::Linkage,
            weak: false,
            section: SymbolSection::Section(text),
            flags: SymbolFlags::None,
        });
    }
    object.write().expect("a small object")
}

/// An image with cursed symbols beside it.
fn image(path: &Path) -> Symbols {
    let parts = testing::parts();
    let bytes = pack(&parts, MPK).expect("a sound image");
    let id = Packed::read(&bytes).expect("it was just packed").build_id;
    let parts = Parts {
        app: cursed(&[layout::APP.start]),
        gate: cursed(&[layout::GATE_PAGE]),
        safe: cursed(&[layout::SAFE.start]),
        ..parts
    };
    fs::write(path, bytes).expect("a file");
    fs::write(sidecar::path_of(path), sidecar::write(&parts, &id)).expect("a file");
    Symbols::open(path).expect("they are its own")
}

#[test]
fn names_of_symbols_steer_no_terminal_wherever_they_are_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("program.cloister");
    let symbols = Some(image(&path));
    let fault = Fault {
        domain: Some(Domain::App),
        vector: 14,
        error: 0x27,
        address: layout::SAFE.start + 8,
        rip: layout::APP.start + 16,
        rsp: 0,
        pkru: 0,
        page: Page::Area(Area::Safe),
        cause: Cause::Key,
        action: Action::Terminate,
        entry: None,
    };
    let traces = [
        (TraceKind::Thread, 1),
        (TraceKind::Frame, layout::APP.start + 20),
    ];
    let traces = traces.map(|(kind, value)| Trace { kind, value });
    let report = FaultReport::new(&fault, symbols.as_ref());
    let backtraces = Backtrace::read(&traces, symbols.as_ref());
    let inspection = Inspection::of(&path).expect("a sound image");
    for shown in [
        report.to_string(),
        backtraces[0].show(Style::Full),
        inspection.to_string(),
        plain::json(&report).expect("JSON"),
        plain::json(&backtraces).expect("JSON"),
        plain::pretty_json(&inspection).expect("JSON"),
    ] {
        let steers =
            |letter: char| letter.is_control() && letter != '\n' || letter == '\u{202e}';
        assert!(shown.contains("evil"), "{shown:?}");
        assert!(!shown.contains(steers), "{shown:?}");
        let begins = |line: &str| line.starts_with("error: ::f");
        assert!(!shown.lines().any(begins), "{shown:?}");
    }
}
