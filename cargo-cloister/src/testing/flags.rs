//! libtest's own flags, as far as they mean something here.

use std::ffi::OsString;

use clap::{Parser, ValueEnum};

use super::list::Test;

/// The flags behind `--`, which go to the tests.
#[derive(Parser, Clone, Debug, Default)]
#[command(
    name = "libtest",
    bin_name = "cargo cloister test --",
    no_binary_name = true
)]
#[command(disable_version_flag = true)]
pub struct Flags {
    /// Run the tests whose name contains one of these
    #[arg(value_name = "FILTER")]
    filters: Vec<String>,
    /// Match filters with whole names
    #[arg(long)]
    exact: bool,
    /// Leave out tests whose name contains this
    #[arg(long, value_name = "FILTER")]
    skip: Vec<String>,
    /// Run only tests that are ignored
    #[arg(long, conflicts_with = "include_ignored")]
    ignored: bool,
    /// Run ignored tests too
    #[arg(long)]
    include_ignored: bool,
    /// List the tests instead of running them
    #[arg(long)]
    pub list: bool,
    /// Show what tests print while they run
    #[arg(long = "no-capture", alias = "nocapture")]
    pub no_capture: bool,
    /// Show what successful tests have printed, too
    #[arg(long)]
    pub show_output: bool,
    /// How many tests run at once in the guest [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub test_threads: Option<u32>,
    /// How to print the results [default: pretty]
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<Format>,
    /// One character for each test
    #[arg(short, long)]
    pub quiet: bool,
    /// Stop at the first test that fails
    #[arg(long)]
    pub fail_fast: bool,
    /// When to use colours
    #[arg(long, value_name = "WHEN", default_value = "auto",
          value_parser = ["auto", "always", "never"])]
    pub color: String,
    /// Taken for libtest's sake, and without effect
    #[arg(long, hide = true)]
    test: bool,
    /// Taken for libtest's sake, and without effect
    #[arg(short = 'Z', hide = true)]
    unstable: Vec<String>,
}

/// How results are printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum Format {
    /// A line for each test
    #[default]
    Pretty,
    /// A character for each test
    Terse,
    /// A JSON object for each event
    Json,
}

impl Flags {
    /// Reads them.
    pub fn read(words: &[OsString]) -> Result<Flags, clap::Error> {
        let flags = Flags::try_parse_from(words)?;
        let quiet = flags.quiet.then_some(Format::Terse);
        Ok(Flags {
            format: quiet.or(flags.format),
            ..flags
        })
    }

    /// How to print.
    pub fn format(&self) -> Format {
        self.format.unwrap_or_default()
    }

    /// Whether some tests are chosen by their names.
    pub fn chooses(&self) -> bool {
        !self.filters.is_empty() || !self.skip.is_empty()
    }

    /// Whether a test is to be looked at, by libtest's rules.
    pub fn selects(&self, test: &Test) -> bool {
        let matches = |filter: &String| match self.exact {
            true => test.name == *filter,
            false => test.name.contains(filter.as_str()),
        };
        let wanted = self.filters.is_empty() || self.filters.iter().any(matches);
        let skipped = self.skip.iter().any(matches);
        wanted && !skipped && (test.ignored || !self.ignored)
    }

    /// Whether a test that was selected is only counted.
    pub fn ignores(&self, test: &Test) -> bool {
        test.ignored && !self.ignored && !self.include_ignored
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(line: &str) -> Flags {
        let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        Flags::read(&words).expect("valid flags")
    }

    fn test(name: &str, ignored: bool) -> Test {
        Test {
            name: name.into(),
            ignored,
            ..Test::default()
        }
    }

    #[test]
    fn filters_select_as_libtests_do() {
        let (a, b) = (test("m::a", false), test("m::ab", false));
        let both = |line| (flags(line).selects(&a), flags(line).selects(&b));
        assert_eq!(both(""), (true, true));
        assert_eq!(both("a"), (true, true));
        assert_eq!(both("--exact m::a"), (true, false));
        assert_eq!(both("--skip ab"), (true, false));
        assert_eq!(both("--exact --skip m::a"), (false, true));
        assert_eq!(both("x ab"), (false, true));
    }

    #[test]
    fn ignored_tests_are_counted_run_or_alone() {
        let (plain, ignored) = (test("a", false), test("b", true));
        for (line, selected, counted) in [
            ("", true, true),
            ("--ignored", false, false),
            ("--include-ignored", true, false),
        ] {
            let flags = flags(line);
            assert_eq!(flags.selects(&plain), selected, "{line}");
            assert!(flags.selects(&ignored), "{line}");
            assert_eq!(flags.ignores(&ignored), counted, "{line}");
        }
    }

    #[test]
    fn names_of_old_are_understood() {
        assert!(flags("--nocapture").no_capture);
        assert_eq!(flags("-q").format(), Format::Terse);
        assert_eq!(
            flags("-Zunstable-options --format=json").format(),
            Format::Json
        );
        assert!(Flags::read(&["--bench".into()]).is_err());
    }
}
