//! Several CPUs: any other test on one of them, and what only they can break.

mod faults;
mod settings;
mod stale;
mod touch;

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use domains::cpu_page::offset;
use domains::layout::CPU_PAGE;

/// Runs the test of this name.
pub fn run(what: &str, rest: &[&str]) -> Result<(), String> {
    match (what, rest) {
        ("settings", []) => settings::run(false),
        ("settings", ["mutant"]) => settings::run(true),
        ("stale", [page]) => stale::run(page, false),
        ("stale", [page, "mutant"]) => stale::run(page, true),
        ("stale-sleeper", [page]) => stale::run_asleep(page, false),
        ("stale-sleeper", [page, "mutant"]) => stale::run_asleep(page, true),
        ("faults", []) => faults::run(),
        ("touch", []) => touch::run(),
        _ => Err(format!("no such test of several CPUs: {what} {rest:?}")),
    }
}

/// Runs another test on CPU number `cpu`.
pub fn run_on(cpu: &str, words: &[&str]) -> Result<(), String> {
    let cpu = cpu.parse().map_err(|_| "not a number")?;
    let words: Vec<String> = words.iter().map(ToString::to_string).collect();
    let run = move || {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        crate::run(&words)
    };
    pinned(cpu, run)?
        .recv()
        .map_err(|_| "the thread is gone".to_owned())?
}

/// How many CPUs there are.
pub fn count() -> usize {
    thread::available_parallelism().map_or(1, Into::into)
}

/// The number of the CPU that this runs on, from the CPU page.
pub fn number() -> usize {
    let word = (CPU_PAGE as usize + offset::CPU) as *const u64;
    // SAFETY: every domain reads the CPU page, which is always mapped.
    let number = unsafe { word.read_volatile() };
    number as usize
}

/// Does `work` on CPU number `cpu`; where its result will come.
pub fn pinned<T: Send + 'static>(
    cpu: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<mpsc::Receiver<T>, String> {
    const STACK: usize = 64 << 10;
    let (sender, receiver) = mpsc::channel();
    let task: Task = Box::new(move || {
        assert_eq!(number(), cpu, "the CPU that was asked for");
        // Whoever asked may have gone on.
        let _ = sender.send(work());
    });
    let argument = Box::into_raw(Box::new(task)).expose_provenance();
    // SAFETY: `begin` takes the task, which is for it alone.
    let thread = unsafe {
        hermit_abi::spawn2(
            begin,
            argument,
            hermit_abi::NORMAL_PRIO.into(),
            STACK,
            cpu as isize,
        )
    };
    if thread > 0 {
        Ok(receiver)
    } else {
        Err(format!("no thread on CPU {cpu}: {thread}"))
    }
}

type Task = Box<dyn FnOnce() + Send>;

/// The first function of a pinned thread.
extern "C" fn begin(argument: usize) {
    let task: *mut Task = std::ptr::with_exposed_provenance_mut(argument);
    // SAFETY: `pinned` made it for this thread alone.
    let task = unsafe { Box::from_raw(task) };
    task();
}

/// Long enough for anything that is going to happen.
const PATIENCE: Duration = Duration::from_secs(2);
