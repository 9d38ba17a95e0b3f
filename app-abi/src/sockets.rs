//! Sockets: what the ABI asks of them, as calls of the safe kernel.
//!
//! The safe kernel knows addresses as names and options by numbers of its own; here
//! the one is made of the other, in both directions. Who waits, and how long, is
//! decided there. What is wrong with an argument is found out here where it can be;
//! but that a descriptor is none, or no socket, comes first, as elsewhere.

pub(crate) mod addresses;
mod calls;
mod groups;
mod kinds;
mod options;
mod values;

use core::ffi::c_void;

use gate::safe;
use hermit_abi::{sockaddr, socklen_t};

use self::addresses::Place;
use self::calls::{Whose, error_of};
use crate::errno::{fail, reply, reply32};
use crate::export::export;

export! {
    /// Starts the network, which needs no start.
    #[abi(here, [], "Hermit's kernel does not define it.")]
    fn sys_network_init() -> i32 {
        0
    }

    /// Opens a socket.
    #[abi(kernel, [EAFNOSUPPORT, EINVAL, EMFILE, ENETDOWN, ENOBUFS, ENOMEM, EPROTONOSUPPORT])]
    fn sys_socket(domain: i32, kind: i32, protocol: i32) -> i32 {
        match kinds::check(domain, kind, protocol) {
            // SAFETY: the call takes no address.
            Ok(()) => reply32(unsafe { safe::socket(domain, kind) }),
            Err(error) => fail(error),
        }
    }

    /// Gives a socket an address.
    #[abi(kernel, [
        EACCES, EADDRINUSE, EADDRNOTAVAIL, EAFNOSUPPORT, EBADF, EFAULT, EINVAL, ENETDOWN, ENOTSOCK,
    ])]
    fn sys_bind(socket: i32, name: *const sockaddr, size: socklen_t) -> i32 {
        match addresses::read(name, size) {
            // SAFETY: the name is a variable of this function.
            Ok(name) => reply32(unsafe { safe::bind(socket, (&raw const name).expose_provenance()) }),
            Err(error) => fail(error_of(socket, error)),
        }
    }

    /// Lets a socket take connections.
    #[abi(kernel, [EADDRINUSE, EBADF, EINVAL, ENETDOWN, ENOTSOCK, EOPNOTSUPP])]
    fn sys_listen(socket: i32, backlog: i32) -> i32 {
        // SAFETY: the call takes no address.
        reply32(unsafe { safe::listen(socket, backlog) })
    }

    /// Takes a connection; its descriptor.
    #[abi(kernel, [
        EAGAIN, EBADF, ECONNABORTED, EFAULT, EINTR, EINVAL, EMFILE, ENETDOWN, ENOBUFS, ENOMEM, ENOTSOCK,
        EOPNOTSUPP,
    ])]
    fn sys_accept(socket: i32, name: *mut sockaddr, size: *mut socklen_t) -> i32 {
        match Place::wanted(name, size) {
            Ok(place) => calls::accept(socket, place),
            Err(error) => fail(error_of(socket, error)),
        }
    }

    /// Connects a socket; one of datagrams forgets its peer where the family is AF_UNSPEC.
    #[abi(kernel, [
        EACCES, EADDRNOTAVAIL, EAFNOSUPPORT, EAGAIN, EALREADY, EBADF, ECONNREFUSED, ECONNRESET, EFAULT,
        EHOSTUNREACH, EINPROGRESS, EINTR, EINVAL, EISCONN, ENETDOWN, ENETUNREACH, ENOBUFS, ENOTSOCK,
        ETIMEDOUT,
    ])]
    fn sys_connect(socket: i32, name: *const sockaddr, size: socklen_t) -> i32 {
        match addresses::read_or_none(name, size) {
            // SAFETY: the name is a variable of this function.
            Ok(name) => reply32(unsafe { safe::connect(socket, (&raw const name).expose_provenance()) }),
            Err(error) => fail(error_of(socket, error)),
        }
    }

    /// Receives.
    #[abi(kernel, [
        EAGAIN, EBADF, ECONNREFUSED, ECONNRESET, EFAULT, EINTR, ENETDOWN, ENOTCONN, ENOTSOCK, EOPNOTSUPP,
        ETIMEDOUT,
    ], "Of flags there is `MSG_PEEK`.")]
    fn sys_recv(socket: i32, buffer: *mut u8, size: usize, flags: i32) -> isize {
        match kinds::receive_flags(flags) {
            // SAFETY: the caller gave a buffer of that size.
            Ok(flags) => reply(unsafe {
                safe::receive(socket, buffer.expose_provenance(), size, flags, 0)
            }),
            Err(error) => fail(error_of(socket, error)) as isize,
        }
    }

    /// Receives, and says from whom.
    #[abi(kernel, [
        EAGAIN, EBADF, ECONNREFUSED, ECONNRESET, EFAULT, EINTR, EINVAL, ENETDOWN, ENOTCONN, ENOTSOCK,
        EOPNOTSUPP, ETIMEDOUT,
    ], "Of flags there is `MSG_PEEK`.")]
    fn sys_recvfrom(
        socket: i32,
        buffer: *mut u8,
        size: usize,
        flags: i32,
        name: *mut sockaddr,
        name_size: *mut socklen_t,
    ) -> isize {
        let wanted = kinds::receive_flags(flags)
            .and_then(|flags| Ok((flags, Place::wanted(name, name_size)?)));
        match wanted {
            Ok((flags, place)) => calls::receive(socket, (buffer, size), flags, place),
            Err(error) => fail(error_of(socket, error)) as isize,
        }
    }

    /// Sends.
    #[abi(kernel, [
        EACCES, EAGAIN, EBADF, ECONNREFUSED, ECONNRESET, EDESTADDRREQ, EFAULT, EHOSTUNREACH, EINTR, EMSGSIZE,
        ENETDOWN, ENETUNREACH, ENOBUFS, ENOTCONN, ENOTSOCK, EOPNOTSUPP, EPIPE, ETIMEDOUT,
    ], "There are no flags, as the ABI has none; nothing is ever told by a signal.")]
    fn sys_send(socket: i32, buffer: *const c_void, size: usize, flags: i32) -> isize {
        calls::send(socket, (buffer, size), flags, None)
    }

    /// Sends to an address.
    #[abi(kernel, [
        EACCES, EAFNOSUPPORT, EAGAIN, EBADF, ECONNREFUSED, ECONNRESET, EDESTADDRREQ, EFAULT, EHOSTUNREACH,
        EINTR, EINVAL, EISCONN, EMSGSIZE, ENETDOWN, ENETUNREACH, ENOBUFS, ENOTCONN, ENOTSOCK, EOPNOTSUPP,
        EPIPE, ETIMEDOUT,
    ], "There are no flags, as the ABI has none; nothing is ever told by a signal.")]
    fn sys_sendto(
        socket: i32,
        buffer: *const c_void,
        size: usize,
        flags: i32,
        name: *const sockaddr,
        name_size: socklen_t,
    ) -> isize {
        if name.is_null() {
            return calls::send(socket, (buffer, size), flags, None);
        }
        match addresses::read(name, name_size) {
            Ok(name) => calls::send(socket, (buffer, size), flags, Some(&name)),
            Err(error) => fail(error_of(socket, error)) as isize,
        }
    }

    /// Ends one direction of a connection, or both.
    #[abi(kernel, [EBADF, EINVAL, ENETDOWN, ENOTCONN, ENOTSOCK])]
    fn sys_shutdown(socket: i32, how: i32) -> i32 {
        calls::shutdown(socket, how)
    }

    /// The old name of `sys_shutdown`.
    #[abi(kernel, [EBADF, EINVAL, ENETDOWN, ENOTCONN, ENOTSOCK])]
    fn sys_shutdown_socket(socket: i32, how: i32) -> i32 {
        calls::shutdown(socket, how)
    }

    /// Says whom a socket is connected to.
    #[abi(kernel, [EBADF, EFAULT, EINVAL, ENETDOWN, ENOTCONN, ENOTSOCK])]
    fn sys_getpeername(socket: i32, name: *mut sockaddr, size: *mut socklen_t) -> i32 {
        calls::tell_name(socket, Whose::Peer, Place::new(name, size))
    }

    /// Says what address a socket has.
    #[abi(kernel, [EBADF, EFAULT, EINVAL, ENETDOWN, ENOTSOCK])]
    fn sys_getsockname(socket: i32, name: *mut sockaddr, size: *mut socklen_t) -> i32 {
        calls::tell_name(socket, Whose::Own, Place::new(name, size))
    }

    /// Reads an option.
    #[abi(kernel, [EBADF, EFAULT, EINVAL, ENETDOWN, ENOPROTOOPT, ENOTSOCK], "There is every option of the ABI but `IP_TOS`.")]
    fn sys_getsockopt(
        socket: i32,
        level: i32,
        option: i32,
        value: *mut c_void,
        size: *mut socklen_t,
    ) -> i32 {
        match options::get(socket, (level, option), value.cast(), size) {
            Ok(()) => 0,
            Err(error) => fail(error_of(socket, error)),
        }
    }

    /// Sets an option.
    #[abi(kernel, [
        EADDRINUSE, EADDRNOTAVAIL, EBADF, EDOM, EFAULT, EINVAL, ENETDOWN, ENOBUFS, ENODEV, ENOPROTOOPT,
        ENOTSOCK,
    ], "There is every option of the ABI but `IP_TOS`.")]
    fn sys_setsockopt(
        socket: i32,
        level: i32,
        option: i32,
        value: *const c_void,
        size: socklen_t,
    ) -> i32 {
        match options::set(socket, (level, option), value.cast(), size) {
            Ok(()) => 0,
            Err(error) => fail(error_of(socket, error)),
        }
    }
}
