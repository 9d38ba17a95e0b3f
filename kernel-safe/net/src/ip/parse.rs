//! Packets that have come, as far as their headers of IP go.
//!
//! Everything is looked at before it is believed: lengths, the checksum of IPv4, how
//! many headers of IPv6 follow each other. What follows the headers is for others.

use smoltcp::wire::{IpAddress, IpProtocol, Ipv4Packet, Ipv6Packet};

use super::extension;
use super::sum::Sum;

/// A packet that has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Packet<'a> {
    /// From whom.
    pub source: IpAddress,
    /// To whom.
    pub target: IpAddress,
    /// What it carries.
    pub protocol: IpProtocol,
    /// How many routers it might still have passed.
    pub hop_limit: u8,
    /// What follows the headers.
    pub payload: &'a [u8],
    /// The whole packet, if the payload follows a single header.
    pub whole: &'a [u8],
    /// Which part it is of a larger one.
    pub fragment: Option<Fragment>,
}

/// A part of a larger packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fragment {
    /// What all parts of the same packet say.
    pub identity: u32,
    /// Where it belongs.
    pub at: usize,
    /// Whether it is the last one.
    pub is_last: bool,
}

/// The packet of IPv4 that a frame carries.
pub fn v4(bytes: &[u8]) -> Option<Packet<'_>> {
    let packet = Ipv4Packet::new_checked(bytes).ok()?;
    let header = bytes.get(..packet.header_len().into())?;
    if packet.version() != 4 || Sum::of_header(header).folded() != !0 {
        return None;
    }
    let at = usize::from(packet.frag_offset());
    let fragment = Fragment {
        identity: packet.ident().into(),
        at,
        is_last: !packet.more_frags(),
    };
    let fragment = (at != 0 || packet.more_frags()).then_some(fragment);
    let whole = bytes.get(..packet.total_len().into())?;
    Some(Packet {
        source: packet.src_addr().into(),
        target: packet.dst_addr().into(),
        protocol: packet.next_header(),
        hop_limit: packet.hop_limit(),
        payload: packet.payload(),
        whole: if fragment.is_none() { whole } else { &[] },
        fragment,
    })
}

/// The packet of IPv6 that a frame carries.
pub fn v6(bytes: &[u8]) -> Option<Packet<'_>> {
    let packet = Ipv6Packet::new_checked(bytes).ok()?;
    if packet.version() != 6 {
        return None;
    }
    let first = packet.next_header();
    let headers = extension::walk(first, packet.payload())?;
    let is_plain = headers.payload.len() == packet.payload().len();
    let whole = bytes.get(..packet.total_len())?;
    Some(Packet {
        source: packet.src_addr().into(),
        target: packet.dst_addr().into(),
        protocol: headers.protocol,
        hop_limit: packet.hop_limit(),
        payload: headers.payload,
        whole: if is_plain { whole } else { &[] },
        fragment: headers.fragment,
    })
}

#[cfg(test)]
#[path = "parse/tests.rs"]
mod tests;
