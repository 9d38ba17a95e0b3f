//! Tests of groups: who joins, who hears, who is told.

use domains::errno::{EADDRINUSE, EADDRNOTAVAIL, EINVAL, ENODEV};
use domains::network::desk::net;
use domains::network::{Name, option};
use gate::cell::net::kind;
use smoltcp::wire::{EthernetAddress, IpAddress, IpProtocol};

use super::rig::*;
use crate::testing::packets as made;

const GROUP: [u8; 4] = [239, 1, 2, 3];
const PLACE: EthernetAddress = EthernetAddress([1, 0, 0x5e, 1, 2, 3]);

fn join(rig: &mut Rig, socket: u32, option: u32, group: &Name, by: &Name) -> i64 {
    rig.desk.write(net::NAME, group);
    rig.desk.write(net::OTHER_NAME, by);
    rig.stack.option(socket, option, 0)
}

fn from_peer() -> Vec<u8> {
    let datagram = made::datagram(9, 7, b"group");
    let target = IpAddress::Ipv4(GROUP.into());
    let packet = made::packet(peer(), target, IpProtocol::Udp, &datagram, 6);
    frame_to(PLACE, 0x0800, &packet)
}

/// The kinds of messages of IGMP, and whom they are to.
fn reports(sent: &[Sent]) -> Vec<(u8, [u8; 4])> {
    let frames = sent.iter().filter(|it| it.1[12..14] == [8, 0]);
    let packets = frames.map(packet_of);
    let packets = packets.filter(|it| it.protocol == IpProtocol::Igmp);
    packets
        .map(|packet| match packet.target {
            IpAddress::Ipv4(target) => (packet.payload[0], target.octets()),
            IpAddress::Ipv6(_) => panic!("that is another version"),
        })
        .collect()
}

#[test]
fn who_has_joined_hears_and_routers_are_told() {
    let mut rig = Rig::new();
    rig.settle();
    rig.open(1, kind::DATAGRAM);
    rig.bind(1, &Name::v4([0; 4], 7));
    rig.pump_with(&[from_peer()]);
    assert_eq!(rig.receive(1), []);
    let group = Name::v4(GROUP, 0);
    let any = Name::v4([0; 4], 0);
    assert_eq!(join(&mut rig, 1, option::JOIN, &group, &any), 0);
    assert_eq!(join(&mut rig, 1, option::JOIN, &group, &any), -EADDRINUSE);
    assert_eq!(reports(&rig.settle().sent), [(0x22, [224, 0, 0, 22])]);
    assert_eq!(reports(&rig.after(SECOND).sent), [(0x22, [224, 0, 0, 22])]);
    rig.pump_with(&[from_peer()]);
    assert_eq!(rig.receive(1).len(), 1);
    // A router of the second version asks.
    let mut query = vec![0x11, 10, 0, 0];
    query.extend([0; 4]);
    let all = IpAddress::v4(224, 0, 0, 1);
    let packet = made::packet(peer(), all, IpProtocol::Igmp, &query, 2);
    let place = EthernetAddress([1, 0, 0x5e, 0, 0, 1]);
    let asked = frame_to(place, 0x0800, &packet);
    let mut wrong = asked.clone();
    let delay = wrong.len() - 7;
    wrong[delay] ^= 1;
    rig.pump_with(&[wrong]);
    assert_eq!(reports(&rig.after(SECOND).sent), []);
    rig.pump_with(&[asked]);
    assert_eq!(reports(&rig.after(SECOND).sent), [(0x16, GROUP)]);
    assert_eq!(join(&mut rig, 1, option::LEAVE, &group, &any), 0);
    assert_eq!(reports(&rig.settle().sent), [(0x17, [224, 0, 0, 2])]);
    rig.pump_with(&[from_peer()]);
    assert_eq!(rig.receive(1), []);
}

#[test]
fn what_cannot_be_joined_is_an_error() {
    let mut rig = Rig::new();
    rig.open(1, kind::DATAGRAM);
    let any = Name::v4([0; 4], 0);
    let group = Name::v4(GROUP, 0);
    let mut joins = |group: &Name, by: &Name| join(&mut rig, 1, option::JOIN, group, by);
    assert_eq!(joins(&Name::v4(PEER, 0), &any), -EINVAL);
    assert_eq!(joins(&group, &Name::v4(PEER, 0)), -ENODEV);
    assert_eq!(joins(&group, &Name::v4(OWN, 0)), 0);
    let other = Name {
        scope: 9,
        ..Name::v4([0; 4], 0)
    };
    assert_eq!(joins(&group, &other), -ENODEV);
    let home = Name::v4([127, 0, 0, 1], 0);
    let left = join(&mut rig, 1, option::LEAVE, &group, &home);
    assert_eq!(left, -EADDRNOTAVAIL);
    assert_eq!(rig.stack.close(1, 0), 0);
    assert!(
        !rig.stack
            .datagrams
            .groups
            .has(IpAddress::Ipv4(GROUP.into()))
    );
}

#[test]
fn what_is_sent_to_a_group_comes_back_if_that_is_wanted() {
    for has_card in [true, false] {
        let mut rig = if has_card { Rig::new() } else { Rig::alone() };
        rig.settle();
        rig.open(1, kind::DATAGRAM);
        rig.bind(1, &Name::v4([0; 4], 7));
        let group = Name::v4(GROUP, 7);
        join(&mut rig, 1, option::JOIN, &group, &Name::v4([0; 4], 0));
        rig.after(2 * SECOND);
        for (comes_back, hops) in [(1, 1), (0, 1), (1, 0), (1, 9)] {
            rig.stack.option(1, option::MULTICAST_LOOP_V4, comes_back);
            rig.stack.option(1, option::MULTICAST_HOP_LIMIT, hops);
            assert_eq!(rig.send(1, b"group", Some(&group)), 5);
            let sent = rig.settle().sent;
            let sent: Vec<u8> = sent.iter().map(|it| packet_of(it).hop_limit).collect();
            let leaves = has_card && hops != 0;
            assert_eq!(sent, vec![hops as u8; usize::from(leaves)]);
            assert_eq!(rig.receive(1).len(), comes_back as usize);
        }
    }
}

#[test]
fn a_group_of_ipv6_is_joined_by_the_number_of_its_interface() {
    let mut rig = Rig::alone();
    rig.open(1, kind::DATAGRAM | kind::V6);
    rig.bind(1, &Name::v6([0; 16], 7));
    let mut group = [0; 16];
    (group[0], group[1], group[15]) = (0xff, 2, 0x99);
    let group = Name::v6(group, 7);
    assert_eq!(join(&mut rig, 1, option::JOIN, &group, &Name::NONE), 0);
    assert_eq!(rig.send(1, b"group", Some(&group)), 5);
    rig.settle();
    assert_eq!(rig.receive(1).len(), 1);
    assert_eq!(join(&mut rig, 1, option::LEAVE, &group, &Name::NONE), 0);
    rig.send(1, b"group", Some(&group));
    rig.settle();
    assert_eq!(rig.receive(1).len(), 0);
}
