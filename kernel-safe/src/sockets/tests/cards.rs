//! Cards that lie, go, or do not come back.

use domains::network::desk::{self, FRAMES, counts};
use domains::network::packets::RECEIVE;
use domains::windows;

use super::*;
use crate::drivers::Nic;

/// Where `nic` tells of frames that came, and of buffers that were sent.
const CAME: usize = desk::nic::CAME;
const SENT: usize = desk::nic::SENT;

/// The card answers this to the next exchange, with one entry on a list.
fn exchange(world: &World, [came, sent]: [usize; 2], list: usize, frame: u64) {
    let place = windows::nic().start as usize + list;
    gate::played::write(place, &frame.to_ne_bytes());
    let answer = counts([came, sent, 0]) | desk::ARMED;
    world.cells.lock().card_lies = Some(answer as i64);
    crate::network::on_devices(u64::MAX);
    assert_eq!(world.cells.lock().card_lies, None, "it was asked");
}

/// `net` alleges to send so many frames from buffers that it has.
fn send_frames(world: &World, count: usize) {
    let place = windows::net().start as usize + desk::net::FRAMES_OUT;
    for number in 0..count {
        let frame = desk::frame(RECEIVE + number, 60);
        gate::played::write(place + number * 8, &frame.to_ne_bytes());
    }
    world.cells.lock().lies = Some((PUMP.1, count as i64));
    super::super::push();
}

/// How many frames `net` may send by the last pump, and how many came to it.
fn last_pump(world: &World) -> (usize, usize) {
    let [lists, _, budget, _] = world.cells.lock().last[&PUMP.1];
    let [came, ..] = desk::counts_of(lists);
    (budget as usize, came)
}

fn far() -> Socket {
    let far = stream();
    let target = Name::v4([10, 0, 2, 2], 80);
    assert_eq!(far.connect(&nonblocking(), name(target)), Ok(0));
    far
}

#[test]
fn a_card_that_tells_of_what_it_was_not_given_is_started_anew() {
    for (counts, list, frame) in [
        // It came in a buffer that is `net`'s, or there is not so much room in it.
        ([1, 0], CAME, desk::frame(RECEIVE, 60)),
        ([1, 0], CAME, desk::frame(0, 2049)),
        ([1, 0], CAME, desk::frame(0xffff, 60)),
        // It has nothing to send.
        ([0, 1], SENT, desk::frame(RECEIVE, 0)),
        ([0, 1], SENT, desk::frame(0, 0)),
    ] {
        let world = World::new();
        let (listener, client, server) = pair(80);
        let starts = world.cells.lock().card_starts;
        exchange(&world, counts, list, frame);
        assert_eq!(world.cells.lock().card_starts, starts + 1, "{frame:#x}");
        assert_eq!(send(client, b"hello"), Ok(5));
        assert_eq!(receive(server, 9), Ok(5));
        close(&[listener, client, server]);
    }
}

#[test]
fn a_card_that_is_started_anew_gets_all_buffers() {
    let world = World::new();
    (0..9).for_each(|_| exchange(&world, [0, 0], CAME, 0));
    assert_eq!(world.cells.lock().posts, 0, "it has them all");
    exchange(&world, [0, 1], SENT, desk::frame(0, 0));
    exchange(&world, [0, 0], CAME, 0);
    let mut posts = 0;
    for _ in 0..9 {
        posts += world.cells.lock().posts;
        exchange(&world, [0, 0], CAME, 0);
    }
    assert!(posts >= (RECEIVE - 2 * FRAMES) as u64, "{posts}");
}

#[test]
fn a_buffer_that_comes_back_empty_is_no_frame() {
    let world = World::new();
    exchange(&world, [1, 0], CAME, desk::frame(0, 60));
    assert_eq!(last_pump(&world).1, 1);
    world.calls();
    exchange(&world, [1, 0], CAME, desk::frame(1, 0));
    assert!(!world.calls().contains(&PUMP), "there is nothing for it");
}

#[test]
fn frames_that_came_are_free_when_net_has_seen_them() {
    let world = World::new();
    for _ in 0..RECEIVE {
        exchange(&world, [1, 0], CAME, desk::frame(0, 60));
        // The last that was freed is given next.
        assert_eq!(world.cells.lock().card_starts, 1);
    }
}

#[test]
fn a_card_that_is_given_up_leaves_loopback() {
    let world = World::new();
    let (listener, near, server) = pair(80);
    let far = far();
    world.cells.lock().card_says = Some(-5);
    while Nic::is_there() {
        crate::network::on_devices(u64::MAX);
        crate::network::attend();
    }
    super::super::push();
    assert_eq!(receive(far, 9), Err(Errno::NetworkDown));
    assert_eq!(receive(far, 9), Ok(0));
    assert_eq!(send(near, b"hello"), Ok(5));
    assert_eq!(receive(server, 9), Ok(5));
    let next = stream();
    assert_eq!(connect(next, 80), Ok(0));
    let accepted = listener.accept(&nonblocking()).expect("it waits");
    close(&[listener, near, far, server, next, accepted]);
}

/// What `net` has sent by then goes nowhere, and takes no room from what comes later.
#[test]
fn frames_for_a_card_that_is_given_up_are_dropped() {
    let world = World::new();
    world.cells.lock().card_says = Some(-5);
    while Nic::is_there() {
        crate::network::on_devices(u64::MAX);
        crate::network::attend();
    }
    let starts = world.cells.lock().starts;
    for _ in 0..9 {
        send_frames(&world, FRAMES);
        super::super::push();
        assert_eq!(last_pump(&world).0, FRAMES);
    }
    assert_eq!(world.cells.lock().starts, starts, "they were its buffers");
}

#[test]
fn a_card_that_does_not_start_again_is_none() {
    let world = World::new();
    let (listener, near, server) = pair(80);
    let far = far();
    world.cells.lock().has_no_card = true;
    exchange(&world, [0, 1], SENT, desk::frame(0, 0));
    super::super::push();
    assert_eq!(receive(far, 9), Err(Errno::NetworkDown));
    assert!(Nic::is_there(), "nobody blames it for that");
    send_frames(&world, FRAMES);
    super::super::push();
    assert_eq!(last_pump(&world).0, FRAMES);
    assert_eq!(send(near, b"hello"), Ok(5));
    assert_eq!(receive(server, 9), Ok(5));
    close(&[listener, near, far, server]);
}
