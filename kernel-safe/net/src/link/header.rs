//! The header of virtio-net in front of a frame (virtio 1.2, 5.1.6).

use domains::network::packets::HEADER;

use crate::bytes;

/// The checksum at a place has to be computed by whoever gets the frame.
pub const NEEDS_CHECKSUM: u8 = 1;
/// The checksum has been looked at, and is right.
pub const DATA_VALID: u8 = 2;
/// The frame is one packet.
const GSO_NONE: u8 = 0;
/// The frame has to be cut into segments of TCP over IPv4, or is several in one.
const GSO_TCP_V4: u8 = 1;

/// What the header says.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Header {
    /// [`NEEDS_CHECKSUM`], [`DATA_VALID`].
    pub flags: u8,
    /// How it has to be cut.
    pub gso: u8,
    /// Bytes of all headers, if it has to be cut.
    pub headers: u16,
    /// Bytes of each segment.
    pub segment: u16,
    /// Where what the checksum is of begins, behind this header.
    pub checksum_start: u16,
    /// Where behind that the checksum stands.
    pub checksum_offset: u16,
    /// In how many buffers it lies.
    pub buffers: u16,
}

impl Header {
    /// What the first bytes of a buffer say.
    pub fn read(buffer: &[u8]) -> Option<Header> {
        let half = |at| bytes::array(buffer, at).map(u16::from_le_bytes);
        Some(Header {
            flags: bytes::byte(buffer, 0)?,
            gso: bytes::byte(buffer, 1)?,
            headers: half(2)?,
            segment: half(4)?,
            checksum_start: half(6)?,
            checksum_offset: half(8)?,
            buffers: half(10)?,
        })
    }

    /// Writes it to the beginning of a buffer.
    pub fn write(&self, buffer: &mut [u8]) {
        let mut header = [0; HEADER];
        bytes::put(&mut header, 0, &[self.flags, self.gso]);
        let halves = [
            self.headers,
            self.segment,
            self.checksum_start,
            self.checksum_offset,
            self.buffers,
        ];
        for (place, half) in halves.into_iter().enumerate() {
            bytes::put(&mut header, 2 + 2 * place, &half.to_le_bytes());
        }
        bytes::put(buffer, 0, &header);
    }

    /// Has the card cut what is sent into segments of so many bytes.
    pub const fn cut(self, headers: u16, segment: u16) -> Header {
        Header {
            gso: GSO_TCP_V4,
            headers,
            segment,
            ..self
        }
    }

    /// Whether it is one packet.
    pub const fn is_one(&self) -> bool {
        self.gso == GSO_NONE
    }

    /// Whether it is segments of TCP over IPv4 that were put together. The driver agrees to
    /// get nothing else.
    pub const fn is_joined(&self) -> bool {
        self.gso == GSO_TCP_V4
    }

    /// Whether a checksum need not be computed to believe the packet.
    pub const fn is_verified(&self) -> bool {
        self.flags & (NEEDS_CHECKSUM | DATA_VALID) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let header = Header {
            flags: NEEDS_CHECKSUM,
            checksum_start: 34,
            checksum_offset: 16,
            ..Header::default()
        };
        let header = header.cut(54, 1460);
        let mut buffer = [0xff; HEADER];
        header.write(&mut buffer);
        assert_eq!(buffer[..6], [1, 1, 54, 0, 0xb4, 5]);
        assert_eq!(Header::read(&buffer), Some(header));
        assert!(header.is_joined() && !header.is_one() && header.is_verified());
        let other = Header { gso: 3, ..header };
        assert!(!other.is_joined() && !other.is_one());
        assert_eq!(Header::read(&buffer[1..]), None);
    }
}
