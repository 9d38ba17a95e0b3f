//! Answers that are not to be believed.

use super::*;

/// A wrong answer that comes first, and a good one behind it.
fn after_lie(lie: impl Fn(&Asked) -> Parcel + 'static) -> Fake {
    Fake::new(&[FIRST], move |asked| {
        vec![lie(asked), Parcel::after(2 * MILLI, good(&asked.query))]
    })
}

fn lie(query: &[u8]) -> Vec<u8> {
    let data: &[u8] = if is_four(query) { &[6; 4] } else { &[6; 16] };
    reply(query, GOOD, &[address(asked(), 300, data)], &[])
}

#[test]
fn another_number_is_not_believed() {
    let fake = after_lie(|asked| {
        let mut message = lie(&asked.query);
        message[1] ^= 0x80;
        Parcel::after(MILLI, message)
    });
    assert_eq!(found(&fake, "a.b"), Ok(all()));
}

#[test]
fn another_sender_is_not_believed() {
    let other_port = Name { port: 54, ..FIRST };
    for from in [NEXT, other_port, Name::NONE, Name::v6(FIRST.address, 53)] {
        let fake = after_lie(move |asked| Parcel {
            from: Some(from),
            ..Parcel::after(MILLI, lie(&asked.query))
        });
        assert_eq!(found(&fake, "a.b"), Ok(all()), "{from:?}");
    }
}

#[test]
fn another_question_is_not_believed() {
    let fake = after_lie(|asked| {
        let mut message = lie(&asked.query);
        message[13] ^= 1;
        Parcel::after(MILLI, message)
    });
    assert_eq!(found(&fake, "a.b"), Ok(all()));
}

#[test]
fn an_address_of_another_name_is_not_believed() {
    let fake = Fake::new(&[FIRST], |query| {
        let records = [address(wire("victim.example"), 300, &[6; 4])];
        vec![Parcel::after(
            MILLI,
            reply(&query.query, GOOD, &records, &[]),
        )]
    });
    let cache = shared();
    assert_eq!(found_of(&fake, &cache, "a.b", ONLY_FOUR), Err(EAI_NODATA));
    let victim = Host::new("victim.example").expect("a name");
    let known = cache.lock().find(&victim, Kind::A, fake.now.get());
    assert_eq!(known, None);
}

#[test]
fn garbage_is_waited_out() {
    let fake = Fake::new(&[FIRST], |_| {
        (0..500_u64)
            .map(|number| Parcel::after(number * MILLI, vec![7; 40]))
            .collect()
    });
    assert_eq!(found(&fake, "a.b"), Err(EAI_AGAIN));
    assert_eq!(fake.now.get(), 10 * SECOND + 1_000);
}

/// Of which more is there whenever one was looked at.
#[test]
fn a_flood_of_garbage_has_an_end() {
    let mut fake = Fake::new(&[FIRST], |_| {
        let garbage = || Parcel::after(0, vec![7; 40]);
        core::iter::repeat_with(garbage).take(1000).collect()
    });
    fake.takes = 100 * MILLI;
    assert_eq!(found(&fake, "a.b"), Err(EAI_AGAIN));
    assert!(fake.now.get() <= 11 * SECOND);
}

proptest! {
    #[test]
    fn whatever_servers_say_there_is_an_end(
        changes in proptest::collection::vec((any::<u16>(), any::<u8>()), 0..6),
        cut in 0_usize..200,
        flags in proptest::sample::select(vec![GOOD, CUT, NO_NAME, FAILED, REFUSED, 0]),
        delay in 0..12_u64,
        error: Option<i32>,
    ) {
        let fake = Fake::new(&[FIRST, NEXT], move |query| {
            let mut message = good(&query.query);
            message[2..4].copy_from_slice(&flags.to_be_bytes());
            for (at, byte) in &changes {
                let at = usize::from(*at) % message.len();
                message[at] = *byte;
            }
            message.truncate(cut);
            let mut parcel = Parcel::after(delay * SECOND, message);
            if let Some(error) = error {
                parcel.what = Err(error);
            }
            vec![parcel.clone(), parcel]
        });
        let found = found(&fake, "a.b");
        prop_assert!(fake.now.get() <= LIMIT + 1_000);
        prop_assert_eq!(found.is_ok_and(|found| found.is_empty()), false);
    }
}
