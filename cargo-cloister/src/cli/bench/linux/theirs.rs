//! The Linux that is compared with: Debian's kernel and three programs.

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::archive;
use super::guest::{ADDRESS, Run, Said};
use super::kernel::Kernel;
use crate::build::LinuxPrograms;
use crate::vm::Linux;

/// Where QEMU puts a kernel, and its first instruction behind the setup code that
/// runs in real mode.
pub(super) const ENTRY: u64 = 0x10_0000;
/// How often it is looked whether anybody still wants the guest.
const TICK: Duration = Duration::from_millis(50);
/// How many lines of the console are quoted.
const QUOTED: usize = 12;
/// What the servers say when they serve, and the first program when they ended well.
const READY: &str = "ready ";
const WELL: &str = "linux-init: the server ended well";
/// What the kernel says when it gives up, and how long it is heard out then: early on
/// it stays as it is, whatever it was told.
const PANIC: &str = "Kernel panic";
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Whether the kernel works round what processors give away.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Mitigations {
    /// As it finds right.
    Default,
    /// Not at all.
    Off,
}

/// A Linux that can be booted.
#[derive(Debug)]
pub(super) struct Theirs {
    kernel: PathBuf,
    files: PathBuf,
    mitigations: Mitigations,
    _folder: TempDir,
}

impl Mitigations {
    /// As the results have it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Mitigations::Default => "default",
            Mitigations::Off => "off",
        }
    }
}

impl Theirs {
    /// Puts its files together.
    pub(super) fn new(
        kernel: &Kernel,
        programs: &LinuxPrograms,
        mitigations: Mitigations,
    ) -> std::io::Result<Theirs> {
        let folder = tempfile::tempdir()?;
        let files = folder.path().join("files");
        std::fs::write(&files, archive::of(programs, kernel)?)?;
        Ok(Theirs {
            kernel: kernel.image.clone(),
            files,
            mitigations,
            _folder: folder,
        })
    }

    /// What its kernel works round.
    pub(super) fn mitigations(&self) -> Mitigations {
        self.mitigations
    }

    /// The machine of a run.
    pub(super) fn machine(&self, run: &Run) -> Linux {
        let mitigations = match self.mitigations {
            Mitigations::Default => "",
            Mitigations::Off => " mitigations=off",
        };
        let words = run.words.join(" ");
        Linux {
            kernel: self.kernel.clone(),
            files: self.files.clone(),
            // A panic ends it: QEMU takes a restart for the end. On a busy host the
            // kernel may find that the timer is not there, which it does not look for
            // under hypervisors that it knows.
            command_line: format!(
                "console=ttyS0 quiet panic=-1 no_timer_check{mitigations} -- {ADDRESS} {words}"
            ),
            memory: run.memory,
            network: run.network.clone(),
            counter: run.counter.clone(),
        }
    }
}

/// Has it run to its end, which is well if the servers' was.
pub(super) fn run(linux: &Linux, run: &Run, say: &Sender<Said>) -> Result<(), String> {
    let mut deadline = Instant::now() + run.patience;
    let mut booted = linux.boot().map_err(|why| why.to_string())?;
    let mut heard: Vec<String> = Vec::new();
    loop {
        match booted.lines.recv_timeout(TICK) {
            Ok(line) => {
                if line.starts_with(READY) {
                    let _nobody_listens = say.send(Said::Ready);
                }
                if line.contains(PANIC) {
                    deadline = deadline.min(Instant::now() + LAST_WORDS);
                }
                heard.push(line);
            }
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {}
        }
        let is_late = Instant::now() >= deadline;
        if is_late || run.is_unwanted.load(Ordering::Relaxed) {
            return Err(format!("it did not end, and said: {}", last(&heard)));
        }
    }
    let status = booted.wait().map_err(|why| why.to_string())?;
    match heard.iter().any(|line| line == WELL) && status.success() {
        true => Ok(()),
        false => Err(last(&heard)),
    }
}

fn last(heard: &[String]) -> String {
    heard[heard.len().saturating_sub(QUOTED)..].join("\n")
}
