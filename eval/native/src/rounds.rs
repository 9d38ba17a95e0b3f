//! Rounds: everything is measured a little, then everything again.
//!
//! A core changes its frequency while it runs, and the time-stamp counter does
//! not. So each part of a round measures three things one right behind the other:
//! nothing, a chain whose length in cycles of the core is known, and what is
//! wanted. The first is taken off the third, and the second says how many cycles
//! of the core that was.

use crate::loops::CHAIN_CYCLES;
use crate::measure;
use crate::page::GatePage;
use crate::probes::{self, Probe};
use crate::walls::Walls;

/// What a part of a round found.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Part {
    /// Ticks that the measurement of nothing took.
    pub(crate) overhead: f64,
    /// Cycles of the core while the counter ticks once.
    pub(crate) cycles_per_tick: f64,
    /// Ticks that each probe took, less the overhead.
    pub(crate) ticks: Vec<f64>,
}

/// Proves that the gates of `page` do what they should.
pub(crate) fn prove(walls: &mut Walls, page: &GatePage) -> Result<(), String> {
    walls.set_gates(page)?;
    for proof in &probes::proofs(page.isolation) {
        measure::run(walls, proof, 1)?;
    }
    Ok(())
}

/// Measures `probes` through the gates of `page`, each so often. One of them
/// fills the whole page.
pub(crate) fn part(
    walls: &mut Walls,
    page: &GatePage,
    probes: &[Probe],
    count: usize,
) -> Result<Part, String> {
    walls.set_gates(page)?;
    let overhead = median(walls, &probes::empty(page.isolation), count)?;
    let chain = median(walls, &probes::chain(page.isolation), count)? - overhead;
    let probes = probes.iter();
    let ticks = probes.map(|probe| Ok(median(walls, probe, count)? - overhead));
    let ticks = ticks.collect::<Result<_, String>>()?;
    match walls.is_filled() {
        true => Ok(Part {
            overhead,
            cycles_per_tick: CHAIN_CYCLES as f64 / chain.max(1.0),
            ticks,
        }),
        false => Err("what was to be filled is not".into()),
    }
}

/// The median of what `probe` takes, when it has run before. A mean would say how
/// often the kernel interrupted.
fn median(walls: &mut Walls, probe: &Probe, count: usize) -> Result<f64, String> {
    measure::run(walls, probe, count.div_ceil(10))?;
    let mut samples = measure::run(walls, probe, count)?;
    samples.sort_unstable();
    Ok(samples[(samples.len() - 1) / 2].into())
}
