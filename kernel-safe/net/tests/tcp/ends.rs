//! How connections end, and what their owners are told then.

use cell_net::tcp::{Close, How};
use domains::errno;
use domains::network::window::state;
use smoltcp::wire::TcpControl;

use crate::peer::Peer;
use crate::world::{B, MILLISECOND, SECOND, World};

fn world() -> (World, u32, u32, u32) {
    let mut world = World::new(1);
    let listener = world.listen(1, 80, 4);
    let (client, server) = world.pair(listener, 80);
    (world, listener, client, server)
}

#[test]
fn whoever_closes_is_released_and_the_other_reads_the_end() {
    let (mut world, _, client, server) = world();
    world.hosts[0].kernel.write(client, b"the last");
    world.close(0, client, Close::Orderly);
    world.pass(SECOND);
    assert!(world.hosts[0].kernel.has(client), "its end is not answered");
    assert!(world.hosts[1].is(server, state::CONNECTED | state::READ_END));
    assert_eq!(world.hosts[1].kernel.read(server, 100), b"the last");
    world.close(1, server, Close::Orderly);
    world.pass(SECOND);
    assert!(
        !world.hosts[0].kernel.has(client),
        "TIME-WAIT holds a window"
    );
    assert!(!world.hosts[1].kernel.has(server));
}

#[test]
fn a_half_that_is_open_goes_on() {
    for first in [0, 1] {
        let (mut world, _, client, server) = world();
        let ends = [(0, client), (1, server)];
        let ((near, own), (far, other)) = (ends[first], ends[1 - first]);
        world.shutdown(near, own, How::Write);
        world.pass(100 * SECOND);
        assert!(world.hosts[far].is(other, state::READ_END));
        assert!(!world.hosts[far].is(other, state::WRITE_END));
        for round in 0..20 {
            assert_eq!(world.hosts[far].kernel.write(other, &[round; 3000]), 3000);
            world.pass(100 * SECOND);
            let now = world.now;
            let read = world.hosts[near].read_all(now, own);
            assert!(read == [round; 3000], "round {round}: {} bytes", read.len());
        }
        world.shutdown(far, other, How::Write);
        world.pass(SECOND);
        for (host, socket) in ends {
            let over = state::CLOSED | state::READ_END | state::WRITE_END | state::CONNECTED;
            assert!(world.hosts[host].is(socket, over));
            assert_eq!(world.hosts[host].error(socket), 0);
            world.close(host, socket, Close::Orderly);
            world.pass(SECOND);
            assert!(!world.hosts[host].kernel.has(socket));
        }
    }
}

#[test]
fn what_was_read_in_time_wait_is_not_lost() {
    let (mut world, _, client, server) = world();
    world.shutdown(0, client, How::Write);
    world.hosts[1].kernel.write(server, b"unread");
    world.close(1, server, Close::Orderly);
    world.pass(10 * SECOND);
    assert!(world.hosts[0].is(client, state::CLOSED | state::READ_END));
    assert_eq!(world.hosts[0].kernel.read(client, 100), b"unread");
}

#[test]
fn unread_bytes_end_with_a_reset() {
    let (mut world, _, client, server) = world();
    world.hosts[0].kernel.write(client, b"nobody reads this");
    world.pass(SECOND);
    world.close(1, server, Close::Orderly);
    world.pass(SECOND);
    assert!(!world.hosts[1].kernel.has(server));
    assert!(world.hosts[0].is(client, state::CLOSED));
    assert_eq!(world.hosts[0].error(client), errno::ECONNRESET);
    assert_eq!(world.hosts[0].error(client), 0, "it is told once");
}

#[test]
fn bytes_for_a_socket_that_was_closed_end_with_a_reset() {
    let (mut world, _, client, server) = world();
    world.close(1, server, Close::Orderly);
    world.pass(SECOND);
    world.hosts[0].kernel.write(client, b"too late");
    world.pass(SECOND);
    assert!(!world.hosts[1].kernel.has(server));
    assert_eq!(world.hosts[0].error(client), errno::EPIPE);
}

#[test]
fn an_abort_is_a_reset() {
    let (mut world, _, client, server) = world();
    world.close(0, client, Close::Reset);
    world.pass(SECOND);
    assert!(!world.hosts[0].kernel.has(client));
    assert_eq!(world.hosts[1].error(server), errno::ECONNRESET);
    let over = state::CLOSED | state::READ_END | state::WRITE_END;
    assert!(world.hosts[1].is(server, over));
    world.close(1, server, Close::Orderly);
    world.pass(SECOND);
    assert!(!world.hosts[1].kernel.has(server));
}

#[test]
fn what_came_before_a_reset_can_be_read() {
    let (mut world, _, client, server) = world();
    world.hosts[0].kernel.write(client, b"first");
    world.pass(SECOND);
    world.close(0, client, Close::Reset);
    world.pass(SECOND);
    assert_eq!(world.hosts[1].kernel.read(server, 100), b"first");
    assert!(world.hosts[1].is(server, state::CLOSED));
}

#[test]
fn a_port_where_nobody_listens_refuses() {
    let mut world = World::new(2);
    let client = world.connect(0, B, 81);
    assert!(world.hosts[0].is(client, state::CONNECTING));
    world.pass(SECOND);
    assert!(world.hosts[0].is(client, state::CLOSED));
    assert!(!world.hosts[0].is(client, state::CONNECTED));
    assert_eq!(world.hosts[0].error(client), errno::ECONNREFUSED);
    // And may be tried again, then with success.
    let listener = world.listen(1, 81, 1);
    let (now, host) = (world.now, &mut world.hosts[0]);
    let again = host
        .tcp
        .connect(now, client, &crate::world::name(B, 81), &mut host.nic);
    assert_eq!(again, Ok(()));
    world.pass(SECOND);
    assert!(world.hosts[0].is(client, state::CONNECTED));
    assert!(world.accept(1, listener).is_some());
}

#[test]
fn nothing_is_written_after_the_end_and_reading_can_be_ended() {
    let (mut world, _, client, server) = world();
    world.shutdown(1, server, How::Read);
    assert!(world.hosts[1].is(server, state::READ_END));
    for _ in 0..50 {
        world.hosts[0].kernel.write(client, &[1; 3000]);
        world.pass(SECOND);
    }
    assert_eq!(world.hosts[1].kernel.readable(server), 0);
    assert!(
        world.hosts[0].is(client, state::DRAINED),
        "the peer is stopped"
    );
    world.shutdown(0, client, How::Both);
    assert!(world.hosts[0].is(client, state::WRITE_END | state::READ_END));
    assert_eq!(world.hosts[0].kernel.write(client, b"x"), 0);
}

#[test]
fn a_connection_that_is_being_made_can_be_given_up() {
    let mut world = World::new(3);
    world.faults.lost = 1000;
    let client = world.connect(0, B, 80);
    world.pass(SECOND);
    world.close(0, client, Close::Orderly);
    world.pass(MILLISECOND);
    assert!(!world.hosts[0].kernel.has(client));
    let client = world.connect(0, B, 80);
    world.shutdown(0, client, How::Both);
    assert_eq!(world.hosts[0].error(client), errno::ECONNRESET);
}

#[test]
fn both_can_begin_at_once() {
    let mut world = World::new(4);
    let (a, b) = (crate::world::A, B);
    let sockets = [(0, a, b), (1, b, a)].map(|(host, own, other)| {
        let now = world.now;
        let host = &mut world.hosts[host];
        let socket = host.open(cell_net::tcp::Kind::Stream, cell_net::tcp::V6::No);
        let (own, other) = (
            crate::world::name(own, 4000),
            crate::world::name(other, 4000),
        );
        host.tcp
            .bind(socket, &own, cell_net::tcp::Reuse::Yes, &mut host.nic)
            .expect("the port is free");
        host.tcp
            .connect(now, socket, &other, &mut host.nic)
            .expect("there is a way");
        socket
    });
    world.pass(10 * SECOND);
    for (host, socket) in sockets.into_iter().enumerate() {
        assert!(world.hosts[host].is(socket, state::CONNECTED));
        world.hosts[host].kernel.write(socket, b"hello");
    }
    world.pass(10 * SECOND);
    for (host, socket) in sockets.into_iter().enumerate() {
        assert_eq!(world.hosts[host].kernel.read(socket, 9), b"hello");
    }
}

#[test]
fn closing_a_listener_resets_who_waits() {
    let (mut world, listener, ..) = world();
    let waiting = world.connect(0, B, 80);
    world.pass(SECOND);
    assert!(world.hosts[0].is(waiting, state::CONNECTED));
    let half = Peer::new(5, 80);
    half.send(&mut world, &half.segment(TcpControl::Syn, 1));
    assert_eq!(half.answer(&mut world).control, TcpControl::Syn);
    world.close(1, listener, Close::Orderly);
    world.pass(SECOND);
    assert!(!world.hosts[1].kernel.has(listener));
    assert_eq!(world.hosts[0].error(waiting), errno::ECONNRESET);
    half.say(&mut world, TcpControl::None, 2, 3, &[]);
    assert_eq!(half.answer(&mut world).control, TcpControl::Rst);
    let client = world.connect(0, B, 80);
    world.pass(SECOND);
    assert_eq!(world.hosts[0].error(client), errno::ECONNREFUSED);
}
