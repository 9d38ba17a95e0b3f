//! Addresses of sockets: as the ABI has them, and as names of the safe kernel.
//!
//! The ABI's begin with a byte for their length, which std leaves zero and nobody
//! reads here, and a byte for their family. What is written has both.

use core::mem::offset_of;
use core::net::IpAddr;

use domains::network::Name;
use hermit_abi::{
    AF_INET, AF_INET6, AF_UNSPEC, EAFNOSUPPORT, EINVAL, sockaddr, sockaddr_in, sockaddr_in6,
    sockaddr_storage, socklen_t,
};

use crate::own;

/// Bytes of an address of IPv4.
const V4_SIZE: usize = size_of::<sockaddr_in>();
/// Bytes of an address of IPv6.
const V6_SIZE: usize = size_of::<sockaddr_in6>();
/// The most bytes that a caller may say that an address has.
const SIZE_MAX: usize = size_of::<sockaddr_storage>();

/// The address that the caller has at `address`.
///
/// # Errors
///
/// EFAULT if it cannot be read, EINVAL if it is too short, EAFNOSUPPORT if it is not of
/// the Internet.
pub(super) fn read(address: *const sockaddr, size: socklen_t) -> Result<Name, i32> {
    let mut bytes = [0; SIZE_MAX];
    name_of(taken(address, size, &mut bytes)?)
}

/// As [`read`], but an address of no family is the name of nobody.
pub(super) fn read_or_none(address: *const sockaddr, size: socklen_t) -> Result<Name, i32> {
    let mut bytes = [0; SIZE_MAX];
    match taken(address, size, &mut bytes)? {
        [_, family, ..] if i32::from(*family) == AF_UNSPEC => Ok(Name::NONE),
        bytes => name_of(bytes),
    }
}

/// As many bytes of the caller's as it says.
fn taken(
    address: *const sockaddr,
    size: socklen_t,
    bytes: &mut [u8; SIZE_MAX],
) -> Result<&[u8], i32> {
    let bytes = bytes.get_mut(..size as usize).ok_or(EINVAL)?;
    own::read_bytes(address.cast(), bytes)?;
    Ok(bytes)
}

/// The name that an address says.
fn name_of(bytes: &[u8]) -> Result<Name, i32> {
    let [_, family, ..] = bytes else {
        return Err(EINVAL);
    };
    match i32::from(*family) {
        AF_INET => bytes.first_chunk().map(four).ok_or(EINVAL),
        AF_INET6 => bytes.first_chunk().map(six).ok_or(EINVAL),
        _ => Err(EAFNOSUPPORT),
    }
}

fn four(bytes: &[u8; V4_SIZE]) -> Name {
    let [_, _, high, low, a, b, c, d, ..] = *bytes;
    Name::v4([a, b, c, d], u16::from_be_bytes([high, low]))
}

fn six(bytes: &[u8; V6_SIZE]) -> Name {
    let [_, _, high, low, _, _, _, _, rest @ ..] = bytes;
    let (address, scope) = halves(rest);
    Name {
        scope: u32::from_ne_bytes(scope),
        ..Name::v6(address, u16::from_be_bytes([*high, *low]))
    }
}

/// The name of an address with a port.
pub(crate) fn name(address: IpAddr, port: u16) -> Name {
    match address {
        IpAddr::V4(address) => Name::v4(address.octets(), port),
        IpAddr::V6(address) => Name::v6(address.octets(), port),
    }
}

/// An address of IPv6 and the number of an interface behind it.
pub(super) fn halves(bytes: &[u8; 20]) -> ([u8; 16], [u8; 4]) {
    let (mut address, mut number) = ([0; 16], [0; 4]);
    address.copy_from_slice(&bytes[..16]);
    number.copy_from_slice(&bytes[16..]);
    (address, number)
}

/// An address as the ABI has it, which begins where this does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C, align(8))]
pub(crate) struct Address {
    bytes: [u8; V6_SIZE],
    size: u8,
}

impl Address {
    /// The address that a name says; that of nobody has no bytes.
    pub(crate) fn new(name: &Name) -> Address {
        match name.version {
            Name::V4 => Address::four(name),
            Name::V6 => Address::six(name),
            _ => Address {
                bytes: [0; V6_SIZE],
                size: 0,
            },
        }
    }

    fn four(name: &Name) -> Address {
        let mut bytes = [0; V6_SIZE];
        bytes[..2].copy_from_slice(&[V4_SIZE as u8, AF_INET as u8]);
        bytes[2..4].copy_from_slice(&name.port.to_be_bytes());
        bytes[4..8].copy_from_slice(&name.address[..4]);
        Address {
            bytes,
            size: V4_SIZE as u8,
        }
    }

    fn six(name: &Name) -> Address {
        let mut bytes = [0; V6_SIZE];
        bytes[..2].copy_from_slice(&[V6_SIZE as u8, AF_INET6 as u8]);
        bytes[2..4].copy_from_slice(&name.port.to_be_bytes());
        bytes[8..24].copy_from_slice(&name.address);
        bytes[24..].copy_from_slice(&name.scope.to_ne_bytes());
        Address {
            bytes,
            size: V6_SIZE as u8,
        }
    }

    /// Its bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.size)]
    }

    /// Its family.
    pub(crate) fn family(&self) -> i32 {
        i32::from(self.bytes[1])
    }
}

/// Where a caller wants an address, and how many bytes there is room for.
#[derive(Debug)]
pub(super) struct Place {
    address: *mut u8,
    room: usize,
    size: *mut socklen_t,
}

impl Place {
    /// The place that the caller means.
    ///
    /// # Errors
    ///
    /// EFAULT if the size cannot be read, EINVAL if it is that of nothing.
    pub(super) fn new(address: *mut sockaddr, size: *mut socklen_t) -> Result<Place, i32> {
        Ok(Place {
            address: address.cast(),
            room: own::read_room(size)?,
            size,
        })
    }

    /// As [`Place::new`], but no place where the address is null.
    pub(super) fn wanted(
        address: *mut sockaddr,
        size: *mut socklen_t,
    ) -> Result<Option<Place>, i32> {
        (!address.is_null())
            .then(|| Place::new(address, size))
            .transpose()
    }

    /// Gives the caller an address, as much of it as there is room for, and how long
    /// all of it is.
    pub(super) fn write(&self, name: &Name) -> Result<(), i32> {
        let address = Address::new(name);
        let bytes = address.bytes();
        let part = &bytes[..bytes.len().min(self.room)];
        own::write_bytes(self.address, part)?;
        own::write(self.size, &(bytes.len() as socklen_t))
    }
}

/// The places of the bytes above.
const _: () = {
    assert!(V4_SIZE == 16 && V6_SIZE == 28);
    assert!(offset_of!(Address, bytes) == 0);
    assert!(offset_of!(sockaddr_in, sin_len) == 0 && offset_of!(sockaddr_in, sin_family) == 1);
    assert!(offset_of!(sockaddr_in, sin_port) == 2 && offset_of!(sockaddr_in, sin_addr) == 4);
    assert!(offset_of!(sockaddr_in6, sin6_family) == 1);
    assert!(offset_of!(sockaddr_in6, sin6_port) == 2);
    assert!(offset_of!(sockaddr_in6, sin6_addr) == 8);
    assert!(offset_of!(sockaddr_in6, sin6_scope_id) == 24);
};

#[cfg(test)]
mod tests;
