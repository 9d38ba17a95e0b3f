//! What a processor said of the gates.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::cli::bench::{curve, rows};

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
    /// How many attacks on pages without some check got through, as they must.
    mutants: u64,
    samples: u64,
    /// Ticks that the measurement of nothing took.
    overhead: Quartiles,
    /// Cycles of the core while the time-stamp counter ticks once.
    cycles_per_tick: Quartiles,
    /// What two clocks of the core are to each other: one, if both are right.
    agreement: Quartiles,
    /// The counter's steps, in ticks.
    step: u32,
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
        curve::share(self.none, self.mpk)
    }

    fn added(self) -> f64 {
        self.mpk - self.none
    }

    fn cells(self) -> Vec<String> {
        vec![
            self.bytes.to_string(),
            cycles(self.none),
            cycles(self.mpk),
            cycles(self.added()),
            percent(self.share()),
            curve::of_paper(self.bytes).map_or("–".to_owned(), rows::percent),
        ]
    }
}

impl Timings {
    /// What a reader wants to know of the processor.
    pub(in crate::cli::bench) fn processor(&self) -> String {
        let host = match &self.hypervisor {
            Some(hypervisor) => format!(", in a virtual machine of {hypervisor}"),
            None => String::new(),
        };
        format!("{}, {}{host}", self.cpu_model, self.signature)
    }

    /// The paper's `write_bytes`, without walls and with.
    pub(in crate::cli::bench) fn sizes(&self) -> Vec<Size> {
        let with_walls = self.of("mpk").filter_map(|timing| {
            let bytes = curve::size_of(&timing.name)?;
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
    /// and what the paper says.
    pub(in crate::cli::bench) fn summary(&self) -> Vec<[String; 3]> {
        let line = |what: &str, came_to: String, paper: &str| {
            [what.to_owned(), came_to, paper.to_owned()]
        };
        let walls =
            |name| [Some("mpk"), Some("none")].map(|isolation| self.one(name, isolation));
        let [safe, safe_without] = walls("app-to-safe");
        let [drivers, drivers_without] = walls("safe-to-cell");
        let (wrpkru, getpid) = (self.one("wrpkru-pair", None), self.one("getpid", None));
        vec![
            line("On a processor", self.processor(), ""),
            line(
                "What walls add to `write_bytes` there",
                self.added(),
                &curve::in_paper(),
            ),
            line(
                "A null call into the safe kernel there",
                format!(
                    "{safe} cycles, without walls {safe_without}; two WRPKRU alone {wrpkru}, Linux's `getpid` {getpid}"
                ),
                "",
            ),
            line(
                "A null call into a cell there",
                format!("{drivers} cycles, without walls {drivers_without}"),
                "",
            ),
        ]
    }

    /// The cycles of one figure.
    fn one(&self, name: &str, isolation: Option<&str>) -> String {
        let figure = self
            .figures
            .iter()
            .find(|timing| timing.name == name && timing.isolation.as_deref() == isolation);
        figure.map_or("–".to_owned(), |timing| cycles(timing.cycles.median))
    }

    /// What the walls add to `write_bytes`, at least and at most, and as a share at
    /// both ends.
    fn added(&self) -> String {
        let sizes = self.sizes();
        let (Some(first), Some(last)) = (sizes.first(), sizes.last()) else {
            return "–".to_owned();
        };
        let added = || sizes.iter().map(|size| size.added());
        format!(
            "{} to {} cycles: {} of the time at 1 byte, {} at 4 KiB",
            cycles(added().fold(f64::MAX, f64::min)),
            cycles(added().fold(f64::MIN, f64::max)),
            percent(first.share()),
            percent(last.share())
        )
    }

    /// All figures but those of `write_bytes`.
    fn calls(&self) -> String {
        let is_call = |timing: &&Timing| curve::size_of(&timing.name).is_none();
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

/// Cycles, with a tenth where there are few.
fn cycles(value: f64) -> String {
    match value < 99.95 {
        true => format!("{value:.1}"),
        false => rows::number(value.round()),
    }
}

/// A share in percent, with two digits: more would be noise.
fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    let digit = 10f64.powf((percent.abs().max(1.0).log10().floor() - 1.0).max(0.0));
    format!("{} %", rows::number((percent / digit).round() * digit))
}

impl fmt::Display for Timings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}, microcode {}, Linux {}, {}. {} samples of each figure. The time-stamp counter steps by {} ticks, and the core made {:.2} cycles in one.\n",
            self.processor(),
            self.microcode.as_deref().unwrap_or("unknown"),
            self.kernel,
            self.date,
            rows::whole(self.samples),
            self.step,
            self.cycles_per_tick.median,
        )?;
        if self.emulated {
            writeln!(f, "This is an emulator: these are no cycles.\n")?;
        }
        writeln!(
            f,
            "Before, the gate page was entered {} times with forged registers, and nothing got through; {} attacks on pages without some check did, as they must.\n",
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
            agreement: exactly(1.0),
            step: 2,
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
        let text = timings(false).to_string();
        assert!(
            text.contains("|    64 | 40.0 | 110 |  70.0 | 180 % | 208.00 % |"),
            "{text}"
        );
    }

    #[test]
    fn shares_have_two_digits() {
        assert_eq!(percent(11.89), "1,200 %");
        assert_eq!(percent(0.1958), "20 %");
        assert_eq!(percent(0.004), "0 %");
        assert_eq!(cycles(9.44), "9.4");
        assert_eq!(cycles(126.4), "126");
    }
}
