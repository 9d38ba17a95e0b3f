//! The tests of Rust's own library, in the guest.

use std::collections::BTreeSet;
use std::str::FromStr;

use clap::Args;
use domains::status;

use super::{Session, Test, show, status_of};
use crate::build::{self, Suite};
use crate::cli::failure::{Failure, report};
use crate::outlet::tell;
use crate::testing::{self, Flags, Format, Machine, SkipList, Skipped};

/// Options for the library's tests.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "The library's own tests")]
pub(super) struct Suites {
    /// Run the tests of Rust's library instead of a package's: core, alloc,
    /// std, net, or several of them with commas [default: all]
    #[arg(long, value_name = "SUITE", num_args = 0..=1, require_equals = true,
          value_delimiter = ',', default_missing_value = "core,alloc,std,net")]
    std_suite: Vec<Suite>,
    /// Run tests too that are slow under emulation
    #[arg(long, requires = "std_suite")]
    slow: bool,
    /// Run only the tests that are skipped, and name those that pass
    #[arg(long, requires = "std_suite", conflicts_with = "slice")]
    try_skipped: bool,
    /// Run each N-th test only, beginning with the K-th
    #[arg(long, value_name = "K/N", requires = "std_suite")]
    slice: Option<Slice>,
}

/// The library's tests count on an optimiser: some go through arrays of as many
/// empty elements as there are numbers.
const OPTIMISED: [&str; 4] = [
    "--config",
    "profile.dev.opt-level=1",
    "--config",
    "profile.dev.incremental=false",
];

/// A feature that std's tests use and do not name: in the library's own build
/// it needs no name.
const STD_FEATURE: [&str; 3] = [
    "-Zprofile-rustflags",
    "--config",
    "profile.dev.package.std-suite.rustflags=['-Zcrate-attr=feature(sync_poison_mod)']",
];

/// One of several equal parts of a list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Slice {
    first: usize,
    of: usize,
}

impl FromStr for Slice {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Slice, &'static str> {
        let numbers = text.split_once('/');
        let numbers =
            numbers.and_then(|(first, of)| Some((first.parse().ok()?, of.parse().ok()?)));
        match numbers {
            Some((first, of)) if 1 <= first && first <= of => Ok(Slice { first, of }),
            _ => Err("a slice is K/N, such as 1/20, with K from 1 to N"),
        }
    }
}

impl Suites {
    /// Whether any was asked for.
    pub(super) fn are_wanted(&self) -> bool {
        !self.std_suite.is_empty()
    }

    /// Runs them one after the other; the worst status.
    pub(super) fn run(&self, test: &Test) -> Result<u8, Failure> {
        let mut flags = match test.flags() {
            Ok(flags) => flags,
            Err(error) => return Ok(super::super::told(&error)),
        };
        flags.format.get_or_insert(Format::Terse);
        let mut worst = 0;
        for suite in &self.std_suite {
            worst = worst.max(self.suite(test, *suite, &flags)?);
        }
        Ok(worst)
    }

    fn suite(&self, test: &Test, suite: Suite, flags: &Flags) -> Result<u8, Failure> {
        let folder = build::suite_package(suite).map_err(Failure::build)?;
        let mut session = test.session(Some(folder))?;
        session.cargo.extend(OPTIMISED.map(Into::into));
        if suite == Suite::Std {
            session.cargo.extend(STD_FEATURE.map(Into::into));
        }
        let list = testing::skip_list(suite).map_err(|error| {
            let help = format!("correct tests/suites/{suite}.toml");
            Failure::build(report(error, help))
        })?;
        let mut course = Course {
            options: self,
            session: &session,
            flags,
            list: &list,
            seen: BTreeSet::new(),
            counted: 0,
            sums: Sums::default(),
        };
        course.all()?;
        let stale = list.stale(&course.seen);
        course.sums.print(suite, &session, self.try_skipped);
        if !stale.is_empty() && !flags.chooses() {
            let message = format!(
                "tests/suites/{suite}.toml names tests that are not there: {}",
                stale.join(", ")
            );
            return Err(Failure::build(report(message, "take them out of the list")));
        }
        Ok(course.sums.status)
    }
}

/// The course of one suite.
struct Course<'a> {
    options: &'a Suites,
    session: &'a Session<'a>,
    flags: &'a Flags,
    list: &'a SkipList,
    /// The patterns of the list that found something.
    seen: BTreeSet<String>,
    /// How many tests the slice was chosen from until now.
    counted: usize,
    sums: Sums,
}

impl Course<'_> {
    fn all(&mut self) -> Result<(), Failure> {
        for target in &self.session.package.targets {
            if self.list.leaves(&target.name) {
                continue;
            }
            let built = self.session.build(target)?;
            if !self.session.test.no_run {
                let machine = Machine::new(self.session.spec(built)?);
                self.program(&target.name, machine)?;
            }
        }
        Ok(())
    }

    fn program(&mut self, name: &str, mut machine: Machine) -> Result<(), Failure> {
        let mut listed = testing::list(&mut machine)?;
        let all = listed.tests.clone();
        let slow = self.options.slow;
        let skipped = self
            .list
            .take(name, &mut listed.tests, slow, &mut self.seen);
        if self.options.try_skipped {
            listed.tests = all
                .into_iter()
                .filter(|test| !listed.tests.contains(test))
                .collect();
        }
        if let Some(slice) = self.options.slice {
            listed.tests.retain(|_| {
                self.counted += 1;
                (self.counted - 1) % slice.of == slice.first - 1
            });
        }
        let chosen = listed.tests.iter().any(|test| self.flags.selects(test));
        if chosen {
            let limit = self.session.limit();
            let mut show = show(self.flags);
            let tally = testing::run(&mut machine, &listed, self.flags, limit, &mut show)?;
            let status = status_of(&tally);
            self.sums.add(&tally, status);
        }
        self.sums.skip(skipped);
        Ok(())
    }
}

/// The sums over a suite's programs.
#[derive(Default)]
struct Sums {
    passed: usize,
    failed: usize,
    ignored: usize,
    seconds: f64,
    boots: usize,
    skipped: Skipped,
    status: u8,
}

impl Sums {
    fn add(&mut self, tally: &testing::Tally, status: u8) {
        self.passed += tally.passed;
        self.failed += tally.failed.len();
        self.ignored += tally.ignored;
        self.seconds += tally.elapsed().as_secs_f64();
        self.boots += tally.boots;
        self.status = self.status.max(status);
    }

    fn skip(&mut self, skipped: Skipped) {
        for (reason, tests) in skipped {
            self.skipped.entry(reason).or_default().extend(tests);
        }
    }

    fn print(&mut self, suite: Suite, session: &Session<'_>, tried: bool) {
        let skipped: usize = self.skipped.values().map(Vec::len).sum();
        let Sums {
            passed,
            failed,
            ignored,
            seconds,
            boots,
            ..
        } = self;
        tell(format_args!(
            "suite {suite} ({}): {passed} passed, {failed} failed, {ignored} ignored, \
             {skipped} skipped, in {boots} machines and {seconds:.0} seconds",
            session.isolation
        ));
        for (reason, tests) in &self.skipped {
            tell(format_args!("{:>7} skipped: {reason}", tests.len()));
        }
        if tried {
            let fewer = "take those that pass off the list, if they pass everywhere";
            tell(format_args!(
                "   note: {passed} of the skipped tests pass; {fewer}"
            ));
            self.status = self.status.min(status::BUILD_FAILED);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_is_one_of_several() {
        assert_eq!("1/20".parse(), Ok(Slice { first: 1, of: 20 }));
        for text in ["0/3", "4/3", "1/0", "1", "a/b"] {
            assert!(text.parse::<Slice>().is_err(), "{text}");
        }
    }
}
