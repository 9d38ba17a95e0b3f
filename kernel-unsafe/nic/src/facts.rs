//! What card it is, as it stands on the desk.

use domains::device::feature;
use domains::network::desk::nic;
use domains::windows;
use gate::entropy;
use virtio_drivers::transport::Transport;

use crate::reach::Reach;

/// Where the device's configuration says these (virtio 1.2, 5.1.4).
const ADDRESS: usize = 0;
const STATUS: usize = 6;
const MTU: usize = 10;
/// The bit of the status that says that there is a link.
const LINK_UP: u16 = 1 << 0;

/// The facts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Facts {
    address: [u8; 6],
    /// The largest packet; zero if nothing is said of it.
    mtu: u16,
    has_link: bool,
    features: u64,
}

/// The features to be had of those that are `offered`: each without the others, except
/// that segments are cut only where checksums are computed, and come put together only
/// with checksums that are not finished (5.1.3.1) and in several buffers (5.1.6.3.1).
pub(crate) const fn wanted(offered: u64) -> u64 {
    const JOINED: u64 = feature::GUEST_CHECKSUM | feature::MERGED_BUFFERS;
    let mut wanted = offered & (feature::VERSION_1 | feature::NETWORK);
    if offered & feature::CHECKSUM == 0 {
        wanted &= !feature::HOST_SEGMENTS_V4;
    }
    if offered & JOINED != JOINED {
        wanted &= !feature::GUEST_SEGMENTS_V4;
    }
    wanted
}

impl Facts {
    /// Those of no card.
    pub(crate) const NONE: Facts = Facts {
        address: [0; 6],
        mtu: 0,
        has_link: false,
        features: 0,
    };

    /// Reads them of a device with these features; none if it does not say.
    pub(crate) fn read<T: Transport>(device: &T, features: u64) -> Option<Facts> {
        let has = |feature| features & feature != 0;
        let address = match has(feature::MAC) {
            true => device
                .read_config_space::<[u8; 4]>(ADDRESS)
                .ok()
                .zip(device.read_config_space::<[u8; 2]>(ADDRESS + 4).ok()),
            false => Some(own_address()),
        };
        let ([a, b, c, d], [e, f]) = address?;
        let mtu = match has(feature::MTU) {
            true => device.read_config_space(MTU).ok()?,
            false => 0,
        };
        let facts = Facts {
            address: [a, b, c, d, e, f],
            mtu,
            has_link: true,
            features,
        };
        facts.now(device)
    }

    /// What they are now: only the link changes. None if the device does not say.
    pub(crate) fn now<T: Transport>(self, device: &T) -> Option<Facts> {
        let has_link = match self.features & feature::STATUS {
            0 => true,
            _ => device.read_config_space::<u16>(STATUS).ok()? & LINK_UP != 0,
        };
        Some(Facts { has_link, ..self })
    }

    /// Whether a packet may come in several buffers.
    pub(crate) const fn are_merged(&self) -> bool {
        self.features & feature::MERGED_BUFFERS != 0
    }

    /// The same as it stands on the desk.
    pub(crate) const fn words(&self) -> [u64; 3] {
        let [a, b, c, d, e, f] = self.address;
        [
            u64::from_le_bytes([a, b, c, d, e, f, 0, 0]),
            self.mtu as u64 | (self.has_link as u64) << 16,
            self.features,
        ]
    }

    /// Puts them on the desk.
    pub(crate) fn tell<R: Reach>(&self) {
        const { assert!(size_of::<[u64; 3]>() == nic::CARD_SIZE) };
        let mut place = windows::nic().start + nic::CARD as u64;
        for word in self.words() {
            R::store(place, word);
            place = place.wrapping_add(8);
        }
    }
}

/// An address by chance, for a card that has none: one that nobody administers, and of
/// no group.
fn own_address() -> ([u8; 4], [u8; 2]) {
    let chance = entropy::hardware_word().unwrap_or_else(gate::clock::ticks);
    let [_, b, c, d, e, f, ..] = chance.to_le_bytes();
    ([2, b, c, d], [e, f])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_lie_as_the_desk_says() {
        let facts = Facts {
            address: [1, 2, 3, 4, 5, 6],
            mtu: 0x5dc,
            has_link: true,
            features: 0x1_0001_8020,
        };
        let bytes: Vec<u8> = facts
            .words()
            .iter()
            .flat_map(|it| it.to_le_bytes())
            .collect();
        assert_eq!(bytes.len(), nic::CARD_SIZE);
        assert_eq!(bytes[..8], [1, 2, 3, 4, 5, 6, 0, 0]);
        assert_eq!(bytes[8..16], [0xdc, 5, 1, 0, 0, 0, 0, 0]);
        assert_eq!(bytes[16..], 0x1_0001_8020_u64.to_le_bytes());
    }

    #[test]
    fn features_are_had_as_offered() {
        let all = feature::VERSION_1 | feature::NETWORK;
        assert_eq!(wanted(u64::MAX), all);
        assert_eq!(wanted(0), 0);
        for dropped in (0..64).map(|bit| 1 << bit) {
            let had = wanted(!dropped);
            assert_eq!(had & dropped, 0);
            let with = match dropped {
                feature::CHECKSUM => feature::HOST_SEGMENTS_V4,
                feature::GUEST_CHECKSUM | feature::MERGED_BUFFERS => feature::GUEST_SEGMENTS_V4,
                _ => 0,
            };
            assert_eq!(had, all & !dropped & !with, "{dropped:#x}");
        }
    }

    #[test]
    fn an_address_by_chance_is_no_group_and_nobodys() {
        let ([first, ..], _) = own_address();
        assert_eq!(first & 3, 2);
    }
}
