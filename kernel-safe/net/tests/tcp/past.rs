//! Connections in TIME-WAIT: they answer, and they yield.

use cell_net::tcp::{Close, How};
use domains::network::window::state;
use smoltcp::wire::TcpControl;

use crate::peer::Peer;
use crate::world::{B, MILLISECOND, SECOND, World};

/// A connection that we have ended first: the peer's number and ours.
fn past() -> (World, u32, Peer, (u32, u32)) {
    let mut world = World::new(1);
    let listener = world.listen(1, 80, 4);
    let peer = Peer::new(4000, 80);
    let (own, other) = peer.greet(&mut world, 1000);
    let server = world.accept(1, listener).expect("it is made");
    world.shutdown(1, server, How::Write);
    // So soon that the clock of sequence numbers has not gone far.
    world.pass(10 * MILLISECOND);
    assert_eq!(peer.answer(&mut world).control, TcpControl::Fin);
    peer.say(&mut world, TcpControl::Fin, own, other + 1, &[]);
    assert_eq!(peer.answer(&mut world).acknowledged, Some(own + 1));
    assert!(world.hosts[1].is(server, state::CLOSED));
    world.close(1, server, Close::Orderly);
    world.pass(1);
    assert!(!world.hosts[1].kernel.has(server), "a record is enough");
    (world, listener, peer, (own + 1, other + 1))
}

#[test]
fn an_end_that_comes_again_is_acknowledged_again() {
    let (mut world, _, peer, (own, other)) = past();
    for _ in 0..3 {
        peer.say(&mut world, TcpControl::Fin, own - 1, other, &[]);
        let answer = peer.answer(&mut world);
        assert_eq!(
            (answer.control, answer.acknowledged),
            (TcpControl::None, Some(own))
        );
        assert_eq!(answer.sequence, other);
    }
    peer.say(&mut world, TcpControl::None, own, other, &[]);
    assert!(peer.answers(&mut world).is_empty());
    world.pass(61 * SECOND);
    world.hosts[1].pump(u64::MAX / 2);
    peer.say(&mut world, TcpControl::Fin, own - 1, other, &[]);
    assert_eq!(peer.answer(&mut world).control, TcpControl::Rst);
}

#[test]
fn a_syn_with_a_higher_number_takes_the_name() {
    let (mut world, listener, peer, (own, other)) = past();
    peer.send(&mut world, &peer.segment(TcpControl::Syn, own - 500));
    let challenge = peer.answer(&mut world);
    assert_eq!(challenge.acknowledged, Some(own), "a lower one does not");
    let (_, next) = peer.greet(&mut world, own + 500);
    assert!(next.wrapping_sub(other) > 65_536 && next.wrapping_sub(other) < 1 << 31);
    let server = world.accept(1, listener).expect("it is made");
    world.hosts[1].kernel.write(server, b"new");
    world.pass(SECOND / 10);
    assert_eq!(peer.answer(&mut world).size, 3);
}

#[test]
fn a_reset_ends_it_if_it_knows_the_number() {
    let (mut world, _, peer, (own, _)) = past();
    peer.send(&mut world, &peer.segment(TcpControl::Rst, own + 1));
    peer.send(&mut world, &peer.segment(TcpControl::Syn, own - 500));
    assert_eq!(peer.answer(&mut world).control, TcpControl::None);
    peer.send(&mut world, &peer.segment(TcpControl::Rst, own));
    peer.send(&mut world, &peer.segment(TcpControl::Syn, own - 500));
    assert_eq!(peer.answer(&mut world).control, TcpControl::Syn);
}

#[test]
fn ten_thousand_of_them_take_no_more_than_their_table() {
    let mut world = World::new(2);
    let listener = world.listen(1, 80, 4);
    for number in 0..10_000_u32 {
        let peer = Peer::new(1024 + (number % 50_000) as u16, 80);
        let (own, other) = peer.greet(&mut world, number);
        let server = world.accept(1, listener).expect("it is made");
        world.close(1, server, Close::Orderly);
        world.pass(1);
        peer.say(&mut world, TcpControl::Fin, own, other + 1, &[]);
        assert!(!world.hosts[1].kernel.has(server));
        world.strays.clear();
    }
    // A minute has not passed since half of them were there; the newest still are.
    for (number, control) in [
        (0, TcpControl::Rst),
        (5_000, TcpControl::Rst),
        (9_999, TcpControl::None),
    ] {
        let peer = Peer::new(1024 + number as u16, 80);
        peer.say(&mut world, TcpControl::Fin, number + 1, 1, &[]);
        assert_eq!(peer.answer(&mut world).control, control);
    }
}

#[test]
fn so_many_ends_that_come_again_are_answered_in_a_second() {
    let (mut world, _, peer, (own, _)) = past();
    let packet = peer.packet(B, &peer.segment(TcpControl::Fin, own - 1));
    (0..3000).for_each(|_| world.deliver(&packet));
    assert_eq!(world.hosts[1].nic.sent.len(), 1000);
}
