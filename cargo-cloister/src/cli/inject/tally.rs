//! How often which outcome was seen, and how sure that is.

use std::collections::BTreeMap;

use super::outcome::Outcome;
use super::record::Record;
use crate::cli::bench::rows::{percent, table};

/// The quantile of the normal distribution for 95 of 100.
const Z: f64 = 1.959_964;

/// How many runs of an isolation and a domain had each outcome.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Tally(BTreeMap<(String, String), BTreeMap<Outcome, u64>>);

impl Tally {
    /// Of these runs.
    pub(super) fn of(records: &[Record]) -> Tally {
        let mut tally = Tally::default();
        for record in records {
            let row = (record.isolation.clone(), record.domain.clone());
            *tally
                .0
                .entry(row)
                .or_default()
                .entry(record.outcome)
                .or_default() += 1;
        }
        tally
    }

    /// Its rows: isolation, domain, and how often each outcome was seen.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&str, &str, &BTreeMap<Outcome, u64>)> {
        let rows = self.0.iter();
        rows.map(|((isolation, domain), counts)| (&**isolation, &**domain, counts))
    }

    /// As a table, with what ended the program or harmed others in the last columns, and the
    /// interval of Wilson's in which that lies, 95 times of 100.
    pub(super) fn table(&self) -> String {
        let outcomes = self.outcomes();
        let mut header = vec!["isolation", "domain", "runs"];
        header.extend(outcomes.iter().map(|outcome| outcome.title()));
        header.extend(["harm", "95 %"]);
        let rows = self.rows().map(|(isolation, domain, counts)| {
            let count = |outcome: &Outcome| counts.get(outcome).copied().unwrap_or(0);
            let runs: u64 = counts.values().sum();
            let reached = runs - count(&Outcome::NotReached);
            let harm: u64 = harms(domain).iter().map(count).sum();
            let mut row = vec![isolation.to_owned(), domain.to_owned(), runs.to_string()];
            row.extend(outcomes.iter().map(|outcome| count(outcome).to_string()));
            row.extend([share(harm, reached), interval_of(harm, reached)]);
            row
        });
        table(&header, 2, rows)
    }

    /// The outcomes that were seen, in their order.
    fn outcomes(&self) -> Vec<Outcome> {
        let seen = |outcome: &Outcome| self.0.values().any(|row| row.contains_key(outcome));
        Outcome::ALL.into_iter().filter(seen).collect()
    }

    /// How often a fault in a cell ended the program or harmed another domain: times, and
    /// runs in which one was reached.
    pub(super) fn harm_of_cells(&self, isolation: &str) -> (u64, u64) {
        let rows = self
            .rows()
            .filter(|(of, domain, _)| *of == isolation && !["app", "safe"].contains(domain));
        rows.fold((0, 0), |(harm, reached), (_, domain, counts)| {
            let count = |outcome: &Outcome| counts.get(outcome).copied().unwrap_or(0);
            let runs: u64 = counts.values().sum();
            (
                harm + harms(domain).iter().map(count).sum::<u64>(),
                reached + runs - count(&Outcome::NotReached),
            )
        })
    }
}

/// What counts as harm by a fault in a domain. An application that is stopped harms itself.
pub(super) const fn harms(domain: &str) -> &'static [Outcome] {
    match domain.as_bytes() {
        b"app" => &[Outcome::KernelFailed, Outcome::Corrupted],
        _ => &[
            Outcome::KernelFailed,
            Outcome::Corrupted,
            Outcome::Stopped,
            Outcome::Hung,
        ],
    }
}

/// A share in percent; a stroke of nothing.
pub(super) fn share(count: u64, of: u64) -> String {
    match of {
        0 => "–".to_owned(),
        _ => percent(count as f64 / of as f64),
    }
}

/// The interval in which a share lies.
pub(super) fn interval_of(count: u64, of: u64) -> String {
    match of {
        0 => "–".to_owned(),
        _ => {
            let [low, high] = wilson(count, of);
            format!("{} to {}", percent(low), percent(high))
        }
    }
}

/// Wilson's interval for a share of `of` trials, at 95 of 100 (Wilson, 1927).
fn wilson(count: u64, of: u64) -> [f64; 2] {
    let (n, share) = (of as f64, count as f64 / of as f64);
    let z2 = Z * Z;
    let middle = share + z2 / (2.0 * n);
    let spread = Z * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z2 / n;
    let low = ((middle - spread) / scale).clamp(0.0, 1.0);
    let high = ((middle + spread) / scale).clamp(0.0, 1.0);
    [low, high]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Newcombe 1998, table I, and what every text has for none of ten.
    #[test]
    fn intervals_are_those_of_the_books() {
        for (count, of, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            let [found_low, found_high] = wilson(count, of);
            assert!((found_low - low).abs() < 1e-4, "{found_low}");
            assert!((found_high - high).abs() < 1e-4, "{found_high}");
        }
    }

    #[test]
    fn what_a_cell_may_not_do_counts_as_harm() {
        assert!(harms("net").contains(&Outcome::Stopped));
        assert!(!harms("app").contains(&Outcome::Stopped));
        let counts = |pairs: &[(Outcome, u64)]| pairs.iter().copied().collect();
        let row = |domain: &str| ("mpk".to_owned(), domain.to_owned());
        let tally = Tally(
            [
                (
                    row("net"),
                    counts(&[(Outcome::Hung, 1), (Outcome::NoEffect, 3)]),
                ),
                (
                    row("nic"),
                    counts(&[(Outcome::NotReached, 5), (Outcome::Restarted, 2)]),
                ),
                (row("app"), counts(&[(Outcome::Hung, 7)])),
                (row("safe"), counts(&[(Outcome::KernelFailed, 7)])),
            ]
            .into(),
        );
        assert_eq!(tally.harm_of_cells("mpk"), (1, 6));
        assert_eq!(tally.harm_of_cells("none"), (0, 0));
        assert!(tally.table().contains("hung"));
    }
}
