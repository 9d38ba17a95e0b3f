//! Options: a level and a name of the ABI, a number of the safe kernel.

use domains::network::{Name, option};
use gate::safe;
use hermit_abi::{
    ENOPROTOOPT, IP_ADD_MEMBERSHIP, IP_DROP_MEMBERSHIP, IP_MULTICAST_LOOP, IP_MULTICAST_TTL,
    IP_TTL, IPPROTO_IP, IPPROTO_IPV6, IPPROTO_TCP, IPV6_ADD_MEMBERSHIP, IPV6_DROP_MEMBERSHIP,
    IPV6_MULTICAST_LOOP, IPV6_V6ONLY, SO_BROADCAST, SO_ERROR, SO_KEEPALIVE, SO_LINGER,
    SO_RCVBUF, SO_RCVTIMEO, SO_REUSEADDR, SO_SNDBUF, SO_SNDTIMEO, SOL_SOCKET, TCP_NODELAY,
    socklen_t,
};

use super::groups::{self, Version};
use super::values::{self, Form};
use crate::own;

/// What is told or asked by an option.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum What {
    /// A value.
    Value(Form),
    /// A group to join or to leave, which cannot be asked.
    Group(Version),
}

/// An option: where the ABI has it, its number, and what it is about.
type Row = ((i32, i32), u32, What);

/// Every option of the ABI but IP_TOS, of which nothing here knows.
const OPTIONS: [Row; 19] = {
    use Form::{Error, Flag, GroupHops, Hops, Limit, Linger, ShortFlag, Size, StrictFlag};
    use What::{Group, Value};
    const SOCKET: i32 = SOL_SOCKET;
    const TCP: i32 = IPPROTO_TCP;
    const V4: i32 = IPPROTO_IP;
    const V6: i32 = IPPROTO_IPV6;
    [
        ((SOCKET, SO_RCVTIMEO), option::RECEIVE_TIMEOUT, Value(Limit)),
        ((SOCKET, SO_SNDTIMEO), option::SEND_TIMEOUT, Value(Limit)),
        ((SOCKET, SO_LINGER), option::LINGER, Value(Linger)),
        ((SOCKET, SO_BROADCAST), option::BROADCAST, Value(Flag)),
        ((SOCKET, SO_REUSEADDR), option::REUSE_ADDRESS, Value(Flag)),
        ((SOCKET, SO_ERROR), option::ERROR, Value(Error)),
        ((SOCKET, SO_KEEPALIVE), option::KEEP_ALIVE, Value(Flag)),
        ((SOCKET, SO_RCVBUF), option::RECEIVE_BUFFER, Value(Size)),
        ((SOCKET, SO_SNDBUF), option::SEND_BUFFER, Value(Size)),
        ((TCP, TCP_NODELAY), option::NO_DELAY, Value(Flag)),
        ((V4, IP_TTL), option::HOP_LIMIT, Value(Hops)),
        (
            (V4, IP_MULTICAST_TTL),
            option::MULTICAST_HOP_LIMIT,
            Value(GroupHops),
        ),
        (
            (V4, IP_MULTICAST_LOOP),
            option::MULTICAST_LOOP_V4,
            Value(ShortFlag),
        ),
        ((V4, IP_ADD_MEMBERSHIP), option::JOIN, Group(Version::V4)),
        ((V4, IP_DROP_MEMBERSHIP), option::LEAVE, Group(Version::V4)),
        ((V6, IPV6_V6ONLY), option::V6_ONLY, Value(Flag)),
        (
            (V6, IPV6_MULTICAST_LOOP),
            option::MULTICAST_LOOP_V6,
            Value(StrictFlag),
        ),
        ((V6, IPV6_ADD_MEMBERSHIP), option::JOIN, Group(Version::V6)),
        (
            (V6, IPV6_DROP_MEMBERSHIP),
            option::LEAVE,
            Group(Version::V6),
        ),
    ]
};

/// Sets an option to the caller's value.
///
/// # Errors
///
/// The errno.
pub(super) fn set(
    socket: i32,
    place: (i32, i32),
    value: *const u8,
    size: socklen_t,
) -> Result<(), i32> {
    let (number, what) = find(place)?;
    let mut bytes = [0; LARGEST];
    let size = (size as usize).min(LARGEST);
    let bytes = &mut bytes[..size];
    own::read_bytes(value, bytes)?;
    match what {
        What::Value(Form::Error) => Err(ENOPROTOOPT),
        What::Value(form) => tell(socket, number, form.number(bytes)?, None),
        What::Group(version) => {
            let (group, interface) = groups::group(version, bytes)?;
            tell(socket, number, interface, Some(&group))
        }
    }
}

/// Gives the caller the value of an option, and how long that is.
///
/// # Errors
///
/// The errno.
pub(super) fn get(
    socket: i32,
    place: (i32, i32),
    value: *mut u8,
    size: *mut socklen_t,
) -> Result<(), i32> {
    let room = own::read_room(size)?;
    let (number, What::Value(form)) = find(place)? else {
        return Err(ENOPROTOOPT);
    };
    // SAFETY: the call takes no address.
    let answer = unsafe { safe::option(socket, number) };
    let answer = u64::try_from(answer).map_err(|_| answer.wrapping_neg() as i32)?;
    let told = form.value(answer, room);
    own::write_bytes(value, told.bytes())?;
    own::write(size, &(told.bytes().len() as socklen_t))
}

/// The most bytes that are read of a value.
const LARGEST: usize = if groups::SIZE_MAX > values::SIZE_MAX {
    groups::SIZE_MAX
} else {
    values::SIZE_MAX
};

/// The number of an option, and what it is about.
fn find(place: (i32, i32)) -> Result<(u32, What), i32> {
    let row = OPTIONS.iter().find(|row| row.0 == place);
    row.map(|row| (row.1, row.2)).ok_or(ENOPROTOOPT)
}

/// Has the safe kernel set an option.
fn tell(socket: i32, number: u32, value: u64, group: Option<&Name>) -> Result<(), i32> {
    let group = group.map_or(0, |group| (&raw const *group).expose_provenance());
    // SAFETY: the group is a variable of whoever calls this function.
    let reply = unsafe { safe::set_option(socket, number, value, group) };
    if reply < 0 {
        return Err(reply.wrapping_neg() as i32);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use hermit_abi::IP_TOS;

    use super::*;

    #[test]
    fn every_option_of_the_safe_kernel_has_its_place() {
        let places: BTreeSet<_> = OPTIONS.iter().map(|row| row.0).collect();
        assert_eq!(places.len(), OPTIONS.len(), "each once");
        let numbers: BTreeSet<_> = OPTIONS.iter().map(|row| row.1).collect();
        assert!(
            numbers
                .into_iter()
                .eq(option::RECEIVE_TIMEOUT..=option::LEAVE)
        );
    }

    #[test]
    fn what_there_is_not_is_no_option() {
        for place in [
            (IPPROTO_IP, IP_TOS),
            (SOL_SOCKET, 0x1008),
            (IPPROTO_TCP, SO_RCVTIMEO),
            (77, SO_BROADCAST),
        ] {
            assert_eq!(find(place), Err(ENOPROTOOPT));
            let mut size = 4;
            let answer = get(3, place, [0; 4].as_mut_ptr(), &raw mut size);
            assert_eq!(answer, Err(ENOPROTOOPT));
        }
    }

    #[test]
    fn some_are_only_read_and_some_only_set() {
        let error = (SOL_SOCKET, SO_ERROR);
        assert_eq!(set(3, error, [0; 4].as_ptr(), 4), Err(ENOPROTOOPT));
        let join = (IPPROTO_IP, IP_ADD_MEMBERSHIP);
        let mut size = 8;
        let answer = get(3, join, [0; 8].as_mut_ptr(), &raw mut size);
        assert_eq!(answer, Err(ENOPROTOOPT));
    }
}
