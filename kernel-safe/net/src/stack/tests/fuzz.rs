//! Whole frames, of which bytes are wrong, into a stack that has sockets.
//!
//! Whatever comes, nothing fails and no buffer is lost. The long form (`CLOISTER_FULL`)
//! takes fifty times as long.

use domains::network::setting::Setting;
use domains::network::window::Pages;
use domains::network::{Name, option};
use gate::cell::net::{card, kind};
use smoltcp::wire::{EthernetAddress, IpAddress, IpProtocol, Ipv6Address};

use super::rig::*;
use crate::ip::ndp::Neighbour;
use crate::random::Random;
use crate::testing::{dhcp, packets as made, router};

/// Frames in the ordinary form.
const FRAMES: usize = 100_000;

const LINK: Ipv6Address = Ipv6Address::new(0xfe80, 0, 0, 0, 0, 0xff, 0xfe00, 1);
const NEAR: Ipv6Address = Ipv6Address::new(0xfe80, 0, 0, 0, 0, 0, 0, 2);

fn frames() -> usize {
    let is_full = std::env::var_os("CLOISTER_FULL").is_some_and(|value| value == "1");
    if is_full { FRAMES * 50 } else { FRAMES }
}

fn v6(protocol: IpProtocol, payload: &[u8], sum_at: usize) -> Vec<u8> {
    let mut packet = made::packet(NEAR.into(), LINK.into(), protocol, payload, sum_at);
    packet[7] = 255;
    frame(0x86dd, &packet)
}

fn v4(protocol: IpProtocol, payload: &[u8], sum_at: usize) -> Vec<u8> {
    frame(
        0x0800,
        &made::packet(peer(), own(), protocol, payload, sum_at),
    )
}

/// A segment of TCP.
fn segment(flags: u8) -> Vec<u8> {
    let mut segment = vec![0, 9, 0, 80];
    segment.extend([0, 0, 0, 1, 0, 0, 0, 2, 0x50, flags, 4, 0, 0, 0, 0, 0]);
    segment
}

/// Frames that are right, of every kind that the stack knows.
fn seeds() -> Vec<Vec<u8>> {
    let nobody = EthernetAddress([0; 6]);
    let datagram = made::datagram(9, 7, &[7; 100]);
    let lease = dhcp::answer(5, 1, CARD, OWN, 600);
    let quoted = [&[3, 3, 0, 0, 0, 0, 0, 0][..], &made::udp_v4(b"12345678")].concat();
    let too_large = [&[2, 0, 0, 0, 0, 0, 5, 0][..], &made::udp_v6(b"12345678")].concat();
    let part = [&[17, 0, 0, 1, 0, 0, 0, 9][..], &[1; 64]].concat();
    let options = [&[17, 0, 1, 4, 0, 0, 0, 0][..], &datagram].concat();
    let mut fragment = v4(IpProtocol::Udp, &datagram, 6);
    fragment[12 + 14 + 6] = 0x20;
    vec![
        arp(1, PEER_CARD, PEER, nobody, OWN),
        arp(2, PEER_CARD, PEER, CARD, OWN),
        v4(IpProtocol::Udp, &datagram, 6),
        v4(IpProtocol::Udp, &made::datagram(67, 68, &lease), 6),
        v4(IpProtocol::Icmp, &[8, 0, 0, 0, 1, 2, 3, 4], 2),
        v4(IpProtocol::Icmp, &quoted, 2),
        v4(IpProtocol::Igmp, &[0x11, 10, 0, 0, 0, 0, 0, 0], 2),
        v4(IpProtocol::Tcp, &segment(2), 16),
        v4(IpProtocol::Tcp, &segment(0x10), 16),
        v4(IpProtocol::Tcp, &segment(4), 16),
        fragment,
        v6(IpProtocol::Udp, &datagram, 6),
        v6(IpProtocol::Tcp, &segment(2), 16),
        v6(IpProtocol::Icmpv6, &[128, 0, 0, 0, 1, 2, 3, 4], 2),
        v6(IpProtocol::Icmpv6, &too_large, 2),
        v6(IpProtocol::Icmpv6, &router::advertisement(1800), 2),
        v6(IpProtocol::Icmpv6, &Neighbour::question(LINK, PEER_CARD), 2),
        v6(
            IpProtocol::Icmpv6,
            &Neighbour::answer(NEAR, PEER_CARD, true),
            2,
        ),
        v6(
            IpProtocol::Icmpv6,
            &[[130].as_slice(), &[0; 27]].concat(),
            2,
        ),
        v6(IpProtocol::Ipv6Frag, &part, 60),
        v6(IpProtocol::Ipv6Opts, &options, 60),
    ]
}

/// A stack with sockets of all kinds.
fn rig(setting: &Setting) -> Rig {
    let mut rig = Rig::with(setting, true);
    rig.settle();
    rig.after(2 * SECOND);
    rig.open(1, kind::DATAGRAM);
    rig.bind(1, &Name::v4([0; 4], 7));
    rig.open(2, kind::DATAGRAM | kind::V6);
    rig.open(3, kind::DATAGRAM);
    rig.connect(3, &Name::v4(PEER, 9));
    let pages = Pages {
        receive: 2,
        send: 2,
    };
    rig.stack.open(4, kind::STREAM | kind::V6, pages.word());
    rig.bind(4, &Name::v6([0; 16], 80));
    rig.stack.listen(4, 8);
    for spare in 5..8 {
        rig.stack.open(spare, kind::SPARE, pages.word());
    }
    rig
}

/// Has bytes, the length, and sometimes all be wrong. The checksums are left as they
/// are half of the time; the rest of the time the card says that they are right.
fn spoil(frame: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..random.below(5) {
        let place = random.below(frame.len() as u64) as usize;
        // Most of what counts is in front.
        let place = if random.below(3) == 0 {
            place
        } else {
            place % 90
        };
        if let Some(byte) = frame.get_mut(place) {
            *byte = match random.below(4) {
                0 => 0,
                1 => 0xff,
                2 => *byte ^ 1 << random.below(8),
                _ => random.word() as u8,
            };
        }
    }
    match random.below(12) {
        0 => frame.truncate(random.below(frame.len() as u64) as usize),
        1 => frame.extend(vec![0; random.below(4000) as usize]),
        _ => {}
    }
    if random.below(2) == 0 && frame.len() > 12 {
        frame[0] = 2;
    }
    // A packet whose header is wrong goes nowhere, so it is made right mostly.
    if random.below(8) != 0 && frame.len() >= 46 && frame[24..26] == [8, 0] {
        frame[26] = 0x45;
        frame[36..38].fill(0);
        let sum = !smoltcp::wire::checksum::data(&frame[26..46]);
        frame[36..38].copy_from_slice(&sum.to_be_bytes());
    }
}

/// What the application does meanwhile.
fn act(rig: &mut Rig, random: &mut Random) {
    let name = Name::v4([10, 0, 2, random.below(255) as u8], random.word() as u16);
    match random.below(10) {
        0 => drop(rig.send(2, &vec![1; random.below(6000) as usize], Some(&name))),
        1 => drop(rig.send(3, b"hello", None)),
        2 => drop(rig.receive(1)),
        3 => drop(rig.stack.error(3)),
        4 => drop(rig.stack.accept(4)),
        5 => {
            rig.joins = random.below(2) == 0;
            rig.set_card(true, random.below(8) != 0, random.below(2) == 0);
        }
        6 => drop(rig.stack.option(1, option::JOIN, 0)),
        7 => {
            rig.gives = random.below(129) as usize;
            rig.budget = random.below(65) as u32;
        }
        8 => {
            rig.stack.close(9, random.below(2) as u32);
            let pages = Pages {
                receive: 1,
                send: 1,
            };
            rig.stack.open(9, kind::STREAM, pages.word());
            rig.connect(9, &name);
        }
        _ => rig.flags = random.below(8) as u32 & !card::SEGMENTS,
    }
}

fn fuzz(setting: &Setting, seed: u8, count: usize) {
    let mut random = Random::new([seed; 32]);
    let mut rig = rig(setting);
    let seeds = seeds();
    let mut done = 0;
    while done < count {
        let batch: Vec<Vec<u8>> = (0..1 + random.below(8))
            .map(|_| {
                let mut frame = seeds[random.below(seeds.len() as u64) as usize].clone();
                spoil(&mut frame, &mut random);
                frame
            })
            .collect();
        done += batch.len();
        rig.now += random.below(300_000_000);
        rig.pump_with(&batch);
        if random.below(20) == 0 {
            act(&mut rig, &mut random);
        }
    }
    (rig.gives, rig.budget) = (128, 64);
    rig.settle();
}

#[test]
fn frames_that_are_wrong_neither_fail_nor_lose_a_buffer() {
    fuzz(&setting(), 1, frames() / 2);
}

#[test]
fn the_same_for_a_machine_that_asks_for_its_address() {
    fuzz(&Setting::default(), 2, frames() / 2);
}

#[test]
fn bytes_at_random_are_no_harm_either() {
    let mut random = Random::new([3; 32]);
    let mut rig = rig(&setting());
    for _ in 0..frames() / 100 {
        let frames: Vec<Vec<u8>> = (0..8)
            .map(|_| {
                let mut frame = frame(0x0800, &[]);
                frame.extend((0..random.below(200)).map(|_| random.word() as u8));
                frame[24] = if random.below(2) == 0 { 8 } else { 0x86 };
                frame[25] = if frame[24] == 8 { 0 } else { 0xdd };
                frame
            })
            .collect();
        rig.pump_with(&frames);
    }
    let all = IpAddress::v4(255, 255, 255, 255);
    assert!(rig.stack.node.addresses.is_everybody(all));
}

/// Whoever answers them waits for addresses that nobody has.
#[test]
fn strangers_who_are_not_there_take_no_buffer() {
    let mut rig = rig(&setting());
    let echo = [8, 0, 0, 0, 1, 2, 3, 4];
    for _ in 0..4 {
        for host in 20..250 {
            let stranger = IpAddress::v4(10, 0, 2, host);
            let packet = made::packet(stranger, own(), IpProtocol::Icmp, &echo, 2);
            let ping = frame(0x0800, &packet);
            rig.now += SECOND / 200;
            rig.pump_with(&[ping.clone(), ping.clone(), ping]);
        }
    }
    rig.after(10 * SECOND);
}
