//! What a device may read and write.
//!
//! The windows of its cell, the cell's DMA area, and what the cell shares with
//! another. Each is one piece of physical memory, was mapped at boot and stays.
//! Whether a device may have a range is a few comparisons, and where that lies an
//! addition.

/// A piece of memory for devices.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Area {
    /// Where domains see it.
    pub(crate) address: u64,
    /// Where devices see it.
    pub(crate) physical: u64,
    /// Bytes.
    pub(crate) size: u64,
}

/// All that a device may have.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Areas {
    /// The windows.
    pub(crate) windows: Area,
    /// Where the cell has its rings.
    pub(crate) dma: Area,
    /// What it shares with another cell.
    pub(crate) shared: Area,
}

impl Area {
    /// Where a device sees the `size` bytes at `address`; none if they are not
    /// all in this piece.
    #[inline]
    pub(crate) const fn translate(&self, address: u64, size: u64) -> Option<u64> {
        let offset = address.wrapping_sub(self.address);
        // DEFENCE: dma-start
        if offset >= self.size {
            return None;
        }
        // DEFENCE: dma-end
        if size > self.size - offset {
            return None;
        }
        Some(self.physical + offset)
    }
}

impl Areas {
    /// Where a device sees the `size` bytes at `address`; none if it may not.
    #[inline]
    pub(crate) fn translate(&self, address: u64, size: u64) -> Option<u64> {
        let windows = self.windows.translate(address, size);
        let own = windows.or_else(|| self.dma.translate(address, size));
        own.or_else(|| self.shared.translate(address, size))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_in_one_piece_has_a_place() {
        let areas = Areas {
            windows: Area {
                address: 0x8000,
                physical: 0x3_0000,
                size: 0x4000,
            },
            dma: Area {
                address: 0xc000,
                physical: 0x7_0000,
                size: 0x1000,
            },
            shared: Area {
                address: 0x2_0000,
                physical: 0x9_0000,
                size: 0x800,
            },
        };
        assert_eq!(areas.translate(0x8000, 0x4000), Some(0x3_0000));
        assert_eq!(areas.translate(0xbfff, 1), Some(0x3_3fff));
        assert_eq!(areas.translate(0xcfff, 1), Some(0x7_0fff));
        assert_eq!(areas.translate(0x2_0000, 0x800), Some(0x9_0000));
        for (address, size) in [
            (0x7fff, 1),
            (0x2_0000, 0x801),
            (0x7fff, 2),
            (0x8000, 0x4001),
            (0xbfff, 2),
            (0xd000, 1),
            (0xc001, 0x1000),
            (0x8001, u64::MAX),
            (u64::MAX, 2),
            (0, 1),
        ] {
            assert_eq!(
                areas.translate(address, size),
                None,
                "{address:#x} {size:#x}"
            );
        }
    }
}
