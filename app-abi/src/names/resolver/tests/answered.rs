//! Names that are found, though messages are lost and come late.

use super::*;

#[test]
fn both_families_are_asked_for_at_once() {
    let fake = Fake::new(&[FIRST], answers);
    assert_eq!(found(&fake, "www.Example."), Ok(all()));
    let asked = fake.asked();
    assert_eq!(asked.len(), 2);
    assert_eq!(
        (asked[0].at, asked[0].socket),
        (asked[1].at, asked[1].socket)
    );
    assert_ne!(asked[0].query[..2], asked[1].query[..2], "own numbers");
    assert_eq!(name_in(&asked[0].query), wire("www.example"));
}

#[test]
fn one_family_is_asked_for_alone() {
    let fake = Fake::new(&[FIRST], answers);
    let found = found_of(&fake, &shared(), "a", ONLY_FOUR);
    assert_eq!(found, Ok(vec![FOUR.into()]));
    assert_eq!(fake.asked().len(), 1);
}

#[test]
fn an_alias_is_followed() {
    let fake = Fake::new(&[FIRST], |query| {
        let data: &[u8] = if is_four(&query.query) { &FOUR } else { &SIX };
        let records = [
            alias(asked(), 300, "b.example"),
            address(wire("b.example"), 300, data),
        ];
        vec![Parcel::after(
            MILLI,
            reply(&query.query, GOOD, &records, &[]),
        )]
    });
    assert_eq!(found(&fake, "www.example"), Ok(all()));
}

#[test]
fn a_lost_message_is_sent_again_to_the_next_server_and_the_first() {
    let fake = Fake::new(&[FIRST, NEXT], |asked| match asked.at / SECOND {
        0..10 => Vec::new(),
        _ => answers(asked),
    });
    assert_eq!(found(&fake, "a.b"), Ok(all()));
    assert_eq!(course(&fake), [(0, FIRST), (5, NEXT), (10, FIRST)]);
}

#[test]
fn only_what_is_missing_is_asked_again() {
    let fake = Fake::new(&[FIRST], |asked| match asked.at / SECOND {
        0 if is_four(&asked.query) => Vec::new(),
        _ => answers(asked),
    });
    assert_eq!(found(&fake, "a.b"), Ok(all()));
    let asked = fake.asked();
    assert_eq!(asked.len(), 3);
    assert!(is_four(&asked[2].query));
    assert_eq!(asked[2].query, asked[0].query, "the same question");
}

#[test]
fn what_comes_late_counts_still() {
    let fake = Fake::new(&[FIRST, NEXT], |asked| match asked.server {
        FIRST => vec![Parcel::after(6 * SECOND, good(&asked.query))],
        _ => Vec::new(),
    });
    assert_eq!(found(&fake, "a.b"), Ok(all()));
    assert_eq!(course(&fake), [(0, FIRST), (5, NEXT)]);
    assert_eq!(fake.now.get(), 6 * SECOND + 1_000);
}

#[test]
fn one_family_without_an_answer_does_not_hide_the_other() {
    let fake = Fake::new(&[FIRST], |asked| match is_four(&asked.query) {
        true => answers(asked),
        false => Vec::new(),
    });
    assert_eq!(found(&fake, "a.b"), Ok(vec![FOUR.into()]));
    assert_eq!(course(&fake), [(0, FIRST), (5, FIRST)]);
}
