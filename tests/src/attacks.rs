//! The catalogue of attacks: what tries each, and what is taken out to see that.

use std::fmt::Write;

use serde::Deserialize;

use crate::sources;

/// Where the catalogue is.
const PATH: &str = "tests/attacks.toml";

/// What stands above the table of the document.
const HEAD: &str = "# Attacks

Every published way round isolation by protection keys that we know, and some that were found here. Each has a defence, tests that try it, and mutants: a
defence is taken out, and the same test must notice. `*` stands for any rest of a name. Made from `tests/attacks.toml`; a test compares.

The tests are trials in QEMU (its emulation with `-cpu max`; the versions are in [../eval/README.md](../eval/README.md)), or run on the host. Run one by its
name, or several by what their names have in common, and the mutants by theirs:

```sh
cargo test --package tests --test guests -- edges
CLOISTER_FULL=1 cargo test --package tests --test mutants -- without::entry-token
```

What only a processor shows, speculation and side channels, an emulator does not: those rows say so.

";

/// How an attack ends.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, Debug)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// All tests see it contained.
    Contained,
    /// They do, and not all of it is tried.
    Partly,
    /// It does not apply, or cannot be tried.
    None,
}

/// An attack.
#[derive(Clone, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Attack {
    /// Its number in the catalogue.
    pub number: usize,
    /// What it is called.
    pub name: String,
    /// Who has published it.
    pub source: String,
    /// What it does.
    pub how: String,
    /// What keeps it away.
    pub defence: String,
    /// Trials, or unit tests behind their package's name.
    pub tests: Vec<String>,
    /// Mutants of the lists, or trials that make them.
    pub mutants: Vec<String>,
    /// How it ends.
    pub result: Outcome,
    /// What is not tried, or why it does not apply.
    pub open: Option<String>,
}

/// The file.
#[derive(Deserialize)]
struct Catalogue {
    attack: Vec<Attack>,
}

/// The attacks by their numbers.
///
/// # Panics
///
/// The catalogue is not as it should be.
pub fn all() -> Vec<Attack> {
    let catalogue: Catalogue =
        toml::from_str(&sources::file(PATH)).unwrap_or_else(|error| panic!("{PATH}: {error}"));
    let mut attacks = catalogue.attack;
    attacks.sort_by_key(|attack| attack.number);
    attacks
}

/// Whether a name is one of those that `pattern` means.
pub fn is_meant(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(name) = name.strip_prefix(first) else {
        return false;
    };
    rest.is_empty()
        || (0..=name.len()).any(|at| name.is_char_boundary(at) && is_meant(rest, &name[at..]))
}

/// The document.
pub fn document() -> String {
    let mut text = HEAD.to_owned();
    text.push_str("| # | attack | source | defence | tests | mutants | result |\n");
    text.push_str("|---|---|---|---|---|---|---|\n");
    for attack in all() {
        let name = format!("**{}**: {}", attack.name, attack.how);
        let (tests, mutants) = (names(&attack.tests), names(&attack.mutants));
        let open = attack
            .open
            .as_deref()
            .map_or(String::new(), |it| format!(": {it}"));
        let result = match attack.result {
            Outcome::Contained => "contained",
            Outcome::Partly => "contained as far as tried",
            Outcome::None => "not tried",
        };
        let Attack {
            number,
            source,
            defence,
            ..
        } = attack;
        writeln!(text, "| {number} | {name} | {source} | {defence} | {tests} | {mutants} | {result}{open} |")
            .expect("text takes text");
    }
    text
}

fn names(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    if quoted.is_empty() {
        "–".to_owned()
    } else {
        quoted.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_rest_of_a_part() {
        assert!(is_meant("a::b", "a::b") && !is_meant("a::b", "a::bc"));
        assert!(is_meant("a*", "abc") && is_meant("a*", "a") && !is_meant("a*", "b"));
        assert!(is_meant("*_reads_core", "app_reads_core"));
        assert!(
            is_meant("e::*_x_*", "e::app_x_safe") && !is_meant("e::*_x_*", "e::app_y_safe")
        );
    }
}
