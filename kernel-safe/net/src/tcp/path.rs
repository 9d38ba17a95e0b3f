//! The way that the packets of a connection go, and the interface that knows it.

use smoltcp::iface::{Config, Interface};
use smoltcp::time::Instant;
use smoltcp::wire::{HardwareAddress, IpAddress, IpCidr};

use super::device::Path;
use super::names::Tuple;
use crate::carrier::Carrier;

/// How windows over a ring of this capacity are scaled: as `smoltcp` does it.
pub(super) fn shift(capacity: usize) -> u8 {
    (usize::BITS - capacity.leading_zeros()).saturating_sub(16) as u8
}

/// The way that packets between two addresses go: no larger than the carrier and the
/// rings make sense for. A segment of more than half a ring would have Nagle's rule
/// wait for the delayed acknowledgement of every single one.
pub(super) fn path(tuple: &Tuple, ring: usize, carrier: &dyn Carrier) -> Path {
    let (local, peer) = (tuple.local_address(), tuple.peer_address());
    let largest = largest(peer, ring, carrier);
    let cut = match peer {
        IpAddress::Ipv4(_) => carrier.cuts_to(peer),
        IpAddress::Ipv6(_) => None,
    };
    let cut = cut.map(|most| most.min(usize::from(u16::MAX)));
    Path {
        local,
        peer,
        hop_limit: super::own::HOP_LIMIT,
        largest,
        cut: cut
            .filter(|most| *most > largest)
            .and_then(core::num::NonZero::new),
    }
}

/// Bytes of the largest packet to `peer` when rings have this capacity.
pub(super) fn largest(peer: IpAddress, ring: usize, carrier: &dyn Carrier) -> usize {
    let headers = super::names::header(peer) + smoltcp::wire::TCP_HEADER_LEN;
    let sensible = headers + (ring / 2).max(SEGMENT_LEAST);
    carrier
        .largest_to(peer)
        .min(usize::from(u16::MAX))
        .clamp(headers + SEGMENT_LEAST / 4, sensible)
}

/// Bytes of a segment that anybody takes.
pub(super) const SEGMENT_LEAST: usize = 536;

/// An interface over such a path, whose first socket begins as `seed` says.
pub(super) fn interface(now: u64, seed: u64, path: &Path) -> Interface {
    let mut config = Config::new(HardwareAddress::Ip);
    config.random_seed = seed;
    let prefix = match path.local {
        IpAddress::Ipv4(_) => 32,
        IpAddress::Ipv6(_) => 128,
    };
    let mut interface = Interface::new(config, &mut Shape(path), instant(now));
    interface.update_ip_addrs(|addresses| {
        // There is room for one.
        let _ = addresses.push(IpCidr::new(path.local, prefix));
    });
    interface
}

/// A device that is there to be asked what it can do.
struct Shape<'a>(&'a Path);

impl smoltcp::phy::Device for Shape<'_> {
    type RxToken<'b>
        = super::device::Came<'b>
    where
        Self: 'b;
    type TxToken<'b>
        = super::device::Leaves<'b, 'b>
    where
        Self: 'b;

    fn receive(&mut self, _: Instant) -> Option<(Self::RxToken<'_>, Self::TxToken<'_>)> {
        None
    }

    fn transmit(&mut self, _: Instant) -> Option<Self::TxToken<'_>> {
        None
    }

    fn capabilities(&self) -> smoltcp::phy::DeviceCapabilities {
        self.0.capabilities()
    }
}

/// A time, as `smoltcp` has it.
pub(super) fn instant(now: u64) -> Instant {
    Instant::from_micros((now / 1000) as i64)
}
