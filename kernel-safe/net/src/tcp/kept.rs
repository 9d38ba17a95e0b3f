//! What came for connections that wait for a window.
//!
//! Whoever connects sends his request at once, as a rule, and sends it again only after a
//! while: 200 milliseconds on Linux, and seconds elsewhere. So what comes before there is
//! a window for it is kept, as far as there is room for a few.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use smoltcp::wire::IpAddress;

use crate::carrier::Incoming;

/// The most segments that are kept, and the most bytes of one.
const MOST: usize = 64;
const BYTES: usize = 2048;

/// Segments by the number of their record.
#[derive(Debug, Default)]
pub(super) struct Kept(VecDeque<(u32, Packet)>);

/// A segment of a known peer, whose checksum is right.
#[derive(Debug)]
pub(super) struct Packet {
    source: IpAddress,
    target: IpAddress,
    hop_limit: u8,
    payload: Vec<u8>,
}

impl Kept {
    /// Keeps a segment, if there is room and memory.
    pub(super) fn put(&mut self, number: u32, packet: &Incoming<'_>) {
        let mut payload = Vec::new();
        let is_small = packet.payload.len() <= BYTES;
        // DEFENCE: few-segments-are-kept
        let has_room = self.0.len() < MOST && is_small && self.0.try_reserve(1).is_ok();
        if has_room && payload.try_reserve_exact(packet.payload.len()).is_ok() {
            payload.extend_from_slice(packet.payload);
            let (source, target) = (packet.source, packet.target);
            let hop_limit = packet.hop_limit;
            let packet = Packet {
                source,
                target,
                hop_limit,
                payload,
            };
            self.0.push_back((number, packet));
        }
    }

    /// Takes the first that came for a record.
    pub(super) fn take(&mut self, number: u32) -> Option<Packet> {
        let place = self.0.iter().position(|(it, _)| *it == number)?;
        self.0.remove(place).map(|(_, packet)| packet)
    }

    /// Forgets what came for a record.
    pub(super) fn forget(&mut self, number: u32) {
        // DEFENCE: kept-for-its-record-only
        self.0.retain(|(it, _)| *it != number);
    }
}

impl Packet {
    /// As it came.
    pub(super) fn incoming(&self) -> Incoming<'_> {
        Incoming {
            source: self.source,
            target: self.target,
            hop_limit: self.hop_limit,
            payload: &self.payload,
            is_verified: true,
            whole: &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(kept: &mut Kept, number: u32, payload: &[u8]) {
        let address = IpAddress::v4(10, 0, 0, 1);
        let packet = Incoming {
            source: address,
            target: address,
            hop_limit: 64,
            payload,
            is_verified: true,
            whole: &[],
        };
        kept.put(number, &packet);
    }

    #[test]
    fn each_record_has_its_own_in_their_order() {
        let mut kept = Kept::default();
        for (number, payload) in [(1, b"a"), (2, b"b"), (1, b"c"), (3, b"d")] {
            put(&mut kept, number, payload);
        }
        kept.forget(2);
        let mut next = |number| kept.take(number).map(|it| it.payload);
        assert_eq!(next(2), None);
        assert_eq!(
            (next(1), next(1), next(1)),
            (Some(b"a".to_vec()), Some(b"c".to_vec()), None)
        );
        assert_eq!(next(3), Some(b"d".to_vec()));
    }

    #[test]
    fn no_more_than_a_few_are_kept() {
        let mut kept = Kept::default();
        put(&mut kept, 1, &[0; BYTES + 1]);
        assert!(kept.take(1).is_none());
        (0..1000).for_each(|number| put(&mut kept, number, b"x"));
        assert_eq!(kept.0.len(), MOST);
    }
}
