//! Where a program was when it died, as std would print it.
//!
//! The guest gives addresses and no more; names and lines come from the
//! image's symbols. RUST_BACKTRACE chooses how much is shown, as for any
//! program: nothing, what lies between std's own marks, or everything.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::OsStringExt;

use domains::report::{Trace, TraceKind};
use serde::Serialize;

use crate::image::symbols::Symbols;

/// The variable that chooses the style.
pub const BACKTRACE_VARIABLE: &str = "RUST_BACKTRACE";
/// Std's marks around what is of interest: what panics lies inside of the
/// first, what starts a program or a thread outside of the second.
const BEGIN: &str = "__rust_begin_short_backtrace";
const END: &str = "__rust_end_short_backtrace";

/// How much of a backtrace is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Style {
    /// Nothing.
    #[default]
    Off,
    /// Without std's own beginning and end.
    Short,
    /// Everything, with addresses.
    Full,
}

impl Style {
    /// What a value of RUST_BACKTRACE means to std.
    pub fn of(value: Option<&OsStr>) -> Style {
        match value.and_then(OsStr::to_str) {
            None | Some("0") => Style::Off,
            Some("full") => Style::Full,
            Some(_) => Style::Short,
        }
    }

    /// What a program with this environment wants, given as `NAME=value`.
    pub fn in_environment(variables: &[Vec<u8>]) -> Style {
        let value = |variable: &Vec<u8>| {
            let rest = variable.strip_prefix(BACKTRACE_VARIABLE.as_bytes())?;
            Some(rest.strip_prefix(b"=")?.to_vec())
        };
        let value = variables.iter().find_map(value);
        Style::of(value.map(OsString::from_vec).as_deref())
    }
}

/// One backtrace.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Backtrace {
    /// The thread's number.
    pub thread: u64,
    /// The functions, innermost first.
    pub frames: Vec<Frame>,
}

/// A function that had not returned.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Frame {
    /// Where it goes on.
    pub address: u64,
    /// The function.
    pub function: Option<String>,
    /// Its source file.
    pub file: Option<String>,
    /// The line of the call.
    pub line: Option<u32>,
    /// The column of the call.
    pub column: Option<u32>,
}

impl Backtrace {
    /// Puts the lines of the control channel into words, one backtrace for
    /// each thread that said where it was.
    pub fn read(traces: &[Trace], symbols: Option<&Symbols>) -> Vec<Backtrace> {
        let begins = |trace: &Trace| trace.kind == TraceKind::Thread;
        let mut starts = traces.iter().enumerate().filter(|(_, trace)| begins(trace));
        let mut found = Vec::new();
        let mut start = starts.next();
        while let Some((place, trace)) = start {
            start = starts.next();
            let end = start.map_or(traces.len(), |(place, _)| place);
            let addresses = traces[place + 1..end].iter().map(|frame| frame.value);
            found.push(Backtrace {
                thread: trace.value,
                frames: frames(&addresses.collect::<Vec<_>>(), symbols),
            });
        }
        found
    }

    /// The backtrace as text, as much of it as `style` wants.
    pub fn show(&self, style: Style) -> String {
        let shown = match style {
            Style::Off => return String::new(),
            Style::Short => self.short(),
            Style::Full => &self.frames,
        };
        let mut text = format!("backtrace of thread {}:\n", self.thread);
        for (number, frame) in shown.iter().enumerate() {
            text.push_str(&line(number, frame, style));
        }
        text
    }

    /// What lies between std's marks; everything, if that is nothing.
    fn short(&self) -> &[Frame] {
        let has = |frame: &Frame, mark| {
            let name = frame.function.as_deref();
            name.is_some_and(|name| name.contains(mark))
        };
        let end = self.frames.iter().rposition(|frame| has(frame, END));
        let inner = &self.frames[end.map_or(0, |end| end + 1)..];
        let begin = inner.iter().position(|frame| has(frame, BEGIN));
        let shown = &inner[..begin.unwrap_or(inner.len())];
        match shown.is_empty() {
            true => &self.frames,
            false => shown,
        }
    }
}

/// The functions at these return addresses. Each is looked up in the call
/// before it: what follows a call may be of another line.
fn frames(addresses: &[u64], symbols: Option<&Symbols>) -> Vec<Frame> {
    let calls: Vec<u64> = addresses.iter().map(|it| it.wrapping_sub(1)).collect();
    let found = symbols.map(|symbols| symbols.functions_at(&calls));
    let mut found = found.unwrap_or_default().into_iter();
    let mut frames = Vec::new();
    for &address in addresses {
        let functions = found.next().unwrap_or_default();
        if functions.is_empty() {
            frames.push(Frame::unknown(address));
        }
        frames.extend(functions.into_iter().map(|function| Frame {
            address,
            function: function.function,
            file: function.file,
            line: function.line,
            column: function.column,
        }));
    }
    frames
}

impl Frame {
    fn unknown(address: u64) -> Frame {
        Frame {
            address,
            function: None,
            file: None,
            line: None,
            column: None,
        }
    }
}

/// A frame as std prints it.
fn line(number: usize, frame: &Frame, style: Style) -> String {
    let name = frame.function.as_deref().unwrap_or("<unknown>");
    let address = match style {
        Style::Full => format!("{:#18x} - ", frame.address),
        _ => String::new(),
    };
    let mut text = format!("{number:>4}: {address}{name}\n");
    if let Some(file) = &frame.file {
        let place = Place(file, frame.line, frame.column);
        text.push_str(&format!("{:>13} {place}\n", "at"));
    }
    text
}

/// A place in a source file.
struct Place<'a>(&'a str, Option<u32>, Option<u32>);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)?;
        let numbers = [self.1, self.2].into_iter().map_while(|number| number);
        numbers
            .into_iter()
            .try_for_each(|number| write!(f, ":{number}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backtrace(names: &[&str]) -> Backtrace {
        let frame = |name: &&str| Frame {
            function: Some((*name).into()),
            file: Some("src/main.rs".into()),
            line: Some(7),
            column: Some(5),
            ..Frame::unknown(0x3000_0000_1234)
        };
        Backtrace {
            thread: 1,
            frames: names.iter().map(frame).collect(),
        }
    }

    #[test]
    fn what_std_adds_is_left_out_unless_all_is_wanted() {
        let names = [
            "a::__rust_end_short_backtrace::h",
            "panic",
            "main",
            BEGIN,
            "start",
        ];
        let all = backtrace(&names);
        let short = all.show(Style::Short);
        let expected = "backtrace of thread 1:\n   0: panic\n           at src/main.rs:7:5\n   \
                        1: main\n           at src/main.rs:7:5\n";
        assert_eq!(short.replace("             at", "           at"), expected);
        let full = all.show(Style::Full);
        assert!(
            full.contains("   4:     0x300000001234 - start\n"),
            "{full}"
        );
        assert_eq!(all.show(Style::Off), "");
    }

    #[test]
    fn without_marks_everything_is_shown() {
        assert!(
            backtrace(&["abort", "main"])
                .show(Style::Short)
                .contains("1: main")
        );
        assert!(backtrace(&[BEGIN]).show(Style::Short).contains(BEGIN));
    }

    #[test]
    fn the_channels_lines_become_one_backtrace_for_each_thread() {
        let trace = |kind, value| Trace { kind, value };
        let traces = [
            trace(TraceKind::Frame, 9),
            trace(TraceKind::Thread, 1),
            trace(TraceKind::Frame, 5),
            trace(TraceKind::Thread, 2),
        ];
        let read = Backtrace::read(&traces, None);
        let expected = Backtrace {
            thread: 1,
            frames: vec![Frame::unknown(5)],
        };
        assert_eq!(read[0], expected);
        assert_eq!((read.len(), read[1].thread), (2, 2));
    }

    #[test]
    fn the_variable_means_what_it_means_to_std() {
        for (value, style) in [
            (None, Style::Off),
            (Some("0"), Style::Off),
            (Some("1"), Style::Short),
            (Some("full"), Style::Full),
        ] {
            assert_eq!(Style::of(value.map(OsStr::new)), style);
        }
        let variables = [b"A=1".to_vec(), b"RUST_BACKTRACE=full".to_vec()];
        assert_eq!(Style::in_environment(&variables), Style::Full);
    }
}
