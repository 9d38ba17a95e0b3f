//! Questions, as they are sent.

use arrayvec::ArrayVec;

use super::{HEAD, INTERNET, Kind};
use crate::names::host::{Host, NAME_MAX};

/// Behind a name stand its kind and its class.
const TAIL: usize = 4;
/// The most bytes of a question. A name has two more than its text.
const SIZE_MAX: usize = HEAD + NAME_MAX + 2 + TAIL;
/// Whoever is asked shall ask others.
const RECURSE: u16 = 1 << 8;

/// A question's bytes.
pub(in crate::names) type Query = ArrayVec<u8, SIZE_MAX>;

/// The question for what `host` has of one kind, with a number that its answer has, too.
pub(in crate::names) fn write(host: &Host, kind: Kind, id: u16) -> Query {
    let mut query = Query::new();
    for word in [id, RECURSE, 1, 0, 0, 0] {
        query.extend(word.to_be_bytes());
    }
    for label in host.labels() {
        query.push(label.len() as u8);
        query.extend(label.bytes());
    }
    query.push(0);
    query.extend(kind.number().to_be_bytes());
    query.extend(INTERNET.to_be_bytes());
    query
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_as_the_standard_has_it() {
        let host = Host::new("a.Example").expect("a name");
        let wanted = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x01a\x07example\0\0\x1c\0\x01";
        assert_eq!(write(&host, Kind::Aaaa, 0x1234)[..], wanted[..]);
    }

    #[test]
    fn the_longest_name_fits() {
        let label = "x".repeat(63);
        let name = [label.as_str(); 4].join(".");
        let host = Host::new(&name[..NAME_MAX]).expect("a name");
        assert_eq!(write(&host, Kind::A, 0).len(), SIZE_MAX);
    }
}
