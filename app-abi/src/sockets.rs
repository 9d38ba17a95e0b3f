//! Sockets and names: not served yet.
//!
//! There is no way to get a socket, so every descriptor is either closed
//! (EBADF) or something else (ENOTSOCK), as POSIX says.

use core::ffi::{c_char, c_void};

use hermit_abi::{EAI_SYSTEM, ENOSYS, ENOTSOCK, addrinfo, sockaddr, socklen_t};

use crate::descriptors::error_of;
use crate::errno::fail;
use crate::export::{export, refuse};

refuse! {
    /// Would start the network.
    fn sys_network_init() -> i32: ENOSYS;
    /// Would make a socket.
    fn sys_socket(domain: i32, kind: i32, protocol: i32) -> i32: ENOSYS;
    /// Would give a socket an address.
    fn sys_bind(socket: i32, name: *const sockaddr, size: socklen_t) -> i32:
        error_of(socket, ENOTSOCK);
    /// Would let a socket take connections.
    fn sys_listen(socket: i32, backlog: i32) -> i32: error_of(socket, ENOTSOCK);
    /// Would take a connection.
    fn sys_accept(socket: i32, name: *mut sockaddr, size: *mut socklen_t) -> i32:
        error_of(socket, ENOTSOCK);
    /// Would connect a socket.
    fn sys_connect(socket: i32, name: *const sockaddr, size: socklen_t) -> i32:
        error_of(socket, ENOTSOCK);
    /// Would receive.
    fn sys_recv(socket: i32, buffer: *mut u8, size: usize, flags: i32) -> isize:
        error_of(socket, ENOTSOCK);
    /// Would receive, and say from whom.
    fn sys_recvfrom(
        socket: i32,
        buffer: *mut u8,
        size: usize,
        flags: i32,
        name: *mut sockaddr,
        name_size: *mut socklen_t,
    ) -> isize: error_of(socket, ENOTSOCK);
    /// Would send.
    fn sys_send(socket: i32, buffer: *const c_void, size: usize, flags: i32) -> isize:
        error_of(socket, ENOTSOCK);
    /// Would send to an address.
    fn sys_sendto(
        socket: i32,
        buffer: *const c_void,
        size: usize,
        flags: i32,
        name: *const sockaddr,
        name_size: socklen_t,
    ) -> isize: error_of(socket, ENOTSOCK);
    /// Would end one direction of a connection.
    fn sys_shutdown(socket: i32, how: i32) -> i32: error_of(socket, ENOTSOCK);
    /// The old name of the above.
    fn sys_shutdown_socket(socket: i32, how: i32) -> i32: error_of(socket, ENOTSOCK);
    /// Would say whom a socket is connected to.
    fn sys_getpeername(socket: i32, name: *mut sockaddr, size: *mut socklen_t) -> i32:
        error_of(socket, ENOTSOCK);
    /// Would say what address a socket has.
    fn sys_getsockname(socket: i32, name: *mut sockaddr, size: *mut socklen_t) -> i32:
        error_of(socket, ENOTSOCK);
    /// Would read an option.
    fn sys_getsockopt(
        socket: i32,
        level: i32,
        option: i32,
        value: *mut c_void,
        size: *mut socklen_t,
    ) -> i32: error_of(socket, ENOTSOCK);
    /// Would set an option.
    fn sys_setsockopt(
        socket: i32,
        level: i32,
        option: i32,
        value: *const c_void,
        size: socklen_t,
    ) -> i32: error_of(socket, ENOTSOCK);
    /// Would look a name up.
    fn sys_getaddrbyname(name: *const c_char, address: *mut u8, size: usize) -> i32: ENOSYS;
}

export! {
    /// Would look names up: fails with the code that says "see errno".
    fn sys_getaddrinfo(
        _node: *const c_char,
        _service: *const c_char,
        _hints: *const addrinfo,
        _list: *mut *mut addrinfo,
    ) -> i32 {
        fail(ENOSYS);
        EAI_SYSTEM
    }

    /// Frees a list of `sys_getaddrinfo`, which makes none.
    fn sys_freeaddrinfo(_list: *mut addrinfo) {}
}
