//! The least memory in which a guest serves pages.

use std::time::Duration;

use super::client::Connection;
use super::guest::{Service, System, Way};
use super::kinds::Kind;
use crate::cli::bench::footprint::least;
use crate::vm::Memory;

/// Requests that must be answered.
const REQUESTS: u32 = 20;
/// How long a guest may take that has too little: it may hang.
const PATIENCE: Duration = Duration::from_secs(90);

/// What is not told apart, in KiB; the least that is tried, and what is surely
/// enough, in such steps.
struct Range {
    step: u64,
    steps: [u64; 2],
}

impl Range {
    fn of(system: &System) -> Range {
        match system {
            System::Linux(_) => Range {
                step: 4 << 10,
                steps: [4, 64],
            },
            System::Ours(_) => Range {
                step: 64,
                steps: [32, 4096],
            },
        }
    }
}

/// The least memory in KiB; none if the guest does not serve however much it has.
pub(super) fn least_kib(system: &System, way: &Way) -> Option<u64> {
    let Range { step, steps } = Range::of(system);
    let serves = |steps: u64| serves(system, way, steps * step).is_ok();
    let is_ever_enough = serves(steps[1]);
    is_ever_enough.then(|| step * least(steps, serves))
}

fn serves(system: &System, way: &Way, kib: u64) -> Result<(), String> {
    let memory: Memory = format!("{kib}K").parse().map_err(|_| "too much")?;
    let guest = system.boot(&Way {
        services: &[Service::Http],
        memory,
        plugin: None,
        patience: PATIENCE,
        ..way.clone()
    })?;
    let address = guest.address(Service::Http)?;
    let ask = || {
        let mut connection = Connection::open(address, Kind::Http)?;
        (0..REQUESTS).try_for_each(|n| connection.exchange(&Kind::Http.message(n)))
    };
    ask().map_err(|why: std::io::Error| why.to_string())?;
    guest.end()
}
