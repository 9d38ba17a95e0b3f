//! Results as libtest prints them.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::flags::Format;
use super::verdict::{Printed, Tally, Verdict};
use crate::plain::{self, Plain};

/// Who is told of tests as they come and go.
pub trait Reporter {
    /// So many tests were selected.
    fn begin(&mut self, tests: usize) -> io::Result<()>;
    /// A test begins.
    fn started(&mut self, name: &str) -> io::Result<()>;
    /// A test printed, and its output is not kept.
    fn output(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// A test has its verdict.
    fn finished(&mut self, name: &str, verdict: &Verdict) -> io::Result<()>;
    /// There are no more.
    fn end(&mut self, tally: &Tally) -> io::Result<()>;
}

/// How many verdicts stand in a line.
const ACROSS: usize = 88;

/// Prints what libtest would.
pub struct Show<W> {
    to: W,
    format: Format,
    colour: bool,
    show_output: bool,
    total: usize,
    done: usize,
    /// The test whose name stands on the last line, without a verdict.
    open: Option<String>,
}

impl<W: Write> Show<W> {
    /// Prints to `to`.
    pub fn new(to: W, format: Format, colour: bool, show_output: bool) -> Show<W> {
        Show {
            to,
            format,
            colour,
            show_output,
            total: 0,
            done: 0,
            open: None,
        }
    }

    fn event(&mut self, event: &Value) -> io::Result<()> {
        writeln!(self.to, "{}", plain::json(event)?)?;
        self.to.flush()
    }

    fn coloured(&self, code: u8, text: &str) -> String {
        match self.colour {
            true => format!("\u{1b}[{code}m{text}\u{1b}[m"),
            false => text.to_owned(),
        }
    }

    /// The word of a verdict.
    fn word(&self, verdict: &Verdict) -> String {
        match verdict {
            Verdict::Ok => self.coloured(32, "ok"),
            Verdict::Failed(_) => self.coloured(31, "FAILED"),
            Verdict::Ignored(why) if why.is_empty() => self.coloured(33, "ignored"),
            Verdict::Ignored(why) => {
                self.coloured(33, &format!("ignored, {}", Plain::line(why)))
            }
        }
    }

    fn pretty(&mut self, name: &str, verdict: &Verdict) -> io::Result<()> {
        if self.open.as_deref() != Some(name) {
            self.close()?;
            write!(self.to, "test {} ... ", Plain::line(name))?;
        }
        self.open = None;
        let word = self.word(verdict);
        writeln!(self.to, "{word}")?;
        self.to.flush()
    }

    /// Ends a line that waits for a verdict which others come before.
    fn close(&mut self) -> io::Result<()> {
        match self.open.take() {
            Some(_) => writeln!(self.to),
            None => Ok(()),
        }
    }

    fn terse(&mut self, verdict: &Verdict) -> io::Result<()> {
        let sign = match verdict {
            Verdict::Ok => ".".to_owned(),
            Verdict::Failed(_) => self.coloured(31, "F"),
            Verdict::Ignored(_) => self.coloured(33, "i"),
        };
        write!(self.to, "{sign}")?;
        if self.done.is_multiple_of(ACROSS) {
            writeln!(self.to, " {}/{}", self.done, self.total)?;
        }
        self.to.flush()
    }

    fn outputs(&mut self, title: &str, tests: &[Printed]) -> io::Result<()> {
        writeln!(self.to, "\n{title}:\n")?;
        for test in tests.iter().filter(|test| !test.output.is_empty()) {
            let name = Plain::line(&test.name);
            writeln!(self.to, "---- {name} stdout ----\n{}", test.output)?;
        }
        writeln!(self.to, "\n{title}:")?;
        tests
            .iter()
            .try_for_each(|test| writeln!(self.to, "    {}", Plain::line(&test.name)))
    }

    fn summary(&mut self, tally: &Tally) -> io::Result<()> {
        self.close()?;
        if self.show_output && !tally.printed.is_empty() {
            self.outputs("successes", &tally.printed)?;
        }
        if !tally.failed.is_empty() {
            self.outputs("failures", &tally.failed)?;
        }
        let result = match tally.is_success() {
            true => self.coloured(32, "ok"),
            false => self.coloured(31, "FAILED"),
        };
        writeln!(
            self.to,
            "\ntest result: {result}. {} passed; {} failed; {} ignored; 0 measured; \
             {} filtered out; finished in {:.2}s\n",
            tally.passed,
            tally.failed.len(),
            tally.ignored,
            tally.filtered_out,
            tally.elapsed().as_secs_f64()
        )?;
        self.to.flush()
    }
}

impl<W: Write> Reporter for Show<W> {
    fn begin(&mut self, tests: usize) -> io::Result<()> {
        self.total = tests;
        let s = if tests == 1 { "" } else { "s" };
        match self.format {
            Format::Json => {
                self.event(&json!({ "type": "suite", "event": "started", "test_count": tests }))
            }
            _ => writeln!(self.to, "\nrunning {tests} test{s}"),
        }
    }

    fn started(&mut self, name: &str) -> io::Result<()> {
        match self.format {
            Format::Pretty => {
                self.close()?;
                write!(self.to, "test {} ... ", Plain::line(name))?;
                self.open = Some(name.to_owned());
                self.to.flush()
            }
            Format::Terse => Ok(()),
            Format::Json => {
                self.event(&json!({ "type": "test", "event": "started", "name": name }))
            }
        }
    }

    fn output(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.to.write_all(bytes)?;
        self.to.flush()
    }

    fn finished(&mut self, name: &str, verdict: &Verdict) -> io::Result<()> {
        self.done += 1;
        match self.format {
            Format::Pretty => self.pretty(name, verdict),
            Format::Terse => self.terse(verdict),
            Format::Json => {
                let (event, message) = match verdict {
                    Verdict::Ok => ("ok", ""),
                    Verdict::Ignored(why) => ("ignored", why.as_str()),
                    Verdict::Failed(why) => ("failed", why.as_str()),
                };
                let mut line = json!({ "type": "test", "name": name, "event": event });
                if !message.is_empty() {
                    line["message"] = message.into();
                }
                self.event(&line)
            }
        }
    }

    fn end(&mut self, tally: &Tally) -> io::Result<()> {
        if self.format != Format::Json {
            return self.summary(tally);
        }
        for test in &tally.failed {
            let line = json!({ "type": "output", "name": test.name, "text": test.output });
            self.event(&line)?;
        }
        let event = if tally.is_success() { "ok" } else { "failed" };
        self.event(&json!({
            "type": "suite", "event": event, "passed": tally.passed,
            "failed": tally.failed.len(), "ignored": tally.ignored, "measured": 0,
            "filtered_out": tally.filtered_out, "exec_time": tally.elapsed().as_secs_f64(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(format: Format) -> String {
        let mut out = Vec::new();
        let mut show = Show::new(&mut out, format, false, false);
        let mut tally = Tally::new(4);
        show.begin(2).expect("memory");
        for (name, verdict) in [
            ("a", Verdict::Ok),
            ("b", Verdict::Failed("it panicked".into())),
        ] {
            show.started(name).expect("memory");
            tally.count(name, &verdict, b"");
            show.finished(name, &verdict).expect("memory");
        }
        show.end(&tally).expect("memory");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn results_look_like_libtests() {
        let text = shown(Format::Pretty);
        let start = "\nrunning 2 tests\ntest a ... ok\ntest b ... FAILED\n\nfailures:\n\n\
                     ---- b stdout ----\nnote: it panicked\n\n\nfailures:\n    b\n\n\
                     test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; \
                     4 filtered out; finished in ";
        assert!(text.starts_with(start), "{text}");
        assert!(shown(Format::Terse).starts_with("\nrunning 2 tests\n.F"));
    }

    #[test]
    fn names_of_tests_steer_no_terminal() {
        for format in [Format::Pretty, Format::Terse, Format::Json] {
            let mut out = Vec::new();
            let mut show = Show::new(&mut out, format, false, true);
            let mut tally = Tally::new(0);
            let name = "a\u{1b}[2J\u{9b}1m";
            let why = Verdict::Failed(name.into());
            for verdict in [Verdict::Ok, Verdict::Ignored(name.into()), why] {
                show.started(name).expect("memory");
                tally.count(name, &verdict, b"its own");
                show.finished(name, &verdict).expect("memory");
            }
            show.end(&tally).expect("memory");
            let text = String::from_utf8(out).expect("text");
            let steers = |letter: char| letter.is_control() && letter != '\n';
            assert!(!text.contains(steers), "{text:?}");
        }
    }

    #[test]
    fn programs_read_one_object_a_line() {
        let text = shown(Format::Json);
        let lines: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect();
        assert_eq!(lines[4]["event"], "failed");
        assert_eq!(lines[4]["message"], "it panicked");
        assert_eq!(lines.last().map(|line| &line["passed"]), Some(&json!(1)));
    }
}
