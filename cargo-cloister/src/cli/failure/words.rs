//! A failure's words, made plain.
//!
//! Messages quote what others said: paths, names, QEMU. All that the report's
//! handler prints of them is taken over here.

use std::error::Error;
use std::fmt::{self, Display};

use miette::{Diagnostic, Report, Severity};

use crate::plain::Plain;

/// The words of a report.
#[derive(Debug)]
pub(super) struct Words {
    message: String,
    cause: Option<Box<Words>>,
    code: Option<String>,
    help: Option<String>,
    severity: Option<Severity>,
}

impl Words {
    /// Takes over what `report` says.
    pub(super) fn of(report: &Report) -> Words {
        let causes: Vec<String> = report.chain().map(plain).collect();
        let cause = causes.into_iter().rev().fold(None, |cause, message| {
            Some(Words {
                message,
                cause: cause.map(Box::new),
                code: None,
                help: None,
                severity: None,
            })
        });
        Words {
            code: report.code().map(plain),
            help: report.help().map(plain),
            severity: report.severity(),
            ..cause.expect("a report is the first of its own chain")
        }
    }
}

fn plain(words: impl Display) -> String {
    Plain::text(&words.to_string()).to_string()
}

impl Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Words {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let cause = self.cause.as_deref();
        cause.map(|cause| -> &(dyn Error + 'static) { cause })
    }
}

impl Diagnostic for Words {
    fn code<'a>(&'a self) -> Option<Box<dyn Display + 'a>> {
        let code = self.code.as_ref();
        code.map(|code| -> Box<dyn Display + 'a> { Box::new(code) })
    }

    fn severity(&self) -> Option<Severity> {
        self.severity
    }

    fn help<'a>(&'a self) -> Option<Box<dyn Display + 'a>> {
        let help = self.help.as_ref();
        help.map(|help| -> Box<dyn Display + 'a> { Box::new(help) })
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::vm;

    #[test]
    fn all_that_is_shown_is_taken_over_and_nothing_steers() {
        let error = vm::Error::Start {
            program: PathBuf::from("qe\u{1b}[2Jmu"),
            source: std::io::Error::other("no\u{9b}31m"),
        };
        let report = Report::new(error);
        let words = Report::new(Words::of(&report));
        let told = |report: &Report| {
            let chain = report.chain().map(ToString::to_string);
            let extras = [report.code(), report.help()].map(|it| it.map(|it| it.to_string()));
            (chain.collect::<Vec<_>>(), extras)
        };
        let (chain, extras) = told(&words);
        assert_eq!(
            chain,
            ["`qe\\u{1b}[2Jmu` cannot be started", "no\\u{9b}31m"]
        );
        assert_eq!(extras, told(&report).1);
    }
}
