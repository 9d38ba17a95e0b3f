//! All runs of a campaign, side by side.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use domains::Isolation;
use indicatif::{ProgressBar, ProgressStyle};

use super::INTERRUPTED;
use super::fault::{self, Choice, Kind, Random};
use super::outcome::{End, Outcome, Run, Seen};
use super::places::Places;
use super::record::{Campaign, Record, Records};
use super::trial::{Limits, Ran, Trial, Wrong};
use crate::build;
use crate::cli::cargo::CargoOptions;
use crate::cli::failure::{Failure, report};
use crate::cli::progress::Progress;
use crate::cli::show;
use crate::cli::subject::Ready;
use crate::image::packed::Packed;
use crate::image::symbols::Symbols;
use crate::outlet::tell;
use crate::report::{FaultReport, Style, Terminal};
use crate::vm::{Accel, Sink, Spec};

/// A domain that executes fewer instructions is not one that a program uses.
const USED: u64 = 1000;
/// How much longer than one without a fault a run may take, and how much longer in any case.
const TIMES: u64 = 4;
const MORE_INSTRUCTIONS: u64 = 200_000_000;
const MORE_TIME: Duration = Duration::from_secs(20);
/// How long a call of a cell may take, where nobody says so, in milliseconds.
const DEADLINE_COUNTED_MS: u32 = 20;
const DEADLINE_MS: u32 = 2000;
/// How long the server of a volume may take, where nobody says so.
const VOLUME_LIMIT: Duration = Duration::from_secs(5);
/// How long one without a fault may take.
const PATIENCE: Duration = Duration::from_secs(600);

/// An image, and what is known of it from runs without a fault.
#[derive(Debug)]
pub(super) struct Side {
    isolation: Isolation,
    program: String,
    build_id: String,
    image: PathBuf,
    trial: Trial,
    golden: Seen,
    counts: BTreeMap<String, u64>,
    limits: Limits,
    took: Duration,
}

/// Which faults there are, whatever the image.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Plan {
    seed: u64,
    domains: Vec<String>,
    kinds: Vec<Kind>,
}

/// Builds QEMU's plugin that makes code go wrong.
pub(super) fn plugin(cargo: &CargoOptions) -> Result<PathBuf, Failure> {
    let progress = Progress::start(cargo.quiet);
    build::injector(&|what| progress.say(what)).map_err(Failure::build)
}

/// Where a campaign goes unless somebody says otherwise.
pub(super) fn default_file(program: &str) -> Result<PathBuf, Failure> {
    let folder = build::campaigns().map_err(Failure::build)?;
    // A name may have a dot: images of one program differ behind it.
    Ok(folder.join(format!("{program}.jsonl")))
}

impl Side {
    /// Runs the image without a fault, twice.
    pub(super) fn new(
        ready: Ready,
        spec: Spec,
        plugin: &Path,
        client: Option<&str>,
        ignored: &[String],
    ) -> Result<Side, Failure> {
        check(&ready, &spec, client)?;
        // Whoever waits for the host waits by its time: else time would leap over the answer.
        let is_counted = !spec.network.has_card() && spec.options.volumes.is_empty();
        let places = Places::of(&ready.image)?;
        let mut trial = Trial {
            spec: with_patience(Spec {
                counted: is_counted,
                entropy_device: !is_counted && spec.entropy_device,
                ..spec
            }),
            places,
            plugin: plugin.to_owned(),
            client: client.map(str::to_owned),
            ignored: ignored.to_vec(),
            known: Vec::new(),
        };
        let limit = trial.spec.timeout;
        let (first, second) = twice(&trial, &ready.image, limit.unwrap_or(PATIENCE))?;
        let pages: BTreeSet<_> = [&first, &second]
            .into_iter()
            .flat_map(|ran| ran.results.strays.pages.iter().cloned())
            .collect();
        trial.known = pages.into_iter().collect();
        let total = second.results.total.saturating_mul(TIMES);
        let time = second.took.saturating_mul(TIMES as u32) + MORE_TIME;
        let limits = Limits {
            instructions: is_counted.then_some(total + MORE_INSTRUCTIONS),
            time: limit.unwrap_or(time),
        };
        Ok(Side {
            isolation: ready.isolation,
            build_id: build_id(&ready.image),
            program: ready.program,
            image: ready.image,
            trial,
            golden: second.seen,
            counts: second.results.domains,
            limits,
            took: second.took,
        })
    }

    /// The fault of a run.
    fn wrong(&self, plan: &Plan, choice: &Choice) -> Wrong {
        let domain = plan.domains[choice.domain].clone();
        let count = self.counts.get(&domain).copied().unwrap_or(0);
        let mut random = Random(choice.seed);
        Wrong {
            at: choice.place(count),
            kind: choice.kind.name(),
            pointer: self.trial.places.pointer(&mut random),
            seed: random.next(),
            domain,
        }
    }

    fn judge(&self, ran: &Ran, domain: &str) -> Outcome {
        let run = Run {
            seen: ran.seen.clone(),
            end: ran.end,
            was_done: ran.results.done.is_some(),
            is_app: domain == "app",
            restarts: ran.restarts,
            strays: ran.results.strays.count,
        };
        Outcome::of(&run, &self.golden)
    }

    /// Runs with a fault; none if the user wants no more.
    fn broken(&self, plan: &Plan, run: u64) -> Result<Option<Record>, Failure> {
        let choice = plan.choose(run);
        let wrong = self.wrong(plan, &choice);
        let ran = self.trial.run(Some(&wrong), self.limits, None)?;
        if ran.is_interrupted {
            return Ok(None);
        }
        Ok(Some(self.record(run, &choice, wrong, &ran)))
    }

    fn record(&self, run: u64, choice: &Choice, wrong: Wrong, ran: &Ran) -> Record {
        let symbols = Symbols::open(&self.image);
        let name = |address: u64| name_of(symbols.as_ref(), address);
        let done = ran.results.done.as_ref();
        let stray = ran.results.strays.first.first();
        let faults = ran.faults.iter().take(2);
        Record {
            isolation: self.isolation.name().to_owned(),
            run,
            outcome: self.judge(ran, &wrong.domain),
            domain: wrong.domain,
            kind: choice.kind,
            at: wrong.at,
            place: done.map(|done| name(done.at)),
            what: done.map(|done| done.what.clone()),
            status: ran.seen.status,
            restarts: ran.restarts,
            strays: ran.results.strays.count,
            stray: stray.map(|stray| [name(stray.at), name(stray.address)]),
            faults: faults
                .map(|fault| FaultReport::new(fault, symbols.as_ref()).what)
                .collect(),
            seconds: ran.took.as_secs_f64(),
        }
    }
}

/// The same with a deadline for calls of cells, unless one was given: where time is that of
/// the host, such a run is slow, and else there is nothing to wait for.
fn with_patience(mut spec: Spec) -> Spec {
    let usual = match spec.counted {
        true => DEADLINE_COUNTED_MS,
        false => DEADLINE_MS,
    };
    spec.options.cell_deadline_ms.get_or_insert(usual);
    if !spec.counted {
        spec.options.volume_limit.get_or_insert(VOLUME_LIMIT);
    }
    spec
}

/// What is told of a run by KVM.
pub(super) fn no_translator() -> Failure {
    let message = "faults are made by QEMU's translator, which KVM does without";
    Failure::usage(message, "use `--accel tcg`")
}

/// Refuses what cannot be broken from outside.
fn check(ready: &Ready, spec: &Spec, client: Option<&str>) -> Result<(), Failure> {
    if spec.accel != Accel::Tcg {
        return Err(no_translator());
    }
    if Symbols::open(&ready.image).is_none() {
        let message = format!("`{}` has no symbols beside it", ready.image.display());
        let help = "what is broken is told by its name: give the package, which is built with \
                    symbols, or keep the file `.sym` beside the image";
        return Err(Failure::usage(message, help));
    }
    if client.is_some() && spec.network.publish.is_empty() {
        let message = "no port leads to the program that the client is to use";
        return Err(Failure::usage(message, "add `--publish 0:PORT`"));
    }
    Ok(())
}

/// Two runs without a fault, which have to be alike.
fn twice(trial: &Trial, image: &Path, time: Duration) -> Result<(Ran, Ran), Failure> {
    let limits = Limits {
        instructions: None,
        time,
    };
    let isolation = trial.spec.isolation;
    let once = |what: &str| {
        tell(format_args!("{what} without a fault ({isolation})"));
        let ran = trial.run(None, limits, None)?;
        if !ran.is_whole {
            let message = "without a fault the program prints more than is compared, 1 MiB";
            let help = "what goes wrong behind that would not be seen: have it print less";
            return Err(Failure::new(1, report(message, help)));
        }
        match ran.end {
            End::Program if trial.client.is_some() => {
                let message = "the program ended before it listened, or its client was done";
                Err(Failure::new(
                    1,
                    report(message, "leave `--client` away for one that ends"),
                ))
            }
            End::Program | End::Served => Ok(ran),
            end => {
                let why = why(&ran, end, image);
                let message = format!("without a fault the program does not end well: {why}");
                let help =
                    "see how it goes with `cargo cloister run`; a server needs `--client`";
                Err(Failure::new(1, report(message, help)))
            }
        }
    };
    let (first, second) = (once("running")?, once("running once more")?);
    if let Some(status) = second.seen.client.as_ref().and_then(|client| client.status)
        && status != 0
    {
        tell(format_args!(
            "warning: the client ends with {status} without a fault, too"
        ));
    }
    match difference(&first.seen, &second.seen) {
        None => Ok((first, second)),
        Some(what) => {
            let message = format!("two runs without a fault differ in {what}");
            let help = "nothing could be told from them: have the program say the same each \
                        time, or leave lines that differ out with `--ignore WORD`";
            Err(Failure::new(1, report(message, help)))
        }
    }
}

/// Why a run without a fault did not end well.
fn why(ran: &Ran, end: End, image: &Path) -> String {
    let symbols = Symbols::open(image);
    let fault = ran.faults.last();
    let fault = fault.map(|fault| FaultReport::new(fault, symbols.as_ref()).what);
    let why = ran.problem.clone().or(fault);
    why.unwrap_or_else(|| end.to_string())
}

/// In what two runs differ.
fn difference(first: &Seen, second: &Seen) -> Option<&'static str> {
    let differences = [
        ("their standard output", first.stdout != second.stdout),
        ("their standard error", first.stderr != second.stderr),
        ("their status", first.status != second.status),
        (
            "what they leave in their folders",
            first.files != second.files,
        ),
        ("what the client says", first.client != second.client),
    ];
    let mut differences = differences.into_iter();
    differences
        .find(|(_, differs)| *differs)
        .map(|(what, _)| what)
}

fn build_id(image: &Path) -> String {
    let bytes = fs::read(image).unwrap_or_default();
    Packed::read(&bytes).map_or_else(|_| String::new(), |packed| packed.build_id)
}

/// What an address is called.
fn name_of(symbols: Option<&Symbols>, address: u64) -> String {
    let found = symbols.and_then(|symbols| symbols.locate(address));
    let area = domains::layout::area_of(address);
    match (found, area) {
        (Some(found), _) if found.function.is_some() => {
            let function = found.function.unwrap_or_default();
            format!("{function} ({})", found.component)
        }
        (_, Some(area)) => format!("{address:#x} ({area})"),
        _ => format!("{address:#x}"),
    }
}

impl Plan {
    /// About these domains, or all that the program uses on some side.
    pub(super) fn of(
        sides: &[Side],
        wanted: &[String],
        kinds: &[Kind],
        seed: u64,
    ) -> Result<Plan, Failure> {
        let known: Vec<&str> = sides
            .first()
            .map(|side| side.trial.places.domains())
            .unwrap_or_default();
        for domain in wanted {
            if !known.contains(&domain.as_str()) {
                let message = format!("the image has no domain `{domain}`");
                return Err(Failure::usage(
                    message,
                    format!("it has {}", known.join(", ")),
                ));
            }
        }
        let is_used = |domain: &&str| {
            let counts = sides.iter().filter_map(|side| side.counts.get(*domain));
            *domain != "safe" && counts.max().is_some_and(|count| *count >= USED)
        };
        let domains: Vec<String> = match wanted {
            [] => known
                .into_iter()
                .filter(is_used)
                .map(str::to_owned)
                .collect(),
            wanted => wanted.to_vec(),
        };
        if domains.is_empty() {
            let message = format!("no domain executes {USED} instructions or more");
            return Err(Failure::usage(message, "choose some with `--domain`"));
        }
        Ok(Plan {
            seed,
            domains,
            kinds: kinds.to_vec(),
        })
    }

    /// The domains that have faults, in turn.
    pub(super) fn domains(&self) -> &[String] {
        &self.domains
    }

    fn choose(&self, run: u64) -> Choice {
        fault::choose(self.seed, run, self.domains.len(), &self.kinds)
    }

    /// What is kept of it, but for what the command line says.
    pub(super) fn campaign(&self, sides: &[Side]) -> Campaign {
        let by_isolation = |side: &Side| side.isolation.name().to_owned();
        let instructions = sides.iter();
        Campaign {
            program: sides
                .first()
                .map_or_else(String::new, |it| it.program.clone()),
            arguments: Vec::new(),
            client: None,
            ignored: Vec::new(),
            seed: self.seed,
            domains: self.domains.clone(),
            kinds: self.kinds.clone(),
            instructions: instructions
                .map(|side| (by_isolation(side), side.counts.clone()))
                .collect(),
            builds: sides
                .iter()
                .map(|side| (by_isolation(side), side.build_id.clone()))
                .collect(),
        }
    }
}

/// Has all runs done that are not in the file; whether that was all.
pub(super) fn go_through(
    sides: &[Side],
    plan: &Plan,
    runs: u64,
    records: &mut Records,
    is_json: bool,
) -> Result<bool, Failure> {
    let is_done = |side: &Side, run: u64| {
        let isolation = side.isolation.name();
        let mut done = records.done.iter();
        done.any(|it| it.run == run && it.isolation == isolation)
    };
    // Both sides have the same run one behind the other: a campaign that is broken off
    // compares as many of each.
    let all = (0..runs).flat_map(|run| sides.iter().map(move |side| (side, run)));
    let left: Vec<(&Side, u64)> = all.filter(|(side, run)| !is_done(side, *run)).collect();
    let bar = announce(&left, runs * sides.len() as u64);
    let (next, stops) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (sender, receiver) = mpsc::channel();
    let work = |sender: mpsc::Sender<Result<Option<Record>, Failure>>| {
        while let Some((side, run)) = left.get(next.fetch_add(1, Ordering::Relaxed))
            && !stops.load(Ordering::Relaxed)
            && sender.send(side.broken(plan, *run)).is_ok()
        {}
    };
    let result = thread::scope(|scope| {
        for _ in 0..workers() {
            let (sender, work) = (sender.clone(), &work);
            scope.spawn(move || work(sender));
        }
        drop(sender);
        let mut result = Ok(true);
        for broken in receiver {
            match broken {
                Ok(Some(record)) => {
                    bar.inc(1);
                    if is_json {
                        show::line(event(&record))?;
                    }
                    records.add(record).map_err(|error| {
                        let message = format!("a run cannot be kept: {error}");
                        Failure::build(report(message, "is there room for it?"))
                    })?;
                }
                Ok(None) => {
                    stops.store(true, Ordering::Relaxed);
                    result = Ok(false);
                }
                Err(failure) => {
                    stops.store(true, Ordering::Relaxed);
                    result = Err(failure);
                }
            }
        }
        result
    });
    bar.finish_and_clear();
    result
}

fn event(record: &Record) -> serde_json::Value {
    let mut event = serde_json::to_value(record).unwrap_or_default();
    event["event"] = "run".into();
    event
}

fn workers() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Says how many runs there are and how long they will take.
fn announce(left: &[(&Side, u64)], all: u64) -> ProgressBar {
    let time: Duration = left.iter().map(|(side, _)| side.took).sum();
    let seconds = time.as_secs_f64() * 1.5 / workers() as f64;
    let done = all - left.len() as u64;
    let minutes = (seconds / 60.0).ceil();
    let known = match done {
        0 => String::new(),
        done => format!(", {done} of them done"),
    };
    tell(format_args!("{all} runs{known}: about {minutes} min"));
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len}, {eta} left");
    let bar = ProgressBar::new(left.len() as u64);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

/// Has a single run done, with all that is to be heard of it.
pub(super) fn repeat(
    sides: &[Side],
    plan: &Plan,
    run: u64,
    is_json: bool,
) -> Result<u8, Failure> {
    for side in sides {
        let choice = plan.choose(run);
        let wrong = side.wrong(plan, &choice);
        let symbols = Symbols::open(&side.image);
        let style = Style::in_environment(&side.trial.spec.options.environment);
        let mut terminal = Terminal::new(symbols, style);
        let beside = (!is_json).then_some(&mut terminal as &mut dyn Sink);
        let ran = side.trial.run(Some(&wrong), side.limits, beside)?;
        if ran.is_interrupted {
            return Ok(INTERRUPTED);
        }
        let record = side.record(run, &choice, wrong, &ran);
        match is_json {
            true => show::line(event(&record))?,
            false => show::line(super::telling::whole(&record))?,
        }
    }
    Ok(0)
}
