//! One CPU writes while another has `net` hear of it.
//!
//! Real threads, which race as CPUs do.

extern crate std;

use std::thread;
use std::time::{Duration, Instant};

use gate::view::View;

use super::*;
use crate::network::side::Outside;
use crate::sockets::push;

/// How many bytes cross.
const BYTES: usize = 300_000;
/// Only bytes that were lost take this long, all together.
const HANGS: Duration = Duration::from_secs(30);

#[test]
fn what_is_written_while_net_is_told_of_it_arrives_once() {
    let _world = World::new();
    let (listener, client, server) = pair(80);
    let end = Instant::now() + HANGS;
    let came = thread::scope(|scope| {
        scope.spawn(move || (0..BYTES).all(|number| put(client, number as u8, end)));
        let mut came = std::vec::Vec::new();
        while came.len() < BYTES && Instant::now() < end {
            push();
            let count = receive(server, 4096).unwrap_or(0);
            came.extend(bytes(count));
        }
        came
    });
    let wrong = (0..BYTES).find(|number| came.get(*number) != Some(&(*number as u8)));
    assert_eq!(wrong, None, "{} have come", came.len());
    close(&[listener, client, server]);
}

/// Writes a byte, if need be later; whether it did so in time.
fn put(socket: Socket, byte: u8, end: Instant) -> bool {
    let put = |view: View| {
        let is_there = view.part(0, 1).is_some_and(|place| place.write(&[byte]));
        Ok::<_, Outside>(is_there.into())
    };
    while socket.0.write(put) != Ok(1) {
        if Instant::now() >= end {
            return false;
        }
        thread::yield_now();
    }
    true
}
