//! What was counted on more and more CPUs, as a table.

use std::fmt;

use domains::Isolation;
use serde::{Deserialize, Serialize};

use crate::cli::bench::results::Measured;
use crate::cli::bench::rows;

/// On so many CPUs the limits hold.
pub(super) const LIMITED: u32 = 4;
/// The least efficiency.
pub(in crate::cli::bench) const EFFICIENCY: f64 = 0.95;
/// The most that an idle CPU may execute, as a share of a busy one's.
const IDLE: f64 = 0.01;

/// The most that all CPUs may execute, of what one executes alone.
const OVERHEAD: f64 = 2.0;

/// What a work must keep on [`LIMITED`] CPUs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Limit {
    /// Nothing.
    None,
    /// The busiest CPU does little more than its share.
    Efficiency,
    /// All CPUs but one have nothing to do, and do nothing.
    Idle,
    /// All CPUs together do little more than one alone.
    Overhead,
}

/// All runs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::cli::bench) struct Scaling {
    /// In the order of the table.
    pub(in crate::cli::bench) runs: Vec<Run>,
}

/// What was counted in one run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::cli::bench) struct Run {
    pub(in crate::cli::bench) work: String,
    pub(in crate::cli::bench) isolation: String,
    pub(in crate::cli::bench) cpus: u32,
    /// Instructions by the number of the CPU.
    executed: Vec<u64>,
    busiest: u64,
    idlest: u64,
    /// What one CPU executes alone, by what the busiest executes of its share.
    pub(in crate::cli::bench) efficiency: Option<f64>,
    /// What all CPUs execute, by what one executes alone, of a work that is
    /// judged by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    overhead: Option<f64>,
    within_limit: Option<bool>,
}

impl crate::cli::bench::Table for Scaling {
    fn is_within_limits(&self) -> bool {
        self.runs.iter().all(|run| run.within_limit != Some(false))
    }

    /// The busiest CPU. Who steals from whom is a matter of chance to rayon.
    fn measured(&self) -> Vec<Measured> {
        let of = |run: &Run| {
            let on = format!("{} CPUs", run.cpus);
            let new = match run.work.as_str() {
                "threads" | "one" => Measured::exact,
                _ => Measured::rough,
            };
            new(&[&run.work, &run.isolation, &on], run.busiest as f64)
        };
        self.runs.iter().map(of).collect()
    }
}

impl Run {
    /// A run of `work`, without a limit.
    pub(super) fn new(work: &str, isolation: Isolation, cpus: u32, executed: Vec<u64>) -> Run {
        Run {
            work: work.to_owned(),
            isolation: isolation.name().to_owned(),
            cpus,
            busiest: executed.iter().copied().max().unwrap_or(0),
            idlest: executed.iter().copied().min().unwrap_or(0),
            executed,
            efficiency: None,
            overhead: None,
            within_limit: None,
        }
    }

    /// What all CPUs executed.
    pub(super) fn total(&self) -> u64 {
        self.executed.iter().sum()
    }

    /// The run, compared with one in which a CPU did it all `alone`.
    pub(super) fn judged(self, alone: u64, limit: Limit) -> Run {
        let efficiency = alone as f64 / (self.busiest as f64 * f64::from(self.cpus));
        let overhead = self.total() as f64 / alone as f64;
        let is_idle = self.idlest as f64 <= IDLE * self.busiest as f64;
        let within_limit = match limit {
            Limit::Efficiency => Some(efficiency >= EFFICIENCY),
            Limit::Idle => Some(is_idle),
            Limit::Overhead => Some(overhead <= OVERHEAD),
            Limit::None => None,
        };
        Run {
            efficiency: matches!(limit, Limit::Efficiency | Limit::None).then_some(efficiency),
            overhead: (limit == Limit::Overhead).then_some(overhead),
            within_limit: within_limit.filter(|_| self.cpus == LIMITED),
            ..self
        }
    }

    fn cells(&self) -> Vec<String> {
        let limit = match (self.within_limit, self.efficiency, self.overhead) {
            (None, ..) => "–".to_owned(),
            (_, Some(_), _) => format!("{EFFICIENCY}"),
            (_, _, Some(_)) => format!("{OVERHEAD:.1}"),
            _ => "idle".to_owned(),
        };
        let figure = match (self.efficiency, self.overhead) {
            (Some(efficiency), _) => format!("{efficiency:.3}"),
            (_, Some(overhead)) => format!("{overhead:.3} in all"),
            _ => "–".to_owned(),
        };
        vec![
            self.work.clone(),
            self.isolation.clone(),
            self.cpus.to_string(),
            rows::whole(self.busiest),
            rows::whole(self.idlest),
            figure,
            limit,
            rows::verdict(self.within_limit).to_owned(),
        ]
    }
}

impl fmt::Display for Scaling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = [
            "work",
            "isolation",
            "CPUs",
            "busiest",
            "idlest",
            "efficiency",
            "limit",
            "",
        ];
        f.write_str(&rows::table(&header, 2, self.runs.iter().map(Run::cells)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(cpus: u32, executed: &[u64]) -> Run {
        Run::new("threads", Isolation::Mpk, cpus, executed.to_vec())
    }

    #[test]
    fn efficiency_is_what_the_busiest_cpu_leaves_of_the_gain() {
        let judged = |cpus, executed| run(cpus, executed).judged(1000, Limit::Efficiency);
        let fair = judged(4, &[250, 260, 250, 250]);
        assert_eq!(fair.within_limit, Some(true));
        let unfair = judged(4, &[250, 270, 250, 230]);
        assert_eq!(unfair.within_limit, Some(false));
        let unlimited = judged(8, &[1000; 8]);
        assert_eq!(
            (unlimited.efficiency, unlimited.within_limit),
            (Some(0.125), None)
        );
    }

    #[test]
    fn idle_cpus_must_be_idle() {
        let halts = run(4, &[1000, 9, 10, 10]).judged(1000, Limit::Idle);
        assert_eq!(halts.within_limit, Some(true));
        let spins = run(4, &[1000, 900, 900, 900]).judged(1000, Limit::Idle);
        assert_eq!(spins.within_limit, Some(false));
    }

    #[test]
    fn all_cpus_together_do_at_most_twice_the_work() {
        let judged = |executed| run(4, executed).judged(1000, Limit::Overhead);
        let cheap = judged(&[1900, 50, 30, 20]);
        assert_eq!(cheap.within_limit, Some(true));
        assert_eq!((cheap.overhead, cheap.efficiency), (Some(2.0), None));
        assert_eq!(judged(&[1900, 50, 30, 21]).within_limit, Some(false));
    }

    #[test]
    fn the_table_says_what_the_limit_is() {
        let runs = vec![
            run(1, &[1000]).judged(1000, Limit::Efficiency),
            run(4, &[250; 4]).judged(1000, Limit::Efficiency),
            run(4, &[1000, 1, 1, 1]).judged(1000, Limit::Idle),
            run(4, &[1000, 1, 1, 1]).judged(1000, Limit::Overhead),
        ];
        let text = Scaling { runs }.to_string();
        let rows: Vec<&str> = text.lines().skip(2).collect();
        let ends = [
            "1.000 |     – |    |",
            "1.000 |  0.95 | ok |",
            "– |  idle | ok |",
            "1.003 in all |   2.0 | ok |",
        ];
        for (row, end) in rows.iter().zip(ends) {
            assert!(row.ends_with(end), "{text}");
        }
    }
}
