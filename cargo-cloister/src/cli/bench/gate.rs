//! What gates, core calls, faults and interrupts cost, and boot.

use super::figures::Comparison;
use super::program::{Benchmark, Kernels};
use super::{Options, compare};
use crate::cli::failure::{Failure, report};

/// A figure that only walls have, and must have.
const FAULT: &str = "fault-to-report-and-error";

/// Measures boot of an image and in a machine as everybody's, and crossings in one
/// that leaves nothing to chance. What is published waits for the host, and so has a run of
/// its own.
pub(super) fn measure(options: &Options) -> Result<Comparison, Failure> {
    let find = |kernels| Benchmark::find(options.path.clone(), "gate", kernels);
    let boot = compare::with_every_device(options, &find(Kernels::Plain)?, &["boot"])?;
    let benchmark = find(Kernels::Hooked)?;
    let crossings = compare::measure(options, &benchmark, &["crossings"])?;
    match crossings.find(FAULT).and_then(|pair| pair.mpk) {
        Some(_) => {
            let publishing = compare::measure(options, &benchmark, &["publishing"])?;
            Ok(boot.followed_by(crossings).followed_by(publishing))
        }
        None => Err(no_fault()),
    }
}

fn no_fault() -> Failure {
    let message = "a driver read what it must not, and nothing happened";
    Failure::new(1, report(message, "the walls do not stand: run the tests"))
}
