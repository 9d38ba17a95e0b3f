//! Mutants: defences taken out of the sources, one by one, to see a test fail.
//!
//! A defence without a test that misses it is a claim. Here each is taken out of
//! a copy of the sources, and the test that its list names is run there: it must
//! fail, and that test must be the one that does. An ordinary run takes one
//! cheap mutant of each list, because most have their kernels built anew;
//! `CLOISTER_FULL=1 cargo test --package tests --test mutants` takes all. Mutants
//! that a trial makes while the guest runs are no less mutants, and run with the
//! other trials.
//!
//! That a test passes without a defence is said only of one that has run what
//! was changed; else it is this program that has failed.

mod built;
mod copy;
mod runner;
mod verdict;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::{env, io};

use libtest_mimic::{Arguments, Failed, Trial};
use tests::mutants::{self, List, Mutant, Patch, Way};

use copy::Copy;
use verdict::Fate;

/// Seconds in which a mutant is built and noticed; one that takes longer hangs,
/// which is noticed, too.
const TIME_LIMIT: &str = "900";

/// One at a time: they share the copy.
static COPY: Mutex<Option<Copy>> = Mutex::new(None);

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    arguments.include_ignored |= arguments.exact;
    let is_full = env::var_os("CLOISTER_FULL").is_some_and(|value| value == "1");
    let lists = mutants::lists();
    let trials = lists.iter().flat_map(|list| trials(list, is_full));
    let trials = runner::trials().into_iter().chain(trials);
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

/// The trials of a list's patches.
fn trials(list: &List, is_full: bool) -> Vec<Trial> {
    let mut is_sampled = false;
    let mut trials = Vec::new();
    for mutant in &list.mutants {
        let Way::Patch(patch) = &mutant.way else {
            continue;
        };
        let is_sample = !is_sampled && is_cheap(patch);
        is_sampled |= is_sample;
        let trial = trial(mutant, patch.clone());
        trials.push(trial.with_ignored_flag(!(is_full || is_sample)));
    }
    trials
}

/// Whether little is built for it: neither images nor the host tool.
fn is_cheap(patch: &Patch) -> bool {
    patch
        .unit_test()
        .is_some_and(|(package, _)| package != "cargo-cloister")
}

fn trial(mutant: &Mutant, patch: Patch) -> Trial {
    let name = mutant.name.clone();
    Trial::test(format!("without::{name}"), move || noticed(&name, &patch))
}

/// Whether the test that `patch` names misses the defence called `mutant`.
fn noticed(mutant: &str, patch: &Patch) -> Result<(), Failed> {
    let mut copy = COPY.lock().map_err(|error| error.to_string())?;
    let copy = match &mut *copy {
        Some(copy) => copy,
        none => none.insert(Copy::of_sources(Path::new(env!("CARGO_TARGET_TMPDIR")))?),
    };
    let changed = copy.change(patch)?;
    let output = command(copy, patch)?.output()?;
    copy.keep(mutant, &output)?;
    let name = patch.unit_test().map_or(&*patch.test, |(_, test)| test);
    match verdict::of(name, &output) {
        Fate::NotRun(why) => Err(why.into()),
        Fate::Failed => Ok(changed.was_built(&built_in(copy, patch))?),
        Fate::Passed => {
            changed.was_built(&built_in(copy, patch))?;
            Err(format!("{name} passes without the defence").into())
        }
    }
}

/// Where that is built which is changed: the parts of images have their own folder.
fn built_in(copy: &Copy, patch: &Patch) -> PathBuf {
    let is_on_host = patch.unit_test().is_some() || patch.file.starts_with("cargo-cloister/");
    match is_on_host {
        true => copy.target(),
        false => copy.target().join("cloister"),
    }
}

/// What runs the test in the copy.
fn command(copy: &Copy, patch: &Patch) -> io::Result<Command> {
    let mut command = Command::new("timeout");
    command.args(["--kill-after=10", TIME_LIMIT, env!("CARGO"), "test"]);
    command.current_dir(copy.sources()).stdin(copy.held()?);
    command.env_remove("CLOISTER_FULL");
    // And not by a flag: the host tool builds there, too.
    command.env("CARGO_TARGET_DIR", copy.target());
    let test = match patch.unit_test() {
        Some((package, test)) => {
            match package.split_once('/') {
                Some((package, target)) => {
                    command.args(["--test", target, "--package", package]);
                }
                None => {
                    command.args(["--lib", "--package", package]);
                }
            }
            test
        }
        None => {
            command.args(["--package", "tests", "--test", "guests"]);
            &patch.test
        }
    };
    command.args(["--", "--exact", test]);
    Ok(command)
}
