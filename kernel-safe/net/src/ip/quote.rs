//! What a message of ICMP quotes of a packet of this machine that went wrong.

use domains::errno::{
    EACCES, ECONNREFUSED, EHOSTUNREACH, EMSGSIZE, ENETUNREACH, ENOPROTOOPT, EOPNOTSUPP,
};
use smoltcp::wire::{IpAddress, IpProtocol, Ipv4Address, Ipv6Address};

use super::extension;
use crate::bytes;
use crate::carrier::Errno;

/// What is quoted, and what went wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quote {
    /// From which address of this machine.
    pub source: IpAddress,
    /// To whom.
    pub target: IpAddress,
    /// What it carried.
    pub protocol: IpProtocol,
    /// The first bytes of that.
    pub head: [u8; 8],
    /// What went wrong.
    pub wrong: Wrong,
}

/// What went wrong with a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wrong {
    /// It does not arrive.
    Unreachable(Errno),
    /// It is too large; it may have so many bytes, zero if that is not said.
    TooLarge(usize),
}

/// What a message of ICMP for IPv4 quotes, if it is of an error.
pub fn v4(message: &[u8]) -> Option<Quote> {
    let wrong = wrong_v4(message)?;
    let packet = message.get(8..)?;
    let first = bytes::byte(packet, 0)?;
    let size = usize::from(first & 0xf).checked_mul(4)?;
    let is_first_part = bytes::half(packet, 6)? & 0x1fff == 0;
    let is_right = first >> 4 == 4 && size >= 20 && is_first_part;
    is_right.then_some(Quote {
        source: Ipv4Address::from(bytes::array::<4>(packet, 12)?).into(),
        target: Ipv4Address::from(bytes::array::<4>(packet, 16)?).into(),
        protocol: IpProtocol::from(bytes::byte(packet, 9)?),
        head: bytes::array(packet, size)?,
        wrong,
    })
}

/// What a message of ICMPv6 quotes, if it is of an error.
pub fn v6(message: &[u8]) -> Option<Quote> {
    let wrong = wrong_v6(message)?;
    let packet = message.get(8..)?;
    let next = IpProtocol::from(bytes::byte(packet, 6)?);
    let headers = extension::walk(next, packet.get(40..)?)?;
    let is_first_part = headers.fragment.is_none_or(|part| part.at == 0);
    let is_right = bytes::byte(packet, 0)? >> 4 == 6 && is_first_part;
    is_right.then_some(Quote {
        source: Ipv6Address::from(bytes::array::<16>(packet, 8)?).into(),
        target: Ipv6Address::from(bytes::array::<16>(packet, 24)?).into(),
        protocol: headers.protocol,
        head: bytes::array(headers.payload, 0)?,
        wrong,
    })
}

/// What goes wrong by the type and the code, as Linux has it.
fn wrong_v4(message: &[u8]) -> Option<Wrong> {
    let errno = match (bytes::byte(message, 0)?, bytes::byte(message, 1)?) {
        (3, 4) => return Some(Wrong::TooLarge(bytes::half(message, 6)?.into())),
        (3, 0 | 6 | 9 | 11) => ENETUNREACH,
        (3, 2) => ENOPROTOOPT,
        (3, 3) => ECONNREFUSED,
        (3, 5) => EOPNOTSUPP,
        (3, _) | (11, 0 | 1) => EHOSTUNREACH,
        (12, _) => ENOPROTOOPT,
        _ => return None,
    };
    Some(Wrong::Unreachable(errno))
}

fn wrong_v6(message: &[u8]) -> Option<Wrong> {
    let errno = match (bytes::byte(message, 0)?, bytes::byte(message, 1)?) {
        (1, 0) => ENETUNREACH,
        (1, 1 | 5 | 6) => EACCES,
        (1, 4) => ECONNREFUSED,
        (1, _) | (3, _) => EHOSTUNREACH,
        (2, _) => {
            let said = bytes::word(message, 4)?;
            return Some(Wrong::TooLarge(said as usize));
        }
        (4, _) => ENOPROTOOPT,
        _ => return None,
    };
    Some(Wrong::Unreachable(errno))
}

impl Quote {
    /// The port of this machine, and the other's, of what has ports.
    pub fn ports(&self) -> (u16, u16) {
        let port = |at| bytes::half(&self.head, at).unwrap_or(0);
        (port(0), port(2))
    }

    /// The sequence number of a segment of TCP.
    pub fn sequence(&self) -> u32 {
        bytes::word(&self.head, 4).unwrap_or(0)
    }

    /// What the socket is told.
    pub const fn errno(&self) -> Errno {
        match self.wrong {
            Wrong::Unreachable(errno) => errno,
            Wrong::TooLarge(_) => EMSGSIZE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::packets;
    use proptest::prelude::*;

    #[test]
    fn a_quoted_packet_is_read() {
        let mut message = vec![3, 3, 0, 0, 0, 0, 0, 0];
        message.extend(&packets::udp_v4(b"")[..28]);
        let quote = v4(&message).expect("it is right");
        assert_eq!(quote.ports(), (packets::PORT, packets::OTHER_PORT));
        assert_eq!(quote.wrong, Wrong::Unreachable(ECONNREFUSED));
        message[8 + 7] = 1;
        assert_eq!(v4(&message), None, "a later part has no ports");
        let mut message = vec![2, 0, 0, 0, 0, 0, 5, 0];
        message.extend(packets::udp_v6(b""));
        let quote = v6(&message).expect("it is right");
        assert_eq!(quote.wrong, Wrong::TooLarge(1280));
        assert_eq!(quote.ports(), (packets::PORT, packets::OTHER_PORT));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_fail(bytes: Vec<u8>, kind in 0_u8..13, code in 0_u8..6) {
            let mut message = vec![kind, code, 0, 0, 0, 0, 0, 0, 0x45];
            message.extend(bytes);
            let _ = v4(&message);
            message[8] = 0x60;
            let _ = v6(&message);
        }
    }
}
