//! The report: lines for people, or one JSON object for programs.

use std::fmt;

use domains::Isolation;
use serde_json::{Value, json};

use crate::attack::Attacks;
use crate::figures::{Figure, Measured, Quartiles};
use crate::machine::Machine;

/// What is said where there are no cycles.
const EMULATED: &str = "emulated: these are no cycles";

/// The figures, and where and when they were taken.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Report {
    /// On which machine.
    pub(crate) machine: Machine,
    /// On which day.
    pub(crate) date: String,
    /// What the gates withstood before.
    pub(crate) attacks: Attacks,
    /// What came of it.
    pub(crate) measured: Measured,
}

impl Report {
    /// As one JSON object.
    pub(crate) fn json(&self) -> Value {
        let (machine, measured) = (&self.machine, &self.measured);
        let figures: Vec<Value> = measured.figures.iter().map(Figure::json).collect();
        json!({
            "cpu_model": machine.cpu_model,
            "signature": machine.signature,
            "hypervisor": machine.hypervisor,
            "microcode": machine.microcode,
            "kernel": machine.kernel,
            "date": self.date,
            "emulated": machine.emulated,
            "attempts": self.attacks.attempts,
            "mutants": self.attacks.mutants,
            "samples": measured.samples,
            "overhead": measured.overhead.json(),
            "cycles_per_tick": measured.cycles_per_tick.json(),
            "agreement": measured.agreement.json(),
            "step": measured.step,
            "figures": figures,
        })
    }
}

impl Figure {
    fn json(&self) -> Value {
        json!({
            "name": self.name,
            "isolation": self.isolation.map(Isolation::name),
            "ticks": self.ticks.json(),
            "cycles": self.cycles.json(),
        })
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let isolation = self.isolation.map_or("", Isolation::name);
        let [ticks, cycles] = [self.ticks.median, self.cycles.median];
        let name = &self.name;
        write!(f, "{name:<18} {isolation:<4} {ticks:>9.1} {cycles:>9.1}")
    }
}

impl Quartiles {
    /// In hundredths, as an object.
    fn json(self) -> Value {
        let [low, median, high] = [self.low, self.median, self.high].map(in_hundredths);
        json!({ "low": low, "median": median, "high": high })
    }
}

/// More digits would be noise.
fn in_hundredths(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}, {}", self.machine, self.date)?;
        if self.machine.emulated {
            writeln!(f, "{EMULATED}")?;
        }
        let measured = &self.measured;
        writeln!(
            f,
            "{}\n{} samples each, less {:.1} ticks of an empty measurement; steps of {} ticks, \
             {:.2} cycles a tick",
            self.attacks,
            measured.samples,
            measured.overhead.median,
            measured.step,
            measured.cycles_per_tick.median
        )?;
        writeln!(f, "{:<18}      {:>9} {:>9}", "", "ticks", "cycles")?;
        let mut figures = measured.figures.iter();
        figures.try_for_each(|figure| writeln!(f, "{figure}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(emulated: bool) -> Report {
        let exactly = |value| Quartiles {
            low: value,
            median: value,
            high: value,
        };
        Report {
            machine: Machine {
                cpu_model: "a \"model\"".into(),
                signature: "family 6, model 207, stepping 2".into(),
                hypervisor: None,
                microcode: None,
                kernel: "6.1".into(),
                emulated,
            },
            date: "2026-01-31".into(),
            attacks: Attacks {
                attempts: 163_840,
                mutants: 6,
            },
            measured: Measured {
                samples: 100,
                overhead: exactly(20.0),
                cycles_per_tick: exactly(1.5),
                step: 2,
                agreement: exactly(1.0),
                figures: vec![Figure {
                    name: "app-to-safe".into(),
                    isolation: Some(Isolation::Mpk),
                    ticks: exactly(24.0),
                    cycles: exactly(36.004),
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
        assert_eq!(parsed["figures"][0]["isolation"], "mpk");
        assert_eq!(parsed["figures"][0]["cycles"]["median"], 36.0);
    }
}
