//! Names at addresses of the application, and which a socket takes.

use domains::network::Name;
use gate::user::UserSlice;
use zerocopy::{FromZeros, IntoBytes};

use crate::errno::Errno;
use crate::network::record::{Family, Kind};
use crate::network::setting::MAPPED;
use crate::network::slot::Slot;

/// The name at an address of the application.
///
/// # Errors
///
/// It is not the caller's.
pub(super) fn read(address: usize) -> Result<Name, Errno> {
    let mut name = Name::new_zeroed();
    UserSlice::new(address, Name::SIZE).read(name.as_mut_bytes())?;
    Ok(name)
}

/// Writes a name to an address of the application.
///
/// # Errors
///
/// It is not the caller's.
pub(super) fn tell(name: &Name, address: usize) -> Result<(), Errno> {
    Ok(UserSlice::new(address, Name::SIZE).write(name.as_bytes())?)
}

/// The name at an address of the application, as that of an address of a socket.
///
/// # Errors
///
/// It is not the caller's, or of another family.
pub(super) fn own(slot: &Slot, address: usize) -> Result<Name, Errno> {
    let name = read(address)?;
    let family = slot.with(|record| record.family);
    fitting(family, Kind::Stream, &name)
}

/// The same, as that of whom datagrams go to, or a connection.
///
/// # Errors
///
/// As [`own`].
pub(super) fn target(slot: &Slot, address: usize) -> Result<Name, Errno> {
    let name = read(address)?;
    let (family, kind) = slot.with(|record| (record.family, record.kind));
    fitting(family, kind, &name)
}

/// A name as a socket takes it. One of IPv6 sends datagrams to addresses of IPv4 as to
/// those that are written as one of its own.
fn fitting(family: Family, kind: Kind, name: &Name) -> Result<Name, Errno> {
    let [a, b, c, d, ..] = name.address;
    match (family, name.version) {
        (Family::V4, Name::V4) => Ok(Name::v4([a, b, c, d], name.port)),
        (Family::V6, Name::V6) => Ok(*name),
        (Family::V6, Name::V4) if kind == Kind::Datagram => {
            let mut mapped = [0; 16];
            let (front, back) = mapped.split_at_mut(MAPPED.len());
            front.copy_from_slice(&MAPPED);
            back.copy_from_slice(&[a, b, c, d]);
            Ok(Name::v6(mapped, name.port))
        }
        (Family::V6, Name::V4) => Err(Errno::Invalid),
        _ => Err(Errno::NoFamily),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_takes_names_of_its_family() {
        let four = Name::v4([10, 0, 2, 2], 80);
        let six = Name::v6([7; 16], 80);
        let stream = |family, name| fitting(family, Kind::Stream, name);
        assert_eq!(stream(Family::V4, &four), Ok(four));
        assert_eq!(stream(Family::V6, &six), Ok(six));
        assert_eq!(stream(Family::V4, &six), Err(Errno::NoFamily));
        assert_eq!(stream(Family::V6, &four), Err(Errno::Invalid));
        for family in [Family::V4, Family::V6] {
            assert_eq!(stream(family, &Name::NONE), Err(Errno::NoFamily));
        }
        let mut mapped = [0; 16];
        mapped[10..].copy_from_slice(&[0xff, 0xff, 10, 0, 2, 2]);
        let sent = fitting(Family::V6, Kind::Datagram, &four);
        assert_eq!(sent, Ok(Name::v6(mapped, 80)));
    }

    /// What stands behind an address of four bytes means nothing.
    #[test]
    fn a_name_keeps_nothing_that_does_not_count() {
        let mut name = Name::v4([10, 0, 2, 2], 80);
        name.address[9] = 1;
        name.scope = 7;
        let taken = fitting(Family::V4, Kind::Stream, &name);
        assert_eq!(taken, Ok(Name::v4([10, 0, 2, 2], 80)));
    }
}
