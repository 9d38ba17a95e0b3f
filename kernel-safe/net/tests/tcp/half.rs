//! Connections that are half open: what peers may do, and how often we answer.

use domains::errno;
use domains::network::window::{state, told};
use smoltcp::wire::{TcpControl, TcpSeqNumber};

use crate::peer::Peer;
use crate::world::{B, SECOND, World};

fn world() -> (World, u32, Peer) {
    let mut world = World::new(1);
    let listener = world.listen(1, 80, 4);
    (world, listener, Peer::new(4000, 80))
}

#[test]
fn an_answer_is_repeated_six_times_in_all() {
    let (mut world, _, peer) = world();
    peer.send(&mut world, &peer.segment(TcpControl::Syn, 7));
    world.pass(300 * SECOND);
    let answers = peer.answers(&mut world);
    assert_eq!(answers.len(), 6);
    assert!(answers.iter().all(|it| *it == answers[0]));
    peer.say(
        &mut world,
        TcpControl::None,
        8,
        answers[0].sequence + 1,
        &[],
    );
    assert_eq!(peer.answer(&mut world).control, TcpControl::Rst);
}

#[test]
fn a_syn_that_comes_again_gets_the_same_answer() {
    let (mut world, listener, peer) = world();
    peer.send(&mut world, &peer.segment(TcpControl::Syn, 7));
    peer.send(&mut world, &peer.segment(TcpControl::Syn, 7));
    let answers = peer.answers(&mut world);
    assert_eq!(answers.len(), 2);
    assert_eq!(answers[0], answers[1]);
    peer.send(&mut world, &peer.segment(TcpControl::Syn, 99));
    let challenge = peer.answer(&mut world);
    assert_eq!(
        (challenge.control, challenge.acknowledged),
        (TcpControl::None, Some(8))
    );
    peer.send(&mut world, &peer.segment(TcpControl::Rst, 8));
    peer.send(&mut world, &peer.segment(TcpControl::Syn, 99));
    assert_eq!(peer.answer(&mut world).acknowledged, Some(100));
    assert_eq!(world.accept(1, listener), None);
}

#[test]
fn an_acknowledgement_of_something_else_is_refused() {
    let (mut world, listener, peer) = world();
    peer.send(&mut world, &peer.segment(TcpControl::Syn, 7));
    let answer = peer.answer(&mut world);
    for other in [
        answer.sequence,
        answer.sequence + 2,
        answer.sequence ^ 1 << 31,
    ] {
        peer.say(&mut world, TcpControl::None, 8, other, &[]);
        let refusal = peer.answer(&mut world);
        assert_eq!(
            (refusal.control, refusal.sequence),
            (TcpControl::Rst, other)
        );
    }
    assert_eq!(world.accept(1, listener), None);
    peer.say(&mut world, TcpControl::None, 8, answer.sequence + 1, &[]);
    assert!(world.accept(1, listener).is_some());
}

#[test]
fn bytes_and_the_end_may_come_with_the_acknowledgement() {
    let (mut world, listener, peer) = world();
    peer.send(&mut world, &peer.segment(TcpControl::Syn, u32::MAX));
    let answer = peer.answer(&mut world);
    peer.say(&mut world, TcpControl::Fin, 0, answer.sequence + 1, b"all");
    let server = world.accept(1, listener).expect("it is made");
    assert_eq!(world.hosts[1].kernel.read(server, 9), b"all");
    assert!(world.hosts[1].is(server, state::READ_END));
    world.pass(SECOND / 50);
    assert_eq!(peer.answer(&mut world).acknowledged, Some(4));
}

#[test]
fn windows_are_scaled_if_both_do_that() {
    for scale in [None, Some(3)] {
        let (mut world, listener, peer) = world();
        world.hosts[1].ring = (131_071, 262_143);
        world.hosts[1].open(cell_net::tcp::Kind::Spare, cell_net::tcp::V6::Dual);
        let mut syn = peer.segment(TcpControl::Syn, 0);
        (syn.window_scale, syn.max_seg_size) = (scale, Some(1000));
        peer.send(&mut world, &syn);
        let answer = peer.answer(&mut world);
        assert_eq!(answer.scale, scale.map(|_| 1));
        assert_eq!((answer.window, answer.segment), (65_535, Some(1460)));
        let other = answer.sequence + 1;
        let mut third = peer.segment(TcpControl::None, 1);
        third.ack_number = Some(TcpSeqNumber(other as i32));
        third.window_len = 1000;
        peer.send(&mut world, &third);
        let server = world.accept(1, listener).expect("it is made");
        world.hosts[1].kernel.write(server, &[1; 20_000]);
        world.pass(SECOND / 10);
        let answers = peer.answers(&mut world);
        // A scaled window is of 8,000 bytes, of which two segments are sent at first.
        let first: usize = answers.iter().map(|it| it.size).sum();
        assert!(answers.iter().all(|it| it.size <= 1000));
        assert_eq!(first, if scale.is_some() { 2000 } else { 1000 });
    }
}

#[test]
fn a_queue_that_is_full_makes_whoever_comes_wait() {
    let mut world = World::new(2);
    let listener = world.listen(1, 80, 3);
    let clients: Vec<u32> = (0..10).map(|_| world.connect(0, B, 80)).collect();
    world.pass(2 * SECOND);
    assert_eq!(world.hosts[1].kernel.told(listener, 24), 3);
    for client in &clients {
        if world.hosts[0].is(*client, state::CONNECTED) {
            world.hosts[0].kernel.write(*client, b"x");
        }
    }
    let mut servers = Vec::new();
    assert!(world.watch(100 * SECOND, |world| {
        servers.extend(world.accept(1, listener));
        for client in &clients {
            if world.hosts[0].is(*client, state::CONNECTED) {
                world.hosts[0].kernel.write(*client, b"y");
            }
        }
        servers.len() == clients.len()
    }));
    world.pass(10 * SECOND);
    for client in clients {
        assert!(world.hosts[0].is(client, state::CONNECTED | state::DRAINED));
        assert_eq!(world.hosts[0].error(client), 0);
    }
    for server in servers {
        assert!(
            world.hosts[1].kernel.readable(server) > 0,
            "a byte was lost"
        );
    }
}

#[test]
fn connections_wait_for_windows() {
    let mut world = World::new(3);
    let listener = world.listen(1, 80, 100);
    world.hosts[1].has_spares = false;
    assert!(world.hosts[1].tcp.is_short_of_spares());
    let clients: Vec<u32> = (0..20).map(|_| world.connect(0, B, 80)).collect();
    world.pass(2 * SECOND);
    assert_eq!(world.accept(1, listener), None);
    for client in &clients {
        assert!(world.hosts[0].is(*client, state::CONNECTED));
        world.hosts[0].kernel.write(*client, b"early");
    }
    world.hosts[1].has_spares = true;
    world.pass(40 * SECOND);
    for _ in &clients {
        let server = world.accept(1, listener).expect("all are made");
        assert_eq!(world.hosts[1].kernel.read(server, 9), b"early");
    }
    assert_eq!(world.hosts[1].tcp.accept(0, listener), Err(errno::EAGAIN));
}

#[test]
fn a_listener_whose_owner_takes_nobody_leaves_windows_to_others() {
    let mut world = World::new(5);
    let [slow, other] = [(80, 4096), (81, 4)].map(|(port, most)| world.listen(1, port, most));
    for host in &mut world.hosts {
        host.ring = (3968, 4096);
    }
    // As many as the safe kernel gives.
    world.hosts[1].has_spares = false;
    for _ in 0..256 {
        world.hosts[1].open(cell_net::tcp::Kind::Spare, cell_net::tcp::V6::Dual);
    }
    let clients = [(); 300].map(|()| world.connect(0, B, 80));
    world.pass(5 * SECOND);
    world.connect(0, B, 81);
    assert!(world.run(5 * SECOND, |world| world.accept(1, other).is_some()));
    world.hosts[1].has_spares = true;
    let mut count = 0;
    assert!(world.watch(10 * SECOND, |world| {
        count += usize::from(world.accept(1, slow).is_some());
        count == clients.len()
    }));
}

#[test]
fn a_reset_ends_what_is_half_open_at_the_very_number_only() {
    let (mut world, listener, peer) = world();
    peer.send(&mut world, &peer.segment(TcpControl::Syn, 7));
    let answer = peer.answer(&mut world);
    for other in [7, 9, 8 + (1 << 31)] {
        peer.send(&mut world, &peer.segment(TcpControl::Rst, other));
    }
    peer.say(&mut world, TcpControl::None, 8, answer.sequence + 1, &[]);
    assert!(world.accept(1, listener).is_some());
}

#[test]
fn an_acknowledgement_from_behind_the_window_makes_no_connection() {
    let (mut world, listener, peer) = world();
    peer.send(&mut world, &peer.segment(TcpControl::Syn, 7));
    let answer = peer.answer(&mut world);
    let ours = answer.sequence + 1;
    for far in [7, 10 + u32::from(answer.window), 1 << 31] {
        peer.say(&mut world, TcpControl::None, far, ours, &[]);
        let challenge = peer.answer(&mut world);
        assert_eq!(
            (challenge.control, challenge.acknowledged),
            (TcpControl::None, Some(8))
        );
        assert_eq!(world.accept(1, listener), None);
    }
}

#[test]
fn so_many_challenges_leave_in_a_second() {
    let (mut world, _, peer) = world();
    peer.send(&mut world, &peer.segment(TcpControl::Syn, 7));
    for number in 0..3000 {
        let syn = peer.segment(TcpControl::Syn, 100 + number);
        let packet = peer.packet(B, &syn);
        world.deliver(&packet);
    }
    assert_eq!(world.hosts[1].nic.sent.len(), 1000);
}

#[test]
fn an_answer_is_repeated_after_ever_longer_times() {
    let (mut world, _, peer) = world();
    peer.send(&mut world, &peer.segment(TcpControl::Syn, 7));
    for (time, count) in [(4, 3), (4, 1), (4, 0), (4, 1), (14, 0)] {
        world.pass(time * SECOND);
        assert_eq!(peer.answers(&mut world).len(), count);
    }
}

#[test]
fn what_is_half_open_goes_with_its_listener_and_no_other() {
    let (mut world, listener, peer) = world();
    let other = world.listen(1, 81, 4);
    let others = Peer::new(4000, 81);
    let [mine, yours] = [peer, others].map(|peer| {
        peer.send(&mut world, &peer.segment(TcpControl::Syn, 7));
        peer.answer(&mut world).sequence + 1
    });
    world.close(1, listener, cell_net::tcp::Close::Orderly);
    world.pass(1);
    let next = world.listen(1, 80, 4);
    assert_eq!(next, listener, "its number is used again");
    peer.say(&mut world, TcpControl::None, 8, mine, &[]);
    assert_eq!(peer.answer(&mut world).control, TcpControl::Rst);
    assert_eq!(world.accept(1, next), None);
    others.say(&mut world, TcpControl::None, 8, yours, &[]);
    assert!(world.accept(1, other).is_some());
}

#[test]
fn how_many_wait_is_told_as_they_come_and_go() {
    let (mut world, listener, _) = world();
    let waiting = |world: &World| world.hosts[1].kernel.told(listener, told::WAITING);
    (0..3).for_each(|_| {
        world.connect(0, B, 80);
    });
    world.pass(SECOND);
    assert_eq!(waiting(&world), 3);
    let first = world.accept(1, listener).expect("one waits");
    assert_eq!(waiting(&world), 2);
    // One that waits is closed, as a spare whose window is taken back.
    let is_made = |number: &u32| {
        world.hosts[1].kernel.has(*number) && world.hosts[1].is(*number, state::CONNECTED)
    };
    let made: Vec<u32> = (0..20).filter(is_made).collect();
    let second = made.into_iter().find(|number| *number != first);
    let second = second.expect("two are left");
    world.close(1, second, cell_net::tcp::Close::Reset);
    assert_eq!(waiting(&world), 1);
    let third = world.accept(1, listener).expect("another waits");
    assert_ne!(third, second);
    assert_eq!((waiting(&world), world.accept(1, listener)), (0, None));
}

/// A listener without room, and one with as many as may have windows.
#[test]
fn whoever_waits_at_a_full_listener_holds_up_nobody_at_another() {
    for (backlog, clients) in [(1, 2), (4096, 130)] {
        let mut world = World::new(7);
        for host in &mut world.hosts {
            host.ring = (3968, 4096);
        }
        world.hosts[1].has_spares = false;
        world.listen(1, 80, backlog);
        let other = world.listen(1, 81, 4);
        (0..clients).for_each(|_| {
            world.connect(0, B, 80);
        });
        world.pass(SECOND / 10);
        world.connect(0, B, 81);
        world.pass(SECOND / 10);
        for _ in 0..clients + 2 {
            world.hosts[1].open(cell_net::tcp::Kind::Spare, cell_net::tcp::V6::Dual);
        }
        // Before an answer is repeated.
        world.pass(SECOND / 10);
        assert!(world.accept(1, other).is_some(), "{backlog}");
    }
}

/// Whoever sends behind his handshake, before there is a window for him, does not have to
/// send again.
#[test]
fn what_comes_before_there_is_a_window_is_kept() {
    const CLIENTS: usize = 20;
    let mut world = World::new(21);
    let listener = world.listen(1, 80, 64);
    world.pass(SECOND);
    let clients: Vec<u32> = (0..CLIENTS).map(|_| world.connect(0, B, 80)).collect();
    world.hosts[1].has_spares = false;
    for client in &clients {
        let client = *client;
        assert!(world.run(SECOND / 10, |world| {
            world.hosts[0].is(client, state::CONNECTED)
        }));
        world.hosts[0].kernel.write(client, &client.to_le_bytes());
    }
    world.pass(SECOND / 100);
    world.hosts[1].has_spares = true;
    world.pass(SECOND / 100);
    for _ in &clients {
        let server = world.accept(1, listener).expect("it waits");
        let (now, host) = (world.now, &mut world.hosts[1]);
        assert_eq!(
            host.read_all(now, server).len(),
            4,
            "before it is sent again"
        );
    }
}
