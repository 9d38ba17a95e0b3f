//! Names that are looked up in a network that loses, delays and invents messages.

mod answered;
mod files;
mod kept;
mod refused;
mod strangers;
mod streams;

use core::net::IpAddr;
use std::vec;
use std::vec::Vec;

use domains::network::Name;
use hermit_abi::ECONNREFUSED;
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

use super::super::cache::Cache;
use super::super::dns::fake::{CUT, GOOD, address, alias, asked, authority, reply, wire};
use super::super::fake::{Asked, Fake, Parcel};
use super::super::system::Transport;
use super::*;

const FIRST: Name = Name::v4([10, 0, 2, 3], 53);
const NEXT: Name = Name::v4([10, 0, 2, 4], 53);
const FOUR: [u8; 4] = [93, 184, 216, 34];
const SIX: [u8; 16] = [0x26, 6, 0x28, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
const NO_NAME: u16 = 0x8183;
const FAILED: u16 = 0x8182;
const REFUSED: u16 = 0x8185;
const MILLI: u64 = SECOND / 1000;

const BOTH: Families = Families {
    four: true,
    six: true,
};
const ONLY_FOUR: Families = Families {
    four: true,
    six: false,
};

fn shared() -> Shared {
    Shared::new(Cache::new())
}

/// Looks up with nothing known.
fn found(fake: &Fake, name: &str) -> Result<Vec<IpAddr>, i32> {
    found_of(fake, &shared(), name, BOTH)
}

fn found_of(
    fake: &Fake,
    cache: &Shared,
    name: &str,
    wanted: Families,
) -> Result<Vec<IpAddr>, i32> {
    let found = look_up(fake, cache, name, wanted);
    assert_eq!(fake.open_sockets(), 0, "every socket is closed");
    found.map(|found| found.into_iter().collect())
}

fn all() -> Vec<IpAddr> {
    vec![FOUR.into(), SIX.into()]
}

/// The name in a question.
fn name_in(query: &[u8]) -> &[u8] {
    &query[12..query.len() - 4]
}

fn is_four(query: &[u8]) -> bool {
    query[query.len() - 3] == 1
}

/// The good answer for a host with both addresses.
fn good(query: &[u8]) -> Vec<u8> {
    let data: &[u8] = if is_four(query) { &FOUR } else { &SIX };
    reply(query, GOOD, &[address(asked(), 300, data)], &[])
}

fn answers(asked: &Asked) -> Vec<Parcel> {
    vec![Parcel::after(MILLI, good(&asked.query))]
}

/// A script that says one thing, whatever is asked.
fn always(flags: u16) -> impl Fn(&Asked) -> Vec<Parcel> {
    move |asked| {
        let message = reply(&asked.query, flags, &[], &[authority(60, 60)]);
        vec![Parcel::after(MILLI, message)]
    }
}

/// When servers were asked, in seconds, and which.
fn course(fake: &Fake) -> Vec<(u64, Name)> {
    let asked = fake.asked();
    let mut course: Vec<_> = asked
        .iter()
        .map(|asked| (asked.at / SECOND, asked.server))
        .collect();
    course.dedup();
    course
}
