//! Pi, by as many threads as there are CPUs.
//!
//! The work is the same however many do it. `threads` divides it among threads
//! of std, `rayon` among those of rayon's pool, and `one` leaves it to a single
//! thread. Run it by `cargo cloister bench smp`, which counts what each CPU
//! executes.

use std::f64::consts::PI;
use std::process::ExitCode;
use std::thread;

use rayon::prelude::*;

/// Into how many slices the circle is cut.
const SLICES: u32 = 1 << 23;
/// How many of them rayon does at a time.
const CHUNK: u32 = SLICES / 512;

fn main() -> ExitCode {
    let cpus = thread::available_parallelism().map_or(1, usize::from) as u32;
    let how = std::env::args().nth(1).unwrap_or_default();
    let sum = match how.as_str() {
        "one" => area(0, SLICES),
        "threads" => by_threads(cpus),
        "rayon" => by_rayon(),
        other => {
            eprintln!("one, threads or rayon, not {other:?}");
            return ExitCode::from(2);
        }
    };
    let found = sum / f64::from(SLICES);
    println!("{how} on {cpus}: {found:.9}");
    ExitCode::from(u8::from((found - PI).abs() > 1e-9))
}

/// Each thread does an equal part, and main waits.
fn by_threads(threads: u32) -> f64 {
    let edge = move |part: u32| {
        let slices = u64::from(SLICES) * u64::from(part) / u64::from(threads);
        slices as u32
    };
    let spawn = |part| thread::spawn(move || area(edge(part), edge(part + 1)));
    let all: Vec<_> = (0..threads).map(spawn).collect();
    let parts = all
        .into_iter()
        .map(|thread| thread.join().expect("it only adds"));
    parts.sum()
}

/// Whoever is free takes the next chunk.
fn by_rayon() -> f64 {
    let chunks = (0..SLICES / CHUNK).into_par_iter();
    chunks
        .map(|chunk| area(chunk * CHUNK, (chunk + 1) * CHUNK))
        .sum()
}

/// The height of slices of a quarter of a circle's area, by the middle.
fn area(from: u32, to: u32) -> f64 {
    let width = 1.0 / f64::from(SLICES);
    let height = |slice: u32| {
        let x = (f64::from(slice) + 0.5) * width;
        4.0 / (1.0 + x * x)
    };
    (from..to).map(height).sum()
}
