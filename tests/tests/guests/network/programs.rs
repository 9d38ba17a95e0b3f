//! Programs of this machine by which trials reach a guest.
//!
//! Debian has each in a package. One that is missing is installed if the environment
//! asks for that (`CLOISTER_SETUP=1`): in a run of everything with all the others, so
//! that the lists of packages are renewed once. Else its trial fails, and says what to
//! type: none passes without its client.

use std::env;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;

use cargo_cloister::setup;
use libtest_mimic::Failed;

use crate::is_set;
use crate::trial::is_full;

/// Each program, and the package that has it.
const PACKAGES: [(&str, &str); 9] = [
    ("curl", "curl"),
    ("wrk", "wrk"),
    ("ab", "apache2-utils"),
    ("redis-benchmark", "redis-tools"),
    ("iperf3", "iperf3"),
    ("nc", "netcat-openbsd"),
    ("ip", "iproute2"),
    ("tc", "iproute2"),
    ("iptables", "iptables"),
];
/// Where programs are that only root needs, and that are not on everybody's PATH.
const FOR_ROOT: [&str; 2] = ["/usr/sbin", "/sbin"];
/// The most that one may run, in seconds of the host.
const TIME_LIMIT: &str = "100";

/// One installation at a time.
static SET_UP: Mutex<()> = Mutex::new(());

/// A command of `program`, which is ended when it takes too long.
pub(super) fn command(program: &'static str) -> Result<Command, Failed> {
    let mut command = Command::new("timeout");
    command.arg(TIME_LIMIT).arg(provided(program)?);
    Ok(command)
}

/// Where `program` is, installed now if it was missing and may be.
pub(super) fn provided(program: &'static str) -> Result<PathBuf, Failed> {
    let _one_at_a_time = SET_UP.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = find(program) {
        return Ok(found);
    }
    let package = package(program)?;
    if is_set("CLOISTER_SETUP") {
        let say = |what: &str| eprintln!("{what}");
        setup::provide_packages(&missing(package), &say)?;
    }
    let advice = || {
        format!(
            "there is no `{program}` here: type `apt-get install {package}`, or set \
             CLOISTER_SETUP=1 to have it installed"
        )
    };
    find(program).ok_or_else(|| advice().into())
}

/// What is to be installed for a trial that lacks `package`.
fn missing(package: &'static str) -> Vec<&'static str> {
    if !is_full() {
        return vec![package];
    }
    let mut missing: Vec<&str> = PACKAGES
        .into_iter()
        .filter(|(program, _)| find(program).is_none())
        .map(|(_, package)| package)
        .collect();
    missing.dedup();
    missing
}

fn package(program: &str) -> Result<&'static str, Failed> {
    let found = PACKAGES.into_iter().find(|(name, _)| *name == program);
    let (_, package) = found.ok_or_else(|| format!("no package is known for `{program}`"))?;
    Ok(package)
}

fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(FOR_ROOT.map(PathBuf::from))
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

/// What the program said; fails if it ended badly.
pub(super) fn said(command: &mut Command) -> Result<String, Failed> {
    let output = with_input(command, Vec::new())?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What the program wrote while it read `input`; fails if it ended badly.
pub(super) fn with_input(command: &mut Command, input: Vec<u8>) -> Result<Output, Failed> {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = piped.stderr(Stdio::piped()).spawn()?;
    let mut stdin = child.stdin.take().ok_or("it has an input")?;
    // It may end without reading, and says so.
    let feed = thread::spawn(move || _ = stdin.write_all(&input));
    let output = child.wait_with_output()?;
    // What it leaves unread ends with it.
    let _ = feed.join();
    match output.status.success() {
        true => Ok(output),
        false => {
            let said = String::from_utf8_lossy(&output.stderr);
            let size = output.stdout.len();
            Err(format!("{command:?}: {}, {size} bytes, {said}", output.status).into())
        }
    }
}
