//! What an answer says of a host.
//!
//! Records count in any order, as whoever sends them may choose it. From the name that
//! was asked for aliases lead on, a bounded number of them, to the name that has the addresses.

use core::net::IpAddr;

use arrayvec::ArrayVec;

use super::records::{Head, Record, Records};
use super::wire::{Malformed, WireName, double_word, word};
use super::{HEAD, INTERNET, Kind};
use crate::names::host::Host;

/// How many aliases may lead to a name.
pub(super) const ALIASES_MAX: usize = 16;
/// The most addresses that one answer is taken to have.
const ADDRESSES_MAX: usize = 16;
/// The most seconds that an answer is believed: a day; and one that there is nothing.
const TTL_MAX: u32 = 24 * 60 * 60;
const NOTHING_TTL_MAX: u32 = 15 * 60;

/// Kinds of records that are of use besides addresses.
const ALIAS: u16 = 5;
const START_OF_AUTHORITY: u16 = 6;
/// What may become of a question.
const NO_ERROR: u16 = 0;
const SERVER_FAILED: u16 = 2;
const NO_SUCH_NAME: u16 = 3;

/// What is known of a host's addresses of one kind.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "what is small needs no memory that might be missing"
)]
pub(in crate::names) enum Known {
    /// It has these.
    Addresses(ArrayVec<IpAddr, ADDRESSES_MAX>),
    /// There is no such host.
    NoName,
    /// There is, but it has none.
    NoData,
}

/// What a server says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::names) struct Answer {
    /// Of the host.
    pub(in crate::names) known: Known,
    /// For how many seconds; zero for just now.
    pub(in crate::names) ttl: u32,
}

/// Why a server gave no answer. Of two the greater one is told.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(in crate::names) enum Failure {
    /// It said nothing.
    Silent,
    /// It could not find out.
    Failed,
    /// It will not answer such questions, or not so that they make sense.
    Refused,
}

/// What a message is for whoever has asked.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(clippy::large_enum_variant, reason = "it is read and gone")]
pub(in crate::names) enum Reply {
    /// The answer.
    Answer(Answer),
    /// The answer is too long for a datagram.
    Truncated,
    /// There is none.
    Failure(Failure),
}

/// Reads a message; none if it does not belong to the question.
pub(in crate::names) fn read(
    message: &[u8],
    (host, kind, id): (&Host, Kind, u16),
) -> Option<Reply> {
    let head = Head::read(message).ok()?;
    if head.id != id || !head.is_answer() || head.questions != 1 {
        return None;
    }
    let asked = WireName::new(message, HEAD);
    let tail = asked.end().ok()?;
    let is_it = word(message, tail) == Ok(kind.number())
        && word(message, tail + 2) == Ok(INTERNET)
        && asked.is(host);
    is_it.then(|| {
        reply(
            &head,
            Section {
                message,
                asked,
                at: tail + 4,
            },
            kind,
        )
    })
}

fn reply(head: &Head, section: Section<'_>, kind: Kind) -> Reply {
    if head.is_truncated() {
        return Reply::Truncated;
    }
    let answer = match head.code() {
        NO_ERROR => section.answer(head, kind),
        NO_SUCH_NAME => section.nothing(head, Known::NoName).map(Ok),
        SERVER_FAILED => return Reply::Failure(Failure::Failed),
        _ => return Reply::Failure(Failure::Refused),
    };
    match answer {
        Ok(Ok(answer)) => Reply::Answer(answer),
        Ok(Err(failure)) => Reply::Failure(failure),
        Err(Malformed) => Reply::Failure(Failure::Refused),
    }
}

/// The part of a message behind its question.
#[derive(Clone, Copy, Debug)]
struct Section<'m> {
    message: &'m [u8],
    asked: WireName<'m>,
    at: usize,
}

impl<'m> Section<'m> {
    fn answers(&self, head: &Head) -> Records<'m> {
        Records::new(self.message, self.at, head.answers)
    }

    /// What the message answers that claims to.
    fn answer(&self, head: &Head, kind: Kind) -> Result<Result<Answer, Failure>, Malformed> {
        let mut owner = self.asked;
        let mut ttl = TTL_MAX;
        for _ in 0..=ALIASES_MAX {
            let found = of_owner(self.answers(head), &owner, kind)?;
            ttl = ttl.min(found.ttl);
            match found.alias {
                _ if !found.addresses.is_empty() => {
                    let known = Known::Addresses(found.addresses);
                    return Ok(Ok(Answer { known, ttl }));
                }
                Some(alias) => owner = alias,
                None if head.answers == 0 && !head.is_of_use() => {
                    return Ok(Err(Failure::Refused));
                }
                None => return self.nothing(head, Known::NoData).map(Ok),
            }
        }
        Err(Malformed)
    }

    /// That there is nothing, for as long as whoever is in charge says (RFC 2308, 5).
    fn nothing(&self, head: &Head, known: Known) -> Result<Answer, Malformed> {
        let mut records =
            Records::new(self.message, self.answers(head).end()?, head.authorities);
        let mut ttl = 0;
        while let Some(record) = records.next()? {
            if record.kind == START_OF_AUTHORITY && record.class == INTERNET {
                ttl = minimum(self.message, &record)?.min(seconds(&record));
            }
        }
        let ttl = ttl.min(NOTHING_TTL_MAX);
        Ok(Answer { known, ttl })
    }
}

/// What the records say of one name.
#[derive(Clone, Debug)]
struct Found<'m> {
    addresses: ArrayVec<IpAddr, ADDRESSES_MAX>,
    alias: Option<WireName<'m>>,
    ttl: u32,
}

fn of_owner<'m>(
    mut records: Records<'m>,
    owner: &WireName<'m>,
    kind: Kind,
) -> Result<Found<'m>, Malformed> {
    let mut found = Found {
        addresses: ArrayVec::new(),
        alias: None,
        ttl: u32::MAX,
    };
    while let Some(record) = records.next()? {
        if record.class != INTERNET || !record.owner.is_same(owner) {
            continue;
        }
        if record.kind == kind.number() {
            // Of further ones nobody is told.
            let _full = found.addresses.try_push(address(kind, record.data)?);
        } else if record.kind == ALIAS && found.alias.is_none() {
            found.alias = Some(records.name_in(&record)?);
        } else {
            continue;
        }
        found.ttl = found.ttl.min(seconds(&record));
    }
    Ok(found)
}

fn address(kind: Kind, data: &[u8]) -> Result<IpAddr, Malformed> {
    let address = match kind {
        Kind::A => <[u8; 4]>::try_from(data).map(IpAddr::from),
        Kind::Aaaa => <[u8; 16]>::try_from(data).map(IpAddr::from),
    };
    address.map_err(|_| Malformed)
}

/// How long a record may be believed: what is negative as a number with a sign is zero
/// (RFC 2181, 8).
fn seconds(record: &Record<'_>) -> u32 {
    let is_negative = i32::try_from(record.ttl).is_err();
    if is_negative { 0 } else { record.ttl }
}

/// The last number of a start of authority, behind two names and four others.
fn minimum(message: &[u8], record: &Record<'_>) -> Result<u32, Malformed> {
    let first = WireName::new(message, record.at).end()?;
    let numbers = WireName::new(message, first).end()?;
    if numbers + 5 * size_of::<u32>() != record.at + record.data.len() {
        return Err(Malformed);
    }
    double_word(message, numbers + 4 * size_of::<u32>())
}
