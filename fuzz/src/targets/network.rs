//! What strangers send: each header by itself, and whole frames.

use cell_net::bytes::half;
use cell_net::carrier::Outgoing;
use cell_net::config::advertisement::Advertisement;
use cell_net::config::message::Answer;
use cell_net::ip::ndp::Neighbour;
use cell_net::ip::parse::{self, Packet};
use cell_net::ip::{extension, header, quote};
use cell_net::link::{ethernet, header as link};
use domains::network::packets::HEADER;
use smoltcp::wire::{EthernetAddress, IpProtocol};

use super::rig::Rig;
use super::{about, seen};
use crate::target::Seen;

/// The card that frames and answers are for.
pub const CARD: EthernetAddress = EthernetAddress([2, 0, 0, 0, 0, 1]);

/// The header of virtio-net: what is read is written the same.
pub fn virtio_net(bytes: &[u8]) -> Seen {
    let Some(said) = link::Header::read(bytes) else {
        return seen(0);
    };
    let mut written = [0xff; HEADER];
    said.write(&mut written);
    assert_eq!(written[..], bytes[..HEADER]);
    seen((said.is_one(), said.is_joined(), said.is_verified()))
}

/// A packet of IPv4. What it carries lies in it, and a header that says the same is read
/// the same.
pub fn ipv4(bytes: &[u8]) -> Seen {
    packet(parse::v4(bytes), parse::v4, bytes.len())
}

/// A packet of IPv6.
pub fn ipv6(bytes: &[u8]) -> Seen {
    packet(parse::v6(bytes), parse::v6, bytes.len())
}

fn packet(
    found: Option<Packet<'_>>,
    read: fn(&[u8]) -> Option<Packet<'_>>,
    size: usize,
) -> Seen {
    let Some(found) = found else {
        return seen(0);
    };
    assert!(found.payload.len() <= size && found.whole.len() <= size);
    let protocol = u8::from(found.protocol);
    if found.fragment.is_none() && found.protocol != IpProtocol::Igmp {
        let written = written(&found);
        let again = read(&written);
        // A protocol that is a header of IPv6 cannot stand alone.
        if let Some(again) = again {
            assert_eq!(again.payload, found.payload);
            assert_eq!((again.source, again.target), (found.source, found.target));
            assert_eq!(again.hop_limit, found.hop_limit);
        }
    }
    let part = found.fragment.map(|part| (part.at == 0, part.is_last));
    seen((part, protocol, about(found.payload.len())))
}

/// The packet that says the same.
fn written(packet: &Packet<'_>) -> Vec<u8> {
    let outgoing = Outgoing {
        source: packet.source,
        target: packet.target,
        protocol: packet.protocol,
        hop_limit: packet.hop_limit,
        segment: None,
        header: 0,
    };
    let mut bytes = vec![0; header::size(&outgoing)];
    header::write(&outgoing, packet.payload.len(), None, &mut bytes);
    bytes.extend(packet.payload);
    bytes
}

/// Headers behind that of IPv6: the first byte says of what kind the first is.
pub fn extensions(bytes: &[u8]) -> Seen {
    let Some((first, payload)) = bytes.split_first() else {
        return seen(0);
    };
    let first = IpProtocol::from(*first);
    let found = extension::walk(first, payload);
    let behind = extension::walk_behind_fragment(first, payload);
    for headers in found.iter().chain(&behind) {
        assert!(headers.payload.len() <= payload.len());
    }
    let kind = found.map(|it| (u8::from(it.protocol), it.fragment.map(|part| part.is_last)));
    seen((kind, behind.is_some()))
}

/// Neighbours of IPv6: a place is that of one machine, and what is said is said again.
pub fn neighbours(bytes: &[u8]) -> Seen {
    let Some(said) = Neighbour::read(bytes) else {
        return seen(0);
    };
    assert!(!said.target.is_multicast());
    if let Some(place) = said.place {
        assert!(ethernet::is_one(&place));
        let message = Neighbour::answer(said.target, place, said.is_answer);
        let again = Neighbour::read(&message).expect("it is right");
        assert_eq!((again.target, again.place), (said.target, said.place));
    }
    seen((said.place.is_some(), said.is_answer, said.is_better))
}

/// Packets that messages of ICMP quote.
pub fn quotes(bytes: &[u8]) -> Seen {
    let read = [quote::v4(bytes), quote::v6(bytes)].map(|found| {
        let found = found?;
        assert_eq!(Some(found.ports().0), half(&found.head, 0));
        Some((
            found.errno(),
            u8::from(found.protocol),
            found.sequence() == 0,
        ))
    });
    seen(read)
}

/// What a router says.
pub fn advertisement(bytes: &[u8]) -> Seen {
    let Some(said) = Advertisement::read(bytes) else {
        return seen(0);
    };
    assert!(said.place.is_none_or(|place| ethernet::is_one(&place)));
    let networks = said.networks.iter().flatten().count();
    let servers = said.servers.map(|it| it.addresses.iter().flatten().count());
    let domain = said.domain.map(|text| about(text.bytes().len()));
    seen((
        networks,
        servers,
        domain,
        said.packet_max.is_some(),
        said.lifetime > 0,
    ))
}

/// Answers of a server of addresses: times follow each other.
pub fn dhcp(bytes: &[u8]) -> Seen {
    let Some(answer) = Answer::read(bytes, CARD) else {
        return seen(0);
    };
    let lease = &answer.lease;
    assert!(lease.bits <= 32 && lease.renew <= lease.seconds);
    assert!(
        lease.rebind < lease.seconds && lease.seconds > 0,
        "{lease:?}"
    );
    let servers = lease.servers.iter().flatten().count();
    seen((
        u8::from(answer.kind),
        answer.server.is_some(),
        lease.is_possible(),
        (lease.router.is_some(), servers, lease.packet_max.is_some()),
        about(lease.domain.bytes().len()),
    ))
}

/// Frames at a stack with sockets, each behind a head of four bytes: how much time
/// passes, what is done to make it right, and its size.
pub fn stack(bytes: &[u8]) -> Seen {
    let mut rig = Rig::new();
    let mut rest = bytes;
    let mut count = 0;
    while let Some((head, behind)) = rest.split_first_chunk::<4>() {
        let size = usize::from(u16::from_le_bytes([head[2], head[3]]));
        let (frame, behind) = behind.split_at(size.min(behind.len()));
        rig.pass(u64::from(head[0]) * 20_000_000);
        rig.take(frame, head[1]);
        rest = behind;
        count += 1;
        if count == 32 {
            break;
        }
    }
    rig.settle();
    seen((rig.sent_kinds(), rig.changed.min(4)))
}
