//! One run of a program, in which something goes wrong or nothing does.

use std::collections::BTreeMap;
use std::fmt::{Display, Write};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use domains::Cell;
use domains::report::{Fault, Trace};
use serde::Deserialize;
use tempfile::TempDir;

use super::client::Client;
use super::files;
use super::outcome::{End, Seen};
use super::places::Places;
use crate::cli::failure::{Failure, report};
use crate::vm::{self, Ending, Injector, Listening, Patience, Publish, Sink, Spec, Stream};

/// How much of what a program prints is kept: one that goes wrong may print for ever.
const KEPT: usize = 1 << 20;
/// How many faults are kept.
const FAULTS: usize = 16;

/// An image, and how it is booted each time.
#[derive(Debug)]
pub(super) struct Trial {
    pub(super) spec: Spec,
    pub(super) places: Places,
    pub(super) plugin: PathBuf,
    /// The command that uses the program.
    pub(super) client: Option<String>,
    /// Lines with one of these words do not count.
    pub(super) ignored: Vec<String>,
    /// What domains write to without the right by the domain table where nothing goes wrong.
    pub(super) known: Vec<(String, u64)>,
}

/// What goes wrong, as the plugin is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Wrong {
    pub(super) domain: String,
    pub(super) at: u64,
    pub(super) kind: &'static str,
    pub(super) seed: u64,
    pub(super) pointer: u64,
}

/// How long a run may take.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Limits {
    pub(super) instructions: Option<u64>,
    pub(super) time: Duration,
}

/// What the plugin has seen.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
pub(super) struct Results {
    pub(super) total: u64,
    pub(super) domains: BTreeMap<String, u64>,
    pub(super) done: Option<Done>,
    pub(super) strays: Strays,
}

/// What it did, and before which instruction.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub(super) struct Done {
    pub(super) at: u64,
    pub(super) what: String,
}

/// Writes that the domain's rights do not allow, and that were not stopped.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
pub(super) struct Strays {
    pub(super) count: u64,
    pub(super) first: Vec<Stray>,
    pub(super) pages: Vec<(String, u64)>,
}

/// One of them.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub(super) struct Stray {
    pub(super) at: u64,
    pub(super) address: u64,
}

/// A run that is over.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) seen: Seen,
    pub(super) end: End,
    pub(super) results: Results,
    pub(super) restarts: u64,
    pub(super) faults: Vec<Fault>,
    pub(super) took: Duration,
    /// What went wrong with the machine, if something did that no fault's report tells.
    pub(super) problem: Option<String>,
    /// Whether all that it printed was kept.
    pub(super) is_whole: bool,
    /// Whether the user wants no more of them.
    pub(super) is_interrupted: bool,
}

impl Trial {
    /// Runs once; `beside` hears all of it, too.
    pub(super) fn run(
        &self,
        wrong: Option<&Wrong>,
        limits: Limits,
        beside: Option<&mut dyn Sink>,
    ) -> Result<Ran, Failure> {
        let folder = tempfile::tempdir().map_err(unprepared)?;
        let spec = self.prepare(&folder, wrong, limits).map_err(unprepared)?;
        let mut listener = Listener {
            client: self.client.clone(),
            beside,
            ..Listener::default()
        };
        let start = Instant::now();
        let ending = vm::run(&spec, &mut listener)?;
        let took = start.elapsed();
        let is_interrupted = ending.reason == vm::Reason::Interrupted;
        let results = match results(&folder) {
            // It may have ended before there were any.
            Err(_) if is_interrupted => Results::default(),
            found => found?,
        };
        let said = listener.running.as_ref().and_then(Client::said);
        let mut end = End::of(ending.reason, said.is_some());
        // The plugin ends a machine that executes too much.
        let is_over = limits
            .instructions
            .is_some_and(|most| results.total >= most);
        if is_over && end == End::Failed {
            end = End::Late;
        }
        let seen = Seen {
            status: (end == End::Program).then_some(ending.status),
            stdout: self.without_ignored(&listener.stdout),
            stderr: self.without_ignored(&listener.stderr),
            files: match files::digest(&spec.options.volumes) {
                // Whatever went wrong has seen to that: it is not as it should be.
                Err(error) if wrong.is_some() => format!("unreadable: {error}"),
                found => found.map_err(unprepared)?,
            },
            client: said.map(|(_, said)| said),
        };
        Ok(Ran {
            seen,
            end,
            results,
            restarts: listener.restarts,
            faults: listener.faults,
            took,
            problem: ending.problem.map(|problem| problem.to_string()),
            is_whole: listener.stdout.len() < KEPT && listener.stderr.len() < KEPT,
            is_interrupted,
        })
    }

    fn prepare(
        &self,
        folder: &TempDir,
        wrong: Option<&Wrong>,
        limits: Limits,
    ) -> io::Result<Spec> {
        let plan = folder.path().join("plan");
        std::fs::write(&plan, self.plan(folder, wrong, limits))?;
        let said = self.spec.emulator_says();
        let injector = Injector::new(self.plugin.clone(), plan, said.as_deref());
        let mut spec = Spec {
            injector: Some(injector),
            timeout: Some(limits.time),
            input: vm::Input::Empty,
            ..self.spec.clone()
        };
        files::own(&mut spec.options.volumes, folder.path())?;
        for publish in &mut spec.network.publish {
            // Runs go side by side: each has a port of its own.
            *publish = Publish {
                host: 0,
                ..*publish
            }
            .chosen()?;
        }
        Ok(spec)
    }

    fn plan(&self, folder: &TempDir, wrong: Option<&Wrong>, limits: Limits) -> String {
        let out = folder.path().join("results");
        let mut text = format!(
            "out {}\n{}",
            out.display(),
            self.places.told(self.spec.isolation)
        );
        // Strings take everything.
        if let Some(most) = limits.instructions {
            let _ = writeln!(text, "limit {most:x}");
        }
        for (domain, page) in &self.known {
            let _ = writeln!(text, "known {domain} {page:x}");
        }
        if let Some(wrong) = wrong {
            let Wrong {
                domain,
                at,
                kind,
                seed,
                pointer,
            } = wrong;
            let _ = writeln!(text, "fault {domain} {at:x} {kind} {seed:x}");
            let _ = writeln!(text, "pointer {pointer:x}");
            text += &self.places.data_of(domain);
        }
        text
    }

    fn without_ignored(&self, output: &[u8]) -> Vec<u8> {
        if self.ignored.is_empty() {
            return output.to_vec();
        }
        let is_ignored = |line: &[u8]| {
            let line = String::from_utf8_lossy(line);
            self.ignored.iter().any(|word| line.contains(word.as_str()))
        };
        let lines = output.split_inclusive(|byte| *byte == b'\n');
        lines
            .filter(|line| !is_ignored(line))
            .flatten()
            .copied()
            .collect()
    }
}

fn results(folder: &TempDir) -> Result<Results, Failure> {
    let no_results = |why: &dyn Display| {
        let message = format!("QEMU's plugin gave no results: {why}");
        let help = "the plugin is for QEMU 7.2 to 10, as Debian and Ubuntu have them";
        Failure::new(1, report(message, help))
    };
    let path = folder.path().join("results");
    let text = std::fs::read(path).map_err(|error| no_results(&error))?;
    serde_json::from_slice(&text).map_err(|error| no_results(&error))
}

fn unprepared(error: io::Error) -> Failure {
    let message = format!("a run cannot be prepared: {error}");
    Failure::build(report(
        message,
        "is there room in the folder for temporary files?",
    ))
}

/// Hears a run.
#[derive(Default)]
struct Listener<'a> {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    faults: Vec<Fault>,
    restarts: u64,
    client: Option<String>,
    running: Option<Client>,
    beside: Option<&'a mut dyn Sink>,
}

impl Listener<'_> {
    fn tell(&mut self, tell: impl FnOnce(&mut dyn Sink) -> io::Result<()>) -> io::Result<()> {
        self.beside.as_mut().map_or(Ok(()), |sink| tell(*sink))
    }
}

impl Sink for Listener<'_> {
    fn started(&mut self) -> io::Result<()> {
        self.tell(|sink| sink.started())
    }

    fn output(&mut self, stream: Stream, bytes: &[u8]) -> io::Result<()> {
        let kept = match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        };
        let room = KEPT.saturating_sub(kept.len()).min(bytes.len());
        kept.extend_from_slice(&bytes[..room]);
        self.tell(|sink| sink.output(stream, bytes))
    }

    fn console(&mut self, line: &str) -> io::Result<()> {
        self.tell(|sink| sink.console(line))
    }

    fn fault(&mut self, fault: &Fault) -> io::Result<()> {
        if self.faults.len() < FAULTS {
            self.faults.push(*fault);
        }
        self.tell(|sink| sink.fault(fault))
    }

    fn restarted(&mut self, cell: Cell, requests: u64) -> io::Result<()> {
        self.restarts += 1;
        self.tell(|sink| sink.restarted(cell, requests))
    }

    fn trace(&mut self, trace: Trace) -> io::Result<()> {
        self.tell(|sink| sink.trace(trace))
    }

    /// The client begins when the program serves for the first time.
    fn listening(&mut self, listening: &Listening) -> io::Result<()> {
        if let (Some(command), None, Some(publish)) = (
            self.client.clone(),
            &self.running,
            listening.published.first(),
        ) {
            let published = publish.host_address();
            let host = match *published.ip() {
                Ipv4Addr::UNSPECIFIED => Ipv4Addr::LOCALHOST,
                host => host,
            };
            let address = SocketAddr::new(host.into(), published.port());
            self.running = Some(Client::start(&command, address)?);
        }
        self.tell(|sink| sink.listening(listening))
    }

    fn ended(&mut self, ending: &Ending) -> io::Result<()> {
        let is_served = self.running.as_ref().and_then(Client::said).is_some();
        match is_served {
            true => Ok(()),
            false => self.tell(|sink| sink.ended(ending)),
        }
    }

    /// None, once the client has ended.
    fn patience(&self) -> Option<Patience> {
        let (until, _) = self.running.as_ref()?.said()?;
        Some(Patience {
            until,
            seconds: 0.0,
        })
    }
}
