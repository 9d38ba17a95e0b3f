//! Messages of a server of names, for tests.

use std::vec::Vec;

use super::{HEAD, Kind};

/// Kinds of records besides addresses.
pub(in crate::names) const ALIAS: u16 = 5;
pub(in crate::names) const AUTHORITY: u16 = 6;

/// What an ordinary answer has in its second word.
pub(in crate::names) const GOOD: u16 = 0x8180;
/// The same, where there was no room for all of it.
pub(in crate::names) const CUT: u16 = 0x8380;

/// A record: whose it is, its kind, its seconds, its data.
pub(in crate::names) type Record = (Vec<u8>, u16, u32, Vec<u8>);

/// A name as it stands in a message.
pub(in crate::names) fn wire(name: &str) -> Vec<u8> {
    let labels = name.split('.').filter(|label| !label.is_empty());
    let labels = labels.flat_map(|label| {
        let size = [label.len() as u8];
        size.into_iter().chain(label.bytes()).collect::<Vec<u8>>()
    });
    labels.chain([0]).collect()
}

/// A pointer to the name in the question.
pub(in crate::names) fn asked() -> Vec<u8> {
    [0xc0, HEAD as u8].into()
}

/// An address.
pub(in crate::names) fn address(owner: Vec<u8>, ttl: u32, data: &[u8]) -> Record {
    let kind = if data.len() == 16 {
        Kind::Aaaa
    } else {
        Kind::A
    };
    (owner, kind.number(), ttl, data.to_vec())
}

/// An alias.
pub(in crate::names) fn alias(owner: Vec<u8>, ttl: u32, target: &str) -> Record {
    (owner, ALIAS, ttl, wire(target))
}

/// Who is in charge, and for how many seconds there is nothing.
pub(in crate::names) fn authority(ttl: u32, minimum: u32) -> Record {
    let numbers = [1, 2, 3, 4, minimum].map(u32::to_be_bytes).concat();
    let data = [wire("ns.example"), asked(), numbers].concat();
    (wire("example"), AUTHORITY, ttl, data)
}

/// The answer to a question: the flags, the answers, who is in charge.
pub(in crate::names) fn reply(
    query: &[u8],
    flags: u16,
    answers: &[Record],
    authorities: &[Record],
) -> Vec<u8> {
    let mut message = query.to_vec();
    message[2..4].copy_from_slice(&flags.to_be_bytes());
    message[6..8].copy_from_slice(&(answers.len() as u16).to_be_bytes());
    message[8..10].copy_from_slice(&(authorities.len() as u16).to_be_bytes());
    for (owner, kind, ttl, data) in answers.iter().chain(authorities) {
        message.extend(owner);
        message.extend(kind.to_be_bytes());
        message.extend(1_u16.to_be_bytes());
        message.extend(ttl.to_be_bytes());
        message.extend((data.len() as u16).to_be_bytes());
        message.extend(data);
    }
    message
}
