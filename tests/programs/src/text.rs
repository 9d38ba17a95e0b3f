//! `regex` and `serde_json`.

use std::collections::BTreeMap;

use regex::Regex;
use serde::{Deserialize, Serialize};

/// Groups, classes of Unicode, replacement, and what backtracking would not
/// survive.
pub fn captures() -> bool {
    let date = Regex::new(r"(?<y>\d{4})-(?<m>\d\d)-(?<d>\d\d)").unwrap();
    let text = "from 1084-06-24 until 2026-11-21";
    let years: Vec<&str> = date
        .captures_iter(text)
        .map(|captures| captures.name("y").unwrap().as_str())
        .collect();
    let turned = date.replace_all(text, "$d.$m.$y");
    let greek = Regex::new(r"\p{Greek}+").unwrap();
    let hostile = Regex::new("(a+)+$").unwrap();
    years == ["1084", "2026"]
        && turned == "from 24.06.1084 until 21.11.2026"
        && greek.find("a μοναχός sits").unwrap().as_str() == "μοναχός"
        && !hostile.is_match(&("a".repeat(5000) + "b"))
        && Regex::new("(").is_err()
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Cell {
    number: u32,
    hermit: Option<String>,
    #[serde(default)]
    books: Vec<String>,
    square_metres: f64,
    #[serde(flatten)]
    rest: BTreeMap<String, serde_json::Value>,
}

/// What is read is what was meant, and is written as it is read.
pub fn json() -> bool {
    let text = r#"{"number":7,"hermit":"Bruno \u00e9","square_metres":12.1,"cold":true}"#;
    let cell: Cell = serde_json::from_str(text).unwrap();
    let expected = Cell {
        number: 7,
        hermit: Some("Bruno é".into()),
        books: Vec::new(),
        square_metres: 12.1,
        rest: BTreeMap::from([("cold".into(), true.into())]),
    };
    let written = serde_json::to_string(&cell).unwrap();
    let back: Cell = serde_json::from_str(&written).unwrap();
    let awkward = [0.1 + 0.2, 5e-324, f64::MAX, -0.0];
    let floats = serde_json::to_string(&awkward).unwrap();
    cell == expected
        && back == cell
        && written
            == r#"{"number":7,"hermit":"Bruno é","books":[],"square_metres":12.1,"cold":true}"#
        && floats == "[0.30000000000000004,5e-324,1.7976931348623157e+308,-0.0]"
        && serde_json::from_str::<[f64; 4]>(&floats).unwrap() == awkward
}

/// A mistake is named with its line and column.
pub fn json_errors() -> bool {
    let error = serde_json::from_str::<Cell>("{\n  \"number\": \"seven\"}").unwrap_err();
    let deep = "[".repeat(100_000);
    (error.line(), error.column()) == (2, 19)
        && error
            .to_string()
            .starts_with("invalid type: string \"seven\", expected u32")
        && serde_json::from_str::<serde_json::Value>(&deep).is_err()
}
