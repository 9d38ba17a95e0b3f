//! Promises have evidence, and SECURITY.md says the same as the lists.

use std::{env, fs};

use domains::Purpose;
use tests::{mutants, promises, sources};

const DOCUMENT: &str = "SECURITY.md";

#[test]
fn every_promise_has_tests_and_mutants_that_there_are() {
    let promises = promises::all().promise;
    for promise in &promises {
        let has_evidence = !promise.tests.is_empty() && !promise.mutants.is_empty();
        assert!(has_evidence, "{} has no evidence", promise.name);
    }
    let missing = mutants::unlisted(promises.into_iter().flat_map(|it| it.mutants));
    assert!(missing.is_empty(), "in no list of mutants: {missing:?}");
}

#[test]
fn every_domain_that_is_not_trusted_is_an_attacker() {
    let attackers: Vec<String> = promises::all()
        .threat
        .into_iter()
        .map(|it| it.from)
        .collect();
    let domains = Purpose::Use
        .domains()
        .map(|domain| domain.name().to_owned());
    let expected: Vec<String> = domains.filter(|name| name != "safe").collect();
    assert_eq!(attackers, expected);
}

#[test]
fn the_document_has_the_tables() {
    let path = sources::root().join(DOCUMENT);
    let committed = fs::read_to_string(&path).expect("it is there");
    let mut made = committed.clone();
    for (name, table) in [
        ("promises", promises::table()),
        ("threats", promises::threats()),
    ] {
        made = with_part(&made, name, &table);
    }
    if env::var_os("CLOISTER_BLESS").is_some() {
        fs::write(&path, &made).expect("the document can be written");
    }
    let blessed = fs::read_to_string(&path).expect("it is there");
    assert!(
        blessed == made,
        "{DOCUMENT} is not what the lists say: run CLOISTER_BLESS=1 cargo test -p tests --test promises"
    );
}

/// The text with another part of this name.
fn with_part(text: &str, name: &str, part: &str) -> String {
    let begin = format!("<!-- {name} -->\n\n");
    let (before, rest) = text.split_once(&begin).expect("the part begins");
    let (_, after) = rest.split_once("\n<!-- end -->").expect("the part ends");
    format!("{before}{begin}{part}\n<!-- end -->{after}")
}
