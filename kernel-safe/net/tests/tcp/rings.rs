//! Rings with told pieces, against a stream of bytes, in all orders.

use domains::network::window::told;
use proptest::prelude::*;

use cell_net::tcp::Close;

use crate::world::{SECOND, World};

/// What can happen to one end.
#[derive(Clone, Copy, Debug)]
enum Step {
    Write(usize),
    Read(usize),
    /// The stack gets what was done, and sends.
    Pump,
    /// Some of what it has sent arrives.
    Carry(usize),
    /// Time passes, in milliseconds.
    Pass(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0_usize..400).prop_map(Step::Write),
        4 => (0_usize..400).prop_map(Step::Read),
        4 => Just(Step::Pump),
        4 => (1_usize..4).prop_map(Step::Carry),
        1 => (1_u64..300).prop_map(Step::Pass),
    ]
}

/// An end: what it has written, and what it has read.
struct End {
    host: usize,
    socket: u32,
    written: usize,
    read: usize,
}

impl End {
    /// The byte at a place of what this end writes.
    fn byte(host: usize, place: usize) -> u8 {
        (place * 7 + host * 100 + place / 251) as u8
    }

    fn act(&mut self, world: &mut World, step: Step) {
        let now = world.now;
        let host = &mut world.hosts[self.host];
        match step {
            Step::Write(count) => {
                let places = self.written..self.written + count;
                let bytes: Vec<u8> = places.map(|it| End::byte(self.host, it)).collect();
                self.written += host.kernel.write(self.socket, &bytes);
            }
            Step::Read(count) => {
                for byte in host.kernel.read(self.socket, count) {
                    assert_eq!(byte, End::byte(1 - self.host, self.read));
                    self.read += 1;
                }
            }
            Step::Pump => host.pump(now),
            Step::Carry(count) => {
                for _ in 0..count {
                    if let Some(packet) = world.hosts[self.host].nic.sent.pop_front() {
                        world.deliver(&packet);
                    }
                }
            }
            Step::Pass(time) => world.now += time * SECOND / 1000,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_is_told_is_a_stream_of_bytes(
        ring in prop::sample::select(vec![(128, 128), (300, 500), (500, 300), (3968, 4096)]),
        steps in prop::collection::vec((0_usize..2, step()), 0..300),
    ) {
        let mut world = World::new(1);
        for host in &mut world.hosts {
            host.ring = ring;
        }
        let listener = world.listen(1, 80, 4);
        let (client, server) = world.pair(listener, 80);
        let mut ends = [(0, client), (1, server)].map(|(host, socket)| End {
            host,
            socket,
            written: 0,
            read: 0,
        });
        for (end, step) in steps {
            ends[end].act(&mut world, step);
        }
        // In the end all arrives.
        let all = world.watch(1000 * SECOND, |world| {
            for end in &mut ends {
                end.act(world, Step::Read(usize::MAX));
            }
            ends[0].read == ends[1].written && ends[1].read == ends[0].written
        });
        prop_assert!(all);
        for end in &ends {
            prop_assert_eq!(world.hosts[end.host].error(end.socket), 0);
        }
    }
}

#[test]
fn what_was_not_told_is_not_taken() {
    for (taken, at, written) in [
        (1, 0, 0),
        (usize::MAX, 0, 0),
        (0, 0, 16_385),
        (0, 16_384, 1),
        (0, usize::MAX, 1),
        (0, 1, usize::MAX),
        (0, 100, 16_300),
    ] {
        let mut world = World::new(2);
        let listener = world.listen(1, 80, 4);
        let (client, server) = world.pair(listener, 80);
        let now = world.now;
        let done = world.hosts[0].tcp.taken(now, client, taken, at, written);
        assert_eq!(done, Err(domains::errno::EINVAL));
        world.pass(SECOND);
        assert_eq!(world.hosts[1].error(server), domains::errno::ECONNRESET);
    }
}

#[test]
fn an_empty_ring_begins_anew_and_what_was_written_elsewhere_is_moved() {
    let mut world = World::new(3);
    let listener = world.listen(1, 80, 4);
    let (client, server) = world.pair(listener, 80);
    world.hosts[0].kernel.write(client, b"first");
    let now = world.now;
    world.hosts[0].pump(now);
    assert_eq!(
        world.hosts[0].kernel.told(client, told::WRITABLE) & 0xffff,
        5
    );
    // It is written behind the first, and said after that was acknowledged.
    world.hosts[0].kernel.write(client, b"second");
    let later = world.hosts[0].kernel.dirty();
    world.pass(SECOND);
    assert_eq!(
        world.hosts[0].kernel.told(client, told::WRITABLE) & 0xffff,
        0
    );
    assert_eq!(later, [(client, 0, 5, 6)]);
    let now = world.now;
    let done = world.hosts[0].tcp.taken(now, client, 0, 5, 6);
    done.expect("it was told so");
    world.pass(SECOND);
    assert_eq!(world.hosts[1].kernel.read(server, 99), b"firstsecond");
    world.close(0, client, Close::Orderly);
}

/// One who writes all the time, on another CPU, hears of a ring that began anew only when
/// there is nothing left that the stack has not heard of.
#[test]
fn what_is_written_on_behind_what_was_moved_is_moved_too() {
    let mut world = World::new(4);
    let listener = world.listen(1, 80, 4);
    let (client, server) = world.pair(listener, 80);
    world.hosts[0].kernel.write(client, b"first");
    let now = world.now;
    world.hosts[0].pump(now);
    // All of this is written behind the first, each part while the stack hears of the one
    // before; of the first of them it hears after the ring has begun anew.
    let mut parts = Vec::new();
    world.hosts[0].kernel.write(client, b"second third fourth");
    world.hosts[0].kernel.dirty();
    world.pass(SECOND);
    assert_eq!(
        world.hosts[0].kernel.told(client, told::WRITABLE) & 0xffff,
        0
    );
    for (at, size) in [(5, 6), (11, 6), (17, 7)] {
        let now = world.now;
        parts.push(world.hosts[0].tcp.taken(now, client, 0, at, size));
        world.hosts[0].pump(now);
    }
    assert_eq!(parts, [Ok(()); 3]);
    world.pass(SECOND);
    assert_eq!(
        world.hosts[1].kernel.read(server, 99),
        b"firstsecond third fourth"
    );
}
