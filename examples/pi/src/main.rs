//! π, by as many threads as there are CPUs.
//!
//! `pi [THREADS [TERMS]]` adds up the area under 4 / (1 + x²) between 0 and 1.
//! Each thread has an equal share of the terms, so that on as many CPUs no one
//! does more than the others. Nothing here knows of Cloister.

use std::error::Error;
use std::f64::consts::PI;
use std::ops::Range;
use std::process::ExitCode;
use std::thread;

const TERMS: u64 = 2_000_000;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let threads = match arguments.next() {
        Some(threads) => threads.parse::<u64>()?.max(1),
        None => thread::available_parallelism()?.get() as u64,
    };
    let terms = match arguments.next() {
        Some(terms) => terms.parse::<u64>()?.max(1),
        None => TERMS,
    };
    let pi = area(threads, terms);
    println!("pi is about {pi:.9}, by {threads} threads");
    // The midpoint rule is off by about 1 / (12 n²), and each sum by rounding.
    let is_right = (pi - PI).abs() < 1.0 / (terms * terms) as f64 + 1e-9;
    Ok(ExitCode::from(u8::from(!is_right)))
}

/// The whole area, as the sum of what each thread finds.
fn area(threads: u64, terms: u64) -> f64 {
    let share = |number: u64| terms * number / threads..terms * (number + 1) / threads;
    thread::scope(|scope| {
        let spawn = |number| scope.spawn(move || sum(share(number), terms));
        let workers: Vec<_> = (0..threads).map(spawn).collect();
        let parts = workers.into_iter().map(|worker| worker.join());
        parts.map(|part| part.unwrap_or(f64::NAN)).sum()
    })
}

/// The area of the strips in `range`, each `1 / terms` wide.
fn sum(range: Range<u64>, terms: u64) -> f64 {
    let width = 1.0 / terms as f64;
    let middle = |strip: u64| (strip as f64 + 0.5) * width;
    let height = |x: f64| 4.0 / (1.0 + x * x);
    range.map(|strip| height(middle(strip)) * width).sum()
}
