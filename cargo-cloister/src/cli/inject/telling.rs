//! A campaign as people read it: the table, and the runs that say most.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use super::figure;
use super::outcome::Outcome;
use super::record::{self, Campaign, Record};
use super::tally::{Tally, interval_of, share};
use crate::cli::failure::{Failure, report};
use crate::plain::Plain;

/// How many runs are told one by one.
const TOLD: usize = 10;

/// All of it; `again` says what repeats a run of an isolation, by its number.
pub(super) fn shown(
    campaign: &Campaign,
    records: &[Record],
    again: &dyn Fn(&str, u64) -> String,
) -> String {
    let tally = Tally::of(records);
    // Strings take everything.
    let mut text = tally.table() + "\n\n";
    for isolation in campaign.builds.keys() {
        let (harm, of) = tally.harm_of_cells(isolation);
        if of > 0 {
            let _ = writeln!(
                text,
                "{isolation}: {harm} of {of} faults in cells ended the program or harmed another \
                 domain ({}, 95 % interval {})",
                share(harm, of),
                interval_of(harm, of)
            );
        }
    }
    let told = telling(records);
    if !told.is_empty() {
        let _ = writeln!(text, "\nThe most telling runs:");
    }
    for record in told {
        let Record { isolation, run, .. } = record;
        let _ = writeln!(text, "\n{}", whole(record));
        let _ = writeln!(text, "  {}", again(isolation, *run));
    }
    text.trim_end().to_owned()
}

/// A run in a few lines.
pub(super) fn whole(record: &Record) -> String {
    let Record {
        isolation,
        run,
        domain,
        kind,
        outcome,
        ..
    } = record;
    let mut text = format!("run {run}, {isolation}: {kind} in {domain}: {outcome}");
    if let (Some(what), Some(place)) = (&record.what, &record.place) {
        let _ = write!(text, "\n  {what}\n  in {}", Plain::line(place));
    }
    if let Some([by, to]) = &record.stray {
        let count = record.strays;
        let _ = write!(
            text,
            "\n  {count} writes elsewhere, the first by {} to {}",
            Plain::line(by),
            Plain::line(to)
        );
    }
    for fault in &record.faults {
        let _ = write!(text, "\n  {}", Plain::line(fault));
    }
    if record.restarts > 0 {
        let _ = write!(text, "\n  cells started anew: {}", record.restarts);
    }
    text
}

/// The worst runs, as different as can be.
fn telling(records: &[Record]) -> Vec<&Record> {
    let mut worst: Vec<&Record> = records
        .iter()
        .filter(|record| record.outcome < Outcome::NoEffect)
        .collect();
    worst.sort_by_key(|record| (record.outcome, record.run));
    let mut seen = BTreeSet::new();
    let key = |record: &Record| {
        let Record {
            isolation,
            domain,
            kind,
            outcome,
            ..
        } = record.clone();
        (isolation, domain, kind, outcome)
    };
    let (new, same): (Vec<_>, Vec<_>) = worst
        .into_iter()
        .partition(|record| seen.insert(key(record)));
    new.into_iter().chain(same).take(TOLD).collect()
}

/// Draws the figure beside the campaign's file; its own file.
pub(super) fn draw(
    campaign: &Campaign,
    records: &[Record],
    path: &Path,
) -> Result<PathBuf, Failure> {
    let title = format!("{}, one fault a run", campaign.program);
    let figure = figure::figure(&title, &Tally::of(records))?;
    let path = record::figure_beside(path);
    fs::write(&path, figure).map_err(|error| {
        let message = format!("cannot write `{}`: {error}", path.display());
        Failure::build(report(message, "`--out FILE` chooses another place"))
    })?;
    Ok(path)
}
