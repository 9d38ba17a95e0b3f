//! Messages of the domain name system (RFC 1035): questions, and what answers say.
//!
//! A message comes from a stranger. Whatever its bytes are, reading it takes bounded
//! time, allocates nothing and ends in what it says, or in that it says nothing. Only what a
//! stub resolver needs is here: addresses, aliases, and how long that there is nothing
//! may be believed.

mod answer;
#[cfg(test)]
pub(super) mod fake;
mod query;
mod records;
mod wire;

pub(super) use self::answer::{Answer, Failure, Known, Reply, read};
pub(super) use self::query::write;

use super::families::Families;

/// What is asked of a host.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// Its addresses of IPv4.
    A = 1,
    /// Its addresses of IPv6.
    Aaaa = 28,
}

impl Kind {
    /// Both.
    pub(super) const ALL: [Kind; 2] = [Kind::A, Kind::Aaaa];

    /// Whether one of the families is of this kind.
    pub(super) fn is_of(self, families: Families) -> bool {
        match self {
            Kind::A => families.four,
            Kind::Aaaa => families.six,
        }
    }

    const fn number(self) -> u16 {
        self as u16
    }
}

/// Bytes of the head of a message.
const HEAD: usize = 12;
/// The class of everything here: the Internet.
const INTERNET: u16 = 1;
/// The most bytes of a message.
#[cfg(test)]
const MESSAGE_MAX: usize = u16::MAX as usize;

#[cfg(test)]
mod tests;
