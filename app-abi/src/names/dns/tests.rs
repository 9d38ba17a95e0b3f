//! Answers, good ones and those of strangers.

use core::net::IpAddr;
use std::format;
use std::string::String;
use std::vec::Vec;

use proptest::prelude::{ProptestConfig, prop_assert, prop_assume, proptest};

use super::answer::ALIASES_MAX;
use super::fake::{CUT, GOOD, Record, address, alias, asked, authority, reply, wire};
use super::query::Query;
use super::*;
use crate::names::host::Host;

const ID: u16 = 0x1234;
const FOUR: [u8; 4] = [93, 184, 216, 34];
const NO_NAME: u16 = 0x8183;

fn host() -> Host {
    Host::new("www.example").expect("a name")
}

fn question() -> Query {
    write(&host(), Kind::A, ID)
}

fn told(flags: u16, answers: &[Record], authorities: &[Record]) -> Option<Reply> {
    let message = reply(&question(), flags, answers, authorities);
    read(&message, (&host(), Kind::A, ID))
}

fn addresses(ttl: u32, addresses: &[[u8; 4]]) -> Option<Reply> {
    let addresses = addresses.iter().map(|bytes| IpAddr::from(*bytes)).collect();
    let known = Known::Addresses(addresses);
    Some(Reply::Answer(Answer { known, ttl }))
}

fn nothing(known: Known, ttl: u32) -> Option<Reply> {
    Some(Reply::Answer(Answer { known, ttl }))
}

const REFUSED: Option<Reply> = Some(Reply::Failure(Failure::Refused));

#[test]
fn addresses_are_told_with_the_shortest_time() {
    let other = [10, 0, 0, 1];
    let records = [
        address(asked(), 300, &FOUR),
        address(wire("WWW.Example"), 60, &other),
        address(wire("evil.example"), 5, &[6; 4]),
        address(asked(), 7, &[6; 16]),
    ];
    assert_eq!(told(GOOD, &records, &[]), addresses(60, &[FOUR, other]));
    let long = [address(asked(), 900_000, &FOUR)];
    assert_eq!(told(GOOD, &long, &[]), addresses(86_400, &[FOUR]));
    let negative = [address(asked(), u32::MAX, &FOUR)];
    assert_eq!(told(GOOD, &negative, &[]), addresses(0, &[FOUR]));
}

#[test]
fn aliases_lead_on_in_any_order() {
    let records = [
        address(wire("c.example"), 300, &FOUR),
        alias(wire("b.example"), 20, "c.example"),
        alias(asked(), 100, "b.example"),
        address(wire("b.other"), 1, &[6; 4]),
    ];
    assert_eq!(told(GOOD, &records, &[]), addresses(20, &[FOUR]));
    let only = [alias(asked(), 100, "b.example")];
    assert_eq!(told(GOOD, &only, &[]), nothing(Known::NoData, 0));
}

#[test]
fn aliases_in_a_circle_or_without_an_end_are_refused() {
    let circle = [
        alias(asked(), 100, "b.example"),
        alias(wire("b.example"), 100, "www.example"),
    ];
    assert_eq!(told(GOOD, &circle, &[]), REFUSED);
    let own = [alias(asked(), 100, "www.example")];
    assert_eq!(told(GOOD, &own, &[]), REFUSED);
    let chain = |count: usize| -> Vec<Record> {
        let name = |number: usize| match number {
            0 => String::from("www.example"),
            _ => format!("n{number}.example"),
        };
        let links = (0..count).map(|number| alias(wire(&name(number)), 9, &name(number + 1)));
        let end = address(wire(&name(count)), 9, &FOUR);
        links.chain([end]).collect()
    };
    assert_eq!(told(GOOD, &chain(ALIASES_MAX), &[]), addresses(9, &[FOUR]));
    assert_eq!(told(GOOD, &chain(ALIASES_MAX + 1), &[]), REFUSED);
}

#[test]
fn that_there_is_nothing_holds_as_long_as_the_authority_says() {
    let minimum = [authority(300, 60)];
    assert_eq!(told(NO_NAME, &[], &minimum), nothing(Known::NoName, 60));
    assert_eq!(told(GOOD, &[], &minimum), nothing(Known::NoData, 60));
    let own = [authority(30, 60)];
    assert_eq!(told(NO_NAME, &[], &own), nothing(Known::NoName, 30));
    let long = [authority(90_000, 90_000)];
    assert_eq!(told(NO_NAME, &[], &long), nothing(Known::NoName, 900));
    assert_eq!(told(NO_NAME, &[], &[]), nothing(Known::NoName, 0));
    let mut short = authority(300, 60);
    short.3.pop();
    assert_eq!(told(NO_NAME, &[], &[short]), REFUSED);
}

#[test]
fn a_server_may_fail_in_several_ways() {
    let failed = Some(Reply::Failure(Failure::Failed));
    assert_eq!(told(0x8182, &[], &[]), failed);
    for code in [1, 4, 5, 15] {
        assert_eq!(told(0x8180 | code, &[], &[]), REFUSED);
    }
    assert_eq!(told(0x8100, &[], &[]), REFUSED, "it does not ask others");
    assert_eq!(
        told(0x8500, &[], &[]),
        nothing(Known::NoData, 0),
        "it knows"
    );
    assert_eq!(told(CUT, &[], &[]), Some(Reply::Truncated));
    let long = [address(asked(), 9, &[1; 5])];
    let mut long = long.to_vec();
    long[0].1 = Kind::A.number();
    assert_eq!(told(GOOD, &long, &[]), REFUSED);
}

#[test]
fn what_belongs_to_another_question_is_no_answer() {
    let good = reply(&question(), GOOD, &[address(asked(), 9, &FOUR)], &[]);
    let asked = |host: &str, kind, id| {
        let host = Host::new(host).expect("a name");
        read(&good, (&host, kind, id))
    };
    assert_eq!(asked("www.example", Kind::A, ID), addresses(9, &[FOUR]));
    assert_eq!(asked("www.example", Kind::A, ID + 1), None);
    assert_eq!(asked("www.example", Kind::Aaaa, ID), None);
    assert_eq!(asked("www.exampl", Kind::A, ID), None);
    assert_eq!(asked("www.example.org", Kind::A, ID), None);
    let changed = |at: usize, byte: u8| {
        let mut message = good.clone();
        message[at] = byte;
        read(&message, (&host(), Kind::A, ID))
    };
    assert_eq!(changed(2, 0x01), None, "a question");
    assert_eq!(changed(2, 0x89), None, "another operation");
    assert_eq!(changed(5, 0), None, "no question");
    assert_eq!(changed(5, 2), None, "two questions");
    let class = HEAD + wire("www.example").len() + 3;
    assert_eq!(changed(class, 3), None, "another class");
}

#[test]
fn an_answer_that_is_cut_off_anywhere_is_none() {
    let records = [
        alias(asked(), 9, "b.example"),
        address(wire("b.example"), 9, &FOUR),
    ];
    let good = reply(&question(), GOOD, &records, &[authority(9, 9)]);
    let answers = good.len() - reply(&question(), GOOD, &[], &[authority(9, 9)]).len();
    let whole = question().len() + answers;
    for size in 0..whole {
        let told = read(&good[..size], (&host(), Kind::A, ID));
        let wanted = if size < question().len() {
            None
        } else {
            REFUSED
        };
        assert_eq!(told, wanted, "{size}");
    }
    let told = read(&good[..whole], (&host(), Kind::A, ID));
    assert_eq!(told, addresses(9, &[FOUR]), "nobody needs the authority");
}

#[test]
fn the_longest_message_is_read() {
    let records: Vec<Record> = (0..4000).map(|_| address(asked(), 9, &FOUR)).collect();
    let message = reply(&question(), GOOD, &records, &[]);
    assert!(message.len() > 60_000 && message.len() <= MESSAGE_MAX);
    let told = read(&message, (&host(), Kind::A, ID));
    assert_eq!(told, addresses(9, &[FOUR; 16]));
}

/// A message with all that there is.
fn rich() -> Vec<u8> {
    let records = [
        alias(asked(), 100, "b.example"),
        alias(wire("b.example"), 20, "c.example"),
        address(wire("c.example"), 300, &FOUR),
        address(asked(), 7, &[6; 16]),
    ];
    reply(&question(), GOOD, &records, &[authority(300, 60)])
}

/// Numbers that follow from a seed (xorshift, after Marsaglia).
fn numbers(seed: u64) -> impl Iterator<Item = u64> {
    std::iter::successors(Some(seed | 1), |last| {
        let next = last ^ last << 13;
        let next = next ^ next >> 7;
        Some(next ^ next << 17)
    })
}

/// How many messages each seed makes, of a thousand seeds.
const ROUNDS: usize = 60;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn any_bytes_are_read_to_an_end(seed: u64) {
        let mut numbers = numbers(seed).skip(4);
        for _ in 0..ROUNDS {
            let size = numbers.next().unwrap_or(0) as usize % 300;
            let bytes = numbers.by_ref().take(size);
            let mut message: Vec<u8> = bytes.map(|number| (number >> 32) as u8).collect();
            if size.is_multiple_of(2) {
                let whole = reply(&question(), GOOD, &[], &[]);
                message.splice(..0, whole);
                message[6..10].copy_from_slice(&[0, 9, 0, 3]);
            }
            for kind in Kind::ALL {
                let _told = read(&message, (&host(), kind, ID));
            }
        }
    }

    #[test]
    fn any_changes_leave_it_readable(seed: u64) {
        let mut numbers = numbers(seed).skip(4).map(|number| (number >> 16) as usize);
        let good = rich();
        for _ in 0..ROUNDS {
            let mut message = good.clone();
            for _ in 0..numbers.next().unwrap_or(0) % 8 {
                let at = numbers.next().unwrap_or(0) % message.len();
                message[at] = numbers.next().unwrap_or(0) as u8;
            }
            message.truncate(numbers.next().unwrap_or(0) % (2 * good.len()));
            let told = read(&message, (&host(), Kind::A, ID));
            if let Some(Reply::Answer(Answer { known: Known::Addresses(found), .. })) = told {
                prop_assert!(!found.is_empty());
            }
        }
    }
}

proptest! {
    #[test]
    fn an_id_is_not_guessed(id: u16) {
        prop_assume!(id != ID);
        prop_assert!(read(&rich(), (&host(), Kind::A, id)).is_none());
    }
}
