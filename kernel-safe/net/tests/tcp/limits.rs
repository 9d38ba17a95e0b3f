//! Nobody is waited for without end.

use cell_net::tcp::{Close, How};
use domains::errno;
use domains::network::option;
use domains::network::window::{state, told};
use smoltcp::wire::TcpControl;

use crate::peer::Peer;
use crate::world::{B, MILLISECOND, SECOND, World};

/// After how long something is so, in seconds.
fn seconds(world: &mut World, mut is_so: impl FnMut(&mut World) -> bool) -> u64 {
    let begin = world.now;
    assert!(world.run(40_000 * SECOND, &mut is_so), "it never is");
    (world.now - begin) / SECOND
}

#[test]
fn connecting_to_nobody_ends_after_two_minutes() {
    let mut world = World::new(1);
    world.faults.lost = 1000;
    let client = world.connect(0, B, 80);
    let after = seconds(&mut world, |world| world.hosts[0].is(client, state::CLOSED));
    assert_eq!(after, 127);
    assert_eq!(world.hosts[0].error(client), errno::ETIMEDOUT);
    assert!(world.hosts[0].tcp.deadline().is_none());
}

#[test]
fn a_peer_that_vanishes_is_given_up_after_some_fifteen_tries() {
    let mut world = World::new(2);
    let listener = world.listen(1, 80, 4);
    let (client, _) = world.pair(listener, 80);
    world.faults.lost = 1000;
    world.hosts[0].kernel.write(client, b"hello?");
    let after = seconds(&mut world, |world| world.hosts[0].is(client, state::CLOSED));
    assert!((595..=610).contains(&after), "{after}");
    assert_eq!(world.hosts[0].error(client), errno::ETIMEDOUT);
}

/// Whoever answers acknowledges by that, and whoever does not is asked a little later.
#[test]
fn what_nobody_answers_is_acknowledged_in_time() {
    let mut world = World::new(9);
    let listener = world.listen(1, 80, 4);
    let (client, _) = world.pair(listener, 80);
    world.pass(SECOND);
    for round in 1..=3 {
        let before = world.hosts[1].nic.count;
        world.hosts[0].kernel.write(client, b"news");
        world.pass(SECOND / 100 + 4 * MILLISECOND);
        assert!(world.hosts[0].is(client, state::DRAINED), "{round}");
        assert_eq!(world.hosts[1].nic.count - before, 1, "{round}");
    }
}

#[test]
fn an_answer_is_all_that_leaves_and_acknowledges_what_it_answers() {
    let mut world = World::new(10);
    let listener = world.listen(1, 80, 4);
    let (client, server) = world.pair(listener, 80);
    world.pass(SECOND);
    let before = [0, 1].map(|host: usize| world.hosts[host].nic.count);
    for _ in 0..20 {
        say(&mut world, (0, client), (1, server), b"question");
        say(&mut world, (1, server), (0, client), b"answer");
    }
    let sent = [0, 1].map(|host: usize| world.hosts[host].nic.count - before[host]);
    assert_eq!(sent, [20, 20]);
}

/// One end writes, and the other reads just that.
fn say(world: &mut World, from: (usize, u32), to: (usize, u32), what: &[u8]) {
    world.hosts[from.0].kernel.write(from.1, what);
    let has_come =
        |world: &mut World| world.hosts[to.0].kernel.told(to.1, told::READABLE) >> 32 != 0;
    assert!(world.run(SECOND, has_come));
    let now = world.now;
    assert_eq!(world.hosts[to.0].read_all(now, to.1), what);
}

#[test]
fn a_connection_that_waits_for_nothing_stays() {
    let mut world = World::new(3);
    let listener = world.listen(1, 80, 4);
    let (client, server) = world.pair(listener, 80);
    world.pass(SECOND);
    for host in &world.hosts {
        assert_eq!(host.tcp.deadline(), None, "it costs nothing");
    }
    world.pass(100 * 86_400 * SECOND);
    world.hosts[0].kernel.write(client, b"still there");
    world.pass(SECOND);
    assert_eq!(world.hosts[1].kernel.read(server, 99), b"still there");
}

#[test]
fn keep_alive_finds_out_who_is_gone() {
    let mut world = World::new(4);
    let listener = world.listen(1, 80, 4);
    let (client, _) = world.pair(listener, 80);
    let option = world.hosts[0].tcp.option(client, option::KEEP_ALIVE, 1);
    option.expect("it is TCP's");
    world.hosts[0].kernel.write(client, b"x");
    world.pass(5 * 7200 * SECOND);
    assert!(
        world.hosts[0].is(client, state::CONNECTED),
        "the peer answers"
    );
    world.faults.lost = 1000;
    let after = seconds(&mut world, |world| world.hosts[0].is(client, state::CLOSED));
    assert!((675..=7200 + 675).contains(&after), "{after}");
    assert_eq!(world.hosts[0].error(client), errno::ETIMEDOUT);
}

#[test]
fn keep_alive_can_be_asked_for_while_nothing_happens_and_taken_back() {
    let mut world = World::new(10);
    let listener = world.listen(1, 80, 4);
    let (client, _) = world.pair(listener, 80);
    world.pass(SECOND);
    world.faults.lost = 1000;
    let set = |world: &mut World, value| {
        let option = world.hosts[0].tcp.option(client, option::KEEP_ALIVE, value);
        option.expect("it is TCP's");
        let now = world.now;
        world.hosts[0].pump(now);
    };
    set(&mut world, 1);
    world.pass(7500 * SECOND);
    set(&mut world, 0);
    world.pass(100_000 * SECOND);
    assert!(!world.hosts[0].is(client, state::CLOSED));
    assert_eq!(world.hosts[0].tcp.deadline(), None);
    set(&mut world, 1);
    let after = seconds(&mut world, |world| world.hosts[0].is(client, state::CLOSED));
    assert!(after <= 7200 + 676, "{after}");
}

#[test]
fn an_orphan_whose_peer_does_not_end_goes_after_a_minute() {
    let mut world = World::new(5);
    let listener = world.listen(1, 80, 4);
    let (client, server) = world.pair(listener, 80);
    world.close(1, server, Close::Orderly);
    let after = seconds(&mut world, |world| !world.hosts[1].kernel.has(server));
    assert_eq!(after, 60);
    assert!(world.hosts[0].kernel.has(client));
}

#[test]
fn an_orphan_whose_peer_is_gone_goes_too() {
    for shuts_first in [false, true] {
        let mut world = World::new(6);
        let listener = world.listen(1, 80, 4);
        let (client, server) = world.pair(listener, 80);
        if shuts_first {
            world.shutdown(0, client, How::Write);
            world.pass(SECOND);
        }
        world.faults.lost = 1000;
        world.hosts[1].kernel.write(server, b"the last");
        world.close(1, server, Close::Orderly);
        let after = seconds(&mut world, |world| !world.hosts[1].kernel.has(server));
        assert_eq!(after, 120);
    }
}

#[test]
fn an_orphan_with_a_window_of_zero_goes_too() {
    let mut world = World::new(7);
    let listener = world.listen(1, 80, 4);
    let peer = Peer::new(4000, 80);
    let (own, other) = peer.greet(&mut world, 5);
    let server = world.accept(1, listener).expect("it is made");
    let mut closed = peer.segment(TcpControl::None, own);
    closed.window_len = 0;
    closed.ack_number = Some(smoltcp::wire::TcpSeqNumber(other as i32));
    peer.send(&mut world, &closed);
    world.hosts[1].kernel.write(server, &[7; 5000]);
    world.close(1, server, Close::Orderly);
    let begin = world.now;
    while world.hosts[1].kernel.has(server) {
        world.pass(SECOND);
        peer.send(&mut world, &closed);
        assert!(world.now - begin < 1000 * SECOND, "it is held for ever");
    }
}

#[test]
fn an_orphan_that_is_fed_drops_goes_too() {
    let mut world = World::new(8);
    let listener = world.listen(1, 80, 4);
    let peer = Peer::new(4000, 80);
    let (own, other) = peer.greet(&mut world, 5);
    let server = world.accept(1, listener).expect("it is made");
    world.hosts[1].kernel.write(server, &[7; 16_000]);
    world.close(1, server, Close::Orderly);
    let begin = world.now;
    let mut taken = 0;
    while world.hosts[1].kernel.has(server) {
        world.pass(50 * SECOND);
        taken += 1;
        let mut drop = peer.segment(TcpControl::None, own);
        drop.window_len = 1;
        drop.ack_number = Some(smoltcp::wire::TcpSeqNumber((other + taken) as i32));
        peer.send(&mut world, &drop);
        assert!(world.now - begin < 1000 * SECOND, "it is held for ever");
    }
}

#[test]
fn an_owner_may_wait_for_a_window_of_zero_as_long_as_it_likes() {
    let mut world = World::new(9);
    let listener = world.listen(1, 80, 4);
    let (client, server) = world.pair(listener, 80);
    let mut sent = 0;
    for _ in 0..50 {
        sent += world.hosts[0].kernel.write(client, &[5; 1000]);
        world.pass(1000 * SECOND);
    }
    assert!(world.hosts[0].is(client, state::CONNECTED));
    let mut got = 0;
    assert!(world.watch(1000 * SECOND, |world| {
        got += world.hosts[1].kernel.read(server, 999).len();
        got == sent
    }));
}

#[test]
fn a_connection_says_what_it_expects_so_many_times_in_a_second() {
    let mut world = World::new(11);
    let listener = world.listen(1, 80, 4);
    let peer = Peer::new(4000, 80);
    let (own, _) = peer.greet(&mut world, 7);
    world.accept(1, listener).expect("it is made");
    let packet = peer.packet(B, &peer.segment(TcpControl::Syn, own + 1));
    for _ in 0..1000 {
        (0..10).for_each(|_| world.deliver(&packet));
        world.pass(MILLISECOND);
    }
    let answers = peer.answers(&mut world).len();
    assert!((15..=25).contains(&answers), "{answers}");
}
