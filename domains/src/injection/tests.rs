//! Injections, as they are written and as they are due.

use super::*;
use crate::Cell;

#[test]
fn a_cell_misbehaves_once_or_again_and_again() {
    let (cell, injection) = parse("hostfs=write:safe,every=50").expect("it is one");
    assert_eq!(cell, Cell::Hostfs);
    let write = Some(Misdeed::Write(Domain::Safe));
    let at = |calls: [u32; 4]| calls.map(|call| injection.at(call));
    assert_eq!(at([1, 49, 50, 100]), [None, None, write, write]);
    let (cell, injection) = parse("console=hang,once=7").expect("it is one");
    assert_eq!(cell, Cell::Console);
    let at = |calls: [u32; 3]| calls.map(|call| injection.at(call));
    assert_eq!(at([6, 7, 14]), [None, Some(Misdeed::Hang), None]);
    assert_eq!(Injection::NONE.at(0), None);
}

#[test]
fn chance_keeps_to_its_rate_and_can_be_repeated() {
    let calls = |text| {
        let (_, injection) = parse(text).expect("it is one");
        let is_due = move |call: &u32| injection.at(*call) == Some(Misdeed::Garbage);
        (1..=50_000).filter(is_due)
    };
    let first = "console=garbage,rate=1/50,seed=1";
    assert!((900..1100).contains(&calls(first).count()));
    assert!(calls(first).eq(calls(first)));
    assert!(!calls(first).eq(calls("console=garbage,rate=1/50")));
}

#[test]
fn a_cell_misbehaves_at_its_first_starts_and_not_in_calls() {
    let (_, injection) = parse("hostfs=panic,start=2").expect("it is one");
    let at_starts = [1, 2, 3].map(|start| injection.at_start(start));
    assert_eq!(
        at_starts,
        [Some(Misdeed::Panic), Some(Misdeed::Panic), None]
    );
    assert!((0..5).all(|call| injection.at(call).is_none()));
    let (_, in_calls) = parse("hostfs=panic,every=1").expect("it is one");
    assert!((0..5).all(|start| in_calls.at_start(start).is_none()));
}

#[test]
fn what_means_nothing_is_refused() {
    for text in [
        "",
        "hostfs",
        "hostfs=hang",
        "disk=hang,every=1",
        "hostfs=write,every=1",
        "hostfs=write:core,every=1",
        "hostfs=write:hostfs,every=1",
        "hostfs=hang:safe,every=1",
        "hostfs=hang,every=0",
        "hostfs=hang,every=-1",
        "hostfs=hang,start=0",
        "hostfs=hang,start",
        "hostfs=hang,never=1",
        "hostfs=hang,every=1,once=1",
        "hostfs=garbage:safe,every=1",
        "hostfs=garbage,rate=50",
        "hostfs=garbage,rate=1/0",
        "hostfs=garbage,rate=1/50,seed=x",
        "hostfs=garbage,every=50,seed=1",
    ] {
        assert_eq!(parse(text), Err(NoInjection), "{text}");
    }
}

#[test]
fn every_domain_has_memory_to_misbehave_with() {
    assert!(Domain::ALL.into_iter().all(|it| memory_of(it).is_some()));
}
