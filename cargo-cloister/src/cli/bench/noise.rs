//! How often a computation is interrupted, and for how long.
//!
//! Each scenario runs the same loop: alone, beside a thread that sleeps, and
//! beside one that computes. A detour is a round that took longer than the
//! shortest. With the timer on demand hardly anything interrupts who is alone,
//! which is the limit here: the core looks for stuck drivers now and then.

use std::fmt;

use domains::Isolation;
use serde::{Deserialize, Serialize};

use super::Options;
use super::program::{Benchmark, Kernels};
use super::results::Measured;
use super::rows;
use crate::cli::failure::Failure;

/// What who is alone may lose, as a share.
pub(super) const LIMIT: f64 = 0.000_1;

const SCENARIOS: [&str; 3] = ["alone", "sleeper", "competitor"];

/// All scenarios, without walls and with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Noise {
    pub(super) runs: Vec<Run>,
}

/// One scenario.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Run {
    pub(super) scenario: String,
    pub(super) isolation: String,
    rounds: u64,
    /// Instructions of the shortest round.
    least: u64,
    /// Instructions of all rounds.
    pub(super) total: u64,
    /// When each began, and for how many instructions it lasted.
    pub(super) detours: Vec<[u64; 2]>,
    within_limit: Option<bool>,
}

/// Runs all scenarios.
pub(super) fn measure(options: &Options) -> Result<Noise, Failure> {
    let benchmark = Benchmark::find(options.path.clone(), "noise", Kernels::Plain)?;
    let mut runs = Vec::new();
    for isolation in [Isolation::None, Isolation::Mpk] {
        let spec = benchmark.build(isolation, options.timeout())?;
        for scenario in SCENARIOS {
            let heard = benchmark.boot(&spec, &[scenario])?;
            let run = Run::read(scenario, isolation, &heard.stdout);
            runs.push(run.ok_or_else(|| benchmark.gave_none(&spec, &[scenario], heard))?);
        }
    }
    Ok(Noise { runs })
}

impl Noise {
    /// What who is alone loses.
    pub(super) fn lost_alone(&self, isolation: &str) -> String {
        let mut runs = self.runs.iter();
        let run = runs.find(|run| run.scenario == "alone" && run.isolation == isolation);
        run.map_or("–".to_owned(), |run| rows::percent(run.share()))
    }
}

impl Run {
    /// Reads what the program printed.
    fn read(scenario: &str, isolation: Isolation, text: &str) -> Option<Run> {
        let mut run = None;
        for line in text.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            match (words.first(), &numbers(&words)[..]) {
                (Some(&"rounds"), &[rounds, least, total]) => {
                    run = Some(Run {
                        scenario: scenario.to_owned(),
                        isolation: isolation.name().to_owned(),
                        rounds,
                        least,
                        total,
                        detours: Vec::new(),
                        within_limit: None,
                    });
                }
                (Some(&"detour"), &[at, length]) => run.as_mut()?.detours.push([at, length]),
                _ => (),
            }
        }
        run.map(|run| Run {
            within_limit: (scenario == "alone").then_some(run.share() <= LIMIT),
            ..run
        })
    }

    /// The lengths, from the shortest.
    fn lengths(&self) -> Vec<u64> {
        let mut lengths: Vec<u64> = self.detours.iter().map(|[_, length]| *length).collect();
        lengths.sort_unstable();
        lengths
    }

    /// The share of all instructions that were not the loop's.
    fn share(&self) -> f64 {
        let lost: u64 = self.detours.iter().map(|[_, length]| length).sum();
        lost as f64 / self.total.max(1) as f64
    }

    fn cells(&self) -> Vec<String> {
        let lengths = self.lengths();
        let length = |index: usize| {
            let length = lengths.get(index).copied();
            length.map_or("–".to_owned(), rows::whole)
        };
        vec![
            self.scenario.clone(),
            self.isolation.clone(),
            rows::whole(self.rounds),
            rows::whole(self.least),
            lengths.len().to_string(),
            length(0),
            length(lengths.len() / 2),
            length(lengths.len().wrapping_sub(1)),
            rows::percent(self.share()),
            rows::verdict(self.within_limit).to_owned(),
        ]
    }
}

/// Those of the words that are numbers.
fn numbers(words: &[&str]) -> Vec<u64> {
    words.iter().filter_map(|word| word.parse().ok()).collect()
}

impl super::Table for Noise {
    fn is_within_limits(&self) -> bool {
        self.runs.iter().all(|run| run.within_limit != Some(false))
    }

    /// What was lost, in a million instructions, and the typical detour.
    fn measured(&self) -> Vec<Measured> {
        let of = |run: &Run| {
            let lengths = run.lengths();
            let median = lengths.get(lengths.len() / 2).copied().unwrap_or(0);
            let name = |what| [run.scenario.as_str(), &run.isolation, what];
            [
                Measured::exact(&name("lost in a million"), run.share() * 1e6),
                Measured::exact(&name("median"), median as f64),
            ]
        };
        self.runs.iter().flat_map(of).collect()
    }
}

impl fmt::Display for Noise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = [
            "beside",
            "isolation",
            "rounds",
            "a round",
            "detours",
            "shortest",
            "median",
            "longest",
            "share",
            "",
        ];
        f.write_str(&rows::table(&header, 2, self.runs.iter().map(Run::cells)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Table as _;
    use super::*;

    #[test]
    fn who_is_alone_must_hardly_be_interrupted() {
        let read = |scenario, text| Run::read(scenario, Isolation::Mpk, text).unwrap();
        let calm = read("alone", "rounds 3 100 9999999\ndetour 7 50\n");
        let disturbed = read("alone", "rounds 3 100 350\ndetour 120 50\n");
        let beside = read("sleeper", "rounds 3 100 350\ndetour 120 50\n");
        assert_eq!(disturbed.detours, [[120, 50]]);
        let within = |runs: &[&Run]| {
            let runs = runs.iter().copied().cloned().collect();
            Noise { runs }.is_within_limits()
        };
        assert!(within(&[&calm, &beside]));
        assert!(!within(&[&disturbed]));
        assert!((disturbed.share() - 1.0 / 7.0).abs() < 1e-12);
        assert!(Run::read("alone", Isolation::Mpk, "nothing").is_none());
    }
}
