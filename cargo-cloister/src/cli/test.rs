//! `cargo cloister test`.

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use domains::{Isolation, status};

use super::cargo::CargoOptions;
use super::choices::{self, Output};
use super::defaults::Defaults;
use super::failure::Failure;
use super::parts::cells_of;
use super::progress::Progress;
use super::run::{RunOptions, announce_network};
use super::{subject, walls};
use crate::build::{self, BuildRequest, Built, TestPackage, TestTarget};
use crate::image::symbols::Symbols;
use crate::outlet::{Outlet, Passed, tell};
use crate::plain::Plain;
use crate::report::{Style, Terminal};
use crate::setup;
use crate::testing::{self, Flags, Format, Listed, Machine, Show, Stopped, Tally};
use crate::vm::{self, Input, Reason, Spec, Stream};

mod chosen;
mod suites;

use chosen::Chosen;
use suites::Suites;

/// Build a package's tests and run them in the guest.
///
/// Unit tests, integration tests and tests of examples are run; documentation
/// tests are not. What stands behind `--` goes to the tests, as with cargo:
/// filters and libtest's flags. A panic ends the machine here: the test that
/// was running gets its verdict, and the rest goes on in the next machine, so
/// a panic that a test catches itself is a failure. Tests run one at a time
/// unless `--test-threads` says otherwise. `--timeout` is the time for each
/// test, 60 seconds if none is given.
///
/// Ends with 0 if all tests pass, 101 if one fails or nothing could be built,
/// 122 if a machine did not start, 123 if a kernel failed.
#[derive(Args, Debug)]
pub(super) struct Test {
    /// A package's directory [default: the current directory]
    path: Option<PathBuf>,
    /// How the images keep their domains apart [default: mpk]
    #[arg(long, value_name = "MODE", value_parser = choices::isolation())]
    isolation: Option<Isolation>,
    /// First install what is missing, as `doctor --fix` does
    #[arg(long)]
    setup: bool,
    /// Build the tests and do not run them
    #[arg(long)]
    no_run: bool,
    /// Go on with the other programs when the tests of one have failed
    #[arg(long)]
    no_fail_fast: bool,
    #[command(flatten)]
    suites: Suites,
    #[command(flatten)]
    chosen: Chosen,
    #[command(flatten)]
    how: RunOptions,
    #[command(flatten)]
    cargo: CargoOptions,
}

/// How long a test may take where nobody says it.
const LIMIT: f64 = 60.0;

impl Test {
    /// Tests the package at `path`.
    pub(super) fn of(
        path: PathBuf,
        isolation: Option<Isolation>,
        cargo: CargoOptions,
        how: RunOptions,
    ) -> Test {
        Test {
            path: Some(path),
            isolation,
            setup: false,
            no_run: false,
            no_fail_fast: false,
            suites: Suites::default(),
            chosen: Chosen::default(),
            how,
            cargo,
        }
    }

    pub(super) fn run(self) -> Result<u8, Failure> {
        if self.suites.are_wanted() {
            return self.suites.run(&self);
        }
        let session = self.session(self.path.clone())?;
        let targets = self.targets(&session)?;
        self.all(&session, &targets)
    }

    /// Runs the tests whose source this is, as a path from wherever.
    pub(super) fn only(self, source: &Path) -> Result<u8, Failure> {
        let session = self.session(self.path.clone())?;
        let targets = session.package.targets.iter();
        let targets = targets.filter(|target| source.ends_with(&target.source));
        let targets: Vec<TestTarget> = targets.cloned().collect();
        self.all(&session, &targets)
    }

    fn all(&self, session: &Session<'_>, targets: &[TestTarget]) -> Result<u8, Failure> {
        let needed = targets.iter().any(|target| target.has_harness);
        let flags = match self.flags() {
            Ok(flags) => flags,
            Err(error) if needed => return Ok(super::told(&error)),
            Err(_) => Flags::default(),
        };
        let mut worst = 0;
        for target in targets {
            let status = session.test(target, &flags)?;
            if status != 0 {
                let flags = target.flags().join(" ");
                tell(format_args!("error: test failed, to rerun pass `{flags}`"));
                worst = worst.max(status);
            }
            if worst != 0 && !self.no_fail_fast {
                break;
            }
        }
        if session.package.has_doc_tests && !self.cargo.quiet && worst == 0 {
            tell("note: documentation tests are not run: they have no place in a guest");
        }
        Ok(worst)
    }

    fn session(&self, path: Option<PathBuf>) -> Result<Session<'_>, Failure> {
        if self.how.is_dry() {
            let help = "`cargo cloister run --dry-run` shows the command for a program";
            return Err(Failure::usage(
                "tests boot many machines, one after another",
                help,
            ));
        }
        if self.how.dumps() {
            let help = "run the one that fails with `cargo cloister run --on-violation=core`";
            return Err(Failure::usage("tests leave no core dumps", help));
        }
        if self.setup || setup::requested() {
            setup::fix(&|what| tell(what))?;
        }
        self.how.look_ahead()?;
        let options = self.cargo.for_tests()?;
        let package =
            build::test_package(path.as_deref(), &options.arguments).map_err(Failure::build)?;
        let defaults = Defaults::of(path.as_deref(), Some(&package.name))?;
        Ok(Session {
            test: self,
            isolation: self
                .isolation
                .or(defaults.isolation)
                .unwrap_or(Isolation::Mpk),
            path,
            package,
            defaults,
            cargo: options.arguments,
        })
    }

    fn targets(&self, session: &Session<'_>) -> Result<Vec<TestTarget>, Failure> {
        let options = self.cargo.for_tests()?;
        self.chosen.of(
            &session.package,
            options.bin.as_deref(),
            options.example.as_deref(),
        )
    }

    /// libtest's flags; those that cannot be read are told as any other.
    fn flags(&self) -> Result<Flags, clap::Error> {
        let mut flags = Flags::read(self.how.arguments())?;
        if self.how.output() == Output::Json {
            flags.format = Some(Format::Json);
        }
        Ok(flags)
    }
}

/// A package under test.
struct Session<'a> {
    test: &'a Test,
    path: Option<PathBuf>,
    package: TestPackage,
    defaults: Defaults,
    isolation: Isolation,
    cargo: Vec<OsString>,
}

impl Session<'_> {
    /// Builds and runs the tests of one target; the status.
    fn test(&self, target: &TestTarget, flags: &Flags) -> Result<u8, Failure> {
        let built = self.build(target)?;
        if self.test.no_run {
            return Ok(0);
        }
        let spec = self.spec(built)?;
        match target.has_harness {
            true => self.boot(Machine::new(spec), flags),
            false => self.own_main(&spec),
        }
    }

    fn build(&self, target: &TestTarget) -> Result<Built, Failure> {
        let quiet = self.test.cargo.quiet;
        let progress = Progress::start(quiet);
        let request = BuildRequest {
            path: self.path.clone(),
            isolation: self.isolation,
            cargo_args: self.cargo.clone(),
            output: None,
            test_hooks: self.test.how.injects(),
            without: cells_of(&self.defaults.without),
            tests: Some(target.clone()),
            rootfs: self.defaults.rootfs.clone(),
        };
        let built =
            build::build(&request, &|what| progress.say(what)).map_err(Failure::build)?;
        drop(progress);
        if !quiet {
            let doing = match self.test.no_run {
                true => "Executable",
                false => "Running",
            };
            let image = built.image.display();
            tell(format_args!(
                "{doing:>12} {target} ({}, {image})",
                self.isolation
            ));
        }
        Ok(built)
    }

    fn spec(&self, built: Built) -> Result<Spec, Failure> {
        let ready = subject::ready(built, self.isolation, self.defaults.clone())?;
        let spec = self.test.how.for_tests().plan(&ready)?;
        walls::warn_about_tests(&spec, self.test.how.output())?;
        if !self.test.cargo.quiet {
            announce_network(&spec);
        }
        Ok(Spec {
            input: Input::Empty,
            ..spec
        })
    }

    /// Runs tests that have a `main` of their own, and may take what flags
    /// they like.
    fn own_main(&self, spec: &Spec) -> Result<u8, Failure> {
        let mut spec = spec.clone();
        let words = self.test.how.arguments().iter();
        let words = words.map(|word| word.as_bytes().to_vec());
        spec.options.arguments.extend(words);
        let mut terminal = Terminal::new(
            Symbols::open(&spec.image),
            Style::in_environment(&spec.options.environment),
        );
        let ending = vm::run(&spec, &mut terminal)?;
        if let Some(problem) = ending.problem {
            return Err(Failure::new(ending.status, problem));
        }
        Ok(match (ending.reason, ending.status) {
            (Reason::Program, 0) => 0,
            (Reason::Program, _) => status::BUILD_FAILED,
            (_, status) => status,
        })
    }

    /// How long each test may take.
    fn limit(&self) -> Duration {
        let limit = self.test.how.limit().or(self.defaults.timeout);
        Duration::from_secs_f64(limit.unwrap_or(LIMIT))
    }

    fn boot(&self, mut machine: Machine, flags: &Flags) -> Result<u8, Failure> {
        let listed = testing::list(&mut machine)?;
        if flags.list {
            return print_list(&listed, flags);
        }
        let mut show = show(flags);
        let tally = testing::run(&mut machine, &listed, flags, self.limit(), &mut show)?;
        Outlet::of_process().settle().map_err(Stopped::Print)?;
        Ok(status_of(&tally))
    }
}

/// What prints the results as the flags have it.
fn show(flags: &Flags) -> Show<Passed> {
    let colour = match flags.color.as_str() {
        "auto" => io::stdout().is_terminal(),
        when => when == "always",
    };
    Show::new(
        Passed(Stream::Stdout),
        flags.format(),
        colour,
        flags.show_output,
    )
}

fn status_of(tally: &Tally) -> u8 {
    match (tally.kernel_failed, tally.is_success()) {
        (true, _) => status::KERNEL_FAILED,
        (false, true) => 0,
        (false, false) => status::BUILD_FAILED,
    }
}

fn print_list(listed: &Listed, flags: &Flags) -> Result<u8, Failure> {
    let selected: Vec<_> = listed
        .tests
        .iter()
        .filter(|test| flags.selects(test))
        .collect();
    let mut text: String = selected
        .iter()
        .map(|test| format!("{}: test\n", Plain::line(&test.name)))
        .collect();
    if flags.format() != Format::Terse {
        let count = selected.len();
        let s = if count == 1 { "" } else { "s" };
        text.push_str(&format!("\n{count} test{s}, 0 benchmarks"));
    }
    super::show::line(text.trim_end_matches('\n'))?;
    Ok(0)
}
