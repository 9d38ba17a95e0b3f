//! All that was found of a Linux and of our own guest, side by side.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::boots::{Measurements, Row};
use super::bulk::Bulk;
use super::limits::{self, Limit};
use super::series::{self, Series};
use crate::cli::bench::results::{MadeWith, Measured};
use crate::cli::bench::{Table, rows};

/// The guests, in the order of the columns.
pub(super) const LINUX: &str = "Linux";
pub(super) const LINUX_OFF: &str = "Linux, mitigations=off";
pub(super) const NONE: &str = "none";
pub(super) const MPK: &str = "mpk";
const GUESTS: [&str; 4] = [LINUX, LINUX_OFF, NONE, MPK];

/// What was found, and with what.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(in crate::cli::bench) struct Yardstick {
    pub(super) made_with: MadeWith,
    /// The kernel's package, and what its programs are built for.
    pub(super) linux: Option<About>,
    pub(super) boots: u32,
    pub(super) guests: Vec<Measurements>,
    pub(super) bulk: Vec<Bulk>,
}

/// The Linux.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct About {
    pub(super) kernel: String,
    pub(super) programs: String,
}

/// What a kind of request needed in each guest, for a figure.
pub(in crate::cli::bench) struct Column {
    pub(in crate::cli::bench) label: String,
    guests: Vec<(String, f64)>,
}

impl Column {
    /// Instructions of a guest, if it was measured.
    pub(in crate::cli::bench) fn instructions(&self, guest: &str) -> Option<f64> {
        let mut guests = self.guests.iter();
        guests.find(|(name, _)| name == guest).map(|(_, it)| *it)
    }
}

impl Yardstick {
    /// Every kind on one connection, without pauses.
    pub(in crate::cli::bench) fn columns(&self) -> Vec<Column> {
        let all = series::all(true).into_iter();
        let column = |series: Series| Column {
            label: series.kind.short_name(),
            guests: GUESTS
                .iter()
                .filter_map(|guest| {
                    let row = self.row(guest, &series)?;
                    Some(((*guest).to_owned(), row.instructions.median))
                })
                .collect(),
        };
        all.filter(|series| !series.pauses).map(column).collect()
    }

    /// What was measured now, and of other guests what was before: with the same
    /// tools, or why the two do not go together. Bulk is compared within one run, so
    /// that of the run with Linux counts.
    pub(super) fn over(self, before: Yardstick) -> Result<Yardstick, &'static str> {
        if self.made_with != before.made_with {
            return Err("they were made with other tools");
        }
        if self.boots != before.boots {
            return Err("they are of other numbers of boots");
        }
        let bulk = match self.linux {
            Some(_) => self.bulk,
            None => before.bulk,
        };
        let all = || self.guests.iter().chain(&before.guests);
        let newest = |name: &&str| all().find(|guest| guest.guest == *name).cloned();
        Ok(Yardstick {
            guests: GUESTS.iter().filter_map(newest).collect(),
            linux: self.linux.or(before.linux),
            bulk,
            made_with: self.made_with,
            boots: self.boots,
        })
    }

    /// A guest that was measured.
    pub(super) fn guest(&self, name: &str) -> Option<&Measurements> {
        self.guests.iter().find(|it| it.guest == name)
    }

    /// What a guest needed for a series.
    pub(super) fn row(&self, guest: &str, series: &Series) -> Option<&Row> {
        let mut rows = self.guest(guest)?.series.iter();
        rows.find(|row| row.is_of(series))
    }

    /// The speeds of a guest over a network.
    pub(super) fn bulk(&self, guest: &str, network: &str) -> Option<&Bulk> {
        let mut all = self.bulk.iter();
        all.find(|it| it.guest == guest && it.network == network)
    }

    /// What it was made with.
    pub(in crate::cli::bench) fn about(&self) -> String {
        let MadeWith { rustc, qemu } = &self.made_with;
        let linux = match &self.linux {
            Some(linux) => format!(
                "{}, its programs static for `{}`",
                linux.kernel, linux.programs
            ),
            None => "no Linux".to_owned(),
        };
        let boots = match self.boots {
            1 => "one boot".to_owned(),
            boots => format!("medians of {boots} boots"),
        };
        format!("{linux}; {rustc}, {qemu}; {boots}.")
    }

    /// Instructions of a request, and how often the guest idled.
    pub(in crate::cli::bench) fn series_rows(&self) -> String {
        let header = ["request", "connections", "pause"];
        let columns = GUESTS.iter().flat_map(|guest| [*guest, "hlt"]);
        let more = ["safe", "cells"];
        let header: Vec<&str> = header.into_iter().chain(columns).chain(more).collect();
        let all = series::all(false);
        let is_there =
            |series: &&Series| GUESTS.iter().any(|it| self.row(it, series).is_some());
        rows::table(
            &header,
            1,
            all.iter().filter(is_there).map(|it| self.cells(it)),
        )
    }

    fn cells(&self, series: &Series) -> Vec<String> {
        let pause = if series.pauses { "1 ms" } else { "" };
        let mut cells = vec![series.kind.name(), series.how_many(), pause.to_owned()];
        for guest in GUESTS {
            let row = self.row(guest, series);
            let of = |text: fn(&Row) -> String| row.map_or("–".to_owned(), text);
            cells.push(of(|row| row.instructions.to_string()));
            cells.push(of(|row| rows::number(row.halts.median)));
        }
        let mpk = self.row(MPK, series);
        let of = |text: fn(&Row) -> String| mpk.map_or("–".to_owned(), text);
        cells.push(of(|row| rows::number(row.calls_safe.median)));
        cells.push(of(|row| rows::number(row.calls_cells.median)));
        cells
    }

    /// What a machine needs that serves, and how fast much goes.
    pub(in crate::cli::bench) fn machine_rows(&self) -> String {
        let header = [&["what"][..], &GUESTS].concat();
        let line = |what: &str, of: &dyn Fn(&str) -> Option<String>| {
            let cell = |guest: &&str| of(guest).unwrap_or("–".to_owned());
            let cells = GUESTS.iter().map(cell);
            [what.to_owned()].into_iter().chain(cells).collect()
        };
        let mut lines: Vec<Vec<String>> = vec![
            line("boot to the first answered request, instructions", &|it| {
                Some(self.guest(it)?.boot.to_string())
            }),
            line("least memory in which pages are served, KiB", &|it| {
                Some(rows::whole(self.guest(it)?.least_kib?))
            }),
        ];
        for (network, words) in [("user", "QEMU's network"), ("tap", "a tap")] {
            if self.bulk.iter().all(|bulk| bulk.network != network) {
                continue;
            }
            lines.push(line(&format!("bulk in over {words}, MiB/s"), &|it| {
                Some(self.bulk(it, network)?.into.to_string())
            }));
            lines.push(line(&format!("bulk out over {words}, MiB/s"), &|it| {
                Some(self.bulk(it, network)?.out.to_string())
            }));
        }
        rows::table(&header, 1, lines)
    }

    /// What ours must not exceed.
    pub(in crate::cli::bench) fn limit_rows(&self) -> String {
        let header = ["what", "mpk", "limit", ""];
        let limits = limits::all(self);
        rows::table(&header, 1, limits.into_iter().map(Limit::cells))
    }
}

impl Table for Yardstick {
    fn is_within_limits(&self) -> bool {
        limits::all(self).iter().all(Limit::is_kept)
    }

    /// The host has a say in all of it.
    fn measured(&self) -> Vec<Measured> {
        let of_guest = |guest: &Measurements| {
            let name = guest.guest.clone();
            let of = move |row: &Row| {
                let pause = if row.pauses { "pause" } else { "at once" };
                let (used, all) = (row.used, row.connections);
                let connections = format!("{} of {used} of {all}", row.at_once);
                let words = [&row.request, connections.as_str(), pause, &name];
                Measured::rough(&words, row.instructions.median)
            };
            guest.series.iter().map(of).collect::<Vec<_>>()
        };
        self.guests.iter().flat_map(of_guest).collect()
    }
}

impl fmt::Display for Yardstick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            self.about(),
            self.series_rows(),
            self.machine_rows(),
            self.limit_rows(),
        ];
        f.write_str(&parts.join("\n\n"))
    }
}

#[cfg(test)]
pub(super) mod tests;
