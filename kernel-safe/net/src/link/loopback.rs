//! Packets from this machine to itself.
//!
//! They wait in a queue and are delivered by whoever pumps, one after the other, so a
//! connection to oneself is no recursion. They have no checksum, and a header of IP only
//! where whoever sends made room for it. A segment is as large as a quarter of an ordinary ring: one as large as
//! the ring itself would wait for an acknowledgement each time.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use smoltcp::wire::{IpAddress, IpProtocol};

use crate::carrier::{Full, Incoming, Outgoing};
use crate::ip::header;

/// The most bytes of a packet to oneself, with the header of IP that it does not have.
pub const PACKET_MAX: usize = 16 * 1024 + 60;
/// The most packets that wait.
const PACKETS: usize = 64;
/// The most bytes that wait.
const BYTES: usize = 512 * 1024;

/// A packet on its way.
#[derive(Debug)]
pub struct Packet {
    source: IpAddress,
    target: IpAddress,
    hop_limit: u8,
    bytes: Vec<u8>,
    /// How many of them are the header of IP.
    header: usize,
    /// What it carries.
    pub protocol: IpProtocol,
}

impl Packet {
    /// What has come.
    pub fn incoming(&self) -> Incoming<'_> {
        Incoming {
            source: self.source,
            target: self.target,
            hop_limit: self.hop_limit,
            payload: self.bytes.get(self.header..).unwrap_or(&[]),
            whole: if self.header == 0 { &[] } else { &self.bytes },
            is_verified: true,
        }
    }
}

/// The packets that wait.
#[derive(Default, Debug)]
pub struct Loopback {
    queue: VecDeque<Packet>,
    bytes: usize,
}

impl Loopback {
    /// Adds a packet of `size` bytes.
    ///
    /// # Errors
    ///
    /// There is no room for it.
    pub fn send(
        &mut self,
        packet: &Outgoing,
        size: usize,
        fill: &mut dyn FnMut(&mut [u8]),
    ) -> Result<(), Full> {
        if !self.has_room(size) {
            return Err(Full);
        }
        let mut bytes = Vec::new();
        let total = packet.header.saturating_add(size);
        bytes.try_reserve_exact(total).map_err(|_| Full)?;
        self.queue.try_reserve(1).map_err(|_| Full)?;
        bytes.resize(total, 0);
        fill(&mut bytes);
        if packet.header != 0 {
            header::write(packet, size, None, &mut bytes);
        }
        self.bytes = self.bytes.saturating_add(total);
        self.queue.push_back(Packet {
            source: packet.source,
            target: packet.target,
            hop_limit: packet.hop_limit,
            bytes,
            header: packet.header,
            protocol: packet.protocol,
        });
        Ok(())
    }

    /// Whether a packet of `size` bytes can be added.
    pub fn has_room(&self, size: usize) -> bool {
        self.queue.len() < PACKETS && self.bytes.saturating_add(size) <= BYTES
    }

    /// The packet that waits longest.
    pub fn take(&mut self) -> Option<Packet> {
        let packet = self.queue.pop_front()?;
        self.bytes = self.bytes.saturating_sub(packet.bytes.len());
        Some(packet)
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet() -> Outgoing {
        Outgoing {
            source: IpAddress::v4(127, 0, 0, 1),
            target: IpAddress::v4(127, 0, 0, 1),
            protocol: IpProtocol::Udp,
            hop_limit: 64,
            segment: None,
            header: 0,
        }
    }

    #[test]
    fn what_waits_is_bounded_in_number_and_in_bytes() {
        let mut loopback = Loopback::default();
        let mut count = 0;
        while loopback.send(&packet(), 1, &mut |_| {}).is_ok() {
            count += 1;
        }
        assert_eq!(count, PACKETS);
        while loopback.take().is_some() {}
        let mut bytes = 0;
        while loopback.send(&packet(), 60_000, &mut |_| {}).is_ok() {
            bytes += 60_000;
        }
        assert!(bytes <= BYTES && bytes + 60_000 > BYTES);
        while loopback.take().is_some() {}
        assert_eq!(loopback.bytes, 0);
    }

    #[test]
    fn a_header_is_written_where_there_is_room_for_it() {
        let mut loopback = Loopback::default();
        let packet = Outgoing {
            header: header::V4,
            ..packet()
        };
        let sent = loopback.send(&packet, 9, &mut |bytes| bytes.fill(7));
        sent.expect("there is room");
        let packet = loopback.take().expect("it was sent");
        let read = crate::ip::parse::v4(packet.incoming().whole);
        let payload = read.expect("it is right").payload;
        assert_eq!(
            (payload, packet.incoming().payload),
            (&[7; 9][..], &[7; 9][..])
        );
    }

    #[test]
    fn packets_come_in_the_order_in_which_they_went() {
        let mut loopback = Loopback::default();
        for number in 0..3 {
            let sent = loopback.send(&packet(), 1, &mut |bytes| bytes.fill(number));
            sent.expect("there is room");
        }
        for number in 0..3 {
            let packet = loopback.take().expect("it was sent");
            assert_eq!(packet.incoming().payload, [number]);
        }
        assert!(loopback.is_empty());
    }
}
