//! The whole network of a guest: a good host, and strangers who say what they like.
//!
//! The good host is `smoltcp`'s, with an address, ARP and TCP. Strangers have addresses
//! of hardware of their own, by which ARP finds them; what comes for them is kept. All of
//! it happens in [`Lan::turn`], so a trial is one thread.

use std::collections::VecDeque;
use std::io;
use std::net::Ipv4Addr;
use std::path::Path;
use std::time::Duration;
use std::{fs, time};

use domains::Isolation;
use libtest_mimic::Failed;
use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp::socket::tcp;
use smoltcp::time::Instant;
use smoltcp::wire::{EthernetAddress, HardwareAddress, IpCidr, Ipv4Cidr};

use super::guest::{Guest, Start};
use super::link::Link;
use super::packet::{self, Host};
use super::wire::Wire;
use super::{Frame, PATIENCE};
use crate::images::TOOL;

/// Bits of the network's part of an address.
pub(super) const PREFIX: u8 = 24;
/// The good host.
pub(super) const GOOD: Host = Host::numbered(1);
/// The guest's address, if it is given one.
pub(super) const GUEST: Ipv4Addr = Ipv4Addr::new(10, 7, 0, 2);
/// How a guest is given that.
const ADDRESS: [&str; 2] = ["--ip", "10.7.0.2/24"];

/// How long nothing may come before the good host looks at its clock.
const LOOK: Duration = Duration::from_millis(2);
/// Frames that are taken before it does.
const BATCH: usize = 64;
/// Frames for strangers that are kept.
const KEPT: usize = 1 << 17;
/// Bytes of the good host's buffers for a connection.
const BUFFER: usize = 32 << 10;

/// A guest and its network.
pub(super) struct Lan {
    pub(super) guest: Guest,
    pub(super) wire: Wire,
    interface: Interface,
    pub(super) sockets: SocketSet<'static>,
    link: Link,
    start: time::Instant,
    /// Where the guest is.
    pub(super) address: Ipv4Addr,
    /// Its card, once that has sent something.
    pub(super) card: Option<EthernetAddress>,
    /// What came for strangers, or for everybody.
    pub(super) heard: VecDeque<Frame>,
    /// Ports of the good host that are out of reach.
    pub(super) gone: Vec<u16>,
    next_port: u16,
}

impl Lan {
    /// Starts the server with its address, and waits until it serves.
    pub(super) fn serving(name: &str, mode: Isolation) -> Result<Lan, Failed> {
        Lan::serving_on(name, mode, None)
    }

    /// The same on another QEMU.
    pub(super) fn serving_on(
        name: &str,
        mode: Isolation,
        qemu: Option<&Path>,
    ) -> Result<Lan, Failed> {
        let start = Start {
            mode,
            words: &["serve"],
            flags: &ADDRESS,
            qemu,
        };
        let mut lan = Lan::start(&format!("{name}-{mode}"), &start)?;
        lan.printed("ready")?;
        Ok(lan)
    }

    /// Starts a guest with this network; `name` is the trial's alone.
    pub(super) fn start(name: &str, start: &Start<'_>) -> Result<Lan, Failed> {
        let path = TOOL.scratch_file(&format!("{name}.net"));
        let _left_by_an_earlier_run = fs::remove_file(path.with_extension("net.guest"));
        let wire = Wire::at(&path)?;
        let guest = Guest::start(start, &path)?;
        let mut link = Link::default();
        let address = HardwareAddress::Ethernet(GOOD.card);
        let mut config = Config::new(address);
        config.random_seed = 7;
        let mut interface = Interface::new(config, &mut link, Instant::ZERO);
        interface.update_ip_addrs(|addresses| {
            let own = IpCidr::Ipv4(Ipv4Cidr::new(GOOD.address, PREFIX));
            let _there_is_room = addresses.push(own);
        });
        Ok(Lan {
            guest,
            wire,
            interface,
            sockets: SocketSet::new(Vec::new()),
            link,
            start: time::Instant::now(),
            address: GUEST,
            card: None,
            heard: VecDeque::new(),
            gone: Vec::new(),
            next_port: 50_000,
        })
    }

    /// A little of everything: takes what came, and sends what is due.
    pub(super) fn turn(&mut self) -> io::Result<()> {
        let mut limit = LOOK;
        for _ in 0..BATCH {
            let Some(frame) = self.wire.receive(limit) else {
                break;
            };
            limit = Duration::ZERO;
            self.take(frame)?;
        }
        let now = Instant::from_micros(self.start.elapsed().as_micros() as i64);
        self.interface.poll(now, &mut self.link, &mut self.sockets);
        let gone = &self.gone;
        let reaches = |frame: &Frame| {
            let ports = packet::ports(frame);
            !ports.is_some_and(|(source, _)| gone.contains(&source))
        };
        let sent = self.link.sent.drain(..).filter(reaches);
        self.wire.send(sent)?;
        self.guest.hear();
        Ok(())
    }

    /// A frame of the guest's, to whom it is for.
    fn take(&mut self, frame: Frame) -> io::Result<()> {
        let Some(header) = packet::header(&frame) else {
            return Ok(());
        };
        self.card = Some(header.source);
        if let Some(answer) = packet::stranger_here(&frame) {
            self.wire.send([answer])?;
        }
        let is_for_all = header.target.is_multicast();
        let port = packet::ports(&frame).map(|(_, target)| target);
        let is_gone = port.is_some_and(|port| self.gone.contains(&port));
        if (is_for_all || header.target == GOOD.card) && !is_gone {
            self.link.came.push_back(frame.clone());
        }
        if header.target != GOOD.card && self.heard.len() < KEPT {
            self.heard.push_back(frame);
        }
        Ok(())
    }

    /// Turns until `look` finds something. There is an end to that.
    pub(super) fn until<T>(
        &mut self,
        what: &str,
        mut look: impl FnMut(&mut Lan) -> Option<T>,
    ) -> Result<T, Failed> {
        let start = time::Instant::now();
        loop {
            self.turn()?;
            if let Some(found) = look(self) {
                return Ok(found);
            }
            if start.elapsed() > PATIENCE {
                let events = &self.guest.events;
                return Err(format!("{what} has not come: {events:#?}").into());
            }
        }
    }

    /// Turns for a while, for what must not come.
    pub(super) fn pass(&mut self, time: Duration) -> io::Result<()> {
        let start = time::Instant::now();
        while start.elapsed() < time {
            self.turn()?;
        }
        Ok(())
    }

    /// Waits until the program has printed `text`.
    pub(super) fn printed(&mut self, text: &str) -> Result<(), Failed> {
        self.until(text, |lan| lan.guest.printed().contains(text).then_some(()))
    }

    /// Sends frames as they are, and takes what comes meanwhile.
    pub(super) fn send(&mut self, frames: impl IntoIterator<Item = Frame>) -> io::Result<()> {
        for (number, frame) in frames.into_iter().enumerate() {
            self.wire.send([frame])?;
            if number % BATCH == BATCH - 1 {
                self.turn()?;
            }
        }
        self.turn()
    }

    /// Where strangers send their frames: the guest as it is on the link.
    pub(super) fn guest_host(&self) -> Host {
        Host {
            card: self.card.unwrap_or(EthernetAddress::BROADCAST),
            address: self.address,
        }
    }

    /// A socket of the good host's that begins to connect to the guest.
    pub(super) fn begin(&mut self, port: u16) -> Result<SocketHandle, Failed> {
        self.begin_with(port, BUFFER)
    }

    /// The same with so much room for what comes.
    pub(super) fn begin_with(
        &mut self,
        port: u16,
        room: usize,
    ) -> Result<SocketHandle, Failed> {
        let buffer = |size| tcp::SocketBuffer::new(vec![0; size]);
        let mut socket = tcp::Socket::new(buffer(room), buffer(BUFFER));
        socket.set_nagle_enabled(false);
        self.next_port = self.next_port.checked_add(1).unwrap_or(50_000);
        let context = self.interface.context();
        let connected = socket.connect(context, (self.address, port), self.next_port);
        connected.map_err(|error| format!("{error}"))?;
        Ok(self.sockets.add(socket))
    }

    /// One that waits for the guest.
    pub(super) fn listen(&mut self, port: u16) -> Result<SocketHandle, Failed> {
        let buffer = || tcp::SocketBuffer::new(vec![0; BUFFER]);
        let mut socket = tcp::Socket::new(buffer(), buffer());
        socket.listen(port).map_err(|error| format!("{error}"))?;
        Ok(self.sockets.add(socket))
    }

    pub(super) fn socket(&mut self, handle: SocketHandle) -> &mut tcp::Socket<'static> {
        self.sockets.get_mut(handle)
    }

    /// Takes the cable of a connection away: neither side hears of the other again.
    pub(super) fn vanish(&mut self, handle: SocketHandle) {
        let local = self.socket(handle).local_endpoint();
        self.gone.extend(local.map(|local| local.port));
        self.sockets.remove(handle);
    }
}
