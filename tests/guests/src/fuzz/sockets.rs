//! Calls about sockets and names, with any arguments at all.

use std::ptr;

use hermit_abi::{
    AF_INET, AF_INET6, SOCK_DGRAM, SOCK_NONBLOCK, SOCK_STREAM, accept, bind, connect,
    freeaddrinfo, getaddrbyname, getaddrinfo, getpeername, getsockname, getsockopt, in_addr,
    listen, network_init, recv, recvfrom, send, sendto, setsockopt, shutdown, sockaddr,
    sockaddr_in, socket,
};

use super::aimed;
use super::wild::Wild;

unsafe extern "C" {
    fn sys_shutdown_socket(socket: i32, how: i32) -> i32;
}

impl Wild<'_> {
    /// A name that is this machine's, with one of few ports.
    fn own_name(&mut self) -> sockaddr_in {
        let port = 7000 + self.random.below(4) as u16;
        sockaddr_in {
            sin_len: 0,
            sin_family: AF_INET as u8,
            sin_port: port.to_be(),
            sin_addr: in_addr {
                s_addr: u32::from_ne_bytes([127, 0, 0, 1]),
            },
            sin_zero: [0; 8],
        }
    }

    pub(super) unsafe fn call_for_sockets(&mut self, number: u64) -> i64 {
        let (buffer, size) = self.buffer::<u8>();
        let (socket_, other, third) = (self.descriptor(), self.number(), self.number());
        let kind = self.random.pick(&[SOCK_STREAM, SOCK_DGRAM, other]);
        let own = self.own_name();
        let (name, name_size): (*const sockaddr, u32) = match self.random.below(2) {
            0 => (self.any(16), size as u32),
            _ => (ptr::from_ref(&own).cast(), size_of::<sockaddr_in>() as u32),
        };
        // SAFETY: as in `call`; lists that are made are freed.
        let answer = unsafe {
            match number {
                60 => return recv(socket_, buffer, size, other) as i64,
                61 => {
                    return recvfrom(socket_, buffer, size, other, self.any(16), self.any(4))
                        as i64;
                }
                62 => return send(socket_, buffer.cast(), size, other) as i64,
                63 => {
                    return sendto(socket_, buffer.cast(), size, other, name, name_size) as i64;
                }
                // One that waits might do so for somebody who never comes.
                64 => {
                    let family = self.random.pick(&[AF_INET, AF_INET6, other]);
                    let opened = socket(family, kind | SOCK_NONBLOCK, 0);
                    aimed::limit(aimed::SOCKET, opened.into());
                    opened
                }
                65 => bind(socket_, name, name_size),
                66 => listen(socket_, other),
                67 => accept(socket_, self.any(16), self.any(4)),
                68 => connect(socket_, name, name_size),
                69 => shutdown(socket_, other),
                70 => sys_shutdown_socket(socket_, other),
                71 => getpeername(socket_, self.any(16), self.any(4)),
                72 => getsockname(socket_, self.any(16), self.any(4)),
                73 => getsockopt(socket_, other, third, self.any(16), self.any(4)),
                74 => setsockopt(socket_, other, third, self.any(16), size as u32),
                75 => network_init(),
                76 => {
                    getaddrbyname(self.name(), self.any(16), self.random.pick(&[4, 16, 0, 77]))
                }
                77 => {
                    freeaddrinfo(ptr::with_exposed_provenance_mut(self.places.foreign(
                        self.random,
                        1,
                        1,
                    )));
                    0
                }
                _ => {
                    let mut list = ptr::null_mut();
                    let code = getaddrinfo(self.name(), self.name(), self.any(48), &mut list);
                    freeaddrinfo(list);
                    -code
                }
            }
        };
        answer.into()
    }
}
