//! The least memory in which a program still does its work.
//!
//! Found by halving: what is too little ends in some way that is no success.
//! Programs that serve must answer a few requests.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::sizes::Build;
use crate::cli::bench::program::listen;
use crate::cli::bench::results::Measured;
use crate::cli::bench::{jobs, rows, services};
use crate::cli::failure::{Failure, report};
use crate::vm::{Capture, Memory, Spec};

/// What is not told apart, in KiB.
const STEP: u64 = 64;
/// The least that a machine can have, in steps, and what is surely enough.
const RANGE: [u64; 2] = [(2 << 10) / STEP, (64 << 10) / STEP];
/// How long a program may take that has too little: it may wait for ever.
const PATIENCE: Duration = Duration::from_secs(20);
/// Requests that a server must answer.
const REQUESTS: u32 = 20;

/// The least memory of a program.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::cli::bench) struct Smallest {
    pub(in crate::cli::bench) program: String,
    pub(in crate::cli::bench) isolation: String,
    pub(in crate::cli::bench) kib: u64,
}

/// Finds it for each image.
pub(super) fn smallest(builds: &[Build]) -> Result<Vec<Smallest>, Failure> {
    jobs::all(builds, |build| {
        // What fails with plenty fails for another reason.
        if !works(build, RANGE[1]) {
            return Err(never_works(build));
        }
        Ok(Smallest {
            program: build.name.to_owned(),
            isolation: build.spec.isolation.name().to_owned(),
            kib: STEP * least(RANGE, |steps| works(build, steps)),
        })
    })
}

fn never_works(build: &Build) -> Failure {
    let message = format!(
        "`{}` does not do its work with isolation {}, whatever memory it has",
        build.name, build.spec.isolation
    );
    Failure::new(1, report(message, "`cargo cloister run` it and see"))
}

/// The least number of the range of which `is_enough` says yes, as it does of
/// all greater ones.
pub(in crate::cli::bench) fn least(
    [mut low, mut high]: [u64; 2],
    is_enough: impl Fn(u64) -> bool,
) -> u64 {
    while low < high {
        let middle = low + (high - low) / 2;
        match is_enough(middle) {
            true => high = middle,
            false => low = middle + 1,
        }
    }
    low
}

/// Whether the program does its work in so little. Any failure says no: that is
/// how too little memory shows.
fn works(build: &Build, steps: u64) -> bool {
    let memory: Result<Memory, _> = format!("{}K", steps * STEP).parse();
    let Ok(memory) = memory else { return false };
    let spec = Spec {
        memory,
        timeout: Some(PATIENCE),
        ..build.spec.clone()
    };
    match build.kind {
        Some(kind) => services::talk(&spec, kind, REQUESTS).unwrap_or(false),
        None => listen(&spec, &[], &mut Capture::default()).is_ok_and(|status| status == 0),
    }
}

impl Smallest {
    /// Whether it is no more than so many KiB, if it is the one that is limited.
    pub(super) fn is_little(&self, kib: u64) -> bool {
        self.program != "hello" || self.kib <= kib
    }

    pub(super) fn measured(&self) -> Measured {
        let words = [self.program.as_str(), &self.isolation, "least KiB"];
        Measured::exact(&words, self.kib as f64)
    }

    pub(super) fn cells(&self) -> Vec<String> {
        vec![
            self.program.clone(),
            self.isolation.clone(),
            rows::whole(self.kib),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halving_finds_the_least() {
        for wanted in [32, 33, 500, 1023, 1024] {
            assert_eq!(least(RANGE, |steps| steps >= wanted), wanted);
        }
    }
}
