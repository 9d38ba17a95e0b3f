//! What strangers on the network send.

use cell_net::ip::ndp::Neighbour;
use smoltcp::wire::{IpProtocol, Ipv6Address};

use super::Seed;
use super::packets::{advertisement, arp, datagram, dhcp, frame, segment, v4, v6};
use crate::targets::network::CARD;

const OWN: Ipv6Address = Ipv6Address::new(0xfe80, 0, 0, 0, 0, 0xff, 0xfe00, 1);

pub(super) fn all() -> Vec<Seed> {
    let small = datagram(9, 7, b"some bytes");
    vec![
        ("advertisement", "a-router", advertisement()),
        ("dhcp", "offer", dhcp(2)),
        ("dhcp", "lease", dhcp(5)),
        (
            "extensions",
            "options",
            [&[60, 17, 0, 1, 4, 0, 0, 0, 0][..], &small].concat(),
        ),
        (
            "extensions",
            "a-part",
            [&[44, 17, 0, 0, 1, 0, 0, 0, 9][..], &small].concat(),
        ),
        ("ipv4", "a-datagram", v4(IpProtocol::Udp, &small, 6)),
        ("ipv6", "a-datagram", v6(IpProtocol::Udp, &small, 6)),
        (
            "ipv6",
            "options",
            v6(IpProtocol::Ipv6Opts, &options(&small), 60),
        ),
        (
            "neighbours",
            "a-question",
            Neighbour::question(OWN, CARD).to_vec(),
        ),
        (
            "neighbours",
            "an-answer",
            Neighbour::answer(OWN, CARD, true).to_vec(),
        ),
        (
            "quotes",
            "unreachable",
            quoted(3, 3, &v4(IpProtocol::Udp, &small, 6)),
        ),
        (
            "quotes",
            "too-large",
            quoted(2, 0, &v6(IpProtocol::Udp, &small, 6)),
        ),
        (
            "virtio-net",
            "a-segment",
            vec![1, 1, 54, 0, 0xb4, 5, 34, 0, 16, 0, 1, 0],
        ),
        ("stack", "arp", frames(&[arp(1), arp(2)])),
        ("stack", "four", frames(&frames_v4())),
        ("stack", "six", frames(&frames_v6())),
        ("stack", "tcp", frames(&handshake())),
    ]
}

/// Options of six bytes that mean nothing.
fn options(payload: &[u8]) -> Vec<u8> {
    [&[17, 0, 1, 4, 0, 0, 0, 0][..], payload].concat()
}

/// A message of ICMP about a packet.
fn quoted(kind: u8, code: u8, packet: &[u8]) -> Vec<u8> {
    [&[kind, code, 0, 0, 0, 0, 5, 0][..], packet].concat()
}

/// Frames as the stack gets them: each behind its head.
fn frames(all: &[Vec<u8>]) -> Vec<u8> {
    let with_head = |frame: &Vec<u8>| {
        let size = (frame.len() as u16).to_le_bytes();
        [&[1, 1, size[0], size[1]][..], frame].concat()
    };
    all.iter().flat_map(with_head).collect()
}

fn frames_v4() -> Vec<Vec<u8>> {
    let small = datagram(9, 7, b"some bytes");
    let lease = datagram(67, 68, &dhcp(5));
    let about = quoted(3, 3, &v4(IpProtocol::Udp, &small, 6));
    let mut part = v4(IpProtocol::Udp, &small, 6);
    part[6] = 0x20;
    let all = [
        v4(IpProtocol::Udp, &small, 6),
        v4(IpProtocol::Udp, &lease, 6),
        v4(IpProtocol::Icmp, &[8, 0, 0, 0, 1, 2, 3, 4], 2),
        v4(IpProtocol::Icmp, &about, 2),
        v4(IpProtocol::Igmp, &[0x11, 10, 0, 0, 0, 0, 0, 0], 2),
        part,
    ];
    all.iter().map(|packet| frame(0x0800, packet)).collect()
}

fn frames_v6() -> Vec<Vec<u8>> {
    let small = datagram(9, 7, b"some bytes");
    let about = quoted(2, 0, &v6(IpProtocol::Udp, &small, 6));
    let part = [&[17, 0, 0, 1, 0, 0, 0, 9][..], &[1; 64]].concat();
    let report = [&[130][..], &[0; 27]].concat();
    let all = [
        v6(IpProtocol::Udp, &small, 6),
        v6(IpProtocol::Icmpv6, &[128, 0, 0, 0, 1, 2, 3, 4], 2),
        v6(IpProtocol::Icmpv6, &about, 2),
        v6(IpProtocol::Icmpv6, &advertisement(), 2),
        v6(IpProtocol::Icmpv6, &Neighbour::question(OWN, CARD), 2),
        v6(IpProtocol::Icmpv6, &report, 2),
        v6(IpProtocol::Ipv6Frag, &part, 60),
        v6(IpProtocol::Ipv6Opts, &options(&small), 60),
    ];
    all.iter().map(|packet| frame(0x86dd, packet)).collect()
}

/// What begins a connection to the listener, and what ends it.
fn handshake() -> Vec<Vec<u8>> {
    let segments = [2, 0x10, 0x18, 0x11, 4].map(|flags| {
        let packet = v4(IpProtocol::Tcp, &segment(flags), 16);
        frame(0x0800, &packet)
    });
    segments.into()
}
