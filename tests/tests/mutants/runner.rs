//! What takes out defences, tried itself: it may not say of a test what is not so.

use std::fs::{self, File};
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output};
use std::time::{Duration, SystemTime};

use libtest_mimic::{Failed, Trial};

use crate::verdict::{self, Fate};
use crate::{built, copy};

type Body = fn() -> Result<(), Failed>;

pub(crate) fn trials() -> Vec<Trial> {
    let trials: [(&str, Body); 3] = [
        ("what_is_not_built_anew_is_known", old_is_known),
        ("the_copy_is_held_by_whoever_runs_in_it", copy_is_held),
        ("what_does_not_run_is_no_verdict", fates),
    ];
    let trial = |(name, body)| Trial::test(format!("runner::{name}"), body);
    trials.into_iter().map(trial).collect()
}

/// An empty folder for one of the trials.
fn folder(name: &str) -> io::Result<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    // It may be left from an earlier run, or not be there at all.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("src"))?;
    Ok(folder)
}

/// A change whose time is before that of the last build, which cargo does not
/// see, is told from one that it sees.
fn old_is_known() -> Result<(), Failed> {
    let folder = folder("mutants-of-nothing")?;
    fs::write(
        folder.join("Cargo.toml"),
        "[package]\nname = \"nothing\"\n[workspace]\n",
    )?;
    let file = folder.join("src/lib.rs");
    for (text, age, expected) in [("// 1", 0, true), ("// 2", 100, false), ("// 3", 0, true)] {
        fs::write(&file, text)?;
        let when = SystemTime::now();
        File::options()
            .write(true)
            .open(&file)?
            .set_modified(when - Duration::from_secs(age))?;
        build(&folder)?;
        let is_built = built::is_of(&folder.join("target"), "src/lib.rs", when)?;
        assert_eq!(is_built, expected, "{text:?}");
        assert!(!built::is_of(&folder.join("target"), "rc/lib.rs", when)?);
    }
    Ok(())
}

fn build(folder: &Path) -> io::Result<()> {
    let mut command = Command::new(env!("CARGO"));
    command.args(["build", "--quiet", "--offline", "--target-dir=target"]);
    assert!(
        command.current_dir(folder).status()?.success(),
        "it is built"
    );
    Ok(())
}

/// A run that was killed leaves something behind, for which the next one waits.
fn copy_is_held() -> Result<(), Failed> {
    let folder = folder("mutants-of-nobody")?;
    let held = copy::lock(&folder)?;
    let other = File::open(folder.join("lock"))?;
    let mut left = Command::new("sleep").arg("60").stdin(held).spawn()?;
    let was_free = other.try_lock().is_ok();
    left.kill()?;
    left.wait()?;
    assert!(!was_free, "somebody is left");
    Ok(other.try_lock().map_err(|_| "nobody is left")?)
}

fn fates() -> Result<(), Failed> {
    let line = |outcome| format!("test some::one ... {outcome}\n");
    for (text, status, expected) in [
        (line("ok"), 0, Some(Fate::Passed)),
        (line("FAILED"), 101, Some(Fate::Failed)),
        (
            line("FAILED") + "x cargo could not build the kernels:",
            101,
            None,
        ),
        (line("ignored"), 0, None),
        (String::new(), 124, Some(Fate::Failed)),
        (String::new(), 101, None),
    ] {
        let output = Output {
            status: ExitStatus::from_raw(status << 8),
            stdout: text.into_bytes(),
            stderr: b"Running unittests".to_vec(),
        };
        match (verdict::of("some::one", &output), expected) {
            (Fate::NotRun(_), None) => (),
            (fate, expected) => assert_eq!(Some(fate), expected),
        }
    }
    Ok(())
}
