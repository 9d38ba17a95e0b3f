//! A process that eats, and one that looks after it.
//!
//! Whatever an input does to the first, be it a panic, a stack that is used up or a loop
//! without an end, the second keeps the input and says how to repeat it.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, exit};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use std::{env, fs, io, thread};

use crate::corpus;
use crate::course::{self, Came, Plate};
use crate::target::Target;

/// How long an input may take.
const LIMIT: Duration = Duration::from_secs(5);
/// With what a process ends that an input takes too long.
const TOO_LONG: i32 = 3;

/// How many inputs were begun.
static BEGUN: AtomicU64 = AtomicU64::new(0);

/// What is to be done.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// What makes the inputs.
    pub seed: u64,
    /// How long it takes.
    pub time: Duration,
}

/// Has another process eat; whether it survived.
///
/// # Errors
///
/// There is no such process, or what it died of cannot be kept.
pub fn look_after(target: &Target, order: Order) -> io::Result<bool> {
    let plate = tempfile::NamedTempFile::new()?;
    let status = Command::new(env::current_exe()?)
        .args([target.name, "--seed", &order.seed.to_string()])
        .args(["--seconds", &order.time.as_secs().to_string()])
        .arg("--plate")
        .arg(plate.path())
        .status()?;
    if !status.success() {
        let path = keep(target, plate.path())?;
        let why = match status.code() {
            Some(TOO_LONG) => format!("took more than {} s", LIMIT.as_secs()),
            _ => status.to_string(),
        };
        eprintln!("{}: {why}; repeat it with", target.name);
        eprintln!(
            "  cargo run --profile fuzz -p fuzz -- {} --input {}",
            target.name,
            path.display()
        );
    }
    Ok(status.success())
}

fn keep(target: &Target, plate: &Path) -> io::Result<PathBuf> {
    let bytes = fs::read(plate)?;
    let input = Plate::look(&bytes).ok_or(io::ErrorKind::InvalidData)?;
    corpus::keep(&corpus::found_of(target.name), input)
}

/// Eats, in the process that may die of it.
///
/// # Errors
///
/// Seeds or plate cannot be used.
pub fn eat(target: &Target, order: Order, plate: &Path) -> io::Result<ExitCode> {
    let plate = Plate::at(plate)?;
    thread::spawn(watch);
    let start = Instant::now();
    let came = course::run(target, order.seed, order.time, &plate, || {
        BEGUN.fetch_add(1, Relaxed);
    })?;
    tell(target, order, came, start.elapsed());
    Ok(ExitCode::SUCCESS)
}

/// Ends the process if an input takes too long.
fn watch() {
    let (mut begun, mut since) = (0, Instant::now());
    loop {
        thread::sleep(LIMIT / 20);
        let now = BEGUN.load(Relaxed);
        if now != begun {
            (begun, since) = (now, Instant::now());
        } else if begun > 0 && since.elapsed() > LIMIT {
            exit(TOO_LONG);
        }
    }
}

fn tell(target: &Target, order: Order, came: Came, time: Duration) {
    let each = came.inputs as f64 / time.as_secs_f64();
    println!(
        "{:14} seed {}: {} inputs in {:.0} s, {each:.0} a second, {} kinds, none failed",
        target.name,
        order.seed,
        came.inputs,
        time.as_secs_f64(),
        came.kinds,
    );
}
