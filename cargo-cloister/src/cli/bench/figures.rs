//! Measured figures, side by side without walls and with.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::results::Measured;
use super::rows;

/// One line of a measuring program: `name value unit budget`.
///
/// The budget is a number that the value must not exceed, or `-`.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Figure {
    name: String,
    value: f64,
    unit: String,
    budget: Option<f64>,
}

impl Figure {
    /// A number of instructions.
    pub(super) fn shown(name: String, value: f64) -> Figure {
        Figure {
            name,
            value,
            unit: "instructions".to_owned(),
            budget: None,
        }
    }

    /// A number of instructions, of which there must not be more than `budget`.
    pub(super) fn instructions(name: String, value: f64, budget: f64) -> Figure {
        let budget = Some(budget);
        Figure {
            budget,
            ..Figure::shown(name, value)
        }
    }
}

/// Reads the figures out of what a program printed; other lines are its own.
pub(super) fn parse(text: &str) -> Vec<Figure> {
    text.lines().filter_map(figure).collect()
}

/// Of the same figures of several runs the least of each.
pub(super) fn least(runs: Vec<Vec<Figure>>) -> Vec<Figure> {
    let less = |(one, other): (Figure, Figure)| match other.value < one.value {
        true => other,
        false => one,
    };
    let of_two = |one: Vec<Figure>, other| one.into_iter().zip(other).map(less).collect();
    runs.into_iter().reduce(of_two).unwrap_or_default()
}

fn figure(line: &str) -> Option<Figure> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [name, value, unit, budget] = words[..] else {
        return None;
    };
    let budget = match budget {
        "-" => None,
        number => Some(number.parse().ok()?),
    };
    Some(Figure {
        name: name.to_owned(),
        value: value.parse().ok()?,
        unit: unit.to_owned(),
        budget,
    })
}

/// The same figures measured twice.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Comparison {
    pub(super) figures: Vec<Pair>,
    /// Whether the host had a say in the figures.
    #[serde(default)]
    pub(super) is_rough: bool,
}

/// A figure without walls and with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Pair {
    pub(super) name: String,
    unit: String,
    pub(super) none: Option<f64>,
    pub(super) mpk: Option<f64>,
    ratio: Option<f64>,
    pub(super) budget: Option<f64>,
    within_budget: Option<bool>,
}

impl Comparison {
    /// The figure called `name`.
    pub(super) fn find(&self, name: &str) -> Option<&Pair> {
        self.figures.iter().find(|pair| pair.name == name)
    }

    /// Pairs figures by name; one that a run lacks stays empty.
    pub(super) fn new(none: Vec<Figure>, mpk: &[Figure]) -> Comparison {
        let of_mpk = |name: &str| mpk.iter().find(|figure| figure.name == name);
        let only_mpk = mpk
            .iter()
            .filter(|figure| none.iter().all(|other| other.name != figure.name))
            .map(|figure| Pair::new(None, Some(figure)));
        let mut figures: Vec<Pair> = none
            .iter()
            .map(|figure| Pair::new(Some(figure), of_mpk(&figure.name)))
            .collect();
        figures.extend(only_mpk);
        Comparison {
            figures,
            is_rough: false,
        }
    }

    /// These figures and then those of `other`.
    pub(super) fn followed_by(mut self, other: Comparison) -> Comparison {
        self.figures.extend(other.figures);
        self
    }

    /// The same figures, of which the host had a say.
    pub(super) fn rough(self) -> Comparison {
        Comparison {
            is_rough: true,
            ..self
        }
    }
}

impl super::Table for Comparison {
    fn is_within_limits(&self) -> bool {
        self.figures
            .iter()
            .all(|pair| pair.within_budget != Some(false))
    }

    fn measured(&self) -> Vec<Measured> {
        let new = match self.is_rough {
            true => Measured::rough,
            false => Measured::exact,
        };
        let of = |pair: &Pair| {
            [("none", pair.none), ("mpk", pair.mpk)]
                .map(|(isolation, value)| Some(new(&[&pair.name, isolation], value?)))
        };
        self.figures.iter().flat_map(of).flatten().collect()
    }
}

impl Pair {
    fn new(none: Option<&Figure>, mpk: Option<&Figure>) -> Pair {
        let either = mpk.or(none);
        let value = |figure: &Figure| figure.value;
        let (without, with) = (none.map(value), mpk.map(value));
        let ratio = match (without, with) {
            (Some(none), Some(mpk)) if none > 0.0 => Some(mpk / none),
            _ => None,
        };
        let budget = either.and_then(|figure| figure.budget);
        Pair {
            name: either.map(|figure| figure.name.clone()).unwrap_or_default(),
            unit: either.map(|figure| figure.unit.clone()).unwrap_or_default(),
            none: without,
            mpk: with,
            ratio,
            budget,
            // A figure that is missing keeps no limit.
            within_budget: budget.map(|budget| with.is_some_and(|value| value <= budget)),
        }
    }

    fn cells(&self) -> Vec<String> {
        vec![
            self.name.clone(),
            self.unit.clone(),
            rows::optional(self.none),
            rows::optional(self.mpk),
            self.ratio
                .map_or("–".to_owned(), |ratio| format!("{ratio:.2}")),
            rows::optional(self.budget),
            rows::verdict(self.within_budget).to_owned(),
        ]
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = ["figure", "unit", "none", "mpk", "ratio", "limit", ""];
        f.write_str(&rows::table(
            &header,
            2,
            self.figures.iter().map(Pair::cells),
        ))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::Table as _;
    use super::*;

    const NONE: &str = "hello\nnull-call 20 instructions 48\nboot 500000 instructions -\n";
    const MPK: &str =
        "null-call 50 instructions 48\nboot 500000.5 instructions -\nextra 1 pages 2\n";

    #[test]
    fn only_lines_of_the_form_are_figures() {
        assert_eq!(parse(NONE).len(), 2);
        assert!(parse("a b c d\none 1 two\n x 1 y z\n").is_empty());
    }

    #[test]
    fn what_the_host_held_up_in_one_run_does_not_count() {
        let runs = ["boot 9 instructions 10\n", "boot 90 instructions 10\n"].map(parse);
        assert_eq!(least(runs.to_vec()), runs[0]);
        let [first, second] = runs.clone();
        assert_eq!(least(vec![second, first]), runs[0]);
    }

    #[test]
    fn figures_stand_side_by_side_with_their_verdict() {
        let comparison = Comparison::new(parse(NONE), &parse(MPK));
        assert!(!comparison.is_within_limits());
        let text = comparison.to_string();
        let row = |name: &str| -> Vec<String> {
            let line = text
                .lines()
                .find(|line| line.contains(name))
                .unwrap_or_default();
            line.split('|').map(|cell| cell.trim().to_owned()).collect()
        };
        assert_eq!(
            row("null-call")[1..8],
            [
                "null-call",
                "instructions",
                "20",
                "50",
                "2.50",
                "48",
                "exceeded"
            ]
        );
        assert_eq!(row("boot")[3..7], ["500,000", "500,000.50", "1.00", "–"]);
        assert_eq!(row("extra")[3..8], ["–", "1", "–", "2", "ok"]);
    }

    #[test]
    fn a_limited_figure_that_is_missing_exceeds_its_limit() {
        let comparison = Comparison::new(parse(NONE), &parse("extra 1 pages 2\n"));
        assert!(!comparison.is_within_limits());
    }

    #[test]
    fn programs_get_the_same_figures() {
        let json = json!(Comparison::new(parse(NONE), &parse(MPK)));
        assert_eq!(json["figures"][0]["ratio"], 2.5);
        assert_eq!(json["figures"][0]["within_budget"], false);
        assert_eq!(json["figures"][1]["budget"], Value::Null);
    }
}
