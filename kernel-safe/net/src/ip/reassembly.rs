//! Packets that come in parts, until they are whole.
//!
//! Parts that overlap make the packet bad for as long as it would have waited
//! (RFC 5722), for both families; a part that came twice does not. How many packets
//! wait, how many of one sender, how many holes each has and how much memory they take
//! is bounded, and the oldest gives way.

use alloc::vec::Vec;

use smoltcp::wire::{IpAddress, IpProtocol};

use super::parse::{Fragment, Packet};
use crate::desk::NEVER;

/// The most packets that wait for parts.
const PACKETS: usize = 16;
/// The most of one sender.
const OF_ONE: usize = 4;
/// The most pieces that a packet is in at a time.
const PIECES: usize = 32;
/// The most bytes of all packets.
const BYTES: usize = 512 * 1024;
/// The most bytes of a packet.
const PACKET_MAX: usize = 65_535;
/// How long a packet waits for its parts.
const PATIENCE: u64 = 30_000_000_000;

/// The packets that wait.
#[derive(Default, Debug)]
pub struct Reassembly {
    parts: Vec<Partial>,
}

/// A packet of which parts have come.
#[derive(Debug)]
struct Partial {
    source: IpAddress,
    target: IpAddress,
    identity: u32,
    /// Of IPv4, where it tells packets apart.
    protocol_v4: Option<IpProtocol>,
    /// What the first part says it carries.
    protocol: Option<IpProtocol>,
    bytes: Vec<u8>,
    /// What has come: from where to where, in order, with holes between.
    pieces: Vec<(usize, usize)>,
    /// Where it ends, if the last part has come.
    end: Option<usize>,
    is_bad: bool,
    until: u64,
}

impl Reassembly {
    /// Adds a part; the bytes of the packet if it is whole now, and what it carries.
    pub fn add(
        &mut self,
        packet: &Packet<'_>,
        fragment: Fragment,
        now: u64,
    ) -> Option<(IpProtocol, Vec<u8>)> {
        if !is_possible(fragment, packet.payload.len()) {
            return None;
        }
        let place = self.place_of(packet, fragment, now)?;
        let in_use: usize = self.parts.iter().map(|it| it.bytes.capacity()).sum();
        let partial = self.parts.get_mut(place)?;
        partial.add(packet, fragment, BYTES.saturating_sub(in_use));
        if partial.is_whole() {
            let whole = self.parts.swap_remove(place);
            return Some((whole.protocol?, whole.bytes));
        }
        None
    }

    /// Gives up what waits for too long.
    pub fn tick(&mut self, now: u64) {
        self.parts.retain(|partial| partial.until > now);
    }

    /// When that is next.
    pub fn deadline(&self) -> u64 {
        let ends = self.parts.iter().map(|partial| partial.until);
        ends.min().unwrap_or(NEVER)
    }

    /// Where the packet is that a part belongs to, maybe a new one.
    fn place_of(&mut self, packet: &Packet<'_>, fragment: Fragment, now: u64) -> Option<usize> {
        let is_it = |partial: &Partial| partial.is_of(packet, fragment);
        if let Some(place) = self.parts.iter().position(is_it) {
            return Some(place);
        }
        let is_his = |partial: &&Partial| partial.source == packet.source;
        // DEFENCE: parts-of-one-sender
        if self.parts.iter().filter(is_his).count() >= OF_ONE {
            self.remove_oldest(|partial| partial.source == packet.source);
        } else if self.parts.len() >= PACKETS {
            self.remove_oldest(|_| true);
        }
        self.parts.try_reserve(1).ok()?;
        self.parts.push(Partial::new(packet, fragment, now));
        self.parts.len().checked_sub(1)
    }

    fn remove_oldest(&mut self, may_go: impl Fn(&Partial) -> bool) {
        let parts = self.parts.iter().enumerate();
        let oldest = parts
            .filter(|(_, partial)| may_go(partial))
            .min_by_key(|(_, partial)| partial.until);
        if let Some((place, _)) = oldest {
            self.parts.swap_remove(place);
        }
    }
}

/// Whether there can be such a part: all but the last are of a multiple of eight bytes,
/// and none ends beyond the largest packet.
fn is_possible(fragment: Fragment, size: usize) -> bool {
    let end = fragment.at.saturating_add(size);
    let is_aligned = fragment.is_last || size.is_multiple_of(8);
    // DEFENCE: parts-have-bytes
    size != 0 && is_aligned && end <= PACKET_MAX
}

impl Partial {
    fn new(packet: &Packet<'_>, fragment: Fragment, now: u64) -> Partial {
        let is_v4 = matches!(packet.target, IpAddress::Ipv4(_));
        Partial {
            source: packet.source,
            target: packet.target,
            identity: fragment.identity,
            protocol_v4: is_v4.then_some(packet.protocol),
            protocol: None,
            bytes: Vec::new(),
            pieces: Vec::new(),
            end: None,
            is_bad: false,
            until: now.saturating_add(PATIENCE),
        }
    }

    fn is_of(&self, packet: &Packet<'_>, fragment: Fragment) -> bool {
        self.identity == fragment.identity
            && self.source == packet.source
            // DEFENCE: parts-of-one-packet
            && self.target == packet.target
            && self.protocol_v4.is_none_or(|it| it == packet.protocol)
    }

    fn is_whole(&self) -> bool {
        let end = self.end;
        // What is bad has no pieces.
        matches!(self.pieces[..], [(0, to)] if Some(to) == end)
    }

    /// Makes it bad, and keeps nothing but that.
    fn spoil(&mut self) {
        self.is_bad = true;
        self.bytes = Vec::new();
        self.pieces = Vec::new();
    }

    fn add(&mut self, packet: &Packet<'_>, fragment: Fragment, memory: usize) {
        let from = fragment.at;
        let to = from.saturating_add(packet.payload.len());
        // DEFENCE: fragments-overlap
        if self.is_bad || self.is_double(packet.payload, from, to) {
            return;
        }
        let is_beyond = self.end.is_some_and(|end| to > end);
        let is_other_end = fragment.is_last && self.end.is_some_and(|end| end != to);
        let is_short = fragment.is_last && self.pieces.iter().any(|piece| piece.1 > to);
        let overlaps = self
            .pieces
            .iter()
            .any(|piece| piece.0 < to && from < piece.1);
        if is_beyond || is_other_end || is_short || overlaps {
            return self.spoil();
        }
        if !self.hold(packet.payload, from, to, memory) || !self.note(from, to) {
            return self.spoil();
        }
        if fragment.is_last {
            self.end = Some(to);
        }
        if from == 0 {
            self.protocol = Some(packet.protocol);
        }
    }

    /// Whether the same bytes have come before.
    fn is_double(&self, payload: &[u8], from: usize, to: usize) -> bool {
        let has_come = self.pieces.iter().any(|it| it.0 <= from && to <= it.1);
        has_come && self.bytes.get(from..to) == Some(payload)
    }

    /// Keeps the bytes of a part; false if there is no memory.
    fn hold(&mut self, payload: &[u8], from: usize, to: usize, memory: usize) -> bool {
        let missing = to.saturating_sub(self.bytes.len());
        let has_room = to <= self.bytes.capacity() || missing <= memory;
        if !has_room || self.bytes.try_reserve_exact(missing).is_err() {
            return false;
        }
        if missing != 0 {
            self.bytes.resize(to, 0);
        }
        crate::bytes::put(&mut self.bytes, from, payload);
        true
    }

    /// Notes that a part has come, together with those that it touches; false if there
    /// are too many holes.
    fn note(&mut self, mut from: usize, mut to: usize) -> bool {
        self.pieces.retain(|piece| {
            let touches = piece.1 == from || piece.0 == to;
            if touches {
                from = from.min(piece.0);
                to = to.max(piece.1);
            }
            !touches
        });
        // DEFENCE: pieces-are-few
        if self.pieces.len() >= PIECES || self.pieces.try_reserve(1).is_err() {
            return false;
        }
        self.pieces.push((from, to));
        true
    }
}

#[cfg(test)]
#[path = "reassembly/tests.rs"]
mod tests;
