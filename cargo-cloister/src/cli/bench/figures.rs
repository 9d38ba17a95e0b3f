//! Measured figures, side by side without walls and with.

use std::fmt;

use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

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
    /// A number of instructions, of which there must not be more than `budget`.
    pub(super) fn instructions(name: String, value: f64, budget: f64) -> Figure {
        Figure {
            name,
            value,
            unit: "instructions".to_owned(),
            budget: Some(budget),
        }
    }
}

/// Reads the figures out of what a program printed; other lines are its own.
pub(super) fn parse(text: &str) -> Vec<Figure> {
    text.lines().filter_map(figure).collect()
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
#[derive(Debug, Serialize)]
pub(super) struct Comparison {
    figures: Vec<Pair>,
}

#[derive(Debug, Serialize)]
struct Pair {
    name: String,
    unit: String,
    none: Option<f64>,
    mpk: Option<f64>,
    ratio: Option<f64>,
    budget: Option<f64>,
    within_budget: Option<bool>,
}

impl Comparison {
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
        Comparison { figures }
    }
}

impl super::Table for Comparison {
    fn is_within_limits(&self) -> bool {
        self.figures
            .iter()
            .all(|pair| pair.within_budget != Some(false))
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
            within_budget: with.zip(budget).map(|(value, budget)| value <= budget),
        }
    }

    fn row(&self) -> [String; 7] {
        let number = |value: Option<f64>| value.map_or("–".to_owned(), shown);
        let verdict = match self.within_budget {
            Some(true) => "ok",
            Some(false) => "exceeded",
            None => "",
        };
        [
            self.name.clone(),
            self.unit.clone(),
            number(self.none),
            number(self.mpk),
            self.ratio
                .map_or("–".to_owned(), |ratio| format!("{ratio:.2}")),
            number(self.budget),
            verdict.to_owned(),
        ]
    }
}

/// Whole numbers without a point, others with two digits behind it.
fn shown(value: f64) -> String {
    if value.fract() == 0.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.2}")
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new();
        table.load_style(presets::ASCII_MARKDOWN);
        table.set_header(["figure", "unit", "none", "mpk", "ratio", "budget", ""]);
        table.add_rows(self.figures.iter().map(Pair::row));
        for column in table.column_iter_mut().skip(2).take(4) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        write!(f, "{table}")
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
        assert_eq!(row("boot")[3..7], ["500000", "500000.50", "1.00", "–"]);
        assert_eq!(row("extra")[3..8], ["–", "1", "–", "2", "ok"]);
    }

    #[test]
    fn programs_get_the_same_figures() {
        let json = json!(Comparison::new(parse(NONE), &parse(MPK)));
        assert_eq!(json["figures"][0]["ratio"], 2.5);
        assert_eq!(json["figures"][0]["within_budget"], false);
        assert_eq!(json["figures"][1]["budget"], Value::Null);
    }
}
