//! Many at once: half-open connections, scans, and connections that come and go.

use cell_net::tcp::Close;
use domains::network::window::state;
use smoltcp::wire::{IpAddress, TcpControl};

use crate::peer::Peer;
use crate::world::{B, SECOND, World};

/// One of many that begin and say no more.
fn flooder(number: u32) -> Peer {
    let [_, a, b, c] = number.to_be_bytes();
    Peer {
        address: IpAddress::v4(11, a, b, c),
        port: 5000,
        to: 80,
    }
}

#[test]
fn a_good_client_goes_on_in_a_flood_of_half_open_connections() {
    let mut world = World::new(1);
    let listener = world.listen(1, 80, 16);
    let (old, old_server) = world.pair(listener, 80);
    let mut good = 0;
    for number in 0..10_000 {
        let peer = flooder(number);
        let packet = peer.packet(B, &peer.segment(TcpControl::Syn, number));
        world.deliver(&packet);
        if number % 500 == 499 {
            world.strays.clear();
            let (client, server) = world.pair(listener, 80);
            world.hosts[0].kernel.write(client, &[9; 10_000]);
            let mut got = 0;
            assert!(world.run(10 * SECOND, |world| {
                got += world.hosts[1].kernel.read(server, 9999).len();
                got == 10_000
            }));
            world.close(0, client, Close::Orderly);
            world.close(1, server, Close::Orderly);
            good += 1;
        }
    }
    assert_eq!(good, 20);
    world.hosts[0].kernel.write(old, b"and so does an old one");
    world.pass(SECOND);
    assert_eq!(world.hosts[1].kernel.read(old_server, 99).len(), 22);
    // And the flood leaves nothing behind.
    world.pass(200 * SECOND);
    assert_eq!(world.hosts[1].tcp.deadline(), None);
}

#[test]
fn a_cookie_is_believed_if_it_is_one_and_while_there_are_some() {
    let mut world = World::new(2);
    let listener = world.listen(1, 80, 16);
    for number in 0..4096 {
        let peer = flooder(number);
        let packet = peer.packet(B, &peer.segment(TcpControl::Syn, 1));
        world.deliver(&packet);
    }
    world.pass(1);
    world.strays.clear();
    let peer = Peer::new(4000, 80);
    let mut syn = peer.segment(TcpControl::Syn, 70);
    (syn.window_scale, syn.max_seg_size) = (Some(2), Some(1400));
    peer.send(&mut world, &syn);
    let answer = peer.answer(&mut world);
    assert_eq!((answer.control, answer.scale), (TcpControl::Syn, None));
    let cookie = answer.sequence;
    for wrong in [cookie, cookie ^ 2, cookie.wrapping_add(1 << 24)] {
        peer.say(&mut world, TcpControl::None, 71, wrong, &[]);
        assert_eq!(peer.answer(&mut world).control, TcpControl::Rst);
    }
    peer.say(&mut world, TcpControl::None, 72, cookie + 1, &[]);
    assert_eq!(peer.answer(&mut world).control, TcpControl::Rst);
    assert_eq!(world.accept(1, listener), None);
    peer.say(&mut world, TcpControl::Psh, 71, cookie + 1, b"hi");
    let server = world.accept(1, listener).expect("it is made");
    assert_eq!(world.hosts[1].kernel.read(server, 9), b"hi");
    world.hosts[1].kernel.write(server, &[1; 3000]);
    world.pass(SECOND / 10);
    assert_eq!(
        peer.answers(&mut world).iter().map(|it| it.size).max(),
        Some(1400)
    );
    // Another cookie, that comes back when none has been made for long.
    let peer = Peer::new(4001, 80);
    peer.send(&mut world, &peer.segment(TcpControl::Syn, 70));
    let cookie = peer.answer(&mut world).sequence;
    world.pass(150 * SECOND);
    peer.say(&mut world, TcpControl::None, 71, cookie + 1, &[]);
    assert_eq!(peer.answer(&mut world).control, TcpControl::Rst);
}

#[test]
fn a_cookie_is_believed_by_nobody_who_has_made_none() {
    let world = || {
        let mut world = World::new(2);
        world.listen(1, 80, 16);
        world
    };
    let (mut flooded, mut calm) = (world(), world());
    for number in 0..4096 {
        let packet = flooder(number).packet(B, &flooder(number).segment(TcpControl::Syn, 1));
        flooded.deliver(&packet);
    }
    flooded.pass(1);
    flooded.strays.clear();
    // Both have the same secret.
    let peer = Peer::new(4000, 80);
    peer.send(&mut flooded, &peer.segment(TcpControl::Syn, 70));
    let cookie = peer.answer(&mut flooded).sequence;
    peer.say(&mut calm, TcpControl::None, 71, cookie + 1, &[]);
    assert_eq!(peer.answer(&mut calm).control, TcpControl::Rst);
    peer.say(&mut flooded, TcpControl::Psh, 71, cookie + 1, b"hi");
    assert_eq!(peer.answers(&mut flooded), []);
}

#[test]
fn a_flood_is_answered_less_often_and_makes_room_soon() {
    let mut world = World::new(5);
    world.listen(1, 80, 16);
    for number in 0..4096 {
        let packet = flooder(number).packet(B, &flooder(number).segment(TcpControl::Syn, 1));
        world.deliver(&packet);
    }
    world.pass(5 * SECOND);
    world.strays.clear();
    let peer = Peer::new(4000, 80);
    let mut syn = peer.segment(TcpControl::Syn, 70);
    syn.window_scale = Some(2);
    peer.send(&mut world, &syn);
    assert!(peer.answer(&mut world).scale.is_some(), "this is no cookie");
}

#[test]
fn a_scan_of_all_ports_gets_so_many_answers_a_second() {
    let mut world = World::new(3);
    world.listen(1, 80, 4);
    let mut resets = 0;
    for port in 1..=65_535 {
        let peer = Peer::new(4000, port);
        let packet = peer.packet(B, &peer.segment(TcpControl::Syn, 7));
        world.deliver(&packet);
        resets += world.hosts[1].nic.sent.len();
        world.hosts[1].nic.sent.clear();
    }
    assert_eq!(resets, 1001, "one is the listener's answer");
    world.pass(SECOND);
    let peer = Peer::new(4000, 9);
    peer.send(&mut world, &peer.segment(TcpControl::Syn, 7));
    assert_eq!(peer.answer(&mut world).control, TcpControl::Rst);
    peer.send(&mut world, &peer.segment(TcpControl::Rst, 7));
    assert!(peer.answers(&mut world).is_empty(), "no reset is answered");
}

#[test]
fn connections_come_and_go() {
    let mut world = World::new(4);
    for host in &mut world.hosts {
        host.ring = (3968, 4096);
    }
    world.latency = 1000;
    let listener = world.listen(1, 80, 16);
    for round in 0..2000_u32 {
        let (client, server) = world.pair(listener, 80);
        world.hosts[0].kernel.write(client, &round.to_ne_bytes());
        world.pass(10_000);
        assert_eq!(world.hosts[1].kernel.read(server, 9), round.to_ne_bytes());
        let (first, second) = [(0, 1), (1, 0)][round as usize % 2];
        let sockets = [client, server];
        world.close(first, sockets[first], Close::Orderly);
        world.pass(10_000);
        world.close(second, sockets[second], Close::Orderly);
        world.pass(10_000);
        assert!(!world.hosts[0].kernel.has(client) && !world.hosts[1].kernel.has(server));
    }
    assert!(world.hosts[1].is(listener, state::LISTENING));
}
