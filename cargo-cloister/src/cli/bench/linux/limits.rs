//! What ours must not exceed, with walls.
//!
//! Half of what a Linux needs that was measured before there was anything of ours
//! (20,999 to 22,319 instructions for an echo), and for large messages, bulk and
//! crossings what follows from how it is built. A figure that is missing keeps no
//! limit.

use super::kinds::Kind;
use super::series::{self, Series};
use super::yardstick::{LINUX, MPK, NONE, Yardstick};
use crate::cli::bench::rows;

/// A figure and the most, or least, that it may be.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Limit {
    what: String,
    found: Option<f64>,
    bound: Bound,
}

/// In which direction a figure is limited, and how it is written.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Bound {
    /// No more than this number.
    Most(f64),
    /// Less than this, which is another guest's, if that was measured.
    Below(Option<f64>),
    /// No more than this share.
    MostShare(f64),
    /// At least this ratio.
    Least(f64),
}

/// Every limit of the figures that were found.
pub(super) fn all(found: &Yardstick) -> Vec<Limit> {
    let mut all = requests(found);
    all.extend(large(found));
    all.extend(crossings(found));
    all.extend([growth(found), walls(found)]);
    all.extend(bulk(found));
    all.extend(machine(found));
    all
}

/// Instructions of small requests.
fn requests(found: &Yardstick) -> Vec<Limit> {
    let series = [
        (alone(Kind::Echo(1)), 12_000.0),
        (alone(Kind::Echo(64)), 12_000.0),
        (alone(Kind::Echo(1024)), 12_000.0),
        (alone(Kind::Http), 14_000.0),
        (
            Series {
                pauses: true,
                ..alone(Kind::Http)
            },
            20_000.0,
        ),
        (alone(Kind::Get), 14_000.0),
    ];
    let limit = |(series, most): &(Series, f64)| Limit {
        what: format!("{}: instructions", name(series)),
        found: instructions(found, MPK, series),
        bound: Bound::Most(*most),
    };
    series.iter().map(limit).collect()
}

/// Of large ones: fewer than Linux.
fn large(found: &Yardstick) -> Vec<Limit> {
    let limit = |size: u32| {
        let series = alone(Kind::Echo(size));
        Limit {
            what: format!("{}: instructions, below Linux", name(&series)),
            found: instructions(found, MPK, &series),
            bound: Bound::Below(instructions(found, LINUX, &series)),
        }
    };
    [4096, 16_384, 65_536].map(limit).to_vec()
}

/// How often a request of HTTP crosses a wall.
fn crossings(found: &Yardstick) -> [Limit; 3] {
    let alone = alone(Kind::Http);
    let many = Series {
        connections: 32,
        used: 32,
        drivers: 32,
        ..alone
    };
    let row = |series| found.row(MPK, &series);
    [
        Limit {
            what: "an HTTP request: calls into the safe kernel".to_owned(),
            found: row(alone).map(|row| row.calls_safe.median),
            bound: Bound::Most(2.0),
        },
        Limit {
            what: "an HTTP request: calls into cells".to_owned(),
            found: row(alone).map(|row| row.calls_cells.median),
            bound: Bound::Most(6.0),
        },
        Limit {
            what: "the same with 32 connections".to_owned(),
            found: row(many).map(|row| row.calls_cells.median),
            bound: Bound::Most(3.0),
        },
    ]
}

/// What connections add that have nothing to do: the same load on 32 of 1,000 as on 32.
fn growth(found: &Yardstick) -> Limit {
    let few = Series {
        connections: 32,
        used: 32,
        drivers: 32,
        ..alone(Kind::Http)
    };
    let many = Series {
        connections: series::MANY,
        ..few
    };
    let [few, many] = [few, many].map(|series| instructions(found, MPK, &series));
    Limit {
        what: "an HTTP request with 1,000 connections instead of 32: more instructions"
            .to_owned(),
        found: few.zip(many).map(|(few, many)| many / few - 1.0),
        bound: Bound::MostShare(0.10),
    }
}

/// What walls add: the mean of all kinds, alone and at once.
fn walls(found: &Yardstick) -> Limit {
    let ratio = |kind: &Kind| {
        let [none, mpk] = [NONE, MPK].map(|guest| instructions(found, guest, &alone(*kind)));
        Some(mpk? / none?)
    };
    let ratios: Option<Vec<f64>> = series::KINDS.iter().map(ratio).collect();
    Limit {
        what: "what walls add to a request on average: instructions".to_owned(),
        found: ratios.map(|it| it.iter().sum::<f64>() / it.len() as f64 - 1.0),
        bound: Bound::MostShare(0.05),
    }
}

/// Bulk as a ratio to Linux.
fn bulk(found: &Yardstick) -> [Limit; 2] {
    let [ours, theirs] = [MPK, LINUX].map(|guest| found.bulk(guest, "user"));
    let both = ours.zip(theirs);
    [
        Limit {
            what: "bulk in, as a ratio to Linux".to_owned(),
            found: both.map(|(ours, theirs)| ours.into.median / theirs.into.median),
            bound: Bound::Least(1.0),
        },
        Limit {
            what: "bulk out, as a ratio to Linux".to_owned(),
            found: both.map(|(ours, theirs)| ours.out.median / theirs.out.median),
            bound: Bound::Least(1.0),
        },
    ]
}

fn machine(found: &Yardstick) -> [Limit; 2] {
    let mpk = found.guest(MPK);
    [
        Limit {
            what: "boot to the first answered request: instructions".to_owned(),
            found: mpk.map(|it| it.boot.median),
            bound: Bound::Most(3e6),
        },
        Limit {
            what: "the least memory in which pages are served: KiB".to_owned(),
            found: mpk.and_then(|it| it.least_kib).map(|kib| kib as f64),
            bound: Bound::Most((12 << 10) as f64),
        },
    ]
}

/// What the series is called, of which all have one connection.
fn name(series: &Series) -> String {
    let pause = if series.pauses {
        ", a pause of 1 ms before each"
    } else {
        ""
    };
    format!("{}{pause}", series.kind.name())
}

/// One connection, without pauses.
fn alone(kind: Kind) -> Series {
    Series {
        kind,
        connections: 1,
        used: 1,
        drivers: 1,
        pauses: false,
    }
}

fn instructions(found: &Yardstick, guest: &str, series: &Series) -> Option<f64> {
    Some(found.row(guest, series)?.instructions.median)
}

impl Limit {
    /// Whether the figure is there and within it.
    pub(super) fn is_kept(&self) -> bool {
        let Some(found) = self.found else {
            return false;
        };
        match self.bound {
            Bound::Most(most) | Bound::MostShare(most) => found <= most,
            Bound::Below(limit) => limit.is_some_and(|limit| found < limit),
            Bound::Least(least) => found >= least,
        }
    }

    pub(super) fn cells(self) -> Vec<String> {
        let write = |value: f64| match self.bound {
            Bound::MostShare(_) => rows::percent(value),
            _ => rows::number(value),
        };
        let verdict = self.found.map(|_| self.is_kept());
        let bound = match self.bound {
            Bound::Most(most) | Bound::MostShare(most) => write(most),
            Bound::Below(None) => "–".to_owned(),
            Bound::Below(Some(limit)) => format!("< {}", write(limit)),
            Bound::Least(least) => format!("≥ {}", write(least)),
        };
        let found = self.found.map_or("–".to_owned(), write);
        let verdict = verdict.map_or("pending", |kept| rows::verdict(Some(kept)));
        vec![self.what, found, bound, verdict.to_owned()]
    }
}

#[cfg(test)]
mod tests {
    use super::super::yardstick::tests::made_up;
    use super::*;

    fn broken(guests: &[(&str, f64)]) -> Vec<String> {
        let limits = all(&made_up(guests));
        let broken = limits.into_iter().filter(|limit| !limit.is_kept());
        broken.map(|limit| limit.what).collect()
    }

    #[test]
    fn half_of_linux_is_enough() {
        let guests = [(LINUX, 21_000.0), (NONE, 11_000.0), (MPK, 11_500.0)];
        assert_eq!(broken(&guests), [""; 0]);
    }

    #[test]
    fn each_limit_is_broken_by_what_is_too_much() {
        let guests = [(LINUX, 21_000.0), (NONE, 11_000.0), (MPK, 25_000.0)];
        let broken = broken(&guests);
        assert_eq!(broken.len(), 6 + 3 + 1, "{broken:?}");
    }

    #[test]
    fn what_was_not_measured_keeps_no_limit() {
        let found = made_up(&[(LINUX, 21_000.0)]);
        let limits = all(&found);
        assert!(limits.iter().all(|limit| !limit.is_kept()));
        assert!(found.limit_rows().contains("pending"));
    }
}
