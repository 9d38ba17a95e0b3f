//! Names that are not found, each for its reason.

use super::*;

#[test]
fn each_failure_has_its_code() {
    for (flags, code) in [
        (NO_NAME, EAI_NONAME),
        (GOOD, EAI_NODATA),
        (FAILED, EAI_AGAIN),
        (REFUSED, EAI_FAIL),
    ] {
        let fake = Fake::new(&[FIRST], always(flags));
        assert_eq!(found(&fake, "a.b"), Err(code), "{flags:#x}");
    }
}

#[test]
fn a_server_that_fails_is_followed_by_the_next_at_once() {
    for flags in [FAILED, REFUSED, 0x8100] {
        let fake = Fake::new(&[FIRST, NEXT], move |asked| match asked.server {
            FIRST => always(flags)(asked),
            _ => answers(asked),
        });
        assert_eq!(found(&fake, "a.b"), Ok(all()));
        assert_eq!(course(&fake), [(0, FIRST), (0, NEXT)]);
    }
}

#[test]
fn a_server_that_is_not_there_is_followed_by_the_next_at_once() {
    let fake = Fake::new(&[FIRST, NEXT], |asked| match asked.server {
        FIRST => vec![Parcel {
            what: Err(ECONNREFUSED),
            ..Parcel::after(MILLI, Vec::new())
        }],
        _ => answers(asked),
    });
    assert_eq!(found(&fake, "a.b"), Ok(all()));
    assert_eq!(course(&fake), [(0, FIRST), (0, NEXT)]);
}

#[test]
fn aliases_in_a_circle_are_no_answer() {
    let fake = Fake::new(&[FIRST], |query| {
        let records = [
            alias(asked(), 300, "b.example"),
            alias(wire("b.example"), 300, "www.example"),
        ];
        vec![Parcel::after(
            MILLI,
            reply(&query.query, GOOD, &records, &[]),
        )]
    });
    assert_eq!(found(&fake, "www.example"), Err(EAI_FAIL));
    assert_eq!(fake.asked().len(), 4, "two questions, twice");
}

#[test]
fn what_is_no_name_is_asked_of_nobody() {
    let fake = Fake::new(&[FIRST], answers);
    let long = "x".repeat(64);
    for name in ["", ".", "a..b", "bücher.example", "a b", long.as_str()] {
        assert_eq!(found(&fake, name), Err(EAI_NONAME), "{name}");
    }
    assert_eq!(fake.asked(), []);
}

#[test]
fn without_a_network_or_entropy_nobody_is_asked() {
    let mut fake = Fake::new(&[FIRST], answers);
    fake.has_entropy = false;
    assert_eq!(found(&fake, "a.b"), Err(EAI_AGAIN));
    fake.settings = [None; 2];
    assert_eq!(found(&fake, "a.b"), Err(EAI_AGAIN));
    let fake_without = Fake::new(&[], answers);
    assert_eq!(found(&fake_without, "a.b"), Err(EAI_AGAIN));
    assert_eq!((fake.asked(), fake_without.asked()), (vec![], vec![]));
}

#[test]
fn a_network_that_comes_late_is_waited_for() {
    let mut fake = Fake::new(&[FIRST], answers);
    fake.settings[0] = Some(Setting::default());
    assert_eq!(found(&fake, "a.b"), Ok(all()));
}
