//! A stack with a desk, buffers that are counted, and a peer made of bytes.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicU64;

use domains::network::desk::{self, net};
use domains::network::packets::{self, HEADER};
use domains::network::setting::flag;
use domains::network::window::{Pages, record, told};
use domains::network::{Name, Setting};
use smoltcp::wire::{EthernetAddress, IpAddress, IpProtocol};

use crate::bytes;
use crate::desk::{Desk, WORDS};
use crate::ip::parse::{self, Packet};
use crate::lent::Lender;
use crate::link::header::Header;
use crate::stack::Stack;
use crate::testing::{Bench, packets as made};

pub(super) const CARD: EthernetAddress = EthernetAddress([2, 0, 0, 0, 0, 1]);
pub(super) const PEER_CARD: EthernetAddress = EthernetAddress([2, 0, 0, 0, 0, 2]);
pub(super) const OWN: [u8; 4] = [10, 0, 2, 15];
pub(super) const PEER: [u8; 4] = [10, 0, 2, 2];
pub(super) const SECOND: u64 = 1_000_000_000;

/// A frame that was sent: what the card is told, and the frame.
pub(super) type Sent = (Header, Vec<u8>);

/// What a pump brought.
#[derive(Debug, Default)]
pub(super) struct Pumped {
    pub(super) sent: Vec<Sent>,
    pub(super) changed: Vec<u32>,
    pub(super) more: bool,
}

/// A stack and all around it.
pub(super) struct Rig {
    pub(super) stack: Stack<Bench>,
    pub(super) desk: Desk,
    /// The buffers to send from that the stack does not have.
    free: BTreeSet<usize>,
    pub(super) now: u64,
    pub(super) flags: u32,
    /// How many buffers are given with a call at most.
    pub(super) gives: usize,
    /// How many packets may be sent with a call.
    pub(super) budget: u32,
    /// Whether cards that come agree to join segments.
    pub(super) joins: bool,
}

pub(super) fn own() -> IpAddress {
    IpAddress::Ipv4(OWN.into())
}

pub(super) fn peer() -> IpAddress {
    IpAddress::Ipv4(PEER.into())
}

/// A setting with an address of IPv4.
pub(super) fn setting() -> Setting {
    Setting {
        flags: flag::STATIC_V4,
        prefix_v4: 24,
        address_v4: OWN,
        router_v4: PEER,
        ..Setting::default()
    }
}

impl Rig {
    /// One with a card and an address.
    pub(super) fn new() -> Rig {
        Rig::with(&setting(), true)
    }

    /// One whose address of IPv6 nobody else has.
    pub(super) fn ready() -> Rig {
        let mut rig = Rig::new();
        rig.settle();
        rig.after(2 * SECOND);
        rig
    }

    /// One without a card.
    pub(super) fn alone() -> Rig {
        Rig::with(&Setting::default(), false)
    }

    pub(super) fn with(setting: &Setting, has_card: bool) -> Rig {
        let words: Vec<AtomicU64> = (0..WORDS).map(|_| AtomicU64::new(0)).collect();
        let words: Box<[AtomicU64; WORDS]> = words.try_into().expect("it is as long");
        let desk = Desk(Box::leak(words));
        let mut rig = Rig {
            stack: Stack::new(Bench::new(), desk, [5; 32]),
            desk,
            free: (packets::RECEIVE..packets::COUNT).collect(),
            now: SECOND,
            flags: 0,
            gives: 128,
            budget: 64,
            joins: false,
        };
        rig.desk.write(net::GIVEN, setting);
        rig.set_card(has_card, true, true);
        rig
    }

    /// Changes the card.
    pub(super) fn set_card(&mut self, has_card: bool, has_link: bool, merges: bool) {
        let mut card = [0; 24];
        if has_card {
            bytes::put(&mut card, 0, &CARD.0);
            bytes::put(&mut card, 10, &u16::from(has_link).to_ne_bytes());
            let features = u64::from(merges) << 15 | u64::from(self.joins) << 7;
            bytes::put(&mut card, 16, &features.to_ne_bytes());
        }
        self.desk.write(net::CARD, &card);
        self.stack.set_now(self.now);
        assert_eq!(self.stack.configure(), 0);
    }

    /// Pumps with frames that have come, each with a header of virtio-net.
    pub(super) fn pump_with(&mut self, frames: &[Vec<u8>]) -> Pumped {
        let mut place = 0;
        for frame in frames {
            for part in frame.chunks(packets::SIZE) {
                let buffer = self.stack.node.frames.lender.buffer(place);
                buffer.expect("it is one")[..part.len()].copy_from_slice(part);
                let entry = desk::frame(place, part.len());
                self.desk.set_word(net::FRAMES_IN + place * 8, entry);
                place += 1;
            }
        }
        self.pump_lists(place, &[])
    }

    /// Pumps with these lists.
    pub(super) fn pump_lists(&mut self, frames: usize, dirty: &[[u32; 4]]) -> Pumped {
        let spares: Vec<usize> = self.free.iter().copied().take(self.gives).collect();
        for (place, number) in spares.iter().enumerate() {
            self.free.remove(number);
            self.desk
                .set_word(net::SPARES + place * 8, desk::frame(*number, 0));
        }
        for (place, [socket, taken, at, written]) in dirty.iter().enumerate() {
            let word = |low: u32, high: u32| u64::from(high) << 32 | u64::from(low);
            let at_desk = net::DIRTY + place * 16;
            self.desk.set_word(at_desk, word(*socket, *taken));
            self.desk.set_word(at_desk + 8, word(*at, *written));
        }
        let counts = desk::counts([frames, spares.len(), dirty.len()]);
        let answer = self.stack.pump(counts, self.flags, self.budget, self.now);
        self.take(answer)
    }

    /// Pumps without anything.
    pub(super) fn pump(&mut self) -> Pumped {
        self.pump_with(&[])
    }

    /// Pumps until there is no more to do.
    pub(super) fn settle(&mut self) -> Pumped {
        let mut all = Pumped::default();
        for _ in 0..1000 {
            let pumped = self.pump();
            all.sent.extend(pumped.sent);
            all.changed.extend(pumped.changed);
            if !pumped.more {
                return all;
            }
        }
        panic!("it never ends");
    }

    /// The answer at a later time.
    pub(super) fn after(&mut self, nanoseconds: u64) -> Pumped {
        self.now += nanoseconds;
        self.settle()
    }

    pub(super) fn take(&mut self, answer: i64) -> Pumped {
        assert!(answer >= 0);
        let answer = answer as u64;
        let [frames, changed, _] = desk::counts_of(answer & 0xffff_ffff);
        let mut pumped = Pumped {
            more: answer & desk::MORE != 0,
            ..Pumped::default()
        };
        for place in 0..frames {
            let entry: [u8; 8] = self.desk.read(net::FRAMES_OUT + place * 8);
            let (number, size) = desk::buffer_and_size(u64::from_ne_bytes(entry));
            let buffer = self.stack.node.frames.lender.buffer(number);
            let buffer = &buffer.expect("it is one")[..size];
            let header = Header::read(buffer).expect("it has one");
            pumped.sent.push((header, buffer[HEADER..].to_vec()));
            assert!(self.free.insert(number), "it was free");
        }
        for pair in 0..changed.div_ceil(2) {
            let word: [u8; 8] = self.desk.read(net::CHANGED + pair * 8);
            let word = u64::from_ne_bytes(word);
            pumped.changed.extend([word as u32, (word >> 32) as u32]);
        }
        pumped.changed.truncate(changed);
        assert!(frames <= self.budget as usize);
        self.audit();
        pumped
    }

    /// Each buffer to send from is in one place.
    pub(super) fn audit(&self) {
        let frames = &self.stack.node.frames;
        for number in packets::RECEIVE..packets::COUNT {
            assert_ne!(frames.has(number), self.free.contains(&number), "{number}");
        }
        let waiting = self.stack.node.neighbours.waiting();
        let in_use = frames.spare_count() + frames.waiting() + waiting;
        assert_eq!(frames.count(), in_use, "a buffer is lost");
    }

    /// Opens a socket of datagrams.
    pub(super) fn open(&mut self, socket: u32, kind: u32) {
        let pages = Pages {
            receive: 4,
            send: 0,
        };
        assert_eq!(self.stack.open(socket, kind, pages.word()), 0);
    }

    pub(super) fn bind(&mut self, socket: u32, name: &Name) -> i64 {
        self.desk.write(net::NAME, name);
        self.stack.bind(socket, 0)
    }

    pub(super) fn connect(&mut self, socket: u32, name: &Name) -> i64 {
        self.desk.write(net::NAME, name);
        self.stack.connect(socket)
    }

    pub(super) fn send(&mut self, socket: u32, payload: &[u8], name: Option<&Name>) -> i64 {
        for (place, bytes) in payload.chunks(8).enumerate() {
            let mut word = [0; 8];
            word[..bytes.len()].copy_from_slice(bytes);
            self.desk
                .set_word(net::DATAGRAM + place * 8, u64::from_ne_bytes(word));
        }
        self.desk.write(net::NAME, name.unwrap_or(&Name::NONE));
        self.stack
            .datagram(socket, payload.len(), name.is_some().into())
    }

    /// The datagrams that a socket has to read, which are taken.
    pub(super) fn receive(&mut self, socket: u32) -> Vec<(Name, Vec<u8>)> {
        let mut found = Vec::new();
        loop {
            let told = self.stack.datagrams.readable(socket).to_vec();
            if told.is_empty() {
                return found;
            }
            let mut at = 0;
            while at < told.len() {
                let record = &told[at..];
                let size = u32::from_ne_bytes(bytes::array(record, 0).expect("it is there"));
                let name: [u8; Name::SIZE] =
                    bytes::array(record, record::NAME_AT).expect("it is there");
                let payload = &record[record::BYTES_AT..record::BYTES_AT + size as usize];
                found.push((zerocopy::transmute!(name), payload.to_vec()));
                at += record::size(size as usize);
            }
            self.pump_lists(0, &[[socket, told.len() as u32, 0, 0]]);
        }
    }

    /// What was told of a socket.
    pub(super) fn told(&self, socket: u32, what: usize) -> u64 {
        let controls = &self.stack.node.frames.lender.controls;
        controls[&(socket as usize)].told(what)
    }

    pub(super) fn local_port(&self, socket: u32) -> u16 {
        (self.told(socket, told::LOCAL) >> 16) as u16
    }

    /// What the network is.
    pub(super) fn setting(&self) -> Setting {
        self.desk.read(net::TOLD)
    }

    /// Has the peer answer what is asked for it by ARP; all other frames.
    pub(super) fn answer_arp(&mut self, sent: Vec<Sent>) -> Vec<Sent> {
        let (asked, others): (Vec<Sent>, Vec<Sent>) = sent
            .into_iter()
            .partition(|(_, frame)| frame[12..14] == [8, 6]);
        let mut others = others;
        if asked.iter().any(|(_, frame)| frame[38..42] == PEER) {
            let pumped = self.pump_with(&[arp(2, PEER_CARD, PEER, CARD, OWN)]);
            others.extend(pumped.sent);
        }
        others
    }

    /// Has the stack know where the peer is.
    pub(super) fn know_peer(&mut self) {
        self.settle();
        let asked = arp(1, PEER_CARD, PEER, EthernetAddress([0; 6]), OWN);
        let answered = self.pump_with(&[asked]).sent;
        assert_eq!(answered.len(), 1);
    }
}

/// A frame of Ethernet to the card, in front of which is a header of virtio-net.
pub(super) fn frame(kind: u16, payload: &[u8]) -> Vec<u8> {
    frame_to(CARD, kind, payload)
}

pub(super) fn frame_to(target: EthernetAddress, kind: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0; HEADER];
    frame[10] = 1;
    frame.extend(target.0);
    frame.extend(PEER_CARD.0);
    frame.extend(kind.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A frame of ARP.
pub(super) fn arp(
    operation: u8,
    place: EthernetAddress,
    source: [u8; 4],
    target_place: EthernetAddress,
    target: [u8; 4],
) -> Vec<u8> {
    let mut packet = vec![0, 1, 8, 0, 6, 4, 0, operation];
    packet.extend(place.0);
    packet.extend(source);
    packet.extend(target_place.0);
    packet.extend(target);
    frame(0x0806, &packet)
}

/// A frame with a datagram from the peer.
pub(super) fn udp(from: u16, to: u16, payload: &[u8]) -> Vec<u8> {
    let datagram = made::datagram(from, to, payload);
    let packet = made::packet(peer(), own(), IpProtocol::Udp, &datagram, 6);
    frame(0x0800, &packet)
}

/// A frame with a message of ICMP from the peer.
pub(super) fn icmp(message: &[u8]) -> Vec<u8> {
    let packet = made::packet(peer(), own(), IpProtocol::Icmp, message, 2);
    frame(0x0800, &packet)
}

/// The packet of IP in a frame that was sent.
pub(super) fn packet_of(sent: &Sent) -> Packet<'_> {
    let packet = match sent.1[12..14] {
        [8, 0] => parse::v4(&sent.1[14..]),
        _ => parse::v6(&sent.1[14..]),
    };
    packet.expect("it is a packet")
}
