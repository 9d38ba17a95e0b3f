//! The report: lines for people, or one JSON object for programs.

use std::fmt;

use serde_json::{Value, json};

use crate::figures::{Figure, Measured, Summary};
use crate::machine::Machine;

/// What the figures are in. The counter runs at one rate, which need not be
/// that of the core.
const UNIT: &str = "cycles (TSC reference)";
/// What is said where they are not.
const EMULATED: &str = "emulated: these are no cycles";

/// The figures, and where and when they were taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Report {
    /// On which machine.
    pub(crate) machine: Machine,
    /// On which day.
    pub(crate) date: String,
    /// How often each was taken.
    pub(crate) samples: usize,
    /// What came of it.
    pub(crate) measured: Measured,
}

impl Report {
    /// As one JSON object.
    pub(crate) fn json(&self) -> Value {
        let figure = |figure: &Figure| {
            let Summary { min, median } = figure.took;
            json!({ "name": figure.name, "min": min, "median": median })
        };
        let figures: Vec<Value> = self.measured.figures.iter().map(figure).collect();
        let Summary { min, median } = self.measured.overhead;
        json!({
            "cpu_model": self.machine.cpu_model,
            "microcode": self.machine.microcode,
            "kernel": self.machine.kernel,
            "date": self.date,
            "emulated": self.machine.emulated,
            "unit": UNIT,
            "samples": self.samples,
            "overhead": { "min": min, "median": median },
            "figures": figures,
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Machine {
            cpu_model, kernel, ..
        } = &self.machine;
        let microcode = self.machine.microcode.as_deref().unwrap_or("unknown");
        writeln!(
            f,
            "{cpu_model}, microcode {microcode}, Linux {kernel}, {}",
            self.date
        )?;
        if self.machine.emulated {
            writeln!(f, "{EMULATED}")?;
        }
        let Summary { min, median } = self.measured.overhead;
        writeln!(
            f,
            "{UNIT}, {} samples each, less {min} and {median} of an empty measurement",
            self.samples
        )?;
        writeln!(f, "{:<18} {:>8} {:>8}", "", "min", "median")?;
        for Figure { name, took } in &self.measured.figures {
            writeln!(f, "{name:<18} {:>8} {:>8}", took.min, took.median)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(emulated: bool) -> Report {
        Report {
            machine: Machine {
                cpu_model: "a \"model\"".into(),
                microcode: None,
                kernel: "6.1".into(),
                emulated,
            },
            date: "2026-01-31".into(),
            samples: 7,
            measured: Measured {
                overhead: Summary {
                    min: 20,
                    median: 22,
                },
                figures: vec![Figure {
                    name: "wrpkru",
                    took: Summary {
                        min: 23,
                        median: 24,
                    },
                }],
            },
        }
    }

    #[test]
    fn an_emulator_is_named_in_both_forms() {
        for emulated in [false, true] {
            let report = report(emulated);
            assert_eq!(report.json()["emulated"], emulated);
            assert_eq!(report.to_string().contains(EMULATED), emulated);
        }
    }

    #[test]
    fn the_object_survives_a_parser() {
        let text = report(false).json().to_string();
        let parsed: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(parsed["cpu_model"], "a \"model\"");
        assert_eq!(parsed["microcode"], Value::Null);
        assert_eq!(parsed["figures"][0]["median"], 24);
    }
}
