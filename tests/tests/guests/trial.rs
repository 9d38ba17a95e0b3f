//! Trials: which share the machine, which are long, how many seconds each took.
//!
//! Two trials run at a time. One that wants the machine for itself, because its
//! virtual CPUs are as many as the host's or more, waits until no other runs,
//! and no other begins meanwhile. The seconds of a trial are its own: neither
//! those in which it waits for others, nor those of an image that it needs.

use std::cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use cargo_cloister::vm::Spec;
use domains::{Cell, Domain, Isolation};
use libtest_mimic::{Arguments, Completion, Failed, Trial};

use crate::{Verdict, is_set};

/// How many of the slowest are listed at the end.
const LISTED: usize = 20;

/// Held by whoever runs: shared, or alone.
static MACHINE: RwLock<()> = RwLock::new(());
/// What took how long.
static TIMES: Mutex<Vec<(String, Duration)>> = Mutex::new(Vec::new());
/// How many trials have not ended yet.
static LEFT: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// What the trial of this thread spent on images.
    static ON_IMAGES: cell::Cell<Duration> = const { cell::Cell::new(Duration::ZERO) };
}

/// A trial called `name`, beside which others run.
pub(crate) fn trial(name: String, body: impl FnOnce() -> Verdict + Send + 'static) -> Trial {
    Trial::test(name.clone(), move || {
        let _machine = MACHINE.read().unwrap_or_else(PoisonError::into_inner);
        let _watch = Watch::start(name);
        body()
    })
}

/// A trial called `name`, beside which no other runs.
pub(crate) fn alone(name: String, body: impl FnOnce() -> Verdict + Send + 'static) -> Trial {
    Trial::test(name.clone(), move || {
        let _machine = MACHINE.write().unwrap_or_else(PoisonError::into_inner);
        let _watch = Watch::start(name);
        body()
    })
}

/// A trial called `name` of what this machine may not allow: it says why, and counts as
/// ignored then.
pub(crate) fn where_allowed(
    name: String,
    body: impl FnOnce() -> Result<Completion, Failed> + Send + 'static,
) -> Trial {
    Trial::ignorable_test(name.clone(), move || {
        let _machine = MACHINE.read().unwrap_or_else(PoisonError::into_inner);
        let _watch = Watch::start(name);
        body()
    })
}

/// A trial called `name` of several CPUs that take turns: where the emulator lets some
/// of them starve it says so, and counts as ignored.
pub(crate) fn in_turns(name: String, body: impl FnOnce() -> Verdict + Send + 'static) -> Trial {
    let machine = Spec {
        cpus: 2,
        counted: true,
        ..Spec::new("guest".into(), "guest".to_owned(), Isolation::None)
    };
    where_allowed(name, move || match machine.unfair_turns() {
        Some(unfair) => Ok(Completion::ignored_with(unfair)),
        None => body().map(|()| Completion::Completed),
    })
}

/// The same trial, run only if everything is asked for; else it counts as
/// ignored.
pub(crate) fn long(trial: Trial) -> Trial {
    trial.with_ignored_flag(!is_full())
}

/// The same trial, which takes long and says little of one mode that it does not say
/// of the other: without walls it runs only if everything is asked for.
pub(crate) fn above_all_with_walls(mode: Isolation, trial: Trial) -> Trial {
    match mode {
        Isolation::Mpk => trial,
        Isolation::None => long(trial),
    }
}

/// The same trial of `domain`. What holds for one cell holds for another, since all come
/// from one table: but for a cell with devices and one without it runs only if
/// everything is asked for.
pub(crate) fn above_all_of_two_cells(domain: Domain, trial: Trial) -> Trial {
    match domain {
        Domain::Safe | Domain::App | Domain::Cell(Cell::Console | Cell::Net) => trial,
        Domain::Cell(_) => long(trial),
    }
}

/// Whether everything is asked for, by `CLOISTER_FULL=1`.
pub(crate) fn is_full() -> bool {
    is_set("CLOISTER_FULL")
}

/// Learns how many of `trials` will run, so that the last of them can tell the
/// times.
pub(crate) fn expect(arguments: &Arguments, trials: &[Trial]) {
    let runs =
        |trial: &&Trial| !arguments.is_filtered_out(trial) && !arguments.is_ignored(trial);
    LEFT.store(trials.iter().filter(runs).count(), Ordering::Relaxed);
}

/// Measures `build` as a thing of its own, and not as a part of the trial that
/// needs it.
pub(crate) fn image<T>(name: &str, build: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let built = build();
    note(format!("image {name}"), start.elapsed());
    built
}

/// Leaves what `wait` takes out of the time of the trial that waits.
pub(crate) fn without_images<T>(wait: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = wait();
    ON_IMAGES.set(ON_IMAGES.get() + start.elapsed());
    result
}

/// Notes the time of a trial at its end, however that comes.
struct Watch {
    name: String,
    start: Instant,
}

impl Watch {
    fn start(name: String) -> Watch {
        ON_IMAGES.set(Duration::ZERO);
        Watch {
            name,
            start: Instant::now(),
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let own = self.start.elapsed().saturating_sub(ON_IMAGES.get());
        note(std::mem::take(&mut self.name), own);
        if LEFT.fetch_sub(1, Ordering::Relaxed) == 1 {
            tell_the_slowest();
        }
    }
}

/// On standard error: a line of libtest's may be half printed on the other.
fn note(name: String, time: Duration) {
    eprintln!("{}", line(&name, time));
    let mut times = TIMES.lock().unwrap_or_else(PoisonError::into_inner);
    times.push((name, time));
}

fn tell_the_slowest() {
    let mut times = TIMES.lock().unwrap_or_else(PoisonError::into_inner);
    times.sort_by_key(|(_, time)| std::cmp::Reverse(*time));
    let lines = times.iter().take(LISTED);
    let lines: Vec<String> = lines.map(|(name, time)| line(name, *time)).collect();
    eprintln!("the slowest:\n{}", lines.join("\n"));
    if !is_full() {
        eprintln!("what is ignored is long: CLOISTER_FULL=1 runs everything");
    }
}

fn line(name: &str, time: Duration) -> String {
    format!("{:7.1} s  {name}", time.as_secs_f64())
}
