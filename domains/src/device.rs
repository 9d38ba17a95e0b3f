//! The devices that drivers have, and what each may be and reach.
//!
//! The core finds virtio devices and numbers them in the order of the host's
//! command line. Those of a [`Kind`] have a driver; whatever else there is, is
//! left alone. Each has a role by its kind and its place among its like:
//! [`Roles`] is read by the safe kernel and by the drivers, so that both mean
//! the same device.
//!
//! What a device may read and write is the windows and the DMA area of the cell
//! that drives it, and nothing else: the core compares every descriptor with the
//! two.

use crate::Cell;
use crate::boot::VOLUMES_MAX;

/// The most devices that the core numbers: as many as there are roles.
pub const DEVICES_MAX: usize = CONSOLES + VOLUMES_MAX + 2;
/// The most devices on a virtio-mmio bus.
pub const MMIO_SLOTS: usize = 8;
/// The most queues of a device.
pub const QUEUES_MAX: usize = 8;
/// The most entries of a queue: its table fills a page.
pub const QUEUE_SIZE_MAX: u16 = 256;

/// How many consoles have a role: input and output, and errors.
pub const CONSOLES: usize = 2;

/// A kind of device that there is a driver for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum Kind {
    /// A network card (virtio 1.2, 5.1).
    Network = 1,
    /// A console (virtio 1.2, 5.3).
    Console = 3,
    /// A source of entropy (5.4).
    Entropy = 4,
    /// A server of files that speaks 9P2000.L (a number of the standard's list;
    /// Linux and QEMU say the rest).
    Ninep = 9,
    /// A server of files that speaks FUSE (5.11).
    FileSystem = 26,
}

/// Features of devices (virtio 1.2, 6).
pub mod feature {
    /// A device that follows the standard. None is driven without.
    pub const VERSION_1: u64 = 1 << 32;
    /// A console: several ports, and queues to speak about them.
    pub const MULTIPORT: u64 = 1 << 1;
    /// A network card: it computes checksums of packets that are sent.
    pub const CHECKSUM: u64 = 1 << 0;
    /// A network card: it may bring packets whose checksum is not finished.
    pub const GUEST_CHECKSUM: u64 = 1 << 1;
    /// A network card: it says how long a packet may be.
    pub const MTU: u64 = 1 << 3;
    /// A network card: it has an address.
    pub const MAC: u64 = 1 << 5;
    /// A network card: it may bring segments of TCP over IPv4 that were put together.
    pub const GUEST_SEGMENTS_V4: u64 = 1 << 7;
    /// A network card: it cuts segments of TCP over IPv4.
    pub const HOST_SEGMENTS_V4: u64 = 1 << 11;
    /// A network card: a packet may come in several buffers.
    pub const MERGED_BUFFERS: u64 = 1 << 15;
    /// A network card: it says whether there is a link.
    pub const STATUS: u64 = 1 << 16;
    /// All of a network card.
    pub const NETWORK: u64 = CHECKSUM
        | GUEST_CHECKSUM
        | MTU
        | MAC
        | GUEST_SEGMENTS_V4
        | HOST_SEGMENTS_V4
        | MERGED_BUFFERS
        | STATUS;
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 5] = [
        Kind::Network,
        Kind::Console,
        Kind::Entropy,
        Kind::Ninep,
        Kind::FileSystem,
    ];

    /// The kind with this number of the standard.
    pub fn from_number(number: u32) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| *kind as u32 == number)
    }

    /// The word for it in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Network => "network",
            Kind::Console => "console",
            Kind::Entropy => "entropy",
            Kind::Ninep => "9P",
            Kind::FileSystem => "virtio-fs",
        }
    }

    /// The cell that drives it.
    pub const fn cell(self) -> Cell {
        match self {
            Kind::Network => Cell::Nic,
            Kind::Console | Kind::Entropy => Cell::Console,
            Kind::Ninep | Kind::FileSystem => Cell::Hostfs,
        }
    }

    /// The features that a driver may accept. Not among them is whatever lets a
    /// device read memory by other than the table: indirect descriptors, packed
    /// rings, data with notifications.
    pub const fn features(self) -> u64 {
        match self {
            Kind::Network => feature::VERSION_1 | feature::NETWORK,
            Kind::Console => feature::VERSION_1 | feature::MULTIPORT,
            Kind::Entropy | Kind::Ninep | Kind::FileSystem => feature::VERSION_1,
        }
    }
}

/// Which device does what, by number.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Roles {
    /// Standard input and output, and errors.
    pub consoles: [Option<usize>; CONSOLES],
    /// The network card.
    pub network: Option<usize>,
    /// The source of random bytes.
    pub entropy: Option<usize>,
    /// Servers of files, in their order.
    pub volumes: [Option<usize>; VOLUMES_MAX],
}

impl Roles {
    /// The roles of devices of these kinds. More than there are roles for have
    /// none.
    pub fn new(kinds: &[u32; DEVICES_MAX]) -> Roles {
        let mut roles = Roles::default();
        for (device, kind) in kinds.iter().enumerate() {
            let free = match Kind::from_number(*kind) {
                Some(Kind::Console) => roles.consoles.iter_mut().find(|role| role.is_none()),
                Some(Kind::Network) => Some(&mut roles.network).filter(|role| role.is_none()),
                Some(Kind::Entropy) => Some(&mut roles.entropy).filter(|role| role.is_none()),
                Some(Kind::Ninep | Kind::FileSystem) => {
                    roles.volumes.iter_mut().find(|role| role.is_none())
                }
                None => None,
            };
            if let Some(role) = free {
                *role = Some(device);
            }
        }
        roles
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_get_the_roles_of_their_kind_in_order() {
        let mut kinds = [0; DEVICES_MAX];
        kinds[..8].copy_from_slice(&[3, 26, 1, 3, 9, 4, 3, 4]);
        let roles = Roles::new(&kinds);
        assert_eq!(roles.consoles, [Some(0), Some(3)]);
        assert_eq!(roles.entropy, Some(5));
        assert_eq!(roles.network, Some(2));
        assert_eq!(roles.volumes[..3], [Some(1), Some(4), None]);
    }

    #[test]
    fn no_kind_may_have_a_feature_by_which_devices_read_other_than_the_table() {
        const INDIRECT: u64 = 1 << 28;
        const EVENT_INDEX: u64 = 1 << 29;
        const PACKED: u64 = 1 << 34;
        const NOTIFICATION_DATA: u64 = 1 << 38;
        const RING_RESET: u64 = 1 << 40;
        let refused = INDIRECT | EVENT_INDEX | PACKED | NOTIFICATION_DATA | RING_RESET;
        for kind in Kind::ALL {
            assert_eq!(kind.features() & refused, 0, "{kind:?}");
            assert_ne!(kind.features() & feature::VERSION_1, 0, "{kind:?}");
        }
    }

    /// What a bit means is different for each kind.
    #[test]
    fn no_kind_may_have_a_feature_of_another() {
        for kind in Kind::ALL {
            let own = match kind {
                Kind::Network => feature::NETWORK,
                Kind::Console => feature::MULTIPORT,
                Kind::Entropy | Kind::Ninep | Kind::FileSystem => 0,
            };
            assert_eq!(kind.features(), feature::VERSION_1 | own, "{kind:?}");
        }
    }
}
