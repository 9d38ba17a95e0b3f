//! The first bits of an address, which those on one network share.

use smoltcp::wire::{IpAddress, Ipv4Address, Ipv6Address};

/// An address and how many of its bits are the network's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Prefix {
    /// An address of that network.
    pub address: IpAddress,
    /// How many bits are the network's.
    pub bits: u8,
}

impl Prefix {
    /// Of IPv4; no more bits than there are.
    pub fn v4(address: Ipv4Address, bits: u8) -> Prefix {
        Prefix {
            address: address.into(),
            bits: bits.min(32),
        }
    }

    /// Of IPv6; no more bits than there are.
    pub fn v6(address: Ipv6Address, bits: u8) -> Prefix {
        Prefix {
            address: address.into(),
            bits: bits.min(128),
        }
    }

    /// Whether `address` is on that network.
    pub fn contains(&self, address: IpAddress) -> bool {
        common_bits(self.address, address).is_some_and(|bits| bits >= self.bits.into())
    }

    /// The address of everybody on that network, if it has one (RFC 3021 has none).
    pub fn broadcast(&self) -> Option<IpAddress> {
        let IpAddress::Ipv4(address) = self.address else {
            return None;
        };
        let hosts = u32::MAX.checked_shr(self.bits.into())?;
        let all = Ipv4Address::from_bits(address.to_bits() | hosts);
        (self.bits <= 30).then_some(all.into())
    }
}

/// How many bits two addresses begin with in common; none if they are of two kinds.
pub fn common_bits(one: IpAddress, other: IpAddress) -> Option<u32> {
    match (one, other) {
        (IpAddress::Ipv4(one), IpAddress::Ipv4(other)) => {
            Some((one.to_bits() ^ other.to_bits()).leading_zeros())
        }
        (IpAddress::Ipv6(one), IpAddress::Ipv6(other)) => {
            Some((one.to_bits() ^ other.to_bits()).leading_zeros())
        }
        _ => None,
    }
}

/// How many bits a mask is of; none if it has a hole.
pub const fn mask_bits(mask: Ipv4Address) -> Option<u8> {
    let bits = mask.to_bits();
    let count = bits.leading_ones();
    if count == bits.count_ones() {
        Some(count as u8)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_the_addresses_that_begin_as_it_does() {
        let network = Prefix::v4(Ipv4Address::new(10, 0, 2, 15), 24);
        assert!(network.contains(IpAddress::v4(10, 0, 2, 255)));
        assert!(!network.contains(IpAddress::v4(10, 0, 3, 15)));
        assert!(!network.contains(IpAddress::v6(0, 0, 0, 0, 0, 0, 0, 1)));
        assert!(Prefix::v4(Ipv4Address::UNSPECIFIED, 0).contains(IpAddress::v4(9, 9, 9, 9)));
        let all = Prefix::v6(Ipv6Address::LOCALHOST, 200);
        assert!(all.contains(Ipv6Address::LOCALHOST.into()));
        assert!(!all.contains(Ipv6Address::UNSPECIFIED.into()));
    }

    #[test]
    fn small_networks_have_no_address_for_all() {
        let all = |bits| Prefix::v4(Ipv4Address::new(10, 0, 2, 15), bits).broadcast();
        assert_eq!(all(24), Some(IpAddress::v4(10, 0, 2, 255)));
        assert_eq!(all(0), Some(IpAddress::v4(255, 255, 255, 255)));
        assert_eq!((all(31), all(32)), (None, None));
    }

    #[test]
    fn a_mask_has_no_holes() {
        assert_eq!(mask_bits(Ipv4Address::new(255, 255, 255, 0)), Some(24));
        assert_eq!(mask_bits(Ipv4Address::new(0, 0, 0, 0)), Some(0));
        assert_eq!(mask_bits(Ipv4Address::new(255, 0, 255, 0)), None);
    }
}
