//! What routers report, and who only says so.

use cell_net::tcp::Quoted;
use domains::errno;
use domains::network::window::{state, told};
use smoltcp::wire::{TcpControl, TcpPacket};

use crate::peer::Peer;
use crate::world::{A, B, SECOND, World};

/// A report about a connection of the first machine that quotes this number.
fn quoted(world: &World, client: u32, sequence: u32) -> Quoted {
    let own = world.hosts[0].kernel.name(client, told::LOCAL);
    Quoted {
        local: A,
        local_port: own.port,
        peer: B,
        peer_port: 80,
        sequence,
    }
}

fn sequence_of_last(world: &mut World) -> u32 {
    let now = world.now;
    world.hosts[0].pump(now);
    let packet = world.hosts[0].nic.sent.back().expect("it has sent");
    let segment = TcpPacket::new_unchecked(packet.payload());
    segment.seq_number().0 as u32
}

#[test]
fn a_peer_that_cannot_be_reached_ends_connecting() {
    let mut world = World::new(1);
    let client = world.connect(0, B, 80);
    let sequence = sequence_of_last(&mut world);
    let now = world.now;
    for other in [
        sequence.wrapping_add(1),
        sequence.wrapping_sub(1),
        !sequence,
    ] {
        let report = quoted(&world, client, other);
        world.hosts[0]
            .tcp
            .unreachable(now, &report, errno::EHOSTUNREACH);
        assert!(
            world.hosts[0].is(client, state::CONNECTING),
            "it is invented"
        );
    }
    let report = quoted(&world, client, sequence);
    world.hosts[0]
        .tcp
        .unreachable(now, &report, errno::EHOSTUNREACH);
    assert!(world.hosts[0].is(client, state::CLOSED));
    assert_eq!(world.hosts[0].error(client), errno::EHOSTUNREACH);
}

#[test]
fn a_connection_that_is_made_outlasts_reports() {
    let mut world = World::new(2);
    let listener = world.listen(1, 80, 4);
    let (client, server) = world.pair(listener, 80);
    world.hosts[0].kernel.write(client, b"hello");
    let sequence = sequence_of_last(&mut world);
    let report = quoted(&world, client, sequence);
    let now = world.now;
    world.hosts[0]
        .tcp
        .unreachable(now, &report, errno::EHOSTUNREACH);
    world.pass(SECOND);
    assert_eq!(world.hosts[0].error(client), 0);
    assert_eq!(world.hosts[1].kernel.read(server, 9), b"hello");
}

#[test]
fn packets_become_as_small_as_the_way_and_never_tiny() {
    for (mtu, largest) in [(1000, 1000), (68, 552), (9000, 1500)] {
        let mut world = World::new(3);
        let listener = world.listen(1, 80, 4);
        let (client, server) = world.pair(listener, 80);
        let bytes = vec![3; 12_000];
        world.hosts[0].kernel.write(client, &bytes);
        let sequence = sequence_of_last(&mut world);
        // The way loses what is too large.
        world.hosts[0].nic.sent.clear();
        let report = quoted(&world, client, sequence);
        let now = world.now;
        world.hosts[0].tcp.shrink(now, &report, mtu);
        let mut got = Vec::new();
        assert!(world.run(20 * SECOND, |world| {
            got.extend(world.hosts[1].kernel.read(server, 9999));
            got.len() == bytes.len()
        }));
        assert!(got == bytes);
        assert_eq!(world.largest, largest);
    }
}

#[test]
fn connections_end_with_their_address() {
    let mut world = World::new(4);
    let listener = world.listen(1, 80, 4);
    let (_, server) = world.pair(listener, 80);
    let peer = Peer::new(4000, 80);
    peer.send(&mut world, &peer.segment(TcpControl::Syn, 7));
    let now = world.now;
    world.hosts[1].tcp.lost(now, B, errno::ENETDOWN);
    assert_eq!(world.hosts[1].error(server), errno::ENETDOWN);
    assert!(world.hosts[1].is(server, state::CLOSED));
    assert!(world.hosts[1].is(listener, state::LISTENING));
    assert_eq!(world.hosts[1].tcp.deadline(), None);
}

#[test]
fn nobody_who_cannot_see_a_connection_ends_it() {
    let mut world = World::new(5);
    let listener = world.listen(1, 80, 4);
    let peer = Peer::new(4000, 80);
    let (own, other) = peer.greet(&mut world, 100);
    let server = world.accept(1, listener).expect("it is made");
    for ahead in [1, 100, 3000] {
        peer.send(&mut world, &peer.segment(TcpControl::Rst, own + ahead));
        let answer = peer.answer(&mut world);
        assert_eq!(
            answer.acknowledged,
            Some(own),
            "it is asked whether it means that"
        );
        world.pass(SECOND);
        peer.send(&mut world, &peer.segment(TcpControl::Syn, own + ahead));
        let answer = peer.answer(&mut world);
        assert_eq!((answer.sequence, answer.acknowledged), (other, Some(own)));
        world.pass(SECOND);
    }
    assert!(world.hosts[1].is(server, state::CONNECTED));
    assert!(!world.hosts[1].is(server, state::CLOSED));
    peer.send(&mut world, &peer.segment(TcpControl::Rst, own));
    assert_eq!(world.hosts[1].error(server), errno::ECONNRESET);
}

#[test]
fn what_comes_from_far_off_is_not_even_answered() {
    let mut world = World::new(6);
    let listener = world.listen(1, 80, 4);
    let peer = Peer::new(4000, 80);
    let (own, other) = peer.greet(&mut world, 100);
    let server = world.accept(1, listener).expect("it is made");
    let far = (1_u32 << 30) + 1;
    let half = 1_u32 << 31;
    for (ahead, answers) in [
        (far, 0),
        (far.wrapping_neg(), 0),
        (half, 0),
        (0, half),
        (0, far),
    ] {
        for payload in [&b""[..], b"bytes"] {
            let (sequence, number) = (own.wrapping_add(ahead), other.wrapping_add(answers));
            peer.say(&mut world, TcpControl::None, sequence, number, payload);
            world.pass(2 * SECOND);
            assert!(peer.answers(&mut world).is_empty(), "{ahead} {answers}");
        }
    }
    assert_eq!(world.hosts[1].kernel.readable(server), 0);
    peer.say(&mut world, TcpControl::None, own, other, b"bytes");
    assert_eq!(world.hosts[1].kernel.read(server, 99), b"bytes");
}
