//! Rounds: everything is measured a little, then everything again.
//!
//! A core changes its frequency while it runs, and the time-stamp counter does
//! not. So each part of a round measures, within a few milliseconds, nothing, two
//! chains whose lengths in cycles of the core are known, and then what is wanted.
//! The first is taken off all others, and the chains say how many cycles of the
//! core a tick was.

use crate::loops::{MULTIPLICATION_CYCLES, ROTATION_CYCLES};
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
    /// The same by the other chain, as a multiple of it: one, if both are right.
    pub(crate) agreement: f64,
    /// Ticks that each probe took, less the overhead.
    pub(crate) ticks: Vec<f64>,
    /// The counter's steps: all samples are multiples of so many ticks.
    pub(crate) step: u32,
}

/// Proves that the gates of `page` do what they should.
pub(crate) fn prove(walls: &mut Walls, page: &GatePage) -> Result<(), String> {
    walls.set_gates(page.code())?;
    for proof in &probes::proofs(page.isolation()) {
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
    walls.set_gates(page.code())?;
    let mut step = 0;
    let mut taken = |probe: &Probe| {
        let samples = samples(walls, probe, count)?;
        step = samples.iter().copied().fold(step, common_divisor);
        Ok::<f64, String>(middle(samples))
    };
    let overhead = taken(&probes::empty(page.isolation()))?;
    let [rotations, multiplications] = probes::chains(page.isolation());
    let cycles_per_tick = rate(ROTATION_CYCLES, taken(&rotations)? - overhead)?;
    let by_other = rate(MULTIPLICATION_CYCLES, taken(&multiplications)? - overhead)?;
    let mut ticks = Vec::new();
    for probe in probes {
        ticks.push(taken(probe)? - overhead);
    }
    if !walls.is_filled() {
        return Err("what was to be filled is not".into());
    }
    Ok(Part {
        overhead,
        cycles_per_tick,
        agreement: by_other / cycles_per_tick,
        ticks,
        step,
    })
}

/// What `probe` took so often, after a tenth as often to warm up.
fn samples(walls: &mut Walls, probe: &Probe, count: usize) -> Result<Vec<u32>, String> {
    measure::run(walls, probe, count.div_ceil(10))?;
    measure::run(walls, probe, count)
}

/// Cycles of the core in a tick, by a chain.
fn rate(cycles: u64, ticks: f64) -> Result<f64, String> {
    match ticks > 0.0 {
        true => Ok(cycles as f64 / ticks),
        false => Err(format!("{cycles} cycles of the core took {ticks} ticks")),
    }
}

/// The mean of the middle half. A mean of all would say how often the kernel
/// interrupted, and a median knows nothing between the counter's steps.
fn middle(mut samples: Vec<u32>) -> f64 {
    samples.sort_unstable();
    let quarter = samples.len() / 4;
    let middle = &samples[quarter..samples.len() - quarter];
    middle.iter().map(|sample| f64::from(*sample)).sum::<f64>() / middle.len() as f64
}

/// The greatest; zero is a multiple of all.
pub(crate) fn common_divisor(a: u32, b: u32) -> u32 {
    match b {
        0 => a,
        b => common_divisor(b, a % b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interruption_does_not_move_the_middle() {
        assert_eq!(middle(vec![4, 4, 1_000_000, 4]), 4.0);
        assert_eq!(middle(vec![9, 1, 5, 6]), 5.5);
        assert_eq!(middle(vec![3]), 3.0);
    }

    #[test]
    fn steps_are_what_all_samples_are_multiples_of() {
        let step = |samples: &[u32]| samples.iter().copied().fold(0, common_divisor);
        assert_eq!(step(&[54, 72, 0, 110]), 2);
        assert_eq!(step(&[54, 71]), 1);
    }

    #[test]
    fn a_chain_that_takes_no_time_is_no_clock() {
        assert_eq!(rate(900, 600.0), Ok(1.5));
        assert!(rate(900, 0.0).is_err());
    }
}
