//! Segments of our own: answers for which there is no socket, or none is wanted.

use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{IpProtocol, TcpControl, TcpPacket, TcpRepr, TcpSeqNumber};

use super::device::CHECKSUM_AT;
use super::edge::Edge;
use super::names::Tuple;
use crate::carrier::{Carrier, Checksum, Full, Outgoing};

/// How many routers they pass.
pub(super) const HOP_LIMIT: u8 = 64;

/// An empty segment from our end of `tuple`.
pub(super) fn segment(tuple: &Tuple, sequence: u32) -> TcpRepr<'static> {
    TcpRepr {
        src_port: tuple.local_port,
        dst_port: tuple.peer_port,
        control: TcpControl::None,
        seq_number: TcpSeqNumber(sequence as i32),
        ack_number: None,
        window_len: 0,
        window_scale: None,
        max_seg_size: None,
        sack_permitted: false,
        sack_ranges: [None; 3],
        timestamp: None,
        payload: &[],
    }
}

/// What a segment is answered with that belongs to no connection (RFC 9293, 3.10.7.1).
pub(super) fn reset(tuple: &Tuple, cause: &TcpRepr<'_>) -> TcpRepr<'static> {
    let sequence = cause.ack_number.map_or(0, |number| number.0 as u32);
    let mut reset = segment(tuple, sequence);
    reset.control = TcpControl::Rst;
    if cause.ack_number.is_none() {
        let end = (cause.seq_number.0 as u32).wrapping_add(cause.segment_len() as u32);
        reset.ack_number = Some(TcpSeqNumber(end as i32));
    }
    reset
}

/// What was said last, once more.
pub(super) fn acknowledgement(tuple: &Tuple, edge: &Edge) -> Option<TcpRepr<'static>> {
    let (acknowledged, window) = edge.said?;
    let mut segment = segment(tuple, edge.next);
    segment.ack_number = Some(TcpSeqNumber(acknowledged as i32));
    segment.window_len = window;
    Some(segment)
}

/// Sends a segment.
pub(super) fn send(
    tuple: &Tuple,
    segment: &TcpRepr<'_>,
    carrier: &mut dyn Carrier,
) -> Result<(), Full> {
    let (local, peer) = (tuple.local_address(), tuple.peer_address());
    let packet = Outgoing {
        source: local,
        target: peer,
        protocol: IpProtocol::Tcp,
        hop_limit: HOP_LIMIT,
        segment: None,
        header: 0,
    };
    let size = segment.buffer_len();
    carrier.send(&packet, size, Checksum::At(CHECKSUM_AT), &mut |place| {
        if place.len() == size {
            let mut place = TcpPacket::new_unchecked(place);
            segment.emit(&mut place, &local, &peer, &ChecksumCapabilities::ignored());
        }
    })
}

/// How many resets leave in a second, at most: a scan of all ports gets its answer, and
/// nobody an amplifier.
const RESETS: u64 = 1000;

/// Counts the resets of each second.
#[derive(Debug, Default)]
pub(super) struct Limiter {
    second: u64,
    count: u64,
}

impl Limiter {
    /// Whether one more may leave.
    pub(super) fn allows(&mut self, now: u64) -> bool {
        let second = now / super::SECOND;
        if second != self.second {
            *self = Limiter { second, count: 0 };
        }
        self.count += 1;
        // DEFENCE: resets-are-counted
        self.count <= RESETS
    }
}
