//! The families of addresses that a caller wants.

use core::net::IpAddr;

use arrayvec::ArrayVec;

/// The most addresses that a name has here; of further ones nobody is told.
pub(super) const ADDRESSES_MAX: usize = 32;

/// The addresses of a name.
pub(super) type Addresses = ArrayVec<IpAddr, ADDRESSES_MAX>;

/// Which families are wanted: one at least.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Families {
    /// Whether IPv4 is.
    pub(super) four: bool,
    /// Whether IPv6 is.
    pub(super) six: bool,
}

impl Families {
    /// Whether this address is.
    pub(super) fn want(self, address: &IpAddr) -> bool {
        match address {
            IpAddr::V4(_) => self.four,
            IpAddr::V6(_) => self.six,
        }
    }
}

/// Adds an address that is not there yet, if there is room.
pub(super) fn add(addresses: &mut Addresses, address: IpAddr) {
    if !addresses.contains(&address) {
        // Further ones are left out.
        let _full = addresses.try_push(address);
    }
}
