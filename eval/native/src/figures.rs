//! The figures: what is measured in which order, and what samples come to.
//!
//! The least is what the thing costs when nothing gets in its way, the median
//! what it costs mostly. A mean would say how often the kernel interrupted.

use crate::measure;
use crate::probes::{self, Probe};
use crate::walls::Walls;

/// Least and median of samples, in ticks of the time-stamp counter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Summary {
    /// The least.
    pub(crate) min: u32,
    /// The one in the middle; the lower of two.
    pub(crate) median: u32,
}

/// A figure of the report.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Figure {
    /// What was measured.
    pub(crate) name: &'static str,
    /// What it took, the overhead taken off.
    pub(crate) took: Summary,
}

/// Everything that was measured.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Measured {
    /// What the measurement of nothing took.
    pub(crate) overhead: Summary,
    /// All the rest.
    pub(crate) figures: Vec<Figure>,
}

/// Measures everything so often, after a proof that the gates do what they
/// should, and gives nothing unless everything went well.
pub(crate) fn measure(walls: &mut Walls, count: usize) -> Result<Measured, String> {
    for proof in &probes::proofs() {
        measure::run(walls, proof, 1)?;
    }
    let overhead = taken(walls, &probes::EMPTY, count)?;
    let mut figures = Vec::new();
    for probe in probes::all() {
        let took = taken(walls, &probe, count)?.less(overhead);
        figures.push(Figure {
            name: probe.name,
            took,
        });
    }
    match walls.has_delivered() {
        true => Ok(Measured { overhead, figures }),
        false => Err("the bytes that were written did not arrive".into()),
    }
}

/// What `probe` takes, when it has run before.
fn taken(walls: &mut Walls, probe: &Probe, count: usize) -> Result<Summary, String> {
    measure::run(walls, probe, count.div_ceil(10))?;
    measure::run(walls, probe, count).map(Summary::of)
}

impl Summary {
    /// Of samples, of which there is at least one.
    fn of(mut samples: Vec<u32>) -> Summary {
        samples.sort_unstable();
        Summary {
            min: samples[0],
            median: samples[(samples.len() - 1) / 2],
        }
    }

    /// Less what the measurement itself takes.
    fn less(self, overhead: Summary) -> Summary {
        Summary {
            min: self.min.saturating_sub(overhead.min),
            median: self.median.saturating_sub(overhead.median),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(min: u32, median: u32) -> Summary {
        Summary { min, median }
    }

    #[test]
    fn the_median_is_in_the_middle_of_the_sorted() {
        assert_eq!(Summary::of(vec![9, 1, 5]), summary(1, 5));
        assert_eq!(Summary::of(vec![9, 1, 5, 7]), summary(1, 5));
        assert_eq!(Summary::of(vec![3]), summary(3, 3));
    }

    #[test]
    fn an_interruption_moves_neither() {
        assert_eq!(Summary::of(vec![4, 4, 1_000_000, 4]), summary(4, 4));
    }

    #[test]
    fn overhead_is_taken_off_but_never_more_than_there_is() {
        assert_eq!(summary(30, 33).less(summary(20, 22)), summary(10, 11));
        assert_eq!(summary(20, 21).less(summary(20, 22)), summary(0, 0));
    }
}
