//! A good frame of each kind that a guest may get from a stranger.

use smoltcp::wire::{ArpOperation, EthernetAddress, EthernetProtocol};

use super::Frame;
use super::checksum::ICMP_V6;
use super::client::ECHO;
use super::packet::{
    ACK, Host, ICMP, PSH, SYN, TCP, UDP, arp, datagram, frame, of_link, segment, v4, v6,
};

/// A port at which nobody is.
const NOBODY: u16 = 4321;
/// A number that no datagram or segment is about.
const OWN: u16 = 4000;
const IGMP: u8 = 2;

/// Frames of `stranger`, each with what it is.
pub(super) fn all(stranger: Host, guest: Host) -> Vec<(&'static str, Frame)> {
    [
        of_link_layer(stranger, guest),
        of_icmp(stranger, guest),
        of_tcp(stranger, guest),
        of_udp(stranger, guest),
        of_v6(stranger, guest),
    ]
    .concat()
}

fn of_link_layer(stranger: Host, guest: Host) -> Vec<(&'static str, Frame)> {
    let of = |operation| {
        let packet = arp(operation, stranger, guest);
        frame(stranger.card, guest.card, EthernetProtocol::Arp, &packet)
    };
    let unknown = EthernetProtocol::Unknown(0x88cc);
    vec![
        ("ARP, a question", of(ArpOperation::Request)),
        ("ARP, an answer", of(ArpOperation::Reply)),
        (
            "a type that nobody knows",
            frame(stranger.card, guest.card, unknown, &[2; 50]),
        ),
    ]
}

fn of_icmp(stranger: Host, guest: Host) -> Vec<(&'static str, Frame)> {
    let of = |message: &[u8]| v4(stranger, guest, ICMP, message);
    // What the guest might have sent: an address is whole, 8 bytes behind it count.
    let quoted =
        |protocol, payload: &[u8]| v4(guest, stranger, protocol, payload)[14..].to_vec();
    let error = |kind, code, rest: [u8; 4], quoted: &[u8]| {
        of(&[&[kind, code, 0, 0], &rest[..], quoted].concat())
    };
    let tcp = quoted(TCP, &segment((ECHO, OWN), 1, 1, ACK, b""));
    let udp = quoted(UDP, &datagram((ECHO, OWN), b"hello"));
    let icmp = quoted(ICMP, &[8, 0, 0, 0, 0, 1, 0, 1]);
    vec![
        ("ICMP, an echo", of(&[8, 0, 0, 0, 0, 1, 0, 1, 1, 2, 3, 4])),
        ("ICMP, no port", error(3, 3, [0; 4], &udp)),
        ("ICMP, no host", error(3, 1, [0; 4], &tcp)),
        ("ICMP, too long", error(3, 4, [0, 0, 5, 0], &tcp)),
        ("ICMP, of ICMP", error(3, 2, [0; 4], &icmp)),
        ("ICMP, too far", error(11, 0, [0; 4], &tcp)),
        ("ICMP, a redirection", error(5, 1, [10, 7, 0, 1], &udp)),
        ("IGMP, a question", {
            let mut frame = v4(stranger, guest, IGMP, &[0x11, 100, 0xee, 0x9b, 0, 0, 0, 0]);
            frame[14 + 8] = 1;
            frame
        }),
    ]
}

fn of_tcp(stranger: Host, guest: Host) -> Vec<(&'static str, Frame)> {
    let of = |payload: &[u8]| v4(stranger, guest, TCP, payload);
    let mut syn = segment((OWN, ECHO), 1000, 0, SYN, b"");
    // Longest segment, may have selective answers, times, nothing, scale of the window.
    syn.extend([
        2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7,
    ]);
    syn[12] = 0xa0;
    let mut selective = segment((OWN, ECHO), 1001, 1, ACK, b"");
    selective.extend([1, 1, 5, 10, 0, 0, 0, 9, 0, 0, 0, 12]);
    selective[12] = 0x80;
    vec![
        ("TCP, the first segment", of(&syn)),
        (
            "TCP, bytes",
            of(&segment((OWN, ECHO), 1001, 1, ACK | PSH, b"hello")),
        ),
        ("TCP, selective", of(&selective)),
        (
            "TCP, for nobody",
            of(&segment((OWN, NOBODY), 9, 0, SYN, b"")),
        ),
    ]
}

fn of_udp(stranger: Host, guest: Host) -> Vec<(&'static str, Frame)> {
    let of = |ports, payload: &[u8]| v4(stranger, guest, UDP, &datagram(ports, payload));
    // An offer of DHCP, which nobody has asked for.
    let mut offer = vec![2, 1, 6, 0, 1, 2, 3, 4];
    offer.resize(236, 0);
    offer.extend([0x63, 0x82, 0x53, 0x63, 53, 1, 2, 54, 4, 10, 7, 0, 100]);
    offer.extend([51, 4, 0, 0, 0, 60, 1, 4, 255, 255, 255, 0, 255]);
    let mut with_options = v4(stranger, guest, UDP, &{
        let options = [0x94, 4, 0, 0, 7, 7, 4, 0, 0, 0, 0, 0];
        [&options[..], &datagram((OWN, ECHO), b"hello")].concat()
    });
    with_options[14] = 0x48;
    let part = |flags: [u8; 2], piece: &[u8]| {
        let mut frame = v4(stranger, guest, UDP, piece);
        frame[14 + 6..][..2].copy_from_slice(&flags);
        frame
    };
    let whole = datagram((OWN, ECHO), &[7; 32]);
    vec![
        ("UDP, said back", of((OWN, ECHO), b"hello")),
        ("UDP, for nobody", of((OWN, NOBODY), b"hello")),
        ("UDP, an offer", of((67, 68), &offer)),
        ("IPv4, options", with_options),
        ("IPv4, the first part", part([0x20, 0], &whole[..24])),
        ("IPv4, the last part", part([0, 3], &whole[24..])),
    ]
}

fn of_v6(stranger: Host, guest: Host) -> Vec<(&'static str, Frame)> {
    let of = |protocol, payload: &[u8]| v6(stranger, guest, protocol, payload);
    let own = of_link(guest.card);
    let EthernetAddress(card) = stranger.card;
    let asked = [&[135, 0, 0, 0, 0, 0, 0, 0], &own[..], &[1, 1], &card].concat();
    let of_stranger = of_link(stranger.card);
    let told = [
        &[136, 0, 0, 0, 0x60, 0, 0, 0],
        &of_stranger[..],
        &[2, 1],
        &card,
    ]
    .concat();
    let network = [
        &[3, 4, 64, 0xc0, 0, 0, 14, 16, 0, 0, 7, 8, 0, 0, 0, 0][..],
        &[0xfd, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ]
    .concat();
    let router = [
        &[134, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0][..],
        &network,
        &[5, 1, 0, 0, 0, 0, 5, 0],
    ]
    .concat();
    let datagram = datagram((OWN, ECHO), b"hello");
    let behind = |kind: u8, header: [u8; 8]| {
        debug_assert!(header[0] == UDP);
        of(kind, &[&header[..], &datagram].concat())
    };
    let quoted = of(UDP, &datagram)[14..].to_vec();
    vec![
        ("IPv6, an echo", of(ICMP_V6, &[128, 0, 0, 0, 0, 1, 0, 1, 5])),
        ("IPv6, a question", of(ICMP_V6, &asked)),
        ("IPv6, an answer", of(ICMP_V6, &told)),
        ("IPv6, a router", of(ICMP_V6, &router)),
        ("IPv6, too long", {
            of(ICMP_V6, &[&[2, 0, 0, 0, 0, 0, 5, 0], &quoted[..]].concat())
        }),
        ("IPv6, said back", of(UDP, &datagram)),
        ("IPv6, the first segment", {
            of(TCP, &segment((OWN, ECHO), 5, 0, SYN, b""))
        }),
        (
            "IPv6, options on the way",
            behind(0, [UDP, 0, 5, 2, 0, 0, 1, 0]),
        ),
        ("IPv6, a way", behind(43, [UDP, 0, 4, 0, 0, 0, 0, 0])),
        ("IPv6, a part", behind(44, [UDP, 0, 0, 1, 0, 0, 0, 9])),
        (
            "IPv6, options for the host",
            behind(60, [UDP, 0, 1, 4, 0, 0, 0, 0]),
        ),
    ]
}
