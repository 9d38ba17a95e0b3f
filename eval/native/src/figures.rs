//! The figures: what is measured, and what all rounds come to.

use domains::Isolation;

use crate::page::GatePage;
use crate::probes::{self, Probe};
use crate::rounds::{self, Part, common_divisor};
use crate::walls::Walls;

/// How many rounds count.
pub(crate) const ROUNDS: usize = 100;
/// Rounds before, in which the core reaches its speed.
const WARM_UP: usize = 10;

/// A value of each round, in short: the middle, and half of all rounds between
/// two more.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Quartiles {
    /// A quarter of the rounds had less.
    pub(crate) low: f64,
    /// Half of them had.
    pub(crate) median: f64,
    /// Three quarters had.
    pub(crate) high: f64,
}

/// A figure of the report.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Figure {
    /// What was measured.
    pub(crate) name: String,
    /// Through which gates, if through any.
    pub(crate) isolation: Option<Isolation>,
    /// What it took in ticks of the time-stamp counter, the overhead taken off.
    pub(crate) ticks: Quartiles,
    /// The same in cycles of the core.
    pub(crate) cycles: Quartiles,
}

/// Everything that was measured.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Measured {
    /// How often each thing was timed.
    pub(crate) samples: usize,
    /// Ticks that the measurement of nothing took.
    pub(crate) overhead: Quartiles,
    /// Cycles of the core while the counter ticks once.
    pub(crate) cycles_per_tick: Quartiles,
    /// The counter's steps, in ticks.
    pub(crate) step: u32,
    /// All the rest.
    pub(crate) figures: Vec<Figure>,
    /// What the two chains' rates are to each other.
    pub(crate) agreement: Quartiles,
}

impl Measured {
    /// Whether the chains of known length agree on the core's rate, within a
    /// twentieth: else one of them has not the length that we think.
    pub(crate) fn has_cycles(&self) -> bool {
        (self.agreement.median - 1.0).abs() < 0.05
    }
}

/// Measures everything at least so often, after a proof that the gates do what
/// they should, and gives nothing unless everything went well.
pub(crate) fn measure(
    walls: &mut Walls,
    pages: &[GatePage],
    samples: usize,
) -> Result<Measured, String> {
    for page in pages {
        rounds::prove(walls, page)?;
    }
    let count = samples.div_ceil(ROUNDS);
    let mut series: Vec<Series<'_>> = pages.iter().map(Series::new).collect();
    for round in 0..WARM_UP + ROUNDS {
        for series in &mut series {
            let part = rounds::part(walls, series.page, &series.probes, count)?;
            if round >= WARM_UP {
                series.parts.push(part);
            }
        }
    }
    Ok(Measured::of(count * ROUNDS, &series))
}

/// All parts that pass the gates of one page.
struct Series<'p> {
    page: &'p GatePage,
    probes: Vec<Probe>,
    parts: Vec<Part>,
}

impl Series<'_> {
    fn new(page: &GatePage) -> Series<'_> {
        let controls = match page.isolation() {
            Isolation::Mpk => probes::controls(),
            Isolation::None => Vec::new(),
        };
        Series {
            page,
            probes: controls
                .into_iter()
                .chain(probes::gates(page.isolation()))
                .collect(),
            parts: Vec::new(),
        }
    }

    fn figures(&self) -> impl Iterator<Item = Figure> {
        let probes = self.probes.iter().enumerate();
        probes.map(|(index, probe)| figure(probe, index, &self.parts))
    }
}

/// What the probe with number `index` came to in all parts.
fn figure(probe: &Probe, index: usize, parts: &[Part]) -> Figure {
    let ticks = |part: &Part| part.ticks[index];
    let cycles = |part: &Part| part.ticks[index] * part.cycles_per_tick;
    Figure {
        name: probe.name.clone(),
        isolation: probe.gates,
        ticks: Quartiles::of(parts.iter().map(ticks)),
        cycles: Quartiles::of(parts.iter().map(cycles)),
    }
}

impl Measured {
    fn of(samples: usize, series: &[Series<'_>]) -> Measured {
        let parts = || series.iter().flat_map(|series| &series.parts);
        Measured {
            samples,
            overhead: Quartiles::of(parts().map(|part| part.overhead)),
            cycles_per_tick: Quartiles::of(parts().map(|part| part.cycles_per_tick)),
            agreement: Quartiles::of(parts().map(|part| part.agreement)),
            step: parts().map(|part| part.step).fold(0, common_divisor),
            figures: series.iter().flat_map(Series::figures).collect(),
        }
    }
}

impl Quartiles {
    /// Of values, of which there is at least one.
    fn of(values: impl Iterator<Item = f64>) -> Quartiles {
        let mut values: Vec<f64> = values.collect();
        values.sort_unstable_by(f64::total_cmp);
        let quarter = |count: usize| values[(values.len() - 1) * count / 4];
        Quartiles {
            low: quarter(1),
            median: quarter(2),
            high: quarter(3),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_are_of_the_sorted() {
        let of = |values: &[f64]| {
            let Quartiles { low, median, high } = Quartiles::of(values.iter().copied());
            [low, median, high]
        };
        assert_eq!(of(&[9.0, 1.0, 5.0, 7.0, 3.0]), [3.0, 5.0, 7.0]);
        assert_eq!(of(&[3.0]), [3.0; 3]);
    }

    #[test]
    fn a_core_that_changes_its_speed_takes_as_many_cycles() {
        let parts = [1.0, 1.5, 2.0].map(|cycles_per_tick| Part {
            overhead: 20.0,
            cycles_per_tick,
            agreement: 1.0,
            ticks: vec![60.0 / cycles_per_tick],
            step: 1,
        });
        let figure = figure(&probes::empty(Isolation::None), 0, &parts);
        let Quartiles { low, median, high } = figure.cycles;
        assert_eq!([low, median, high], [60.0; 3]);
        assert_eq!(figure.ticks.median, 40.0);
    }
}
