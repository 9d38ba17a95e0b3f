//! What is promised, and the evidence for it.

use std::fmt::Write;

use serde::Deserialize;

use crate::sources;

/// Where the promises are.
const PATH: &str = "tests/promises.toml";

/// A promise.
#[derive(Clone, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Promise {
    /// What it is about.
    pub name: String,
    /// What is promised.
    pub promise: String,
    /// What keeps it.
    pub mechanism: String,
    /// Trials, or unit tests behind their package's name.
    pub tests: Vec<String>,
    /// Mutants of the lists, or trials that make them.
    pub mutants: Vec<String>,
}

/// What a domain can do to the others at most.
#[derive(Clone, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Threat {
    /// The attacker.
    pub from: String,
    core: String,
    safe: String,
    app: String,
    cells: String,
}

/// The file.
#[derive(Clone, Deserialize, Debug)]
pub struct Promises {
    /// What is promised, in order.
    pub promise: Vec<Promise>,
    /// A row for each domain that is not trusted.
    pub threat: Vec<Threat>,
}

/// All of them.
///
/// # Panics
///
/// The file is not as it should be.
pub fn all() -> Promises {
    toml::from_str(&sources::file(PATH)).unwrap_or_else(|error| panic!("{PATH}: {error}"))
}

/// The table of promises, in Markdown.
pub fn table() -> String {
    let mut text =
        "| # | promise | what keeps it | tests | mutants |\n|---|---|---|---|---|\n".to_owned();
    for (number, it) in all().promise.iter().enumerate() {
        let Promise {
            name,
            promise,
            mechanism,
            tests,
            mutants,
        } = it;
        let (tests, mutants) = (names(tests), names(mutants));
        let number = number + 1;
        writeln!(
            text,
            "| {number} | **{name}.** {promise} | {mechanism} | {tests} | {mutants} |"
        )
        .expect("text takes text");
    }
    text
}

/// The table of threats, in Markdown.
pub fn threats() -> String {
    let mut text = "| attacker | the core | the safe kernel | the application | other cells |\n|---|---|---|---|---|\n".to_owned();
    for threat in all().threat {
        let Threat {
            from,
            core,
            safe,
            app,
            cells,
        } = threat;
        writeln!(text, "| {from} | {core} | {safe} | {app} | {cells} |")
            .expect("text takes text");
    }
    text
}

fn names(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}
