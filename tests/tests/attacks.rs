//! The catalogue of attacks: whole, and as the document has it.

use std::{env, fs};

use tests::attacks::{self, Attack, Outcome};
use tests::{mutants, sources};

/// How many attacks there are in the catalogue.
const COUNT: usize = 51;
const DOCUMENT: &str = "docs/attacks.md";

#[track_caller]
fn expect_none(what: &str, findings: &[String]) {
    assert!(findings.is_empty(), "{what}:\n  {}", findings.join("\n  "));
}

#[test]
fn every_attack_is_there_and_says_how_it_ends() {
    let all = attacks::all();
    let numbers: Vec<usize> = all.iter().map(|attack| attack.number).collect();
    assert_eq!(numbers, (1..=COUNT).collect::<Vec<_>>());
    let is_whole = |it: &Attack| match it.result {
        Outcome::Contained => {
            !it.tests.is_empty() && !it.mutants.is_empty() && it.open.is_none()
        }
        Outcome::Partly => !it.tests.is_empty() && !it.mutants.is_empty() && it.open.is_some(),
        Outcome::None => it.open.is_some(),
    };
    let findings = all
        .iter()
        .filter(|it| !is_whole(it))
        .map(|it| it.name.clone());
    expect_none(
        "an attack with tests and mutants, or why not",
        &findings.collect::<Vec<_>>(),
    );
}

#[test]
fn every_mutant_of_an_attack_is_listed() {
    let named = attacks::all().into_iter().flat_map(|it| it.mutants);
    expect_none("in no list of mutants", &mutants::unlisted(named));
}

/// Trials are compared where they are made.
#[test]
fn every_unit_test_of_an_attack_is_there() {
    let tests = attacks::all().into_iter().flat_map(|it| it.tests);
    let missing = tests.filter(|it| it.contains("::tests::") && !is_in_the_sources(it));
    expect_none("a test that there is not", &missing.collect::<Vec<_>>());
}

/// Whether a package has a test of this name, or, for all of a module, some test.
fn is_in_the_sources(test: &str) -> bool {
    let (module, name) = test.rsplit_once("::tests::").unwrap_or((test, ""));
    let package = module.split("::").next().unwrap_or_default();
    let place = module.rsplit("::").next().unwrap_or_default();
    let files = sources::rust()
        .into_iter()
        .filter(|it| it.path.starts_with(package));
    let function = match name {
        "*" => "#[test]".to_owned(),
        name => format!("fn {name}("),
    };
    let mut near = files.filter(|it| it.path.contains(&format!("/{place}")));
    near.any(|it| it.text.contains(&function))
}

#[test]
fn the_document_is_what_the_catalogue_says() {
    let path = sources::root().join(DOCUMENT);
    let made = attacks::document();
    if env::var_os("CLOISTER_BLESS").is_some() {
        fs::write(&path, &made).expect("the document can be written");
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == made,
        "{DOCUMENT} is not what the catalogue says: run CLOISTER_BLESS=1 cargo test -p tests --test attacks"
    );
}
