//! An image to be broken, and what is known of it from runs without a fault.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use domains::Isolation;

use super::fault::{Choice, Random};
use super::golden;
use super::outcome::{Outcome, Run, Seen};
use super::places::Places;
use super::plan::Plan;
use super::record::Record;
use super::trial::{Limits, Ran, Trial, Wrong};
use crate::cli::failure::Failure;
use crate::cli::subject::Ready;
use crate::image::packed::Packed;
use crate::image::symbols::Symbols;
use crate::report::FaultReport;
use crate::vm::{Accel, Spec};

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
    pub(super) isolation: Isolation,
    pub(super) program: String,
    pub(super) build_id: String,
    pub(super) image: PathBuf,
    pub(super) trial: Trial,
    golden: Seen,
    pub(super) counts: BTreeMap<String, u64>,
    pub(super) limits: Limits,
    pub(super) took: Duration,
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
        let (first, second) = golden::twice(&trial, &ready.image, limit.unwrap_or(PATIENCE))?;
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
    pub(super) fn wrong(&self, plan: &Plan, choice: &Choice) -> Wrong {
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
    pub(super) fn broken(&self, plan: &Plan, run: u64) -> Result<Option<Record>, Failure> {
        let choice = plan.choose(run);
        let wrong = self.wrong(plan, &choice);
        let ran = self.trial.run(Some(&wrong), self.limits, None)?;
        if ran.is_interrupted {
            return Ok(None);
        }
        Ok(Some(self.record(run, &choice, wrong, &ran)))
    }

    pub(super) fn record(&self, run: u64, choice: &Choice, wrong: Wrong, ran: &Ran) -> Record {
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
