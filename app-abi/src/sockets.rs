//! Sockets: refused, because there is no network.
//!
//! There is no way to get a socket, so every descriptor is either closed
//! (EBADF) or something else (ENOTSOCK), as POSIX says. A socket of one of the
//! Internet's families is refused with ENETDOWN, which std tells as "network
//! down".

use core::ffi::c_void;

use hermit_abi::{
    AF_INET, AF_INET6, EAFNOSUPPORT, EINVAL, ENETDOWN, ENOTSOCK, SOCK_CLOEXEC, SOCK_DGRAM,
    SOCK_NONBLOCK, SOCK_STREAM, sockaddr, socklen_t,
};

use crate::descriptors::error_of;
use crate::export::refuse;

/// Why there is no socket of this family and kind.
fn no_socket(family: i32, kind: i32) -> i32 {
    if ![AF_INET, AF_INET6].contains(&family) {
        return EAFNOSUPPORT;
    }
    match kind & !(SOCK_NONBLOCK | SOCK_CLOEXEC) {
        SOCK_STREAM | SOCK_DGRAM => ENETDOWN,
        _ => EINVAL,
    }
}

refuse! {
    /// Would start the network.
    #[abi([ENETDOWN], "Hermit's kernel does not define it.")]
    fn sys_network_init() -> i32: ENETDOWN;
    /// Would make a socket.
    #[abi([EAFNOSUPPORT, EINVAL, ENETDOWN])]
    fn sys_socket(domain: i32, kind: i32, protocol: i32) -> i32: no_socket(domain, kind);
    /// Would give a socket an address.
    #[abi([EBADF, ENOTSOCK])]
    fn sys_bind(socket: i32, name: *const sockaddr, size: socklen_t) -> i32:
        error_of(socket, ENOTSOCK);
    /// Would let a socket take connections.
    #[abi([EBADF, ENOTSOCK])]
    fn sys_listen(socket: i32, backlog: i32) -> i32: error_of(socket, ENOTSOCK);
    /// Would take a connection.
    #[abi([EBADF, ENOTSOCK])]
    fn sys_accept(socket: i32, name: *mut sockaddr, size: *mut socklen_t) -> i32:
        error_of(socket, ENOTSOCK);
    /// Would connect a socket.
    #[abi([EBADF, ENOTSOCK])]
    fn sys_connect(socket: i32, name: *const sockaddr, size: socklen_t) -> i32:
        error_of(socket, ENOTSOCK);
    /// Would receive.
    #[abi([EBADF, ENOTSOCK])]
    fn sys_recv(socket: i32, buffer: *mut u8, size: usize, flags: i32) -> isize:
        error_of(socket, ENOTSOCK);
    /// Would receive, and say from whom.
    #[abi([EBADF, ENOTSOCK])]
    fn sys_recvfrom(
        socket: i32,
        buffer: *mut u8,
        size: usize,
        flags: i32,
        name: *mut sockaddr,
        name_size: *mut socklen_t,
    ) -> isize: error_of(socket, ENOTSOCK);
    /// Would send.
    #[abi([EBADF, ENOTSOCK])]
    fn sys_send(socket: i32, buffer: *const c_void, size: usize, flags: i32) -> isize:
        error_of(socket, ENOTSOCK);
    /// Would send to an address.
    #[abi([EBADF, ENOTSOCK])]
    fn sys_sendto(
        socket: i32,
        buffer: *const c_void,
        size: usize,
        flags: i32,
        name: *const sockaddr,
        name_size: socklen_t,
    ) -> isize: error_of(socket, ENOTSOCK);
    /// Would end one direction of a connection.
    #[abi([EBADF, ENOTSOCK])]
    fn sys_shutdown(socket: i32, how: i32) -> i32: error_of(socket, ENOTSOCK);
    /// The old name of `sys_shutdown`.
    #[abi([EBADF, ENOTSOCK])]
    fn sys_shutdown_socket(socket: i32, how: i32) -> i32: error_of(socket, ENOTSOCK);
    /// Would say whom a socket is connected to.
    #[abi([EBADF, ENOTSOCK])]
    fn sys_getpeername(socket: i32, name: *mut sockaddr, size: *mut socklen_t) -> i32:
        error_of(socket, ENOTSOCK);
    /// Would say what address a socket has.
    #[abi([EBADF, ENOTSOCK])]
    fn sys_getsockname(socket: i32, name: *mut sockaddr, size: *mut socklen_t) -> i32:
        error_of(socket, ENOTSOCK);
    /// Would read an option.
    #[abi([EBADF, ENOTSOCK])]
    fn sys_getsockopt(
        socket: i32,
        level: i32,
        option: i32,
        value: *mut c_void,
        size: *mut socklen_t,
    ) -> i32: error_of(socket, ENOTSOCK);
    /// Would set an option.
    #[abi([EBADF, ENOTSOCK])]
    fn sys_setsockopt(
        socket: i32,
        level: i32,
        option: i32,
        value: *const c_void,
        size: socklen_t,
    ) -> i32: error_of(socket, ENOTSOCK);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_refused_for_the_right_reason() {
        assert_eq!(no_socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK), ENETDOWN);
        assert_eq!(no_socket(AF_INET6, SOCK_DGRAM), ENETDOWN);
        assert_eq!(no_socket(AF_INET, 77), EINVAL);
        assert_eq!(no_socket(2, SOCK_STREAM), EAFNOSUPPORT);
    }
}
