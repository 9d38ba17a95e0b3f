//! Every defence has a mutant, and every place that must have one is marked.

use tests::mutants::{self, MARK, Way};
use tests::sources;

/// Lines of a gate page that keep somebody out, or something in.
const GATE_CHECKS: [&str; 8] = [
    " die\"",
    "\"and r11d",
    "\"cld\"",
    "\"vzeroall\"",
    "\"fnclex\"",
    "\"ldmxcsr",
    "\"wrfsbase",
    "], 0\",",
];
/// How far above its line a mark may stand.
const NEAR: usize = 4;
/// The same for a cause, whose words are a line each.
const NEAR_CAUSE: usize = 2;

#[track_caller]
fn expect_none(what: &str, findings: &[String]) {
    assert!(findings.is_empty(), "{what}:\n  {}", findings.join("\n  "));
}

#[test]
fn every_defence_has_a_mutant() {
    let lists = mutants::lists();
    let has = |name: &str| {
        let mut all = lists.iter().flat_map(|list| &list.mutants);
        all.any(|mutant| mutant.mark() == name)
    };
    let findings: Vec<String> = mutants::marks()
        .into_iter()
        .filter(|(.., name)| !has(name))
        .map(|(path, line, name)| format!("{path}:{line}: {name}"))
        .collect();
    expect_none("without a mutant in the lists below tests/", &findings);
}

#[test]
fn every_mutant_takes_out_a_marked_defence_that_is_there() {
    let marks = mutants::marks();
    let mut findings = Vec::new();
    let mut names = Vec::new();
    for list in mutants::lists() {
        for mutant in list.mutants {
            let place = format!("{}: {}", list.path, mutant.name);
            if !marks.iter().any(|(.., name)| name == mutant.mark()) {
                findings.push(format!("{place}: nothing is marked so"));
            }
            if let Way::Patch(patch) = &mutant.way
                && let Err(why) = patch.apply(&sources::file(&patch.file))
            {
                findings.push(format!("{place}: {why}"));
            }
            if names.contains(&mutant.name) {
                findings.push(format!("{place}: twice"));
            }
            names.push(mutant.name);
        }
    }
    expect_none("mutants that are none", &findings);
}

#[test]
fn every_unit_test_that_a_list_names_is_in_the_sources() {
    let sources: String = sources::rust()
        .into_iter()
        .map(|source| source.text)
        .collect();
    let mut findings = Vec::new();
    for list in mutants::lists() {
        for mutant in list.mutants {
            let Way::Patch(patch) = &mutant.way else {
                continue;
            };
            let function = patch.test.rsplit("::").next().unwrap_or_default();
            if patch.unit_test().is_some() && !sources.contains(&format!("fn {function}(")) {
                findings.push(format!("{}: {}", list.path, patch.test));
            }
        }
    }
    expect_none("no such unit tests", &findings);
}

#[test]
fn every_check_of_the_gate_page_is_marked() {
    let page = sources::file("gate/page/src/bin/mpk.rs");
    let lines: Vec<&str> = page.lines().collect();
    let is_check = |line: &str| GATE_CHECKS.iter().any(|check| line.contains(check));
    let findings: Vec<String> = (0..lines.len())
        .filter(|&index| is_check(lines[index]) && !is_marked(&lines, index, NEAR))
        .map(|index| format!("line {}: {}", index + 1, lines[index].trim()))
        .collect();
    expect_none("checks of the gate page without a mark", &findings);
}

#[test]
fn every_cause_is_marked() {
    let report = sources::file("domains/src/report/words.rs");
    let lines: Vec<&str> = report.lines().collect();
    let start = lines.iter().position(|line| line.trim() == "Cause {");
    let start = start.expect("causes are declared with their words");
    let variants = (start + 1..lines.len())
        .take_while(|&index| lines[index].trim() != "}")
        .filter(|&index| lines[index].contains(" = \""));
    let variants: Vec<usize> = variants.collect();
    assert!(!variants.is_empty(), "there are causes");
    let findings: Vec<String> = variants
        .into_iter()
        .filter(|&index| !is_marked(&lines, index, NEAR_CAUSE))
        .map(|index| lines[index].trim().to_owned())
        .collect();
    expect_none("causes without a mark", &findings);
}

/// Functions that are defences from their first line to their last.
#[test]
fn every_step_of_these_is_marked() {
    for (path, function, steps) in [
        ("trusted-core/src/trap/registers.rs", "fn sanitise", 5),
        ("trusted-core/src/smp/shootdown.rs", "fn ", 8),
        ("trusted-core/src/memory/scan.rs", "fn ", 7),
    ] {
        let text = sources::file(path);
        let (_, rest) = text.split_once(function).expect("the function is there");
        let end = match function {
            "fn " => rest.len(),
            _ => rest.find("\n    }\n").expect("it ends"),
        };
        let marks = rest[..end].matches(MARK).count();
        assert!(
            marks >= steps,
            "{path}: {function}: {marks} marks of {steps}"
        );
    }
}

/// Whether a mark stands just above the line, with nothing but comments and what
/// belongs to the same check between.
fn is_marked(lines: &[&str], index: usize, near: usize) -> bool {
    (index.saturating_sub(near)..index).any(|above| lines[above].contains(MARK))
}
