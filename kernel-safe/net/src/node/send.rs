//! From packets to frames.

use core::mem;

use domains::network::packets::HEADER;
use smoltcp::wire::{ETHERNET_HEADER_LEN, EthernetAddress, IpAddress, IpProtocol};

use super::Node;
use crate::bytes;
use crate::carrier::{Checksum, Full, Outgoing};
use crate::ip::addresses::{Way, is_loopback};
use crate::ip::checksum;
use crate::ip::header::{self, Part};
use crate::lent::Lender;
use crate::link::ethernet::{self, group};
use crate::link::frames::{Buffer, Size};
use crate::link::header::{Header, NEEDS_CHECKSUM};
use crate::link::neighbours::Waiting;

/// Where the header of IP begins.
const IP_AT: usize = HEADER + ETHERNET_HEADER_LEN;

/// How many packets a packet of `size` bytes becomes where they have `packet_max` at
/// most; rather one too many.
pub(super) fn parts(size: usize, packet_max: usize) -> usize {
    if size <= packet_max {
        return 1;
    }
    let bytes = packet_max
        .saturating_sub(header::V6 + header::PART_V6 + 8)
        .max(8);
    size.div_ceil(bytes)
}

impl<L: Lender> Node<L> {
    /// Sends a packet to this machine itself.
    ///
    /// # Errors
    ///
    /// There is no room for it.
    pub fn send_home(
        &mut self,
        packet: &Outgoing,
        size: usize,
        fill: &mut dyn FnMut(&mut [u8]),
    ) -> Result<(), Full> {
        self.loopback.send(packet, size, fill)
    }

    pub(super) fn send_out(
        &mut self,
        packet: &Outgoing,
        size: usize,
        sum: Checksum,
        fill: &mut dyn FnMut(&mut [u8]),
        way: Way,
    ) -> Result<(), Full> {
        let has_link = self.card.is_some_and(|card| card.has_link);
        // DEFENCE: loopback-stays
        if is_loopback(packet.source) || !has_link {
            self.dropped.no_way = self.dropped.no_way.saturating_add(1);
            return Ok(());
        }
        let header = header::size(packet);
        let total = header.saturating_add(size);
        let is_one = packet.segment.is_some() || total <= self.packet_max_to(packet.target);
        if !is_one {
            return self.send_parts(packet, size, sum, fill, way);
        }
        let kind = match packet.segment {
            Some(_) => Size::Large,
            None => buffer_size(packet.protocol),
        };
        let buffer = self.frames.take(kind).ok_or(Full)?;
        let sums = self.offload.sums;
        let frame = self.frames.bytes(&buffer);
        let start = IP_AT.saturating_add(header);
        let end = start.saturating_add(size);
        let filled = frame.get_mut(start.saturating_sub(packet.header)..end);
        let Some(filled) = filled else {
            self.frames.give_back(buffer);
            return Err(Full);
        };
        fill(filled);
        let told = finish(frame, packet, (start, end), sum, sums);
        told.write(frame);
        self.go(buffer, end, packet.target, way);
        Ok(())
    }

    /// Sends a packet in parts.
    fn send_parts(
        &mut self,
        packet: &Outgoing,
        size: usize,
        sum: Checksum,
        fill: &mut dyn FnMut(&mut [u8]),
        way: Way,
    ) -> Result<(), Full> {
        let total = packet.header.saturating_add(size);
        let mut whole = mem::take(&mut self.large);
        whole.clear();
        whole.try_reserve_exact(total).map_err(|_| Full)?;
        whole.resize(total, 0);
        fill(&mut whole);
        let payload = whole.get_mut(packet.header..).unwrap_or(&mut []);
        if let Checksum::At(at) = sum {
            checksum::fill(packet, payload, at);
        }
        let sent = self.cut(packet, payload, way);
        // What is large is not kept.
        if whole.capacity() <= 4096 {
            self.large = whole;
        }
        sent
    }

    /// Cuts a packet and sends the parts, or none of them.
    fn cut(&mut self, packet: &Outgoing, payload: &[u8], way: Way) -> Result<(), Full> {
        let packet_max = self.packet_max_to(packet.target);
        let header = header::size_of_part(packet);
        let most = packet_max.saturating_sub(header) / 8 * 8;
        let count = payload.len().div_ceil(most.max(8));
        let spare = self.frames.small_count();
        // DEFENCE: all-parts-or-none
        if spare < count.saturating_add(crate::link::frames::RESERVE) {
            return Err(Full);
        }
        let identity = self.random.word() as u32;
        let mut at = 0_usize;
        for bytes in payload.chunks(most.max(8)) {
            let end = at.saturating_add(bytes.len());
            let part = Part {
                identity,
                at,
                is_last: end >= payload.len(),
            };
            let buffer = self.frames.take(Size::Small).ok_or(Full)?;
            let frame = self.frames.bytes(&buffer);
            let start = IP_AT.saturating_add(header);
            bytes::put(frame, start, bytes);
            Header::default().write(frame);
            let place = frame.get_mut(IP_AT..).unwrap_or(&mut []);
            header::write(packet, bytes.len(), Some(part), place);
            self.go(
                buffer,
                start.saturating_add(bytes.len()),
                packet.target,
                way,
            );
            at = end;
        }
        Ok(())
    }

    /// Sends a frame that is complete but for its header of Ethernet.
    fn go(&mut self, buffer: Buffer, size: usize, target: IpAddress, way: Way) {
        let place = match way {
            Way::Own => None,
            Way::Everybody => Some(EthernetAddress::BROADCAST),
            Way::Group => Some(group(target)),
            Way::Neighbour(hop) => match self.neighbours.find(hop, self.now) {
                Some(place) => Some(place),
                None => return self.wait_for(hop, Waiting { buffer, size }),
            },
        };
        match place {
            Some(place) => self.go_to(place, buffer, size),
            None => self.frames.give_back(buffer),
        }
    }

    /// Sends a frame of IP to whoever has this address of Ethernet.
    pub(super) fn go_to(&mut self, place: EthernetAddress, buffer: Buffer, size: usize) {
        let Some(card) = self.card else {
            return self.frames.give_back(buffer);
        };
        let frame = self.frames.bytes(&buffer);
        // What it carries is what its first half byte says.
        let is_v6 = bytes::byte(frame, IP_AT).is_some_and(|first| first >> 4 == 6);
        let kind = if is_v6 { ethernet::V6 } else { ethernet::V4 };
        ethernet::write(frame, place, card.address, kind);
        self.frames.send(buffer, size);
    }

    fn wait_for(&mut self, hop: IpAddress, packet: Waiting) {
        let asked = self.neighbours.wait(hop, packet, self.now);
        for buffer in asked.dropped.into_iter().flatten() {
            self.dropped.full = self.dropped.full.saturating_add(1);
            self.frames.give_back(buffer);
        }
        if asked.now {
            self.ask(hop, None);
        }
    }
}

/// Which buffers a packet may take that is not cut.
fn buffer_size(protocol: IpProtocol) -> Size {
    match protocol {
        IpProtocol::Tcp | IpProtocol::Udp => Size::Small,
        _ => Size::Reserved,
    }
}

/// Writes the headers and the checksum of a packet whose payload stands there; what
/// the card has to be told.
fn finish(
    frame: &mut [u8],
    packet: &Outgoing,
    (start, end): (usize, usize),
    sum: Checksum,
    sums: bool,
) -> Header {
    let mut told = Header::default();
    let payload = frame.get_mut(start..end).unwrap_or(&mut []);
    if let Checksum::At(at) = sum {
        if sums {
            checksum::begin(packet, payload, at);
            told.flags = NEEDS_CHECKSUM;
            told.checksum_start = start.saturating_sub(HEADER) as u16;
            told.checksum_offset = at as u16;
        } else {
            checksum::fill(packet, payload, at);
        }
    }
    if let Some(segment) = packet.segment {
        let of_tcp = bytes::byte(payload, 12).map_or(20, |byte| usize::from(byte >> 4) * 4);
        let headers = start.saturating_sub(HEADER).saturating_add(of_tcp);
        told = told.cut(headers as u16, segment);
    }
    let size = payload.len();
    let place = frame.get_mut(IP_AT..).unwrap_or(&mut []);
    header::write(packet, size, None, place);
    told
}
