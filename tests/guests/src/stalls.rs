//! How long threads stand still that do not use a cell which hangs.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::{Duration, Instant};

use gate::hooks::SPIN;

use crate::cpus::{count, pinned};
use crate::hooks::{HOSTFS, hook};

/// How often the cell hangs.
const HANGS: usize = 3;

static IS_OVER: AtomicBool = AtomicBool::new(false);

/// Has `hostfs` hang on the last CPU, while a thread of each CPU looks at the time
/// again and again, and another uses `file`, so that the cell's device interrupts.
/// Says for each CPU how long was the longest time between two looks.
pub fn run(file: &str) -> Result<(), String> {
    fs::write(file, "a file").map_err(|error| format!("{file}: {error}"))?;
    let watches: Result<Vec<_>, _> = (0..count()).map(|cpu| pinned(cpu, watch)).collect();
    let user = {
        let file = file.to_owned();
        pinned(1 % count(), move || use_it(&file))?
    };
    of(&pinned(count() - 1, hang)?)?;
    IS_OVER.store(true, Relaxed);
    of(&user)??;
    let stalls: Result<Vec<Duration>, String> = watches?.iter().map(of).collect();
    println!(
        "stalled for {:?}",
        stalls?.iter().map(Duration::as_nanos).collect::<Vec<_>>()
    );
    Ok(())
}

fn hang() {
    for _ in 0..HANGS {
        thread::sleep(Duration::from_millis(20));
        hook(SPIN | HOSTFS, 0, 0);
    }
}

fn watch() -> Duration {
    let (mut last, mut longest) = (Instant::now(), Duration::ZERO);
    while !IS_OVER.load(Relaxed) {
        let now = Instant::now();
        longest = longest.max(now - last);
        last = now;
    }
    longest
}

fn use_it(file: &str) -> Result<(), String> {
    while !IS_OVER.load(Relaxed) {
        fs::metadata(file).map_err(|error| format!("{file}: {error}"))?;
        thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

fn of<T>(result: &Receiver<T>) -> Result<T, String> {
    result.recv().map_err(|_| "a thread is gone".to_owned())
}
