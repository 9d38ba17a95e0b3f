//! What was counted on more and more CPUs, as a table.

use std::fmt;

use comfy_table::{CellAlignment, Table, presets};
use domains::Isolation;
use serde::Serialize;

/// On so many CPUs the limits hold.
pub(super) const LIMITED: u32 = 4;
/// The least efficiency.
const EFFICIENCY: f64 = 0.95;
/// The most that an idle CPU may execute, as a share of a busy one's.
const IDLE: f64 = 0.01;

/// All runs.
#[derive(Debug, Serialize)]
pub(super) struct Scaling {
    /// In the order of the table.
    pub(super) runs: Vec<Run>,
}

/// What was counted in one run.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Run {
    work: &'static str,
    isolation: &'static str,
    cpus: u32,
    /// Instructions by the number of the CPU.
    executed: Vec<u64>,
    busiest: u64,
    idlest: u64,
    /// What one CPU executes alone, by what the busiest executes of its share.
    efficiency: Option<f64>,
    within_limit: Option<bool>,
}

impl super::super::Table for Scaling {
    fn is_within_limits(&self) -> bool {
        self.runs.iter().all(|run| run.within_limit != Some(false))
    }
}

impl Run {
    /// A run of `work`, without a limit.
    pub(super) fn new(
        work: &'static str,
        isolation: Isolation,
        cpus: u32,
        executed: Vec<u64>,
    ) -> Run {
        Run {
            work,
            isolation: isolation.name(),
            cpus,
            busiest: executed.iter().copied().max().unwrap_or(0),
            idlest: executed.iter().copied().min().unwrap_or(0),
            executed,
            efficiency: None,
            within_limit: None,
        }
    }

    /// What the busiest CPU executed.
    pub(super) fn busiest(&self) -> u64 {
        self.busiest
    }

    /// The run, compared with one in which a CPU did it all `alone`.
    pub(super) fn compared_with(self, alone: u64) -> Run {
        let efficiency = alone as f64 / (self.busiest as f64 * f64::from(self.cpus));
        let within_limit = (self.cpus == LIMITED).then_some(efficiency >= EFFICIENCY);
        Run {
            efficiency: Some(efficiency),
            within_limit,
            ..self
        }
    }

    /// The run, whose CPUs have nothing to do but for one.
    pub(super) fn with_idle_cpus(self) -> Run {
        let within_limit = Some(self.idlest as f64 <= IDLE * self.busiest as f64);
        Run {
            within_limit,
            ..self
        }
    }

    fn row(&self) -> [String; 8] {
        let limit = match (self.within_limit, self.efficiency) {
            (None, _) => "–".to_owned(),
            (Some(_), Some(_)) => format!("{EFFICIENCY}"),
            (Some(_), None) => "idle".to_owned(),
        };
        let verdict = match self.within_limit {
            Some(true) => "ok",
            Some(false) => "missed",
            None => "",
        };
        [
            self.work.to_owned(),
            self.isolation.to_owned(),
            self.cpus.to_string(),
            self.busiest.to_string(),
            self.idlest.to_string(),
            self.efficiency
                .map_or("–".to_owned(), |efficiency| format!("{efficiency:.3}")),
            limit,
            verdict.to_owned(),
        ]
    }
}

impl fmt::Display for Scaling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new();
        table.load_style(presets::ASCII_MARKDOWN);
        table.set_header([
            "work",
            "isolation",
            "CPUs",
            "busiest",
            "idlest",
            "efficiency",
            "limit",
            "",
        ]);
        table.add_rows(self.runs.iter().map(Run::row));
        for column in table.column_iter_mut().skip(2).take(5) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        write!(f, "{table}")
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
        let fair = run(4, &[250, 260, 250, 250]).compared_with(1000);
        assert_eq!(fair.within_limit, Some(true));
        let unfair = run(4, &[250, 270, 250, 230]).compared_with(1000);
        assert_eq!(unfair.within_limit, Some(false));
        let unlimited = run(8, &[1000; 8]).compared_with(1000);
        assert_eq!(
            (unlimited.efficiency, unlimited.within_limit),
            (Some(0.125), None)
        );
    }

    #[test]
    fn idle_cpus_must_be_idle() {
        let halts = run(4, &[1000, 9, 10, 10]).with_idle_cpus();
        assert_eq!(halts.within_limit, Some(true));
        let spins = run(4, &[1000, 900, 900, 900]).with_idle_cpus();
        assert_eq!(spins.within_limit, Some(false));
    }

    #[test]
    fn the_table_says_what_the_limit_is() {
        let runs = vec![
            run(1, &[1000]).compared_with(1000),
            run(4, &[250; 4]).compared_with(1000),
            run(4, &[1000, 1, 1, 1]).with_idle_cpus(),
        ];
        let text = Scaling { runs }.to_string();
        let rows: Vec<&str> = text.lines().skip(2).collect();
        let ends = [
            "1.000 |     – |    |",
            "1.000 |  0.95 | ok |",
            "– |  idle | ok |",
        ];
        for (row, end) in rows.iter().zip(ends) {
            assert!(row.ends_with(end), "{text}");
        }
    }
}
