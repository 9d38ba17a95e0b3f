//! A `net` that tells of something and brings nothing: whoever waits gets away.

use domains::network::window::{self, told};
use gate::played as play;

use self::played::blocking;
use super::*;

/// Entries of `net`.
const ACCEPT: (Cell, u32) = (Cell::Net, 8);
const ERROR: (Cell, u32) = (Cell::Net, 12);

/// Tells something of a socket, whatever is true.
fn tell(socket: Socket, what: usize, word: u64) {
    let at = window::start(socket.0.number() as usize) as usize;
    play::write(at + what, &word.to_ne_bytes());
}

fn count(world: &World, entry: (Cell, u32)) -> usize {
    world.calls().iter().filter(|call| **call == entry).count()
}

fn limit(socket: Socket, option: u32, world: &World) {
    assert_eq!(socket.set_option(option, 10_000, 0), Ok(0));
    world.cells.lock().takes = 1_000;
    world.calls();
}

#[test]
fn who_waits_for_a_guest_that_there_is_not_has_a_deadline() {
    let world = World::new();
    let listener = listener(80);
    limit(listener, option::RECEIVE_TIMEOUT, &world);
    tell(listener, told::WAITING, 1);
    world.cells.lock().tells_nothing = true;
    assert_eq!(listener.accept(&blocking()).err(), Some(Errno::Again));
    let rounds = count(&world, ACCEPT);
    assert!(
        (5..13).contains(&rounds),
        "{rounds} rounds in ten times as long as one takes"
    );
}

#[test]
fn who_gets_no_error_that_he_was_told_of_has_a_deadline() {
    let world = World::new();
    let (_listener, _client, server) = pair(80);
    limit(server, option::RECEIVE_TIMEOUT, &world);
    tell(server, told::ERROR, 104);
    world.cells.lock().tells_nothing = true;
    let received = server.read(&blocking(), &[buffer(&[0; 9])]);
    assert_eq!(received, Err(Errno::Again));
    assert!((5..20).contains(&count(&world, ERROR)));
}

/// There is no thread here that could sleep: whoever tries is told so.
#[test]
fn who_was_told_of_nothing_again_and_again_sleeps() {
    let world = World::new();
    let listener = listener(80);
    tell(listener, told::WAITING, 1);
    world.cells.lock().tells_nothing = true;
    world.calls();
    assert_eq!(listener.accept(&blocking()).err(), Some(Errno::NoThread));
    assert!((10..100).contains(&count(&world, ACCEPT)));
    let client = stream();
    world.cells.lock().tells_nothing = false;
    assert_eq!(connect(client, 9), Err(Errno::InProgress));
    tell(client, told::ERROR, 104);
    let again = client.connect(&blocking(), name(here(9)));
    assert_eq!(again, Err(Errno::NoThread));
}

#[test]
fn a_network_that_is_never_done_keeps_nobody_awake() {
    let world = World::new();
    world.cells.lock().has_more = true;
    let mut times = 0;
    for _ in 0..10 {
        super::super::push();
        let works = || crate::network::attend_a_few(&mut times);
        assert!(
            core::iter::repeat_with(works)
                .take_while(|it| *it)
                .take(99)
                .count()
                < 9
        );
    }
}
