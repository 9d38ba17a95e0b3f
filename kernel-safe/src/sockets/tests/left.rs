//! What is written while others are awaited who were woken together.

use super::*;
use crate::network::awaited;

/// Both ends of a connection, with bytes that were left to two others.
fn left(world: &World, bytes: &[u8]) -> (Socket, Socket, Socket) {
    let sockets = pair(80);
    awaited::add(2);
    world.calls();
    let size = bytes.len() as i64;
    assert_eq!(send(sockets.1, bytes), Ok(size));
    assert_eq!(world.calls(), [], "somebody else will");
    sockets
}

#[test]
fn what_several_write_who_were_woken_is_sent_by_the_last() {
    let world = World::new();
    let (listener, client, server) = pair(80);
    awaited::add(2);
    world.calls();
    assert_eq!(send(client, b"first"), Ok(5));
    assert!(!crate::network::attend(), "somebody else will");
    assert_eq!(world.calls(), []);
    crate::network::arrive();
    assert_eq!(send(client, b", second"), Ok(8));
    assert_eq!(world.calls(), []);
    crate::network::arrive();
    super::super::push();
    assert_eq!(world.calls(), [PUMP], "once for both");
    assert_eq!(receive(server, 20), Ok(13));
    assert_eq!(send(server, b"at once"), Ok(7));
    assert_eq!(world.calls(), [PUMP]);
    close(&[listener, client, server]);
}

#[test]
fn what_is_left_to_others_is_sent_soon_all_the_same() {
    let world = World::new();
    let (listener, client, server) = left(&world, b"hello");
    gate::played::pass(2_000_000);
    crate::network::on_timer();
    assert!(world.calls().contains(&PUMP));
    assert_eq!(receive(server, 20), Ok(5));
    assert_eq!(send(client, b"hello"), Ok(5));
    assert_eq!(world.calls(), [PUMP], "nobody has come, and nobody will");
    close(&[listener, client, server]);
}

#[test]
fn what_is_left_is_not_put_off_by_a_timer_that_fires_for_others() {
    let world = World::new();
    let (listener, client, server) = pair(80);
    awaited::add(2);
    assert_eq!(send(client, b"hello"), Ok(5));
    let latest = gate::clock::monotonic_ns() + awaited::LEFT_NS;
    gate::played::pass(900_000);
    world.calls();
    assert!(crate::network::on_timer() <= latest);
    assert_eq!(world.calls(), [], "it is not time");
    close(&[listener, client, server]);
}

#[test]
fn whoever_writes_up_to_the_end_of_a_ring_waits_for_nobody() {
    let _world = World::new();
    let (listener, client, server) = pair(80);
    while send(client, &[7; 1000]).is_ok() {}
    let mut room = 0;
    for _ in 0..500 {
        room += receive(server, 1000).expect("there is much");
        super::super::push();
        awaited::add(2);
        while room >= 1000 {
            assert_eq!(send(client, &[7; 1000]), Ok(1000), "there is room");
            room -= 1000;
        }
        crate::network::flush();
    }
    close(&[listener, client, server]);
}

#[test]
fn what_is_left_is_sent_before_the_machine_ends() {
    let world = World::new();
    let (listener, client, server) = left(&world, b"the end");
    crate::network::flush();
    assert_eq!(world.calls(), [PUMP]);
    crate::network::flush();
    assert_eq!(world.calls(), [], "once");
    assert_eq!(receive(server, 20), Ok(7));
    close(&[listener, client, server]);
}

#[test]
fn a_cpu_that_idles_sends_what_is_left_and_awaits_nobody() {
    let world = World::new();
    let (listener, client, server) = left(&world, b"hello");
    crate::network::settle();
    assert!(world.calls().contains(&PUMP));
    assert_eq!(receive(server, 20), Ok(5));
    assert_eq!(send(client, b"hello"), Ok(5));
    assert_eq!(world.calls(), [PUMP]);
    close(&[listener, client, server]);
}

#[test]
fn what_more_write_than_there_is_room_for_on_the_desk_is_all_sent() {
    const PAIRS: usize = domains::network::desk::net::DIRTY_MAX + 3;
    let _world = World::new();
    let pairs: alloc::vec::Vec<_> = (0..PAIRS).map(|n| pair(100 + n as u16)).collect();
    awaited::add(PAIRS);
    for (_, client, _) in &pairs {
        crate::network::arrive();
        assert_eq!(send(*client, b"hello"), Ok(5));
    }
    for (listener, client, server) in pairs {
        assert_eq!(receive(server, 20), Ok(5));
        close(&[listener, client, server]);
    }
}

#[test]
fn whoever_reads_up_to_the_end_of_a_ring_waits_for_nobody() {
    let _world = World::new();
    let (listener, client, server) = pair(80);
    let block = [7; 1000];
    while send(client, &block).is_ok() {}
    awaited::add(9);
    let mut total = 0;
    while let Ok(count) = receive(server, 50_000) {
        total += count;
    }
    assert!(total > 100_000, "{total}");
    close(&[listener, client, server]);
}
