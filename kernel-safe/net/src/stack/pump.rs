//! What time, frames and sockets bring: one call for all.

use core::mem;

use domains::network::desk::{self, FRAMES, net};
use gate::cell::net::card;

use super::Stack;
use crate::carrier::{Carrier, Incoming};
use crate::desk::NEVER;
use crate::ip::extension;
use crate::ip::parse::Packet;
use crate::ip::quote::{Quote, Wrong};
use crate::lent::Lender;
use crate::link::inbox::Inbox;
use crate::node::Offload;
use smoltcp::wire::{IpAddress, IpProtocol};

/// When it is looked again for buffers, if nobody brings any.
const SOON: u64 = 1_000_000;
/// The most bytes that are kept for the next frame.
const FRAME_KEPT: usize = 4096;

impl<L: Lender> Stack<L> {
    /// Takes what the lists on the desk hold, does what is due, and sends as many
    /// packets as the budget allows; how many frames, and how many sockets that have
    /// changed, are on the desk now.
    pub fn pump(&mut self, counts: u64, flags: u32, budget: u32, now: u64) -> i64 {
        let [frames, spares, dirty] = desk::counts_of(counts);
        self.set_now(now);
        self.node.offload = Offload {
            cuts: flags & card::SEGMENTS != 0,
            sums: flags & card::CHECKSUM != 0,
            marks: flags & card::LOOKS != 0,
        };
        self.node.begin();
        for place in 0..spares.min(net::SPARES_MAX) {
            self.node.frames.adopt(self.desk.spare(place));
        }
        for place in 0..dirty.min(net::DIRTY_MAX) {
            self.touched(place);
        }
        if frames > 0 {
            self.take_frames(frames.min(FRAMES));
        }
        self.tick();
        let mut left = budget as usize;
        self.work(&mut left);
        if self.config.has_news() {
            self.tell();
        }
        self.answer(budget as usize, left == 0)
    }

    /// Somebody has read a socket's window, or written to it.
    fn touched(&mut self, place: usize) {
        let dirty = self.desk.dirty(place);
        let Ok(socket) = u32::try_from(dirty.socket) else {
            return;
        };
        if self.datagrams.has(socket) {
            self.datagrams.taken(socket, dirty.taken);
        } else {
            let now = self.node.now;
            // What cannot be ends that connection, and nothing else.
            let (taken, at, written) = (dirty.taken, dirty.at, dirty.written);
            let _ = self.tcp.taken(now, socket, taken, at, written);
        }
    }

    fn take_frames(&mut self, count: usize) {
        let mut inbox = Inbox::new(self.desk, count, self.node.card);
        let mut frame = mem::take(&mut self.frame);
        while !inbox.is_done() {
            match inbox.next(&mut self.node.frames.lender, &mut frame) {
                Some(header) => {
                    let is_marked = self.node.offload.marks && header.is_verified();
                    self.arrive(&frame, is_marked);
                }
                None => self.node.drop_frame(),
            }
        }
        if frame.capacity() <= FRAME_KEPT {
            self.frame = frame;
        }
    }

    /// A frame has come.
    fn arrive(&mut self, frame: &[u8], is_marked: bool) {
        let groups = &self.datagrams.groups;
        let Some(packet) = self.node.receive(frame, |group| groups.has(group)) else {
            return;
        };
        let Some(fragment) = packet.fragment else {
            let packet_of = incoming(&packet, packet.payload, packet.whole, is_marked);
            return self.deliver(&packet_of, packet.protocol);
        };
        let now = self.node.now;
        let whole = self.node.reassembly.add(&packet, fragment, now);
        let Some((protocol, bytes)) = whole else {
            return;
        };
        let is_v4 = matches!(packet.target, IpAddress::Ipv4(_));
        let headers = if is_v4 {
            Some((protocol, &bytes[..]))
        } else {
            let headers = extension::walk_behind_fragment(protocol, &bytes);
            headers.map(|headers| (headers.protocol, headers.payload))
        };
        if let Some((protocol, payload)) = headers {
            // No device has seen all of it.
            // DEFENCE: parts-are-not-looked-at
            let packet = incoming(&packet, payload, &[], false);
            self.deliver(&packet, protocol);
        }
    }

    /// Delivers packets of this machine to itself, each at the cost of one of the
    /// budget.
    pub(super) fn deliver_home(&mut self, budget: &mut usize) {
        while *budget > 0
            && let Some(packet) = self.node.loopback.take()
        {
            *budget = budget.saturating_sub(1);
            self.deliver(&packet.incoming(), packet.protocol);
        }
    }

    fn tick(&mut self) {
        let groups = &mut self.datagrams.groups;
        self.config.tick(&mut self.node, groups);
        self.groups_at = self.node.tick(groups);
        while let Some(lost) = self.node.lost.pop_front() {
            self.went_wrong(&Quote {
                source: lost.source,
                target: lost.target,
                protocol: lost.protocol,
                head: lost.head,
                wrong: Wrong::Unreachable(domains::errno::EHOSTUNREACH),
            });
        }
    }

    /// Sends, and delivers what comes back at once, while there is a budget.
    fn work(&mut self, budget: &mut usize) {
        loop {
            let now = self.node.now;
            self.tcp.work(now, budget, &mut self.node);
            if self.node.loopback.is_empty() || *budget == 0 {
                return;
            }
            self.deliver_home(budget);
        }
    }

    /// Writes the lists of the answer, with so many frames at most.
    fn answer(&mut self, budget: usize, is_spent: bool) -> i64 {
        let frames = self.put_frames(budget.min(FRAMES));
        let changed = self.put_changed();
        let is_full = self.node.frames.waiting() != 0 || changed == net::CHANGED_MAX;
        let waits = !self.node.loopback.is_empty() || self.tcp.is_waiting();
        let more = is_full || is_spent && waits;
        let more = more || self.node.was_full() && frames != 0;
        self.set_deadline();
        let mut answer = (frames as u64) | (changed as u64) << 16;
        if more {
            answer |= desk::MORE;
        }
        if self.tcp.is_short_of_spares() {
            answer |= desk::SHORT;
        }
        answer.cast_signed()
    }

    fn put_frames(&mut self, most: usize) -> usize {
        for place in 0..most {
            let Some((buffer, size)) = self.node.frames.next_out() else {
                return place;
            };
            self.desk.set_frame_out(place, buffer, size);
        }
        most
    }

    fn put_changed(&mut self) -> usize {
        for pair in 0..net::CHANGED_MAX / 2 {
            let Some(first) = self.next_changed() else {
                return pair * 2;
            };
            let second = self.next_changed();
            let sockets = [first, second.unwrap_or(0)];
            self.desk.set_changed(pair, sockets.map(|it| it as usize));
            if second.is_none() {
                return pair * 2 + 1;
            }
        }
        net::CHANGED_MAX
    }

    fn next_changed(&mut self) -> Option<u32> {
        let changed = self.tcp.next_changed();
        changed.or_else(|| self.datagrams.next_changed())
    }

    fn set_deadline(&mut self) {
        let node = &self.node;
        let soon = if node.was_full() {
            node.now.saturating_add(SOON)
        } else {
            NEVER
        };
        let first = (self.tcp.deadline().unwrap_or(NEVER))
            .min(self.config.deadline())
            .min(node.deadline())
            .min(self.groups_deadline())
            .min(soon);
        self.desk.set_deadline(first);
    }

    /// Groups are told of by the card only.
    fn groups_deadline(&self) -> u64 {
        if self.node.addresses.has_card {
            self.groups_at
        } else {
            NEVER
        }
    }

    /// Whether packets to an address go to many.
    pub(super) fn is_for_many(&self, target: IpAddress) -> bool {
        self.node.is_broadcast(target)
    }
}

/// What a packet of the link is above IP.
fn incoming<'a>(
    packet: &Packet<'_>,
    payload: &'a [u8],
    whole: &'a [u8],
    is_marked: bool,
) -> Incoming<'a> {
    // What cards look at is the checksum of these.
    let is_looked_at = matches!(packet.protocol, IpProtocol::Tcp | IpProtocol::Udp);
    Incoming {
        source: packet.source,
        target: packet.target,
        hop_limit: packet.hop_limit,
        payload,
        whole,
        // DEFENCE: marks-are-of-cards
        is_verified: is_marked && is_looked_at,
    }
}
