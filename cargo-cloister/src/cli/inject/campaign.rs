//! All runs of a campaign, side by side.

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::INTERRUPTED;
use super::plan::Plan;
use super::record::{Record, Records};
use super::side::Side;
use crate::build;
use crate::cli::cargo::CargoOptions;
use crate::cli::failure::{Failure, report};
use crate::cli::progress::Progress;
use crate::cli::show;
use crate::image::symbols::Symbols;
use crate::outlet::tell;
use crate::report::{Style, Terminal};
use crate::vm::Sink;

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
