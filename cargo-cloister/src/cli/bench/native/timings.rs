//! What a processor said of the gates.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::cli::bench::{curve, rows};

/// What the names of the paper's `write_bytes` begin with.
const WRITE_BYTES: &str = "write-bytes-";

/// What the program found, and on which machine.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::cli::bench) struct Timings {
    cpu_model: String,
    signature: String,
    hypervisor: Option<String>,
    microcode: Option<String>,
    kernel: String,
    /// Year, month and day.
    date: String,
    /// Whether this is no processor, but an emulator that has no cycles.
    pub(in crate::cli::bench) emulated: bool,
    /// How often the gate page was entered with forged registers, in vain.
    attempts: u64,
    /// How many gate pages without some check let that through.
    mutants: u64,
    samples: u64,
    /// Ticks that the measurement of nothing took.
    overhead: Quartiles,
    /// Cycles of the core while the time-stamp counter ticks once.
    cycles_per_tick: Quartiles,
    figures: Vec<Timing>,
}

/// Half of all rounds lie between the outer two.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Quartiles {
    low: f64,
    median: f64,
    high: f64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Timing {
    name: String,
    /// Through which gates, if through any.
    isolation: Option<String>,
    ticks: Quartiles,
    cycles: Quartiles,
}

/// A size of the paper's `write_bytes`, in cycles.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(in crate::cli::bench) struct Size {
    pub(in crate::cli::bench) bytes: u64,
    none: f64,
    mpk: f64,
}

impl Size {
    /// What the walls add, as a share of the call without.
    pub(in crate::cli::bench) fn share(self) -> f64 {
        (self.mpk - self.none) / self.none.max(1.0)
    }

    fn cells(self) -> Vec<String> {
        let paper = curve::PAPER.iter().find(|(bytes, _)| *bytes == self.bytes);
        vec![
            self.bytes.to_string(),
            cycles(self.none),
            cycles(self.mpk),
            cycles(self.mpk - self.none),
            rows::percent(self.share()),
            paper.map_or("–".to_owned(), |(_, share)| rows::percent(*share)),
        ]
    }
}

impl Timings {
    /// What a reader wants to know of the processor.
    pub(in crate::cli::bench) fn processor(&self) -> String {
        format!("{}, {}", self.cpu_model, self.signature)
    }

    /// The paper's `write_bytes`, without walls and with.
    pub(in crate::cli::bench) fn sizes(&self) -> Vec<Size> {
        let with_walls = self.of("mpk").filter_map(|timing| {
            let bytes = timing.name.strip_prefix(WRITE_BYTES)?.parse().ok()?;
            let without = self.of("none").find(|other| other.name == timing.name)?;
            Some(Size {
                bytes,
                none: without.cycles.median,
                mpk: timing.cycles.median,
            })
        });
        with_walls.collect()
    }

    fn of<'t>(&'t self, isolation: &'t str) -> impl Iterator<Item = &'t Timing> {
        let is_of = move |timing: &&Timing| timing.isolation.as_deref() == Some(isolation);
        self.figures.iter().filter(is_of)
    }

    /// What a reader wants first: lines of what was measured, what it came to,
    /// and nothing of the paper's.
    pub(in crate::cli::bench) fn summary(&self) -> Vec<[String; 3]> {
        let of = |name: &str, isolation: Option<&str>| {
            let figure = self
                .figures
                .iter()
                .find(|timing| timing.name == name && timing.isolation.as_deref() == isolation);
            figure.map_or("–".to_owned(), |timing| cycles(timing.cycles.median))
        };
        let walls = |name| [Some("mpk"), Some("none")].map(|isolation| of(name, isolation));
        let [safe, safe_without] = walls("app-to-safe");
        let [drivers, drivers_without] = walls("safe-to-unsafe");
        let (wrpkru, getpid) = (of("wrpkru-pair", None), of("getpid", None));
        let line = |what: &str, came_to| [what.to_owned(), came_to, String::new()];
        vec![
            line(
                "A null call into the safe kernel, on a processor",
                format!(
                    "{safe} cycles, {wrpkru} of them two WRPKRU; without walls {safe_without}; Linux's `getpid` {getpid}"
                ),
            ),
            line(
                "A null call into the drivers, on a processor",
                format!("{drivers} cycles; without walls {drivers_without}"),
            ),
        ]
    }

    /// All figures but those of `write_bytes`.
    fn calls(&self) -> String {
        let is_call = |timing: &&Timing| !timing.name.starts_with(WRITE_BYTES);
        let header = [
            "figure",
            "walls",
            "ticks",
            "cycles",
            "half of all rounds, in cycles",
        ];
        let calls = self.figures.iter().filter(is_call);
        rows::table(&header, 2, calls.map(Timing::cells))
    }

    fn write_bytes(&self) -> String {
        let header = ["bytes", "none", "mpk", "added", "share", "paper"];
        rows::table(&header, 0, self.sizes().into_iter().map(Size::cells))
    }
}

impl Timing {
    fn cells(&self) -> Vec<String> {
        let Quartiles { low, median, high } = self.cycles;
        vec![
            self.name.clone(),
            self.isolation.clone().unwrap_or_default(),
            cycles(self.ticks.median),
            cycles(median),
            format!("{} to {}", cycles(low), cycles(high)),
        ]
    }
}

/// Whole cycles: parts of one are noise.
fn cycles(value: f64) -> String {
    rows::number(value.round())
}

impl fmt::Display for Timings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = match &self.hypervisor {
            Some(hypervisor) => format!(" in a virtual machine of {hypervisor}"),
            None => String::new(),
        };
        writeln!(
            f,
            "{}{host}, microcode {}, Linux {}, {}. {} samples of each figure; the core made {:.2} cycles while its time-stamp counter ticked once.\n",
            self.processor(),
            self.microcode.as_deref().unwrap_or("unknown"),
            self.kernel,
            self.date,
            rows::whole(self.samples),
            self.cycles_per_tick.median,
        )?;
        if self.emulated {
            writeln!(f, "This is an emulator: these are no cycles.\n")?;
        }
        writeln!(
            f,
            "Before, the gate page was entered {} times with forged registers, and nothing got through; {} pages without some check were caught.\n",
            rows::whole(self.attempts),
            self.mutants
        )?;
        writeln!(f, "{}\n", self.calls())?;
        writeln!(f, "The paper's `write_bytes`, in cycles:\n")?;
        f.write_str(&self.write_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timings(emulated: bool) -> Timings {
        let exactly = |value| Quartiles {
            low: value,
            median: value,
            high: value,
        };
        let timing = |name: &str, isolation: Option<&str>, value| Timing {
            name: name.to_owned(),
            isolation: isolation.map(str::to_owned),
            ticks: exactly(value / 2.0),
            cycles: exactly(value),
        };
        Timings {
            cpu_model: "CPU".to_owned(),
            signature: "family 6".to_owned(),
            hypervisor: None,
            microcode: None,
            kernel: "6.1".to_owned(),
            date: "2026-01-31".to_owned(),
            emulated,
            attempts: 163_840,
            mutants: 6,
            samples: 20_000,
            overhead: exactly(24.0),
            cycles_per_tick: exactly(2.0),
            figures: vec![
                timing("wrpkru", None, 5782.4),
                timing("write-bytes-64", Some("none"), 40.0),
                timing("write-bytes-64", Some("mpk"), 110.0),
            ],
        }
    }

    #[test]
    fn an_emulator_is_not_taken_for_a_processor() {
        for emulated in [false, true] {
            let text = timings(emulated).to_string();
            assert_eq!(text.contains("no cycles"), emulated, "{text}");
            assert!(text.contains("5,782 to 5,782"), "{text}");
        }
    }

    #[test]
    fn a_size_is_compared_with_itself_without_walls() {
        let sizes = timings(false).sizes();
        assert_eq!(sizes.len(), 1);
        assert_eq!(sizes[0].bytes, 64);
        assert_eq!(sizes[0].share(), 1.75);
        assert!(timings(false).to_string().contains("208.00 %"));
    }
}
