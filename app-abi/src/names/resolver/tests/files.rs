//! What files say of names and servers.

use super::*;

#[test]
fn the_file_of_hosts_comes_first_and_is_all() {
    let mut fake = Fake::new(&[FIRST], answers);
    fake.settings = [None; 2];
    fake.files = vec![(c"/etc/hosts", b"10.9.9.9 Db under_score\n".to_vec())];
    for name in ["db", "db.", "under_score"] {
        assert_eq!(found(&fake, name), Ok(vec![[10, 9, 9, 9].into()]));
    }
    assert_eq!(fake.asked(), []);
}

#[test]
fn a_family_that_the_file_has_not_is_asked_for() {
    let mut fake = Fake::new(&[FIRST], answers);
    fake.files = vec![(c"/etc/hosts", b"10.9.9.9 db\n".to_vec())];
    let six = Families {
        four: false,
        six: true,
    };
    let found = found_of(&fake, &shared(), "db", six);
    assert_eq!(found, Ok(vec![SIX.into()]));
}

#[test]
fn the_file_of_the_resolver_names_servers_and_patience() {
    let mut fake = Fake::new(&[FIRST], |_| Vec::new());
    let file = b"nameserver 10.0.2.4\noptions timeout:1 attempts:3\n";
    fake.files = vec![(c"/etc/resolv.conf", file.to_vec())];
    assert_eq!(found(&fake, "a.b"), Err(EAI_AGAIN));
    assert_eq!(course(&fake), [(0, NEXT), (1, NEXT), (2, NEXT)]);
}

#[test]
fn a_short_name_is_searched_until_there_is_one() {
    let mut fake = Fake::new(&[FIRST], |asked| match name_in(&asked.query) {
        name if name == wire("db.b.org") => answers(asked),
        _ => always(NO_NAME)(asked),
    });
    fake.files = vec![(c"/etc/resolv.conf", b"search a.org b.org c.org".to_vec())];
    assert_eq!(found(&fake, "db"), Ok(all()));
    let asked = fake.asked();
    let names: Vec<_> = asked
        .iter()
        .step_by(2)
        .map(|asked| name_in(&asked.query))
        .collect();
    assert_eq!(names, [wire("db.a.org"), wire("db.b.org")]);
    assert_eq!(found(&fake, "db."), Err(EAI_NONAME));
}

#[test]
fn a_search_goes_on_behind_a_failure_but_not_behind_silence() {
    let mut fake = Fake::new(&[FIRST], |asked| match name_in(&asked.query) {
        name if name == wire("db.a.org") => always(FAILED)(asked),
        name if name == wire("db.b.org") => Vec::new(),
        _ => answers(asked),
    });
    fake.files = vec![(c"/etc/resolv.conf", b"search a.org c.org".to_vec())];
    assert_eq!(found(&fake, "db"), Ok(all()));
    fake.files = vec![(c"/etc/resolv.conf", b"search a.org b.org c.org".to_vec())];
    assert_eq!(found(&fake, "db"), Err(EAI_AGAIN));
}

#[test]
fn nobody_waits_longer_than_a_minute() {
    let servers = [FIRST, NEXT];
    let mut fake = Fake::new(&servers, |_| Vec::new());
    let file = b"options timeout:30 attempts:5".to_vec();
    fake.files = vec![(c"/etc/resolv.conf", file)];
    assert_eq!(found(&fake, "a.b"), Err(EAI_AGAIN));
    assert_eq!(fake.now.get(), LIMIT + 1_000);
    assert_eq!(course(&fake).len(), 2);
}
