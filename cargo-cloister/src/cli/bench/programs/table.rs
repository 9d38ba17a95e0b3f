//! What whole programs cost, as a table.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::cli::bench::counts::Cost;
use crate::cli::bench::model;
use crate::cli::bench::results::Measured;
use crate::cli::bench::rows;

/// The most that the walls may add on average to the paper's programs, as a
/// share: half of what the paper measured.
pub(in crate::cli::bench) const LIMIT: f64 = 0.003;

/// All programs that were run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::cli::bench) struct Programs {
    /// In the order of the paper's figure, then others.
    pub(in crate::cli::bench) rows: Vec<Row>,
    /// Over the paper's programs, by class.
    pub(in crate::cli::bench) averages: Vec<Average>,
}

/// One program of one class.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::cli::bench) struct Row {
    pub(in crate::cli::bench) program: String,
    pub(in crate::cli::bench) class: String,
    /// Whether it is one of the ten of the paper's figure.
    pub(in crate::cli::bench) is_of_paper: bool,
    pub(in crate::cli::bench) none: Cost,
    pub(in crate::cli::bench) mpk: Cost,
}

/// What the walls add to the programs of a class, as shares.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::cli::bench) struct Average {
    pub(in crate::cli::bench) class: String,
    pub(in crate::cli::bench) programs: usize,
    /// Counted.
    pub(in crate::cli::bench) instructions: f64,
    /// By the model, on each of its CPUs: the least and the most.
    pub(in crate::cli::bench) modelled: Vec<Modelled>,
    within_limit: bool,
}

/// What the model says of one CPU.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::cli::bench) struct Modelled {
    pub(in crate::cli::bench) cpu: String,
    pub(in crate::cli::bench) least: f64,
    pub(in crate::cli::bench) most: f64,
}

impl Programs {
    pub(super) fn new(rows: Vec<Row>) -> Programs {
        let mut classes: Vec<&str> = rows.iter().map(|row| row.class.as_str()).collect();
        classes.sort_by_key(|class| super::CLASSES.iter().position(|(name, _)| name == class));
        classes.dedup();
        let averages = classes.iter().map(|class| Average::of(class, &rows));
        // One program alone may be none of the paper's.
        let averages = averages.filter(|average| average.programs > 0).collect();
        Programs { rows, averages }
    }

    /// The table for documents and terminals.
    pub(in crate::cli::bench) fn rows(&self) -> String {
        let header = [
            "program",
            "class",
            "none",
            "mpk",
            "counted",
            "modelled",
            "calls",
            "drivers",
            "core calls",
            "traps",
            "WRPKRU",
        ];
        rows::table(&header, 2, self.rows.iter().map(Row::cells))
    }

    /// The averages for documents and terminals.
    pub(in crate::cli::bench) fn average_rows(&self) -> String {
        let header = ["class", "programs", "what", "least", "most", "limit", ""];
        rows::table(&header, 3, self.averages.iter().flat_map(Average::cells))
    }
}

impl Row {
    /// By how much more instructions were counted with walls, as a share.
    pub(in crate::cli::bench) fn counted(&self) -> f64 {
        let (none, mpk) = (self.none.instructions as f64, self.mpk.instructions as f64);
        mpk / none.max(1.0) - 1.0
    }

    fn cells(&self) -> Vec<String> {
        let crossings = self.mpk.crossings;
        vec![
            self.program.clone(),
            self.class.clone(),
            rows::whole(self.none.instructions),
            rows::whole(self.mpk.instructions),
            rows::percent(self.counted()),
            rows::percent(model::worst(self.none, self.mpk)),
            rows::whole(crossings.calls_safe),
            rows::whole(crossings.calls_cells),
            rows::whole(crossings.core_calls),
            rows::whole(crossings.traps()),
            rows::whole(crossings.wrpkru),
        ]
    }
}

impl Average {
    fn of(class: &str, all: &[Row]) -> Average {
        let rows: Vec<&Row> = all
            .iter()
            .filter(|row| row.is_of_paper && row.class == class)
            .collect();
        let mean = |share: &dyn Fn(&Row) -> f64| {
            rows.iter().map(|row| share(row)).sum::<f64>() / rows.len().max(1) as f64
        };
        let modelled = model::CPUS.iter().map(|cpu| Modelled {
            cpu: cpu.name.to_owned(),
            least: mean(&|row| model::overhead(cpu, row.none, row.mpk)[0]),
            most: mean(&|row| model::overhead(cpu, row.none, row.mpk)[1]),
        });
        let modelled: Vec<Modelled> = modelled.collect();
        Average {
            class: class.to_owned(),
            programs: rows.len(),
            instructions: mean(&Row::counted),
            within_limit: modelled.iter().all(|cpu| cpu.most <= LIMIT),
            modelled,
        }
    }

    /// The most that the model allows on any of its CPUs.
    pub(in crate::cli::bench) fn most(&self) -> f64 {
        self.modelled
            .iter()
            .map(|cpu| cpu.most)
            .fold(f64::MIN, f64::max)
    }

    fn cells(&self) -> Vec<Vec<String>> {
        let line = |what: &str, [least, most]: [f64; 2], limit: String, verdict: &str| {
            let name = [self.class.clone(), self.programs.to_string()];
            let values = [rows::percent(least), rows::percent(most), limit];
            let mut cells = name.to_vec();
            cells.push(what.to_owned());
            cells.extend(values);
            cells.push(verdict.to_owned());
            cells
        };
        let counted = [self.instructions; 2];
        let verdict = rows::verdict(Some(self.within_limit));
        let mut lines = vec![line("instructions, counted", counted, "–".into(), "")];
        lines.extend(self.modelled.iter().map(|cpu| {
            let what = format!("with WRPKRU, modelled for {}", cpu.cpu);
            let limit = rows::percent(LIMIT);
            line(&what, [cpu.least, cpu.most], limit, verdict)
        }));
        lines
    }
}

impl crate::cli::bench::Table for Programs {
    fn is_within_limits(&self) -> bool {
        self.averages.iter().all(|average| average.within_limit)
    }

    fn measured(&self) -> Vec<Measured> {
        let of = |row: &Row| {
            let name = format!("{} {}", row.program, row.class);
            [("none", row.none), ("mpk", row.mpk)].map(|(isolation, cost)| {
                Measured::exact(
                    &[&name, isolation, "instructions"],
                    cost.instructions as f64,
                )
            })
        };
        self.rows.iter().flat_map(of).collect()
    }
}

impl fmt::Display for Programs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n\n{}", self.rows(), self.average_rows())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::bench::Table as _;
    use crate::cli::bench::counts::Crossings;

    fn row(is_of_paper: bool, mpk: u64, wrpkru: u64) -> Row {
        let cost = |instructions, wrpkru| Cost {
            instructions,
            crossings: Crossings {
                wrpkru,
                ..Crossings::default()
            },
        };
        Row {
            program: "ep".into(),
            class: "S".into(),
            is_of_paper,
            none: cost(1_000_000, 0),
            mpk: cost(mpk, wrpkru),
        }
    }

    #[test]
    fn the_papers_programs_are_averaged_and_limited() {
        let programs = Programs::new(vec![
            row(true, 1_000_000, 0),
            row(true, 1_002_000, 1),
            row(false, 2_000_000, 0),
        ]);
        let [average] = &programs.averages[..] else {
            panic!("one class, not {:?}", programs.averages);
        };
        assert_eq!(average.programs, 2);
        assert!((average.instructions - 0.001).abs() < 1e-12);
        assert!(programs.is_within_limits());
        let text = programs.to_string();
        assert!(text.contains("0.10 %"), "{text}");
    }

    #[test]
    fn many_writes_of_pkru_exceed_the_limit_though_few_instructions_do() {
        let programs = Programs::new(vec![row(true, 1_000_100, 50)]);
        assert!(!programs.is_within_limits());
    }
}
