//! What a request costs among many connections; it is printed, nothing else.
//!
//! `CLOISTER_FULL=1 cargo test --release -p cell-net --test cost -- --nocapture`

#![expect(
    unsafe_code,
    reason = "the safe kernel reads and writes windows that the stack has, as in the guest"
)]

#[path = "../tcp/kernel.rs"]
mod kernel;
#[path = "../tcp/nic.rs"]
mod nic;
#[path = "../tcp/random.rs"]
mod random;
#[expect(dead_code, reason = "this test does little in that world")]
#[path = "../tcp/world.rs"]
mod world;

use std::time::Instant;

use cell_net::carrier::{Carrier, Checksum, Errno, Full, Incoming, Outgoing};
use domains::network::window::told;
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{IpAddress, TcpControl, TcpPacket, TcpRepr, TcpSeqNumber};
use world::{A, B, World};

/// A carrier that does nothing but have the segment written.
struct Card {
    place: Vec<u8>,
    size: usize,
}

impl Carrier for Card {
    fn source_to(&self, _: IpAddress) -> Result<IpAddress, Errno> {
        Ok(B)
    }

    fn is_own(&self, _: IpAddress) -> bool {
        true
    }

    fn is_broadcast(&self, _: IpAddress) -> bool {
        false
    }

    fn largest_to(&self, _: IpAddress) -> usize {
        1500
    }

    fn cuts_to(&self, _: IpAddress) -> Option<usize> {
        None
    }

    fn has_room(&self, _: IpAddress, _: usize) -> bool {
        true
    }

    fn send(
        &mut self,
        packet: &Outgoing,
        size: usize,
        _: Checksum,
        fill: &mut dyn FnMut(&mut [u8]),
    ) -> Result<(), Full> {
        fill(&mut self.place[..packet.header + size]);
        self.size = packet.header + size;
        Ok(())
    }

    fn random(&mut self) -> u64 {
        4
    }
}

/// A peer of one connection.
struct Client {
    port: u16,
    server: u32,
    sequence: u32,
    acknowledged: u32,
}

/// A request of so many bytes in a packet, with its header of IP.
fn request(client: &Client, payload: &[u8], bytes: &mut Vec<u8>) {
    let segment = TcpRepr {
        src_port: client.port,
        dst_port: 80,
        control: TcpControl::Psh,
        seq_number: TcpSeqNumber(client.sequence as i32),
        ack_number: Some(TcpSeqNumber(client.acknowledged as i32)),
        window_len: 65_535,
        window_scale: None,
        max_seg_size: None,
        sack_permitted: false,
        sack_ranges: [None; 3],
        timestamp: None,
        payload,
    };
    let ignored = ChecksumCapabilities::ignored();
    bytes.resize(20 + segment.buffer_len(), 0);
    let size = segment.buffer_len();
    let header = smoltcp::wire::IpRepr::new(A, B, smoltcp::wire::IpProtocol::Tcp, size, 64);
    header.emit(&mut bytes[..], &ignored);
    let mut packet = TcpPacket::new_unchecked(&mut bytes[20..]);
    segment.emit(&mut packet, &A, &B, &ignored);
}

/// A world whose second machine has so many connections.
fn world(count: usize) -> (World, Vec<Client>) {
    let mut world = World::new(1);
    for host in &mut world.hosts {
        host.ring = (3968, 4096);
    }
    let listener = world.listen(1, 80, 4096);
    let clients = (0..count).map(|_| {
        let (client, server) = world.pair(listener, 80);
        let name = world.hosts[0].kernel.name(client, told::LOCAL);
        world.hosts[0].kernel.write(client, b"x");
        let mut sequence = 0;
        let mut acknowledged = 0;
        let now = world.now;
        world.hosts[0].pump(now);
        if let Some(packet) = world.hosts[0].nic.sent.pop_back() {
            let segment = TcpPacket::new_unchecked(packet.payload());
            sequence = segment.seq_number().0 as u32;
            acknowledged = segment.ack_number().0 as u32;
        }
        world.hosts[0]
            .tcp
            .close(now, client, cell_net::tcp::Close::Reset)
            .expect("it is open");
        world.hosts[0].pump(now);
        world.hosts[0].nic.sent.clear();
        Client {
            port: name.port,
            server,
            sequence,
            acknowledged,
        }
    });
    let clients = clients.collect();
    (world, clients)
}

#[test]
fn a_request_among_many_connections() {
    let counts: &[usize] = match std::env::var_os("CLOISTER_FULL") {
        Some(_) => &[1, 1000, 4000],
        None => &[1, 10],
    };
    for count in counts {
        let (mut world, mut clients) = world(*count);
        for size in [100, 1460] {
            let (mut spent, mut rounds) = (0, 0);
            let payload = vec![5; size];
            let mut packet = Vec::new();
            let mut card = Card {
                place: vec![0; 70_000],
                size: 0,
            };
            while rounds < 200 * count.clamp(&100, &4000) {
                let client = &mut clients[rounds % count];
                request(client, &payload, &mut packet);
                world.now += 1000;
                let (now, host) = (world.now, &mut world.hosts[1]);
                let begin = Instant::now();
                let incoming = Incoming {
                    source: A,
                    target: B,
                    hop_limit: 64,
                    payload: &packet[20..],
                    is_verified: true,
                    whole: &packet,
                };
                host.tcp.input(now, &incoming, &mut card);
                let told = host.kernel.told(client.server, told::WRITABLE);
                let at = (told & 0xffff_ffff) as usize;
                let readable = host.kernel.told(client.server, told::READABLE);
                // A ring that wraps has its pieces one after the other.
                let taken = (readable >> 32) as usize;
                let written = ((told >> 32) as usize).min(size);
                let server = client.server;
                let done = host.tcp.taken(now, server, taken, at, written);
                let mut budget = 64;
                host.tcp.work(now, &mut budget, &mut card);
                while host.tcp.next_changed().is_some() {}
                spent += begin.elapsed().as_nanos();
                done.expect("it was told so");
                assert!(card.size > 40, "an answer has left");
                client.sequence = client.sequence.wrapping_add(size as u32);
                client.acknowledged = client.acknowledged.wrapping_add(written as u32);
                rounds += 1;
            }
            let each = spent / rounds as u128;
            println!("{count} connections, {size} bytes: {each} ns a request");
        }
    }
}
