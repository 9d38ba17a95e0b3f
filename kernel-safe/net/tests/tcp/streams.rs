//! Bytes arrive, all of them and in order, whatever the wire does.

use cell_net::tcp::{Close, How, V6};
use domains::network::option;
use domains::network::window::state;
use smoltcp::wire::IpAddress;

use crate::random::Random;
use crate::world::{B, Faults, MILLISECOND, SECOND, World, name};

/// Both directions of a connection: what was written, what was read.
struct Flow {
    ends: [(usize, u32); 2],
    written: [Vec<u8>; 2],
    read: [Vec<u8>; 2],
    is_shut: [bool; 2],
}

impl Flow {
    fn new(client: u32, server: u32) -> Flow {
        Flow {
            ends: [(0, client), (1, server)],
            written: Default::default(),
            read: Default::default(),
            is_shut: [false; 2],
        }
    }

    /// Writes and reads pieces by chance, until `size` bytes went each way.
    fn step(&mut self, world: &mut World, random: &mut Random, size: usize) {
        for (end, (host, socket)) in self.ends.into_iter().enumerate() {
            let count = random.below(5000).min(size - self.written[end].len());
            let bytes: Vec<u8> = (0..count).map(|_| random.word() as u8).collect();
            let done = world.hosts[host].kernel.write(socket, &bytes);
            self.written[end].extend_from_slice(&bytes[..done]);
            if self.written[end].len() == size && !self.is_shut[end] {
                self.is_shut[end] = true;
                world.shutdown(host, socket, How::Write);
            }
            if random.happens(600) {
                let limit = random.below(4000);
                let read = world.hosts[host].kernel.read(socket, limit);
                self.read[1 - end].extend_from_slice(&read);
            }
        }
    }

    fn is_over(&self, world: &mut World) -> bool {
        self.ends.iter().all(|(host, socket)| {
            let host = &mut world.hosts[*host];
            host.is(*socket, state::READ_END) && host.kernel.readable(*socket) == 0
        })
    }
}

/// Has `size` bytes go both ways over a connection of this world.
fn exchange(world: &mut World, size: usize) {
    let listener = world.listen(1, 80, 4);
    let (client, server) = world.pair(listener, 80);
    let mut flow = Flow::new(client, server);
    let mut random = Random(world.random.word());
    let is_over = world.watch(3000 * SECOND, |world| {
        flow.step(world, &mut random, size);
        flow.is_over(world)
    });
    let told = flow.ends.map(|(host, socket)| {
        let host = &mut world.hosts[host];
        (host.state(socket), host.error(socket))
    });
    let read = flow.read.each_ref().map(Vec::len);
    assert!(is_over, "it hangs: {read:?}, {told:x?}");
    for end in 0..2 {
        assert_eq!(flow.read[end].len(), size);
        assert!(flow.read[end] == flow.written[end], "other bytes arrived");
    }
}

#[test]
fn bytes_arrive_over_a_good_wire() {
    for ring in [
        (3968, 4096),
        (16_256, 16_384),
        (65_535, 65_535),
        (131_071, 262_143),
    ] {
        let mut world = World::new(1);
        for host in &mut world.hosts {
            host.ring = ring;
        }
        exchange(&mut world, 300_000);
    }
}

#[test]
fn bytes_arrive_over_a_bad_wire() {
    for seed in 0..8 {
        let mut world = World::new(seed);
        world.faults = Faults {
            lost: 30,
            doubled: 30,
            late: 100,
            corrupted: 20,
        };
        for host in &mut world.hosts {
            host.ring = [(3968, 4096), (65_535, 65_535)][seed as usize % 2];
        }
        exchange(&mut world, 60_000);
    }
}

#[test]
fn bytes_arrive_where_there_is_hardly_any_room_to_send() {
    let mut world = World::new(3);
    world.faults.lost = 10;
    for host in &mut world.hosts {
        (host.nic.room, host.budget) = (0, 2);
    }
    let listener = world.listen(1, 80, 4);
    let client = world.connect(0, B, 80);
    let mut flow = None;
    let mut random = Random(5);
    for _ in 0..2_000_000 {
        for host in &mut world.hosts {
            host.nic.room = 1;
        }
        world.run(MILLISECOND / 4, |_| false);
        match &mut flow {
            None => {
                let server = world.accept(1, listener);
                flow = server.map(|server| Flow::new(client, server));
            }
            Some(flow) => {
                flow.step(&mut world, &mut random, 40_000);
                if flow.is_over(&mut world) {
                    assert!(flow.read == flow.written);
                    return;
                }
            }
        }
    }
    panic!("it hangs");
}

#[test]
fn bytes_arrive_in_segments_that_a_card_cuts() {
    let mut world = World::new(4);
    for host in &mut world.hosts {
        host.nic.cut = Some(65_535);
        host.ring = (131_071, 262_143);
    }
    world.faults.lost = 2;
    exchange(&mut world, 400_000);
}

#[test]
fn bytes_arrive_over_version_6_in_segments_of_its_own() {
    let (a, b) = (
        IpAddress::v6(0xfd00, 0, 0, 0, 0, 0, 0, 1),
        IpAddress::v6(0xfd00, 0, 0, 0, 0, 0, 0, 2),
    );
    let mut world = World::between(&[a], &[b], 5);
    for host in &mut world.hosts {
        host.nic.cut = Some(65_535);
        host.nic.is_verifying = true;
    }
    let listener = {
        let host = &mut world.hosts[1];
        let socket = host.open(cell_net::tcp::Kind::Stream, V6::Only);
        let any = domains::network::Name::v6([0; 16], 80);
        let bound = host
            .tcp
            .bind(socket, &any, cell_net::tcp::Reuse::Yes, &mut host.nic);
        bound.expect("the port is free");
        host.tcp
            .listen(socket, 1, &mut host.nic)
            .expect("it listens");
        socket
    };
    let client = world.connect(0, b, 80);
    let mut server = None;
    world.run(SECOND, |world| {
        server = world.accept(1, listener);
        server.is_some()
    });
    let server = server.expect("it was accepted");
    assert_eq!(world.hosts[1].kernel.name(server, 40), name(b, 80));
    let mut flow = Flow::new(client, server);
    let mut random = Random(5);
    assert!(world.watch(100 * SECOND, |world| {
        flow.step(world, &mut random, 200_000);
        flow.is_over(world)
    }));
    assert!(flow.read == flow.written);
}

#[test]
fn a_machine_speaks_to_itself() {
    let home = IpAddress::v4(127, 0, 0, 1);
    let mut world = World::between(&[home], &[B], 6);
    world.hosts[0].ring = (65_535, 65_535);
    let listener = world.listen(0, 80, 4);
    let client = world.connect(0, home, 80);
    let mut server = None;
    world.run(SECOND, |world| {
        server = world.accept(0, listener);
        server.is_some()
    });
    let begin = world.now;
    let server = server.expect("it was accepted");
    let (mut sent, mut got) = (0, 0);
    world.latency = 1000;
    assert!(world.run(10 * SECOND, |world| {
        let kernel = &mut world.hosts[0].kernel;
        sent += kernel.write(client, &vec![3; 2_000_000 - sent]);
        got += kernel.read(server, usize::MAX).len();
        got == 2_000_000
    }));
    // With Nagle's rule and segments as large as the ring each of some thirty rounds
    // would wait for an acknowledgement that is delayed by 10 ms.
    assert!(
        world.now - begin < 100 * MILLISECOND,
        "{}",
        world.now - begin
    );
}

#[test]
fn many_connections_share_a_machine() {
    let mut world = World::new(7);
    world.faults.lost = 5;
    for host in &mut world.hosts {
        host.ring = (3968, 4096);
    }
    let listener = world.listen(1, 80, 1000);
    let clients: Vec<u32> = (0..300).map(|_| world.connect(0, B, 80)).collect();
    let mut servers = Vec::new();
    assert!(world.run(60 * SECOND, |world| {
        servers.extend(world.accept(1, listener));
        servers.len() == clients.len()
    }));
    let mut said = vec![0; clients.len()];
    assert!(world.run(60 * SECOND, |world| {
        for (place, client) in clients.iter().enumerate() {
            if world.hosts[0].is(*client, state::CONNECTED) && said[place] == 0 {
                world.hosts[0].kernel.write(*client, &client.to_ne_bytes());
                said[place] = 1;
            }
            let answer = world.hosts[0].kernel.read(*client, 4);
            if !answer.is_empty() {
                assert_eq!(answer, client.to_ne_bytes());
                said[place] = 2;
            }
        }
        for server in &servers {
            let question = world.hosts[1].kernel.read(*server, 4);
            world.hosts[1].kernel.write(*server, &question);
        }
        said.iter().all(|it| *it == 2)
    }));
}

#[test]
fn a_slow_reader_stops_the_writer_and_loses_nothing() {
    let mut world = World::new(8);
    let listener = world.listen(1, 80, 4);
    let (client, server) = world.pair(listener, 80);
    let mut sent = 0_usize;
    world.run(60 * SECOND, |world| {
        let bytes: Vec<u8> = (sent..sent + 100).map(|it| it as u8).collect();
        sent += world.hosts[0].kernel.write(client, &bytes);
        false
    });
    assert_eq!(sent, 16_384 + 16_256);
    let mut got = Vec::new();
    assert!(world.run(60 * SECOND, |world| {
        got.extend(world.hosts[1].kernel.read(server, 700));
        got.len() == sent
    }));
    assert!(
        got.iter()
            .enumerate()
            .all(|(place, byte)| *byte == place as u8)
    );
    world.close(0, client, Close::Orderly);
}

#[test]
fn small_pieces_wait_for_each_other_unless_they_need_not() {
    for (no_delay, segments) in [(0, 2), (1, 10)] {
        let mut world = World::new(9);
        world.latency = 50 * MILLISECOND;
        let listener = world.listen(1, 80, 4);
        let (client, _) = world.pair(listener, 80);
        let option = world.hosts[0]
            .tcp
            .option(client, option::NO_DELAY, no_delay);
        option.expect("it is TCP's");
        let mut count = 0;
        for _ in 0..10 {
            world.hosts[0].kernel.write(client, b"x");
            let now = world.now;
            world.hosts[0].pump(now);
            count += world.hosts[0].nic.sent.len();
            while let Some(packet) = world.hosts[0].nic.sent.pop_front() {
                world.send(packet);
            }
        }
        world.run(SECOND, |world| {
            count += world.hosts[0].nic.sent.len();
            false
        });
        assert!(count <= segments && count + 1 >= segments, "{count}");
    }
}

#[test]
fn two_that_both_send_again_hear_each_other() {
    let mut world = World::new(10);
    let listener = world.listen(1, 80, 4);
    let (client, server) = world.pair(listener, 80);
    let ends = [(0, client), (1, server)];
    // Of what both send, the first segments arrive, and no acknowledgement.
    for (host, socket) in ends {
        world.hosts[host].kernel.write(socket, &[host as u8; 2900]);
    }
    world.run(0, |_| false);
    world.faults.lost = 1000;
    world.pass(3 * SECOND);
    world.faults.lost = 0;
    for (host, socket) in ends {
        world.hosts[host].kernel.write(socket, &[host as u8; 5000]);
    }
    let mut got = [0; 2];
    assert!(world.run(200 * SECOND, |world| {
        for (host, socket) in ends {
            let now = world.now;
            got[host] += world.hosts[host].read_all(now, socket).len();
        }
        got == [7900; 2]
    }));
    for (host, socket) in ends {
        assert!(world.run(SECOND, |world| world.hosts[host].is(socket, state::DRAINED)));
    }
}
