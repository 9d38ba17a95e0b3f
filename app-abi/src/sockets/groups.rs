//! Groups that a socket joins or leaves, as the ABI names them.
//!
//! The safe kernel is told the group as a name, and on which interface as a number:
//! for IPv4 its address, read as one number, for IPv6 the interface's own. Zero is any.

use core::mem::offset_of;

use domains::network::Name;
use hermit_abi::{EINVAL, ip_mreq, ipv6_mreq};

use super::addresses::halves;

/// Which version of the Internet protocol a group is of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Version {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

/// The most bytes that name a group.
pub(super) const SIZE_MAX: usize = size_of::<ipv6_mreq>();

/// The group that `bytes` name, and the number of the interface.
///
/// # Errors
///
/// EINVAL: they are too few.
pub(super) fn group(version: Version, bytes: &[u8]) -> Result<(Name, u64), i32> {
    match version {
        Version::V4 => bytes.first_chunk().map(four).ok_or(EINVAL),
        Version::V6 => bytes.first_chunk().map(six).ok_or(EINVAL),
    }
}

fn four(bytes: &[u8; size_of::<ip_mreq>()]) -> (Name, u64) {
    let [a, b, c, d, interface @ ..] = *bytes;
    let number = u32::from_be_bytes(interface);
    (Name::v4([a, b, c, d], 0), number.into())
}

fn six(bytes: &[u8; size_of::<ipv6_mreq>()]) -> (Name, u64) {
    let (address, number) = halves(bytes);
    let number = u32::from_ne_bytes(number);
    (Name::v6(address, 0), number.into())
}

/// The places of the bytes above.
const _: () = {
    assert!(size_of::<ip_mreq>() == 8 && size_of::<ipv6_mreq>() == 20);
    assert!(offset_of!(ip_mreq, imr_interface) == 4);
    assert!(offset_of!(ipv6_mreq, ipv6mr_interface) == 16);
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_has_an_interface() {
        let (name, number) =
            group(Version::V4, &[224, 0, 0, 251, 10, 0, 2, 15]).expect("whole");
        assert_eq!(name, Name::v4([224, 0, 0, 251], 0));
        assert_eq!(number, 0x0a00_020f);
        let mut six = [0; 20];
        six[..2].copy_from_slice(&[0xff, 2]);
        six[16..].copy_from_slice(&3_u32.to_ne_bytes());
        let (name, number) = group(Version::V6, &six).expect("whole");
        assert_eq!((name.version, name.address[1], number), (Name::V6, 2, 3));
    }

    #[test]
    fn a_group_that_is_cut_off_is_none() {
        assert_eq!(group(Version::V4, &[224; 7]), Err(EINVAL));
        assert_eq!(group(Version::V6, &[255; 19]), Err(EINVAL));
        assert!(group(Version::V4, &[224; 12]).is_ok(), "further bytes");
    }
}
