//! The machine in its network: what carries packets for connections and datagrams.
//!
//! ```text
//! receive   a frame becomes a packet, or is an answer about neighbours
//! send      a packet becomes frames, or comes back to this machine
//! resolve   where a neighbour is
//! answer    what ICMP has to be told
//! tick      what time brings
//! ```

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::cell::Cell;

use smoltcp::wire::{IpAddress, IpProtocol};

use crate::carrier::{Carrier, Checksum, Errno, Full, Outgoing};
use crate::ip::addresses::{Addresses, Way};
use crate::ip::paths::{LEAST_V6, Paths};
use crate::ip::reassembly::Reassembly;
use crate::lent::Lender;
use crate::limit::Limit;
use crate::link::card::Card;
use crate::link::frames::{Frames, RESERVE};
use crate::link::loopback::{self, Loopback};
use crate::link::neighbours::Neighbours;
use crate::random::Random;

pub mod answer;
mod receive;
mod resolve;
mod send;
mod tick;

/// The number of the interface of loopback.
pub const LOOPBACK: u32 = 1;
/// The number of the interface of the card.
pub const CARD: u32 = 2;

/// The most bytes that the card cuts at once, with the header of IP.
const CUT_MAX: usize = 65_535;
/// The most packets that went nowhere and of which nobody has been told yet.
const LOST: usize = 32;

const MILLISECOND: u64 = 1_000_000;

/// What the card does of the work on packets.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Offload {
    /// It cuts segments of TCP over IPv4.
    pub cuts: bool,
    /// It computes checksums of what is sent.
    pub sums: bool,
    /// It says of what is received whether the checksum is right.
    pub marks: bool,
}

/// How many packets were dropped, and why.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Dropped {
    /// Frames that are none, or not for this machine.
    pub frames: u64,
    /// Packets with a wrong header, or from or to where none may come or go.
    pub packets: u64,
    /// Packets for which there was no room.
    pub full: u64,
    /// Packets to where no way leads.
    pub no_way: u64,
}

/// A packet of this machine that went nowhere: what is left of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lost {
    /// From which address of this machine.
    pub source: IpAddress,
    /// To whom.
    pub target: IpAddress,
    /// What it carried.
    pub protocol: IpProtocol,
    /// The first bytes of that.
    pub head: [u8; 8],
}

/// The machine in its network.
#[derive(Debug)]
pub struct Node<L> {
    /// The buffers.
    pub frames: Frames<L>,
    /// The card, if there is one.
    pub card: Option<Card>,
    /// What it does of the work.
    pub offload: Offload,
    /// The most bytes of a packet on the link, with the header of IP.
    pub packet_max: usize,
    /// Who is where.
    pub neighbours: Neighbours,
    /// What comes back to this machine.
    pub loopback: Loopback,
    /// Its addresses.
    pub addresses: Addresses,
    /// How large packets may be on their ways.
    pub paths: Paths,
    /// Packets of which parts have come.
    pub reassembly: Reassembly,
    /// Packets that went nowhere.
    pub lost: VecDeque<Lost>,
    /// Words that nobody can guess.
    pub random: Random,
    /// What was dropped.
    pub dropped: Dropped,
    /// When the call is made that is served.
    pub now: u64,
    /// Whether there was no room for a packet in this call.
    is_full: Cell<bool>,
    /// How often errors are told to others.
    errors: Limit,
    /// How often echoes are sent.
    echoes: Limit,
    /// A packet that has to be cut into parts.
    large: Vec<u8>,
}

impl<L: Lender> Node<L> {
    /// One without a card.
    pub fn new(lender: L, mut random: Random) -> Node<L> {
        Node {
            frames: Frames::new(lender),
            card: None,
            offload: Offload::default(),
            packet_max: 0,
            neighbours: Neighbours::new(random.key()),
            loopback: Loopback::default(),
            addresses: Addresses::default(),
            paths: Paths::default(),
            reassembly: Reassembly::default(),
            lost: VecDeque::new(),
            random,
            dropped: Dropped::default(),
            now: 0,
            is_full: Cell::new(false),
            errors: Limit::new(10 * MILLISECOND, 50),
            echoes: Limit::new(MILLISECOND, 200),
            large: Vec::new(),
        }
    }

    /// A call begins.
    pub fn begin(&self) {
        self.is_full.set(false);
    }

    /// Whether there was no room for a packet in this call.
    pub fn was_full(&self) -> bool {
        self.is_full.get()
    }

    /// Counts a frame that is none.
    pub const fn drop_frame(&mut self) {
        self.dropped.frames = self.dropped.frames.saturating_add(1);
    }

    /// The most bytes of a packet to `target` that leaves by the link.
    fn packet_max_to(&self, target: IpAddress) -> usize {
        let link = match target {
            IpAddress::Ipv4(_) => self.packet_max,
            IpAddress::Ipv6(_) => self.packet_max.max(LEAST_V6),
        };
        self.paths.packet_max(target, link, self.now)
    }

    /// A router says that packets to `target` may have so many bytes at most; how many
    /// they have now, if that is news.
    pub fn shrink(&mut self, target: IpAddress, said: usize) -> Option<usize> {
        let link = self.packet_max.max(LEAST_V6);
        let is_less = self.paths.shrink(target, said, link, self.now);
        is_less.then(|| self.packet_max_to(target))
    }

    /// Forgets all that was learnt of a link that is another now.
    pub fn forget_link(&mut self) {
        let key = self.random.key();
        let before = core::mem::replace(&mut self.neighbours, Neighbours::new(key));
        for packet in before.into_waiting() {
            self.frames.give_back(packet.buffer);
        }
        self.paths = Paths::default();
    }
}

impl<L: Lender> Carrier for Node<L> {
    fn source_to(&self, target: IpAddress) -> Result<IpAddress, Errno> {
        self.addresses.source_to(target)
    }

    fn is_own(&self, address: IpAddress) -> bool {
        self.addresses.is_own(address)
    }

    fn is_broadcast(&self, target: IpAddress) -> bool {
        target.is_multicast() || self.addresses.is_everybody(target)
    }

    fn largest_to(&self, target: IpAddress) -> usize {
        if self.addresses.is_own(target) || !self.addresses.has_card {
            loopback::PACKET_MAX
        } else {
            self.packet_max_to(target)
        }
    }

    fn cuts_to(&self, target: IpAddress) -> Option<usize> {
        let is_v4 = matches!(target, IpAddress::Ipv4(_));
        // The card of IPv6 would do, but the stack above loses data by it.
        let cuts = is_v4 && self.offload.cuts && self.offload.sums;
        let is_far = cuts && self.frames.knows_large() && !self.addresses.is_own(target);
        is_far.then_some(CUT_MAX)
    }

    fn has_room(&self, target: IpAddress, size: usize) -> bool {
        // Wherever it goes, it is one packet, and there is room for it.
        let is_one = size <= self.packet_max && self.paths.is_empty();
        let has_all = self.frames.small_count() > RESERVE && self.loopback.has_room(size);
        if is_one && has_all {
            return true;
        }
        let has_room = match self.addresses.way(target) {
            Some(Way::Own) => self.loopback.has_room(size),
            Some(_) => {
                let parts = send::parts(size, self.packet_max_to(target));
                // Where the card cuts, none is sent in parts: it waits for a large buffer.
                if parts > 1 && self.cuts_to(target).is_some() {
                    self.frames.has_large()
                } else {
                    self.frames.small_count() >= parts.saturating_add(RESERVE)
                }
            }
            None => true,
        };
        if !has_room {
            self.is_full.set(true);
        }
        has_room
    }

    fn send(
        &mut self,
        packet: &Outgoing,
        size: usize,
        checksum: Checksum,
        fill: &mut dyn FnMut(&mut [u8]),
    ) -> Result<(), Full> {
        let sent = match self.addresses.way(packet.target) {
            Some(Way::Own) => self.send_home(packet, size, fill),
            Some(way) => self.send_out(packet, size, checksum, fill, way),
            None => {
                self.dropped.no_way = self.dropped.no_way.saturating_add(1);
                Ok(())
            }
        };
        sent.inspect_err(|Full| self.is_full.set(true))
    }

    fn random(&mut self) -> u64 {
        self.random.word()
    }
}
