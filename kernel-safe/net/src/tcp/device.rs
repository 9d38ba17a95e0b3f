//! The device of a connection: one packet in, packets out through the carrier.
//!
//! `smoltcp` writes a segment where the carrier sends it from, behind a header of IP
//! that does not count. What leaves is read on the way, for the guards. A packet for
//! which there is no room after all, or which nobody is to see, is written to the spill:
//! to `smoltcp` it is as lost as any.

use core::num::NonZeroUsize;

use smoltcp::phy::{
    ChecksumCapabilities, Device, DeviceCapabilities, Medium, PacketMeta, RxToken, TxToken,
};
use smoltcp::time::Instant;
use smoltcp::wire::{IpAddress, IpProtocol};

use super::edge::Edge;
use crate::carrier::{Carrier, Checksum, Outgoing};

/// Where in a segment its checksum is.
pub(super) const CHECKSUM_AT: usize = 16;

/// Which way the packets of a connection go.
#[derive(Debug)]
pub(super) struct Path {
    /// This end.
    pub(super) local: IpAddress,
    /// The other.
    pub(super) peer: IpAddress,
    /// How many routers they pass.
    pub(super) hop_limit: u8,
    /// The most bytes of one.
    pub(super) largest: usize,
    /// The most bytes of one that the card cuts up.
    pub(super) cut: Option<NonZeroUsize>,
}

impl Path {
    /// What `smoltcp` may do here. Segments are never cut for IPv6: `smoltcp` would
    /// lose them. Checksums are neither computed nor looked at: the carrier and the
    /// demultiplexer do that.
    pub(super) fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ip;
        capabilities.max_transmission_unit = self.largest;
        capabilities.checksum = ChecksumCapabilities::ignored();
        capabilities.segmentation.tcpv4 = self.cut;
        capabilities
    }

    /// Bytes of the largest packet of all.
    pub(super) fn most(&self) -> usize {
        self.largest.max(self.cut.map_or(0, NonZeroUsize::get))
    }
}

/// The way out.
pub(super) struct Out<'a> {
    pub(super) path: &'a Path,
    pub(super) edge: &'a mut Edge,
    /// None if what leaves has been sent already, or must not be.
    pub(super) carrier: Option<&'a mut dyn Carrier>,
    /// As large as the largest packet.
    pub(super) spill: &'a mut [u8],
    /// Bytes of the packet that is expected, at most.
    pub(super) expected: usize,
    /// How many packets were sent.
    pub(super) sent: usize,
    /// Whether there was no room for one.
    pub(super) is_full: bool,
}

/// The device: a packet that has come, and the way out.
pub(super) struct Wire<'a> {
    pub(super) packet: Option<&'a [u8]>,
    pub(super) out: Out<'a>,
}

/// The packet that has come.
pub(super) struct Came<'a>(&'a [u8]);

/// A packet that leaves, and how large the segments are that it is cut into.
pub(super) struct Leaves<'b, 'a>(&'b mut Out<'a>, Option<u16>);

impl<'a> Device for Wire<'a> {
    type RxToken<'b>
        = Came<'b>
    where
        Self: 'b;
    type TxToken<'b>
        = Leaves<'b, 'a>
    where
        Self: 'b;

    fn receive(&mut self, _: Instant) -> Option<(Came<'_>, Leaves<'_, 'a>)> {
        let packet = self.packet.take()?;
        Some((Came(packet), Leaves(&mut self.out, None)))
    }

    fn transmit(&mut self, _: Instant) -> Option<Leaves<'_, 'a>> {
        let out = &mut self.out;
        if let Some(carrier) = &out.carrier
            && !carrier.has_room(out.path.peer, out.expected)
        {
            out.is_full = true;
            return None;
        }
        Some(Leaves(out, None))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        self.out.path.capabilities()
    }
}

impl RxToken for Came<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        f(self.0)
    }
}

impl TxToken for Leaves<'_, '_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, size: usize, f: F) -> R {
        let Leaves(out, segment) = self;
        let header = super::names::header(out.path.local);
        let (mut write, mut written) = (Some(f), None);
        let edge = &mut *out.edge;
        let mut fill = |place: &mut [u8]| {
            if let Some(write) = write.take() {
                written = Some(write(place));
                edge.note(place.get_mut(header..).unwrap_or(&mut []));
            }
        };
        match &mut out.carrier {
            Some(carrier) => {
                let packet = out.path.outgoing(header, segment);
                let size = size.saturating_sub(header);
                match carrier.send(&packet, size, Checksum::At(CHECKSUM_AT), &mut fill) {
                    Ok(()) => out.sent += 1,
                    Err(_) => out.is_full = true,
                }
            }
            None => out.sent += 1,
        }
        let place = out.spill.get_mut(..size).unwrap_or(&mut []);
        fill(place);
        written.expect("it is written to the spill if it was not before")
    }

    fn set_meta(&mut self, meta: PacketMeta) {
        self.1 = meta.segmentation_offload_size.map(|size| size.get());
    }
}

impl Path {
    fn outgoing(&self, header: usize, segment: Option<u16>) -> Outgoing {
        Outgoing {
            source: self.local,
            target: self.peer,
            protocol: IpProtocol::Tcp,
            hop_limit: self.hop_limit,
            segment,
            header,
        }
    }
}
