//! Answers that are too long for a datagram.

use super::*;

/// A server whose datagrams are too short.
fn cut(asked: &Asked) -> Vec<Parcel> {
    match asked.transport {
        Transport::Datagrams => always(CUT)(asked),
        Transport::Stream => {
            let message = good(&asked.query);
            let size = (message.len() as u16).to_be_bytes();
            let whole = [&size[..], &message].concat();
            let (first, rest) = whole.split_at(5);
            vec![
                Parcel::after(MILLI, first.to_vec()),
                Parcel::after(2 * MILLI, rest.to_vec()),
            ]
        }
    }
}

#[test]
fn an_answer_that_is_cut_off_is_asked_for_over_a_stream() {
    let fake = Fake::new(&[FIRST], cut);
    assert_eq!(found(&fake, "a.b"), Ok(all()));
    let asked = fake.asked();
    let streams = asked
        .iter()
        .filter(|asked| asked.transport == Transport::Stream);
    assert_eq!(streams.count(), 2);
}

#[test]
fn without_a_stream_the_next_server_is_asked() {
    let mut fake = Fake::new(&[FIRST, NEXT], |asked| match asked.server {
        FIRST => cut(asked),
        _ => answers(asked),
    });
    fake.refuses_streams = true;
    assert_eq!(found(&fake, "a.b"), Ok(all()));
    assert_eq!(course(&fake), [(0, FIRST), (0, NEXT)]);
}

#[test]
fn a_stream_that_ends_early_or_says_nothing_is_left() {
    for size in [0, 1, 2, 20] {
        let fake = Fake::new(&[FIRST], move |asked| match asked.transport {
            Transport::Datagrams => always(CUT)(asked),
            Transport::Stream => {
                let message = [&[0, 40][..], &good(&asked.query)].concat();
                let part = message[..size].to_vec();
                vec![Parcel::after(MILLI, part), Parcel::after(MILLI, Vec::new())]
            }
        });
        assert_eq!(found(&fake, "a.b"), Err(EAI_AGAIN), "{size}");
        assert!(fake.now.get() <= 10 * SECOND + 1_000);
    }
}
