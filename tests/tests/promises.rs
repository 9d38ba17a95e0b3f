//! Promises have evidence, and SECURITY.md says the same as the lists.

use std::{env, fs};

use domains::Purpose;
use tests::attacks::is_meant;
use tests::{mutants, promises, sources};

const DOCUMENT: &str = "SECURITY.md";

#[test]
fn every_promise_has_tests_and_mutants_that_there_are() {
    let lists = mutants::lists();
    let mutants = lists.iter().flat_map(|list| &list.mutants);
    let names: Vec<&str> = mutants
        .flat_map(|it| [Some(it.name.as_str()), it.trial()])
        .flatten()
        .collect();
    let mut missing = Vec::new();
    for promise in promises::all().promise {
        let is_there = |it: &&String| names.iter().any(|name| is_meant(it, name));
        missing.extend(promise.mutants.iter().filter(|it| !is_there(it)).cloned());
        let has_evidence = !promise.tests.is_empty() && !promise.mutants.is_empty();
        assert!(has_evidence, "{} has no evidence", promise.name);
    }
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
