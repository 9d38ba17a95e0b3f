//! Edges: numbers, windows, options, a `net` that lies.

use domains::network::desk::net::CHANGED_MAX;
use domains::network::window::told;
use gate::cell::net::kind;

use super::*;
use crate::network::record::Role;

#[test]
fn a_number_is_free_again_when_net_says_so() {
    let world = World::new();
    let (listener, client, server) = pair(80);
    let slots = [client.0, server.0];
    close(&[client, server]);
    for slot in slots {
        assert_eq!(slot.role(), Role::Free);
    }
    let stock = world.cells.lock().count(kind::SPARE);
    assert!(stock >= 4, "{stock} windows are there for whoever comes");
    close(&[listener]);
    assert_eq!(world.cells.lock().count(kind::SPARE), 0, "nobody can come");
    assert_eq!(world.cells.lock().count(kind::STREAM), 0);
}

#[test]
fn a_close_with_something_unread_is_a_reset_and_else_it_is_none() {
    let _world = World::new();
    let (listener, client, server) = pair(80);
    send(client, b"read").expect("there is room");
    assert_eq!(receive(server, 9), Ok(4));
    close(&[server]);
    assert_eq!(receive(client, 9), Ok(0), "all was read");
    let second = stream();
    assert_eq!(connect(second, 80), Ok(0));
    let server = listener.accept(&nonblocking()).expect("it waits");
    send(second, b"unread").expect("there is room");
    close(&[server]);
    assert_eq!(receive(second, 9), Err(Errno::Reset));
    close(&[listener, client, second]);
}

#[test]
fn who_does_not_linger_resets() {
    let _world = World::new();
    let (listener, client, server) = pair(80);
    assert_eq!(server.set_option(option::LINGER, 1, 0), Ok(0));
    assert_eq!(server.option(option::LINGER), Ok(1));
    close(&[server]);
    assert_eq!(receive(client, 9), Err(Errno::Reset));
    close(&[listener, client]);
}

#[test]
fn options_are_kept_told_and_inherited() {
    let world = World::new();
    let server = listener(80);
    for (option, value) in [(option::NO_DELAY, 1), (option::RECEIVE_TIMEOUT, 77)] {
        assert_eq!(server.set_option(option, value, 0), Ok(0));
    }
    assert_eq!(world.cells.lock().options_of(80), [(option::NO_DELAY, 1)]);
    let client = stream();
    assert_eq!(connect(client, 80), Ok(0));
    let accepted = server.accept(&nonblocking()).expect("it waits");
    assert_eq!(accepted.option(option::NO_DELAY), Ok(1));
    assert_eq!(accepted.option(option::RECEIVE_TIMEOUT), Ok(77));
    assert_eq!(client.option(option::NO_DELAY), Ok(0));
    assert_eq!(client.option(option::HOP_LIMIT), Ok(64));
    assert_eq!(client.set_option(option::ERROR, 0, 0), Err(Errno::NoOption));
    assert_eq!(
        client.set_option(option::V6_ONLY, 1, 0),
        Err(Errno::NoOption)
    );
    assert_eq!(client.option(999), Err(Errno::NoOption));
    close(&[server, client, accepted]);
}

#[test]
fn memory_is_granted_when_net_wants_more_and_has_an_end() {
    let world = World::new();
    world.cells.lock().wants_heap = 1 << 20;
    close(&[listener(80)]);
    world.cells.lock().wants_heap = usize::MAX;
    let socket = datagrams();
    assert_eq!(socket.bind(name(here(5))), Err(Errno::NoBuffers));
    close(&[socket]);
}

#[test]
fn a_net_that_says_it_is_poor_is_granted_more_without_being_asked() {
    let world = World::new();
    world.cells.lock().wants_heap = 1 << 20;
    world.cells.lock().says_poor = true;
    super::super::push();
    assert!(world.cells.lock().heap >= 1 << 20);
}

#[test]
fn connections_go_on_coming_when_net_has_used_its_memory_up() {
    let world = World::new();
    let (listener, client, server) = pair(80);
    for _ in 0..20 {
        // It has enough for whoever asks, and not for a window in stock.
        world.cells.lock().wants_heap = 0;
        let more = stream();
        assert_eq!(connect(more, 80), Ok(0));
        world.cells.lock().wants_heap = 1 << 20;
        let accepted = listener.accept(&nonblocking()).expect("it waits");
        close(&[more, accepted]);
    }
    close(&[listener, client, server]);
}

/// Each time the stock is short, and nothing can be done about it.
#[test]
fn windows_that_net_does_not_open_cost_no_numbers() {
    let world = World::new();
    let listener = listener(80);
    world.cells.lock().wants_heap = usize::MAX;
    for _ in 0..50 {
        let short = domains::network::desk::SHORT as i64;
        world.cells.lock().lies = Some((PUMP.1, short));
        super::super::push();
    }
    let next = stream();
    assert!(next.0.number() < 20, "{}", next.0.number());
    close(&[listener, next]);
}

#[test]
fn names_of_another_family_are_refused() {
    let _world = World::new();
    let six = Name::v6([0; 16], 80);
    let socket = stream();
    assert_eq!(socket.bind(name(six)), Err(Errno::NoFamily));
    assert_eq!(
        socket.connect(&nonblocking(), name(six)),
        Err(Errno::NoFamily)
    );
    assert_eq!(socket.bind(8), Err(Errno::BadAddress));
    assert_eq!(
        socket.tell_name(true, played::NAME),
        Err(Errno::NotConnected)
    );
    assert_eq!(socket.tell_name(false, played::NAME), Ok(0));
    assert_eq!(told_name(), Name::v4([0; 4], 0));
    close(&[socket]);
}

#[test]
fn a_net_that_lies_is_started_anew() {
    let changed = |count: usize| (14, (count << 16) as i64);
    for lie in [
        (14, i64::MAX),
        (14, -1),
        changed(CHANGED_MAX + 1),
        // It has sent no frame from a buffer that is its own.
        (14, 1),
        (8, 9999),
        (8, 8191),
        // The listener itself.
        (8, 0),
        (10, 1),
        (5, 7),
        (6, -1234),
        (12, 5000),
    ] {
        let world = World::new();
        let (listener, client, server) = pair(80);
        world.cells.lock().lies = Some(lie);
        let before = world.cells.lock().starts;
        let another = stream();
        _ = another.bind(name(here(99)));
        _ = connect(another, 80);
        _ = listener.accept(&nonblocking());
        world.cells.lock().fail(server.0.number(), 104);
        _ = send(client, b"x");
        _ = server.option(option::ERROR);
        close(&[another]);
        assert!(world.cells.lock().starts > before, "{lie:?}");
        close(&[listener, client, server]);
    }
}

#[test]
fn net_tells_of_sockets_that_there_are_and_releases_none_that_is_open() {
    let world = World::new();
    let (listener, client, server) = pair(80);
    let starts = world.cells.lock().starts;
    let desk = domains::windows::net().start as usize;
    let none = 5000_u32.to_ne_bytes();
    gate::played::write(desk + domains::network::desk::net::CHANGED, &none);
    world.cells.lock().lies = Some((14, 1 << 16));
    super::super::push();
    assert_eq!(world.cells.lock().starts, starts + 1);
    close(&[client, server]);
    let again = stream();
    assert_eq!(connect(again, 80), Ok(0));
    world.cells.lock().release(again.0.number());
    super::super::push();
    assert_eq!(world.cells.lock().starts, starts + 2);
    close(&[listener, again]);
}

/// It has told of it before it was closed.
#[test]
fn what_was_closed_may_be_told_of_once_more() {
    let world = World::new();
    let (listener, client, server) = pair(80);
    let (starts, number) = (world.cells.lock().starts, client.0.number());
    close(&[client]);
    let desk = domains::windows::net().start as usize;
    let place = desk + domains::network::desk::net::CHANGED;
    gate::played::write(place, &number.to_ne_bytes());
    world.cells.lock().lies = Some((14, 1 << 16));
    super::super::push();
    assert_eq!(world.cells.lock().starts, starts);
    close(&[listener, server]);
}

#[test]
fn a_card_that_brings_nothing_and_keeps_silent_is_started_anew() {
    // Nothing at all, or the first buffer that it was given, without a frame in it.
    for says in [0, 1] {
        let world = World::new();
        let starts = world.cells.lock().card_starts;
        world.cells.lock().card_says = Some(says);
        crate::network::on_devices(u64::MAX);
        for _ in 0..200 {
            crate::network::attend();
        }
        assert!(world.cells.lock().card_starts > starts, "{says}");
    }
}

#[test]
fn a_card_that_interrupts_for_empty_buffers_is_started_anew() {
    let world = World::new();
    let starts = world.cells.lock().card_starts;
    let one = 1 | domains::network::desk::ARMED as i64;
    world.cells.lock().card_says = Some(one);
    for _ in 0..200 {
        crate::network::on_devices(u64::MAX);
    }
    assert!(world.cells.lock().card_starts > starts);
}

#[test]
fn a_net_that_always_has_more_to_do_is_started_anew() {
    let world = World::new();
    let starts = world.cells.lock().starts;
    world.cells.lock().has_more = true;
    for _ in 0..3000 {
        super::super::push();
    }
    assert!(world.cells.lock().starts > starts);
}

#[test]
fn of_which_versions_a_socket_is_is_said_before_it_has_an_address() {
    let _world = World::new();
    let (six, _) = open(1, STREAM).expect("there is a network");
    assert_eq!(six.set_option(option::V6_ONLY, 1, 0), Ok(0));
    assert_eq!(six.bind(name(Name::v6([0; 16], 80))), Ok(0));
    assert_eq!(six.set_option(option::V6_ONLY, 0, 0), Err(Errno::Invalid));
    assert_eq!(six.option(option::V6_ONLY), Ok(1));
    close(&[six]);
}

/// Whoever waits is told of such a lie as well: he reads or writes, and finds it out.
#[test]
fn windows_tell_of_nothing_outside() {
    for (what, events) in [(told::READABLE, INPUT), (told::WRITABLE, OUTPUT)] {
        let world = World::new();
        let (listener, client, server) = pair(80);
        while send(server, &[7; 100_000]).is_ok() {}
        assert_eq!(server.events(), 0);
        let at = domains::network::window::start(server.0.number() as usize) as usize;
        let starts = world.cells.lock().starts;
        gate::played::write(at + what, &u64::MAX.to_ne_bytes());
        assert_eq!(server.events(), events);
        let found = match events {
            INPUT => receive(server, 9),
            _ => send(server, b"x"),
        };
        assert_eq!(found, Err(Errno::Reset));
        assert_eq!(world.cells.lock().starts, starts + 1);
        close(&[listener, client, server]);
    }
}

/// A window that `net` still has is not given to it once more.
#[test]
fn a_socket_that_net_does_not_let_go_of_is_not_told_anew() {
    const CLOSE: u32 = 10;
    let world = World::new();
    let (listener, client) = (listener(80), stream());
    assert_eq!(client.bind(name(here(90))), Ok(0));
    world.cells.lock().lies = Some((CLOSE, 0));
    assert_eq!(connect(client, 80), Err(Errno::Already));
    assert_eq!(world.cells.lock().lies, None, "it was asked");
    assert_eq!(connect(client, 80), Ok(0));
    close(&[listener, client]);
}

#[test]
fn whoever_has_ended_to_read_waits_for_no_datagram() {
    let _world = World::new();
    let one = datagrams();
    assert_eq!(one.connect(&nonblocking(), name(here(6))), Ok(0));
    assert_eq!(receive(one, 9), Err(Errno::Again));
    assert_eq!(one.shutdown(0), Ok(0));
    assert_eq!(receive(one, 9), Ok(0));
    close(&[one]);
}

/// A number is somebody else's when it is given again.
#[test]
fn a_number_keeps_nothing_of_who_had_it() {
    let _world = World::new();
    let one = datagrams();
    assert_eq!(one.bind(name(here(5))), Ok(0));
    assert_eq!(one.connect(&nonblocking(), name(here(6))), Ok(0));
    assert_eq!(one.shutdown(2), Ok(0));
    assert_eq!(send(one, b"x"), Err(Errno::BrokenPipe));
    close(&[one]);
    let next = datagrams();
    assert_eq!(next.0.number(), one.0.number());
    assert_eq!(next.tell_name(false, played::NAME), Ok(0));
    assert_eq!(told_name(), Name::v4([0; 4], 0));
    assert_eq!(next.events(), OUTPUT);
    assert_eq!(receive(next, 9), Err(Errno::Again));
    let sent = next.send(&nonblocking(), &[buffer(b"x")], name(here(7)));
    assert_eq!(sent, Ok(1));
    close(&[next]);
}
