//! Two machines and the wire between them, in virtual time.

use std::collections::BTreeMap;

use cell_net::tcp::{Close, How, Kind, Reuse, Tcp, V6};
use domains::network::Name;
use domains::network::window::{state, told};
use smoltcp::wire::IpAddress;

use crate::kernel::Kernel;
use crate::nic::{Nic, Packet};
use crate::random::Random;

pub(crate) const MILLISECOND: u64 = 1_000_000;
pub(crate) const SECOND: u64 = 1000 * MILLISECOND;

/// The address of the first machine, and of the second.
pub(crate) const A: IpAddress = IpAddress::v4(10, 0, 0, 1);
pub(crate) const B: IpAddress = IpAddress::v4(10, 0, 0, 2);

/// What happens to packets on the wire, in thousandths.
#[derive(Clone, Copy, Default)]
pub(crate) struct Faults {
    pub(crate) lost: u32,
    pub(crate) doubled: u32,
    pub(crate) late: u32,
    pub(crate) corrupted: u32,
}

/// A machine.
pub(crate) struct Host {
    pub(crate) tcp: Tcp,
    pub(crate) nic: Nic,
    pub(crate) kernel: Kernel,
    /// Bytes of both rings of a new socket.
    pub(crate) ring: (usize, usize),
    /// Whether spares are opened as they are wanted.
    pub(crate) has_spares: bool,
    /// Sockets that were told changed.
    pub(crate) changed: Vec<u32>,
    pub(crate) budget: usize,
}

/// Both machines.
pub(crate) struct World {
    pub(crate) now: u64,
    pub(crate) hosts: [Host; 2],
    pub(crate) faults: Faults,
    pub(crate) latency: u64,
    pub(crate) random: Random,
    wire: BTreeMap<(u64, u64), Packet>,
    count: u64,
    /// Packets to nobody of both: what a third would have got.
    pub(crate) strays: Vec<Packet>,
    /// Bytes of the largest segment that the first machine has sent, headers included.
    pub(crate) largest: usize,
}

impl Host {
    pub(crate) fn new(addresses: &[IpAddress], seed: u64) -> Host {
        Host {
            tcp: Tcp::new([seed, 2, 3, seed ^ 4]),
            nic: Nic::new(addresses),
            kernel: Kernel::default(),
            ring: (16_384 - 128, 16_384),
            has_spares: true,
            changed: Vec::new(),
            budget: 64,
        }
    }

    pub(crate) fn open(&mut self, kind: Kind, v6: V6) -> u32 {
        let (number, window) = self.kernel.lend(self.ring.0, self.ring.1);
        self.tcp
            .open(number, window, kind, v6)
            .expect("there is memory");
        number
    }

    /// Lets the stack have what was read and written, and work.
    pub(crate) fn pump(&mut self, now: u64) {
        for (socket, taken, at, written) in self.kernel.dirty() {
            // A socket that was closed before this was said is gone.
            if self.tcp.has(socket) {
                let can_be = self.tcp.taken(now, socket, taken, at, written);
                can_be.expect("it was told so");
            }
        }
        let mut budget = self.budget;
        self.tcp.work(now, &mut budget, &mut self.nic);
        while self.has_spares && self.tcp.is_short_of_spares() {
            self.open(Kind::Spare, V6::Dual);
        }
        while let Some(socket) = self.tcp.next_changed() {
            let is_there = self.kernel.has(socket) && !self.tcp.has(socket);
            if is_there && self.state(socket) & state::RELEASED != 0 {
                self.kernel.free(socket);
            }
            self.changed.push(socket);
        }
    }

    /// Reads all that there is: a ring that wraps has two pieces.
    pub(crate) fn read_all(&mut self, now: u64, socket: u32) -> Vec<u8> {
        let mut all = self.kernel.read(socket, usize::MAX);
        self.pump(now);
        all.extend(self.kernel.read(socket, usize::MAX));
        all
    }

    pub(crate) fn state(&self, socket: u32) -> u64 {
        self.kernel.told(socket, told::STATE)
    }

    pub(crate) fn is(&self, socket: u32, bits: u64) -> bool {
        self.state(socket) & bits == bits
    }

    pub(crate) fn error(&mut self, socket: u32) -> i64 {
        self.tcp.error(socket).expect("it is open")
    }
}

/// The name of an address, as a socket of that version has it.
pub(crate) fn name(address: IpAddress, port: u16) -> Name {
    match address {
        IpAddress::Ipv4(address) => Name::v4(address.octets(), port),
        IpAddress::Ipv6(address) => Name::v6(address.octets(), port),
    }
}

impl World {
    pub(crate) fn new(seed: u64) -> World {
        World::between(&[A], &[B], seed)
    }

    pub(crate) fn between(first: &[IpAddress], second: &[IpAddress], seed: u64) -> World {
        World {
            now: 1000 * SECOND,
            hosts: [Host::new(first, seed), Host::new(second, !seed)],
            faults: Faults::default(),
            latency: MILLISECOND,
            random: Random(seed),
            wire: BTreeMap::new(),
            count: 0,
            strays: Vec::new(),
            largest: 0,
        }
    }

    /// A socket of a machine that listens at a port of all addresses.
    pub(crate) fn listen(&mut self, host: usize, port: u16, backlog: u32) -> u32 {
        let host = &mut self.hosts[host];
        let socket = host.open(Kind::Stream, V6::No);
        let any = Name::v4([0; 4], port);
        host.tcp
            .bind(socket, &any, Reuse::Yes, &mut host.nic)
            .expect("the port is free");
        host.tcp
            .listen(socket, backlog, &mut host.nic)
            .expect("it listens");
        socket
    }

    /// A socket of a machine that is being connected.
    pub(crate) fn connect(&mut self, host: usize, address: IpAddress, port: u16) -> u32 {
        let v6 = match address {
            IpAddress::Ipv4(_) => V6::No,
            IpAddress::Ipv6(_) => V6::Only,
        };
        let now = self.now;
        let host = &mut self.hosts[host];
        let socket = host.open(Kind::Stream, v6);
        host.tcp
            .connect(now, socket, &name(address, port), &mut host.nic)
            .expect("there is a way");
        socket
    }

    /// A connection from the first machine to the second: both ends.
    pub(crate) fn pair(&mut self, listener: u32, port: u16) -> (u32, u32) {
        let client = self.connect(0, B, port);
        let mut server = None;
        self.run(30 * SECOND, |world| {
            server = world.accept(1, listener);
            server.is_some()
        });
        self.run(30 * SECOND, |world| {
            world.hosts[0].is(client, state::CONNECTED)
        });
        (client, server.expect("it was accepted"))
    }

    pub(crate) fn accept(&mut self, host: usize, listener: u32) -> Option<u32> {
        self.hosts[host].tcp.accept(self.now, listener).ok()
    }

    pub(crate) fn close(&mut self, host: usize, socket: u32, how: Close) {
        let now = self.now;
        self.hosts[host].pump(now);
        self.hosts[host]
            .tcp
            .close(now, socket, how)
            .expect("it is open");
    }

    pub(crate) fn shutdown(&mut self, host: usize, socket: u32, how: How) {
        let now = self.now;
        self.hosts[host].pump(now);
        self.hosts[host]
            .tcp
            .shutdown(now, socket, how)
            .expect("it is connected");
    }

    /// Puts a packet on the wire, or not, or twice, or another one.
    pub(crate) fn send(&mut self, packet: Packet) {
        if self.random.happens(self.faults.lost) {
            return;
        }
        let mut packet = packet;
        if self.random.happens(self.faults.doubled) {
            self.put(packet.clone());
        }
        if self.random.happens(self.faults.corrupted) {
            let size = packet.payload().len();
            let (place, bit) = (self.random.below(size), self.random.below(8));
            let at = packet.header + place;
            packet.bytes[at] ^= 1 << bit;
            (packet.is_verified, packet.is_whole) = (false, false);
        }
        self.put(packet);
    }

    fn put(&mut self, packet: Packet) {
        let mut at = self.now + self.latency;
        if self.random.happens(self.faults.late) {
            at += self.random.below(20) as u64 * self.latency;
        }
        self.count += 1;
        self.wire.insert((at, self.count), packet);
    }

    /// Lets everything happen that happens now; whether anything did.
    fn turn(&mut self) -> bool {
        let mut has_come = false;
        while let Some(entry) = self.wire.first_entry()
            && entry.key().0 <= self.now
        {
            let packet = entry.remove();
            self.deliver(&packet);
            has_come = true;
        }
        for host in &mut self.hosts {
            host.pump(self.now);
        }
        for host in 0..2 {
            while let Some(packet) = self.hosts[host].nic.sent.pop_front() {
                if host == 0 {
                    self.largest = self.largest.max(packet.bytes.len());
                }
                self.send(packet);
                has_come = true;
            }
        }
        has_come
    }

    /// Lets a packet come.
    pub(crate) fn deliver(&mut self, packet: &Packet) {
        let (now, mut is_stray) = (self.now, true);
        for host in &mut self.hosts {
            if host.nic.addresses.contains(&packet.target) {
                host.tcp.input(now, &packet.incoming(), &mut host.nic);
                is_stray = false;
            }
        }
        if is_stray {
            self.strays.push(packet.clone());
        }
    }

    /// Lets time pass until something is so, for `limit` at most; whether it is.
    pub(crate) fn run(
        &mut self,
        limit: u64,
        mut is_so: impl FnMut(&mut World) -> bool,
    ) -> bool {
        let end = self.now + limit;
        loop {
            self.turn();
            if is_so(self) {
                return true;
            }
            if self.is_busy() {
                continue;
            }
            let next = self.next().unwrap_or(u64::MAX);
            if next > end {
                self.now = end;
                return is_so(self);
            }
            self.now = self.now.max(next);
        }
    }

    /// The same, looked at every ten milliseconds at least.
    pub(crate) fn watch(
        &mut self,
        limit: u64,
        mut is_so: impl FnMut(&mut World) -> bool,
    ) -> bool {
        let end = self.now + limit;
        while self.now < end {
            if self.run(10 * MILLISECOND, &mut is_so) {
                return true;
            }
        }
        false
    }

    /// Lets so much time pass.
    pub(crate) fn pass(&mut self, time: u64) {
        self.run(time, |_| false);
    }

    fn is_busy(&self) -> bool {
        let is_due = self
            .wire
            .first_key_value()
            .is_some_and(|(key, _)| key.0 <= self.now);
        is_due
            || self.hosts.iter().any(|host| {
                host.kernel.is_dirty() || host.tcp.is_waiting() && host.nic.room > 0
            })
    }

    fn next(&self) -> Option<u64> {
        let deadlines = self.hosts.iter().filter_map(|host| host.tcp.deadline());
        let wire = self.wire.first_key_value().map(|(key, _)| key.0);
        deadlines.chain(wire).min()
    }
}
