//! Messages of neighbour discovery (RFC 4861), which ICMPv6 carries.

use smoltcp::wire::{EthernetAddress, Ipv6Address};

use crate::bytes;
use crate::link::ethernet;

/// Where a machine is: of whoever sends.
pub const SOURCE_LINK: u8 = 1;
/// Where a machine is: that the message is about.
pub const TARGET_LINK: u8 = 2;

/// Asks for routers.
pub const ROUTER_SOLICITATION: u8 = 133;
/// Is a router.
pub const ROUTER_ADVERTISEMENT: u8 = 134;
/// Asks for a neighbour.
pub const NEIGHBOUR_SOLICITATION: u8 = 135;
/// Is a neighbour.
pub const NEIGHBOUR_ADVERTISEMENT: u8 = 136;

/// That neighbour was asked.
const SOLICITED: u8 = 0x40;
/// What was known before is wrong.
const OVERRIDE: u8 = 0x20;

/// The most options of a message.
const OPTIONS: usize = 32;

/// A question for a neighbour, or an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Neighbour {
    /// Whom it is about.
    pub target: Ipv6Address,
    /// Where that is, or whoever asks.
    pub place: Option<EthernetAddress>,
    /// Whether it is an answer to a question.
    pub is_answer: bool,
    /// Whether it is better than what was known before.
    pub is_better: bool,
}

impl Neighbour {
    /// What a message says; none if it is wrong.
    pub fn read(message: &[u8]) -> Option<Neighbour> {
        let kind = bytes::byte(message, 0)?;
        let flags = bytes::byte(message, 4)?;
        let target = Ipv6Address::from(bytes::array::<16>(message, 8)?);
        let wanted = match kind {
            NEIGHBOUR_SOLICITATION => SOURCE_LINK,
            NEIGHBOUR_ADVERTISEMENT => TARGET_LINK,
            _ => return None,
        };
        let mut place = None;
        for (kind, option) in options(message.get(24..)?)?.into_iter().flatten() {
            if kind == wanted {
                place = bytes::array(option, 2).map(EthernetAddress);
            }
        }
        let is_right = bytes::byte(message, 1)? == 0 && !target.is_multicast();
        is_right.then_some(Neighbour {
            target,
            // DEFENCE: a-place-is-of-one
            place: place.filter(ethernet::is_one),
            is_answer: flags & SOLICITED != 0,
            is_better: flags & OVERRIDE != 0,
        })
    }

    /// The message that asks for it, with the address of whoever asks.
    pub fn question(target: Ipv6Address, own: EthernetAddress) -> [u8; 32] {
        message(NEIGHBOUR_SOLICITATION, 0, target, SOURCE_LINK, own)
    }

    /// The message that asks whether anybody has an address. It says nothing of who
    /// asks, so it is the first [`ANONYMOUS`] bytes.
    pub fn answer(target: Ipv6Address, own: EthernetAddress, was_asked: bool) -> [u8; 32] {
        let flags = if was_asked {
            SOLICITED | OVERRIDE
        } else {
            OVERRIDE
        };
        message(NEIGHBOUR_ADVERTISEMENT, flags, target, TARGET_LINK, own)
    }
}

/// Bytes of a question without an address of whoever asks.
pub const ANONYMOUS: usize = 24;

fn message(
    kind: u8,
    flags: u8,
    target: Ipv6Address,
    option: u8,
    own: EthernetAddress,
) -> [u8; 32] {
    let mut message = [0; 32];
    bytes::put(&mut message, 0, &[kind]);
    bytes::put(&mut message, 4, &[flags]);
    bytes::put(&mut message, 8, &target.octets());
    bytes::put(&mut message, 24, &[option, 1]);
    bytes::put(&mut message, 26, &own.0);
    message
}

/// The options of a message: their kinds, and each as a whole. None if one of them is
/// wrong; those behind the most that are looked at are left out.
#[expect(clippy::type_complexity, reason = "a list without an allocation")]
pub fn options(bytes: &[u8]) -> Option<[Option<(u8, &[u8])>; OPTIONS]> {
    let mut found = [None; OPTIONS];
    let mut rest = bytes;
    for place in &mut found {
        if rest.is_empty() {
            break;
        }
        let (kind, size) = (bytes::byte(rest, 0)?, bytes::byte(rest, 1)?);
        let size = usize::from(size).checked_mul(8).filter(|size| *size != 0)?;
        *place = Some((kind, rest.get(..size)?));
        rest = rest.get(size..)?;
    }
    Some(found)
}

/// The group in which whoever has this address is asked for (RFC 4291, 2.7.1).
pub fn solicited_node(address: Ipv6Address) -> Ipv6Address {
    let [.., a, b, c] = address.octets();
    Ipv6Address::from([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, a, b, c])
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: EthernetAddress = EthernetAddress([2, 0, 0, 0, 0, 7]);

    #[test]
    fn what_was_written_is_read() {
        let target = Ipv6Address::new(0xfe80, 0, 0, 0, 0, 0, 1, 2);
        let question = Neighbour::question(target, OWN);
        let read = Neighbour::read(&question).expect("it is right");
        assert_eq!((read.target, read.place), (target, Some(OWN)));
        let read = Neighbour::read(&question[..ANONYMOUS]).expect("it is right");
        assert_eq!(read.place, None);
        let answer = Neighbour::answer(target, OWN, true);
        let read = Neighbour::read(&answer).expect("it is right");
        assert!(read.is_answer && read.is_better && read.place == Some(OWN));
        let node = Ipv6Address::new(0xff02, 0, 0, 0, 0, 1, 0xff01, 2);
        assert_eq!(solicited_node(target), node);
    }

    #[test]
    fn a_message_with_a_wrong_option_is_refused() {
        let mut message = Neighbour::question(Ipv6Address::LOCALHOST, OWN);
        message[25] = 0;
        assert_eq!(Neighbour::read(&message), None);
        message[25] = 2;
        assert_eq!(Neighbour::read(&message), None);
        assert_eq!(Neighbour::read(&message[..23]), None);
        assert!(options(&[1, 1, 0, 0, 0, 0, 0, 0].repeat(100)).is_some());
    }
}
