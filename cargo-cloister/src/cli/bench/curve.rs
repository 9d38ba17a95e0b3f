//! The paper's `write_bytes`, over the size of what is written.
//!
//! The safe kernel calls a function of a cell that fills memory. The
//! paper gives what isolation adds as a share of the time; here it is a number
//! of instructions, which must be the same at any size, and a share of them.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Options;
use super::compare;
use super::counts::{Cost, Crossings};
use super::figures::Comparison;
use super::program::{Benchmark, Kernels};
use super::results::Measured;
use super::rows;
use crate::cli::failure::{Failure, report};

/// What the gate may add at any size.
pub(super) const LIMIT: f64 = 55.0;
/// How many sizes there are: every power of two up to 4096.
const SIZES: usize = 13;

/// What the paper published: the size, and what isolation added, as a share.
pub(super) const PAPER: [(u64, f64); 4] = [(1, 4.41), (64, 2.08), (1024, 0.22), (4096, 0.06)];

/// The size in the name of a figure, if it is one of these.
pub(super) fn size_of(name: &str) -> Option<u64> {
    name.strip_prefix("write-bytes-")?.parse().ok()
}

/// The share that the paper measured at a size, in time.
pub(super) fn of_paper(bytes: u64) -> Option<f64> {
    let point = PAPER.iter().find(|(size, _)| *size == bytes);
    point.map(|(_, share)| *share)
}

/// What the paper measured, from end to end.
pub(super) fn in_paper() -> String {
    let [(_, first), .., (_, last)] = PAPER;
    let [first, last] = [first, last].map(|share| format!("{:.0} %", 100.0 * share));
    format!("{first} of the time at 1 byte, {last} at 4 KiB")
}

/// What walls add to a call, as a share of it.
pub(super) fn share(none: f64, mpk: f64) -> f64 {
    (mpk - none) / none.max(1.0)
}

/// The curve.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Curve {
    pub(super) points: Vec<Point>,
}

/// One size.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Point {
    pub(super) bytes: u64,
    /// Instructions from the call to its return.
    none: f64,
    mpk: f64,
    added: f64,
    /// What is added, as a share of `none`.
    pub(super) share: f64,
    /// The share that the paper measured, in time.
    paper: Option<f64>,
    within_limit: bool,
}

/// Measures it.
pub(super) fn measure(options: &Options) -> Result<Curve, Failure> {
    let benchmark = Benchmark::find(options.path.clone(), "gate", Kernels::Hooked)?;
    let figures = compare::measure(options, &benchmark, &["write-bytes"])?;
    match Curve::new(&figures) {
        curve if curve.points.len() == SIZES => Ok(curve),
        curve => {
            let message = format!("the curve has {} points, not {SIZES}", curve.points.len());
            let help =
                "each line is `write-bytes-SIZE value instructions -`, without walls and with";
            Err(Failure::new(1, report(message, help)))
        }
    }
}

impl Curve {
    fn new(figures: &Comparison) -> Curve {
        let points = figures
            .figures
            .iter()
            .filter_map(|pair| Some(Point::new(size_of(&pair.name)?, pair.none?, pair.mpk?)));
        Curve {
            points: points.collect(),
        }
    }
}

impl Curve {
    /// What the walls add: one number, or the least and the most.
    pub(super) fn added(&self) -> String {
        let added = || self.points.iter().map(|point| point.added);
        let (least, most) = (
            added().fold(f64::MAX, f64::min),
            added().fold(f64::MIN, f64::max),
        );
        match least < most {
            true => format!("{} to {}", rows::number(least), rows::number(most)),
            false => rows::number(most),
        }
    }
}

impl Point {
    fn new(bytes: u64, none: f64, mpk: f64) -> Point {
        let added = mpk - none;
        Point {
            bytes,
            none,
            mpk,
            added,
            share: share(none, mpk),
            paper: of_paper(bytes),
            within_limit: added <= LIMIT,
        }
    }

    /// The two calls, with the two WRPKRU of the gate to the drivers.
    pub(super) fn costs(&self) -> [Cost; 2] {
        [(self.none, 0), (self.mpk, 2)].map(|(instructions, wrpkru)| Cost {
            instructions: instructions as u64,
            crossings: Crossings {
                wrpkru,
                ..Crossings::default()
            },
        })
    }

    fn cells(&self) -> Vec<String> {
        vec![
            self.bytes.to_string(),
            rows::number(self.none),
            rows::number(self.mpk),
            rows::number(self.added),
            rows::number(LIMIT),
            rows::percent(self.share),
            self.paper.map_or("–".to_owned(), rows::percent),
            rows::verdict(Some(self.within_limit)).to_owned(),
        ]
    }
}

impl super::Table for Curve {
    fn is_within_limits(&self) -> bool {
        self.points.iter().all(|point| point.within_limit)
    }

    fn measured(&self) -> Vec<Measured> {
        let of = |point: &Point| {
            let size = format!("{} bytes", point.bytes);
            [("none", point.none), ("mpk", point.mpk)]
                .map(|(isolation, value)| Measured::exact(&[&size, isolation], value))
        };
        self.points.iter().flat_map(of).collect()
    }
}

impl fmt::Display for Curve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = [
            "bytes", "none", "mpk", "added", "limit", "share", "paper", "",
        ];
        f.write_str(&rows::table(
            &header,
            0,
            self.points.iter().map(Point::cells),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Table as _;
    use super::super::figures::parse;
    use super::*;

    #[test]
    fn what_the_gate_adds_is_limited_at_every_size() {
        let lines = |more: u32| {
            let line = |size: u32| {
                let value = 20 + size + more;
                format!("write-bytes-{size} {value} instructions -\n")
            };
            parse(&[line(1), line(64)].concat())
        };
        let curve = |more| Curve::new(&Comparison::new(lines(0), &lines(more)));
        let good = curve(31);
        assert!(good.is_within_limits());
        assert_eq!(good.points[1].paper, Some(2.08));
        assert_eq!(good.points[0].added, 31.0);
        assert!(!curve(57).is_within_limits());
    }
}
