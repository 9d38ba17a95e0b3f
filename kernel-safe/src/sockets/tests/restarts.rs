//! What sockets find when `net` is started anew under them, or given up.

use super::*;
use crate::drivers::Net;

/// Entries of `net` that may fault.
const ENTRIES: core::ops::RangeInclusive<u32> = 4..=14;

fn fault(world: &World) {
    world.cells.lock().faults_at = Some(PUMP.1);
    super::super::push();
    assert_eq!(world.cells.lock().faults_at, None, "it has faulted");
}

#[test]
fn connections_are_reset_and_listeners_are_back() {
    let world = World::new();
    let (listener, client, server) = pair(80);
    assert_eq!(listener.set_option(option::KEEP_ALIVE, 1, 0), Ok(0));
    assert_eq!(send(client, b"unread"), Ok(6));
    fault(&world);
    for socket in [client, server] {
        assert_eq!(socket.events(), INPUT | OUTPUT | ERROR | HANG_UP);
        assert_eq!(receive(socket, 9), Err(Errno::Reset));
        assert_eq!(receive(socket, 9), Ok(0), "what it had received is gone");
        assert_eq!(send(socket, b"x"), Err(Errno::BrokenPipe));
    }
    assert_eq!(world.cells.lock().options_of(80), [(option::KEEP_ALIVE, 1)]);
    let again = stream();
    assert_eq!(connect(again, 80), Ok(0));
    let accepted = listener.accept(&nonblocking()).expect("it waits");
    assert_eq!(send(again, b"hello"), Ok(5));
    assert_eq!(receive(accepted, 9), Ok(5));
    close(&[listener, client, server, again, accepted]);
}

#[test]
fn a_new_net_has_memory_and_buffers() {
    let world = World::new();
    for _ in 0..3 {
        fault(&world);
        super::super::push();
        let cells = world.cells.lock();
        assert!(cells.heap >= 128 << 10, "{}", cells.heap);
        assert_eq!(cells.spares, 128, "as many as there are");
    }
}

#[test]
fn a_socket_for_datagrams_stays_bound_with_all_it_had() {
    let world = World::new();
    let (one, other) = (datagrams(), datagrams());
    assert_eq!(one.bind(name(here(5))), Ok(0));
    assert_eq!(other.bind(name(here(6))), Ok(0));
    assert_eq!(other.connect(&nonblocking(), name(here(5))), Ok(0));
    assert_eq!(one.set_option(option::BROADCAST, 1, 0), Ok(0));
    let group = name(Name::v4([224, 0, 0, 9], 0));
    assert_eq!(one.set_option(option::JOIN, 0, group), Ok(0));
    assert_eq!(send(other, b"lost"), Ok(4));
    fault(&world);
    assert_eq!(receive(one, 9), Err(Errno::Again), "that is gone");
    assert_eq!(send(other, b"hello"), Ok(5));
    assert_eq!((receive(one, 9), bytes(5)), (Ok(5), b"hello".to_vec()));
    assert_eq!(world.cells.lock().options_of(5), [(option::BROADCAST, 1)]);
    assert_eq!(world.cells.lock().groups_of(5), 1);
    close(&[one, other]);
}

#[test]
fn a_net_that_fails_again_as_it_is_told_loses_nothing_more() {
    let world = World::new();
    let listener = listener(80);
    let one = datagrams();
    assert_eq!(one.bind(name(here(5))), Ok(0));
    world.cells.lock().spares_left = Some(2);
    fault(&world);
    assert_eq!(world.cells.lock().spares_left, None, "it has faulted again");
    assert_eq!(one.connect(&nonblocking(), name(here(5))), Ok(0));
    assert_eq!(send(one, b"hello"), Ok(5));
    assert_eq!(receive(one, 9), Ok(5));
    let client = stream();
    assert_eq!(connect(client, 80), Ok(0));
    close(&[listener, one, client]);
}

/// The desk is not wiped when `net` is started anew.
#[test]
fn a_datagram_that_is_sent_once_more_is_the_same() {
    let world = World::new();
    let one = datagrams();
    assert_eq!(one.bind(name(here(5))), Ok(0));
    assert_eq!(one.connect(&nonblocking(), name(here(5))), Ok(0));
    world.cells.lock().faults_at = Some(13);
    assert_eq!(send(one, b"hello!"), Ok(6));
    assert_eq!(world.cells.lock().faults_at, None, "it has faulted");
    assert_eq!((receive(one, 9), bytes(6)), (Ok(6), b"hello!".to_vec()));
    close(&[one]);
}

#[test]
fn whatever_call_faults_the_next_ones_work() {
    for entry in ENTRIES {
        let world = World::new();
        let (listener, client, server) = pair(80);
        world.cells.lock().faults_at = Some(entry);
        let second = super::listener(82);
        let one = datagrams();
        _ = one.bind(name(here(5)));
        _ = one.set_option(option::BROADCAST, 1, 0);
        _ = one.send(&nonblocking(), &[buffer(b"x")], name(here(5)));
        _ = client.shutdown(1);
        let another = stream();
        _ = connect(another, 80);
        _ = listener.accept(&nonblocking());
        let number = server.0.number();
        if world.cells.lock().starts < 2 {
            world.cells.lock().fail(number, 104);
        }
        _ = server.option(option::ERROR);
        close(&[one, client, server, another]);
        close(&[listener, second]);
        assert_eq!(
            world.cells.lock().faults_at,
            None,
            "entry {entry} was called"
        );
        let (listener, client, server) = pair(81);
        assert_eq!(send(client, b"hello"), Ok(5), "after {entry}");
        assert_eq!(receive(server, 9), Ok(5));
        close(&[listener, client, server]);
    }
}

#[test]
fn a_net_that_is_given_up_leaves_no_network() {
    let world = World::new();
    let (listener, client, server) = pair(80);
    let one = datagrams();
    assert_eq!(one.bind(name(here(5))), Ok(0));
    for _ in 0..200 {
        if Net::is_there() {
            world.cells.lock().faults_at = Some(PUMP.1);
            super::super::push();
        }
    }
    assert!(!Net::is_there());
    assert_eq!(open(V4, STREAM).err(), Some(Errno::NetworkDown));
    assert_eq!(
        one.send(&nonblocking(), &[buffer(b"x")], name(here(5))),
        Err(Errno::NetworkDown)
    );
    assert_eq!(
        listener.accept(&nonblocking()).err(),
        Some(Errno::NetworkDown)
    );
    for socket in [client, server] {
        let events = socket.events();
        assert_eq!(events & HANG_UP, HANG_UP);
        assert!(receive(socket, 9).is_err());
        assert!(open(V4, STREAM).is_err());
        assert_eq!(receive(socket, 9), Ok(0), "that was told");
    }
    close(&[listener, client, server, one]);
}

/// Else no CPU would ever halt again.
#[test]
fn what_was_left_to_a_net_that_is_given_up_keeps_nobody_awake() {
    let world = World::new();
    for port in 100..300 {
        if !Net::is_there() {
            break;
        }
        let (_, client, _) = pair(port);
        crate::network::awaited::add(2);
        assert_eq!(send(client, b"left"), Ok(4));
        world.cells.lock().faults_at = Some(5);
        _ = stream().bind(name(here(port + 300)));
    }
    assert!(!Net::is_there());
    crate::network::settle();
    assert!(!crate::network::settle(), "there is nothing to do");
}
