//! What kinds of sockets, flags and directions there are.

use gate::safe::receive_flags;
use hermit_abi::{
    AF_INET, AF_INET6, EAFNOSUPPORT, EINVAL, EOPNOTSUPP, EPROTONOSUPPORT, IPPROTO_IP,
    IPPROTO_TCP, IPPROTO_UDP, MSG_PEEK, SHUT_RD, SHUT_RDWR, SHUT_WR, SOCK_CLOEXEC, SOCK_DGRAM,
    SOCK_NONBLOCK, SOCK_STREAM,
};

/// Whether there is a socket of this family, kind and protocol.
///
/// # Errors
///
/// EAFNOSUPPORT, EINVAL or EPROTONOSUPPORT, by which of them there is not.
pub(super) fn check(family: i32, kind: i32, protocol: i32) -> Result<(), i32> {
    if ![AF_INET, AF_INET6].contains(&family) {
        return Err(EAFNOSUPPORT);
    }
    let own = match kind & !(SOCK_NONBLOCK | SOCK_CLOEXEC) {
        SOCK_STREAM => IPPROTO_TCP,
        SOCK_DGRAM => IPPROTO_UDP,
        _ => return Err(EINVAL),
    };
    if [IPPROTO_IP, own].contains(&protocol) {
        Ok(())
    } else {
        Err(EPROTONOSUPPORT)
    }
}

/// The safe kernel's flags for those of a caller who receives.
///
/// # Errors
///
/// EOPNOTSUPP: the ABI has no such flag.
pub(super) fn receive_flags(flags: i32) -> Result<u32, i32> {
    match flags {
        0 => Ok(0),
        MSG_PEEK => Ok(receive_flags::PEEK),
        _ => Err(EOPNOTSUPP),
    }
}

/// Whether the flags of a caller who sends can be heeded: the ABI has none.
///
/// # Errors
///
/// EOPNOTSUPP: there are some.
pub(super) fn send_flags(flags: i32) -> Result<(), i32> {
    if flags == 0 { Ok(()) } else { Err(EOPNOTSUPP) }
}

/// Whether a connection has such a direction.
///
/// # Errors
///
/// EINVAL: it has not.
pub(super) fn check_direction(how: i32) -> Result<(), i32> {
    match how {
        SHUT_RD | SHUT_WR | SHUT_RDWR => Ok(()),
        _ => Err(EINVAL),
    }
}

/// The safe kernel numbers directions as the ABI does.
const _: () = assert!(SHUT_RD == 0 && SHUT_WR == 1 && SHUT_RDWR == 2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_of_the_internet_and_of_its_kind_s_protocol() {
        for family in [AF_INET, AF_INET6] {
            for flags in [0, SOCK_NONBLOCK, SOCK_CLOEXEC, SOCK_NONBLOCK | SOCK_CLOEXEC] {
                assert_eq!(check(family, SOCK_STREAM | flags, 0), Ok(()));
                assert_eq!(check(family, SOCK_DGRAM | flags, IPPROTO_UDP), Ok(()));
            }
        }
        assert_eq!(check(AF_INET, SOCK_STREAM, IPPROTO_TCP), Ok(()));
        let crossed = check(AF_INET, SOCK_STREAM, IPPROTO_UDP);
        assert_eq!(crossed, Err(EPROTONOSUPPORT));
        assert_eq!(check(AF_INET, SOCK_DGRAM, -1), Err(EPROTONOSUPPORT));
        assert_eq!(check(AF_INET, 77, 0), Err(EINVAL));
        assert_eq!(check(2, SOCK_STREAM, 0), Err(EAFNOSUPPORT));
    }

    #[test]
    fn a_flag_that_there_is_not_is_refused() {
        assert_eq!(receive_flags(0), Ok(0));
        assert_eq!(receive_flags(MSG_PEEK), Ok(receive_flags::PEEK));
        assert_eq!(receive_flags(MSG_PEEK | 2), Err(EOPNOTSUPP));
        assert_eq!(receive_flags(i32::MIN), Err(EOPNOTSUPP));
        assert_eq!(send_flags(0), Ok(()));
        assert_eq!(send_flags(MSG_PEEK), Err(EOPNOTSUPP));
    }

    #[test]
    fn a_connection_has_two_directions() {
        let good = (-3..6).filter(|how| check_direction(*how).is_ok());
        assert!(good.eq(0..3));
    }
}
