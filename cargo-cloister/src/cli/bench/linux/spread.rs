//! The middle of what several boots gave, and how far they differ.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::cli::bench::rows;

/// A median, the least and the most.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub(in crate::cli::bench) struct Spread {
    pub(super) median: f64,
    pub(super) least: f64,
    pub(super) most: f64,
}

impl Spread {
    /// Of these values, to a hundredth; none if there are none.
    pub(super) fn of(values: impl IntoIterator<Item = f64>) -> Option<Spread> {
        let rounded = values
            .into_iter()
            .map(|value| (value * 100.0).round() / 100.0);
        let mut values: Vec<f64> = rounded.collect();
        values.sort_by(f64::total_cmp);
        Some(Spread {
            median: *values.get(values.len() / 2)?,
            least: *values.first()?,
            most: *values.last()?,
        })
    }
}

/// `21,050 [20,999–22,045]`; without a range if there is none.
impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [median, least, most] = [self.median, self.least, self.most].map(number);
        match least == most {
            true => f.pad(&median),
            false => f.pad(&format!("{median} [{least}–{most}]")),
        }
    }
}

/// Large numbers without a fraction.
fn number(value: f64) -> String {
    match value >= 100.0 {
        true => rows::number(value.round()),
        false => rows::number(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_and_the_ends_are_kept() {
        let spread = Spread::of([21_050.4, 22_045.0, 20_999.0]).expect("values");
        assert_eq!(spread.to_string(), "21,050 [20,999–22,045]");
        assert_eq!(Spread::of([1.004]).expect("a value").to_string(), "1");
        assert_eq!(Spread::of([]), None);
    }
}
