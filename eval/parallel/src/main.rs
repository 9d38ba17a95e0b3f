//! Pi, by as many threads as there are CPUs.
//!
//! The work is the same however many do it. `threads` divides it among threads
//! of std, `rayon` among those of rayon's pool, and `one` leaves it to a single
//! thread. `ends` is another work: threads that end together. Run it by `cargo cloister bench smp`, which counts what each CPU
//! executes.

mod ends;

use std::f64::consts::PI;
use std::hint;
use std::process::ExitCode;
use std::thread;

use rayon::prelude::*;

/// Into how many slices the circle is cut.
const SLICES: u32 = 1 << 23;
/// How many slices are a chunk, which nobody divides.
const CHUNK: u32 = 1 << 13;
const CHUNKS: u32 = SLICES / CHUNK;

fn main() -> ExitCode {
    let cpus = thread::available_parallelism().map_or(1, usize::from) as u32;
    let how = std::env::args().nth(1).unwrap_or_default();
    let sum: f64 = match how.as_str() {
        "one" => (0..CHUNKS).map(area).sum(),
        "threads" => by_threads(cpus),
        "rayon" => (0..CHUNKS).into_par_iter().map(area).sum(),
        "ends" => return ExitCode::from(u8::from(!ends::run())),
        other => {
            eprintln!("one, threads, rayon or ends, not {other:?}");
            return ExitCode::from(2);
        }
    };
    let found = sum / f64::from(SLICES);
    println!("{how} on {cpus}: {found:.9}");
    ExitCode::from(u8::from((found - PI).abs() > 1e-9))
}

/// Each thread does an equal part, and main waits.
fn by_threads(threads: u32) -> f64 {
    let edge = move |part: u32| CHUNKS * part / threads;
    let part = move |part| (edge(part)..edge(part + 1)).map(area).sum::<f64>();
    let spawn = |number| thread::spawn(move || part(number));
    let all: Vec<_> = (0..threads).map(spawn).collect();
    let parts = all
        .into_iter()
        .map(|thread| thread.join().expect("it only adds"));
    parts.sum()
}

/// The height of a chunk's slices of a quarter of a circle, by the middle.
fn area(chunk: u32) -> f64 {
    // Under -icount QEMU runs one virtual CPU at a time, and may go on to the
    // next only where one pauses. Without this the first would do everything
    // before another came to take its part.
    hint::spin_loop();
    let width = 1.0 / f64::from(SLICES);
    let height = |slice: u32| {
        let x = (f64::from(slice) + 0.5) * width;
        4.0 / (1.0 + x * x)
    };
    (chunk * CHUNK..(chunk + 1) * CHUNK).map(height).sum()
}
