//! Sockets with a played `net`.

mod cards;
mod edges;
mod left;
mod played;
mod race;
mod restarts;
mod vain;

use domains::Cell;
use domains::network::{Name, option};
use gate::safe::receive_flags;

use self::played::{World, buffer, bytes, name, nonblocking, told_name};
use super::{Look, Socket, open};
use crate::errno::{Answer, Errno};
use crate::object::Object;
use crate::object::poll_bits::{ERROR, HANG_UP, INPUT, OUTPUT};

const V4: i32 = 3;
const STREAM: i32 = 1;
const DATAGRAM: i32 = 2;
/// An entry of `net`.
const PUMP: (Cell, u32) = (Cell::Net, 14);

fn here(port: u16) -> Name {
    Name::v4([127, 0, 0, 1], port)
}

fn stream() -> Socket {
    open(V4, STREAM).expect("there is a network").0
}

fn datagrams() -> Socket {
    open(V4, DATAGRAM).expect("there is a network").0
}

fn listener(port: u16) -> Socket {
    let listener = stream();
    assert_eq!(listener.bind(name(here(port))), Ok(0));
    assert_eq!(listener.listen(128), Ok(0));
    listener
}

fn connect(socket: Socket, port: u16) -> Answer {
    socket.connect(&nonblocking(), name(here(port)))
}

fn send(socket: Socket, bytes: &[u8]) -> Answer {
    socket.write(&nonblocking(), &[buffer(bytes)])
}

fn receive(socket: Socket, most: usize) -> Answer {
    socket.read(&nonblocking(), &[buffer(&alloc::vec![0; most])])
}

/// Both ends of a connection.
fn pair(port: u16) -> (Socket, Socket, Socket) {
    let listener = listener(port);
    let client = stream();
    assert_eq!(connect(client, port), Ok(0));
    let server = listener.accept(&nonblocking()).expect("it waits");
    (listener, client, server)
}

fn close(sockets: &[Socket]) {
    sockets.iter().for_each(Object::close);
}

#[test]
fn bytes_go_both_ways_and_a_read_costs_no_call() {
    let world = World::new();
    let (listener, client, server) = pair(80);
    assert_eq!(client.events(), OUTPUT);
    assert_eq!(receive(server, 10), Err(Errno::Again));
    world.calls();
    assert_eq!(send(client, b"a request"), Ok(9));
    assert_eq!(world.calls(), [PUMP], "nothing leaves the machine");
    assert_eq!(server.events(), INPUT | OUTPUT);
    assert_eq!(receive(server, 4), Ok(4));
    assert_eq!(bytes(4), b"a re");
    let peek = server.receive(&nonblocking(), &[buffer(&[0; 9])], Look::Peek, 0);
    assert_eq!((peek, bytes(5)), (Ok(5), b"quest".to_vec()));
    assert_eq!(receive(server, 9), Ok(5));
    assert_eq!(world.calls(), [], "neither of them");
    assert_eq!(send(server, b"an answer"), Ok(9));
    assert_eq!(world.calls(), [PUMP], "nothing leaves the machine");
    assert_eq!(
        (receive(client, 20), bytes(9)),
        (Ok(9), b"an answer".to_vec())
    );
    close(&[listener, client, server]);
}

#[test]
fn all_bytes_arrive_in_order_however_the_rings_turn() {
    let _world = World::new();
    let (listener, client, server) = pair(80);
    let (mut sent, mut received, mut total) = (0_u8, 0_u8, 0_usize);
    let mut sizes = [70_000, 1, 33_333, 100_000, 5].into_iter().cycle();
    while total < 2_000_000 {
        let size = sizes.next().expect("it goes on");
        let piece: alloc::vec::Vec<u8> =
            (0..size).map(|n| sent.wrapping_add(n as u8)).collect();
        if let Ok(count) = send(client, &piece) {
            sent = sent.wrapping_add(count as u8);
            total += count as usize;
        }
        while let Ok(count) = receive(server, sizes.next().expect("it goes on")) {
            for byte in bytes(count) {
                assert_eq!(byte, received);
                received = received.wrapping_add(1);
            }
            if count < 5 {
                break;
            }
        }
    }
    while receive(server, 100_000).is_ok_and(|count| {
        let last = bytes(count);
        last.iter().for_each(|byte| {
            assert_eq!(*byte, received);
            received = received.wrapping_add(1);
        });
        true
    }) {}
    assert_eq!(sent, received, "nothing is left");
    close(&[listener, client, server]);
}

#[test]
fn a_full_window_is_no_place_to_write() {
    let _world = World::new();
    let (listener, client, server) = pair(80);
    let block = [7; 100_000];
    while send(client, &block).is_ok() {}
    assert_eq!(send(client, &block), Err(Errno::Again));
    assert_eq!(client.events(), 0);
    assert!(receive(server, 200_000).is_ok());
    assert_eq!(client.events(), OUTPUT, "it was told");
    close(&[listener, client, server]);
}

#[test]
fn a_refused_connection_hangs_up_and_can_be_tried_again() {
    let _world = World::new();
    let client = stream();
    assert_eq!(client.events(), OUTPUT | HANG_UP);
    assert_eq!(receive(client, 9), Err(Errno::NotConnected));
    assert_eq!(send(client, b"x"), Err(Errno::BrokenPipe));
    assert_eq!(connect(client, 81), Err(Errno::Refused));
    let other = stream();
    let again = connect(other, 9);
    assert_eq!(again, Err(Errno::InProgress));
    assert_eq!(connect(other, 9), Err(Errno::Already));
    assert_eq!(other.events(), 0);
    let port = listener(81);
    assert_eq!(connect(client, 81), Ok(0), "somebody listens there now");
    assert_eq!(connect(client, 81), Err(Errno::Connected));
    close(&[client, other, port]);
}

#[test]
fn an_error_is_told_once() {
    let world = World::new();
    let (listener, client, server) = pair(80);
    let number = server.0.number();
    world.cells.lock().fail(number, 104);
    super::push();
    assert_eq!(server.events(), INPUT | OUTPUT | ERROR | HANG_UP);
    assert_eq!(receive(server, 9), Err(Errno::Reset));
    assert_eq!(receive(server, 9), Ok(0));
    assert_eq!(send(server, b"x"), Err(Errno::BrokenPipe));
    assert_eq!(server.option(option::ERROR), Ok(0));
    close(&[listener, client, server]);
}

#[test]
fn a_peer_who_ends_his_direction_leaves_the_other() {
    let _world = World::new();
    let (listener, client, server) = pair(80);
    assert_eq!(send(client, b"last"), Ok(4));
    assert_eq!(client.shutdown(1), Ok(0));
    assert_eq!(send(client, b"x"), Err(Errno::BrokenPipe));
    assert_eq!(server.events(), INPUT | OUTPUT, "no hang-up");
    assert_eq!(receive(server, 9), Ok(4));
    assert_eq!(receive(server, 9), Ok(0));
    assert_eq!(send(server, b"answer"), Ok(6));
    assert_eq!(receive(client, 9), Ok(6));
    assert_eq!(client.shutdown(7), Err(Errno::Invalid));
    close(&[listener, client, server]);
}

#[test]
fn datagrams_are_whole_and_named() {
    let _world = World::new();
    let (one, other) = (datagrams(), datagrams());
    assert_eq!(one.bind(name(here(5))), Ok(0));
    assert_eq!(other.bind(name(here(6))), Ok(0));
    assert_eq!(one.bind(name(here(7))), Err(Errno::Invalid));
    let empty = [buffer(&[0; 100])];
    let take = |look, name| one.receive(&nonblocking(), &empty, look, name);
    assert_eq!(take(Look::Take, 0), Err(Errno::Again));
    for text in [&b"first"[..], b"", b"third"] {
        let sent = other.send(&nonblocking(), &[buffer(text)], name(here(5)));
        assert_eq!(sent, Ok(text.len() as i64));
    }
    assert_eq!(one.events(), INPUT | OUTPUT);
    assert_eq!(take(Look::Peek, played::NAME), Ok(5));
    assert_eq!((bytes(5), told_name()), (b"first".to_vec(), here(6)));
    let short = one.receive(&nonblocking(), &[buffer(&[0; 2])], Look::Take, 0);
    assert_eq!(
        (short, bytes(2)),
        (Ok(2), b"fi".to_vec()),
        "the rest is gone"
    );
    assert_eq!(take(Look::Take, 0), Ok(0));
    assert_eq!((take(Look::Take, 0), bytes(5)), (Ok(5), b"third".to_vec()));
    assert_eq!(send(other, b"x"), Err(Errno::NoDestination));
    assert_eq!(other.connect(&nonblocking(), name(here(5))), Ok(0));
    assert_eq!(send(other, b"x"), Ok(1));
    assert_eq!(other.tell_name(true, played::NAME), Ok(0));
    assert_eq!(told_name(), here(5));
    close(&[one, other]);
}

#[test]
fn a_listener_is_no_connection_and_takes_none_when_it_has_ended() {
    let _world = World::new();
    let listener = listener(80);
    assert_eq!(listener.events(), 0);
    assert_eq!(receive(listener, 1), Err(Errno::NotConnected));
    assert_eq!(listener.accept(&nonblocking()).err(), Some(Errno::Again));
    let client = stream();
    assert_eq!(connect(client, 80), Ok(0));
    assert_eq!(listener.events(), INPUT);
    assert_eq!(listener.shutdown(2), Ok(0));
    assert_eq!(listener.accept(&nonblocking()).err(), Some(Errno::Invalid));
    assert_eq!(listener.events(), HANG_UP);
    assert_eq!(stream().accept(&nonblocking()).err(), Some(Errno::Invalid));
    assert_eq!(datagrams().listen(1), Err(Errno::Unsupported));
    close(&[listener, client]);
}

#[test]
fn flags_that_there_are_not_are_refused() {
    assert_eq!(receive_flags::PEEK, 1);
    let _world = World::new();
    assert_eq!(open(77, STREAM).err(), Some(Errno::NoFamily));
    assert_eq!(open(V4, 3).err(), Some(Errno::Invalid));
    let (_, flags) = open(V4, STREAM | 0o4000 | 0o4_0000).expect("there are such");
    assert_eq!(flags, 2 | 0o4000);
}
