//! A network interface with an address, by the oldest way that Linux has.

use std::io::{Error, Result};
use std::mem;
use std::net::{Ipv4Addr, UdpSocket};
use std::os::fd::AsRawFd;
use std::thread;
use std::time::Duration;

/// How often it is looked whether the interface is there, and how long between.
const TRIES: u32 = 500;
const PAUSE: Duration = Duration::from_millis(10);
/// The bits of an address that name the network, here of any interface.
const MASK: Ipv4Addr = Ipv4Addr::new(255, 255, 255, 0);

/// Gives the interface this address and has it go up.
pub fn up(name: &str, address: Ipv4Addr) -> Result<()> {
    // Requests may go over any socket; this one is never used otherwise.
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    let named = |error: Error| Error::new(error.kind(), format!("{name}: {error}"));
    wait_for(&socket, name).map_err(named)?;
    let request = |number, change: &dyn Fn(&mut libc::ifreq)| {
        let mut content = of(name);
        change(&mut content);
        ask(&socket, number, &mut content).map_err(named)
    };
    request(libc::SIOCSIFADDR, &|it| {
        it.ifr_ifru.ifru_addr = socket_address(address);
    })?;
    request(libc::SIOCSIFNETMASK, &|it| {
        it.ifr_ifru.ifru_netmask = socket_address(MASK);
    })?;
    request(libc::SIOCSIFFLAGS, &|it| {
        it.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
    })
}

/// A card is there a moment after its driver.
fn wait_for(socket: &UdpSocket, name: &str) -> Result<()> {
    let is_there = || ask(socket, libc::SIOCGIFFLAGS, &mut of(name));
    for _ in 1..TRIES {
        if is_there().is_ok() {
            return Ok(());
        }
        thread::sleep(PAUSE);
    }
    is_there()
}

fn ask(socket: &UdpSocket, number: libc::Ioctl, content: &mut libc::ifreq) -> Result<()> {
    // SAFETY: the descriptor is open, and every request here reads and writes one
    // `ifreq`.
    let answer = unsafe { libc::ioctl(socket.as_raw_fd(), number, content) };
    match answer {
        0 => Ok(()),
        _ => Err(Error::last_os_error()),
    }
}

/// A request that is about this interface.
fn of(name: &str) -> libc::ifreq {
    // SAFETY: all of it may be zero: it is made of numbers.
    let mut content: libc::ifreq = unsafe { mem::zeroed() };
    // The last byte stays zero.
    let room = content.ifr_name.len() - 1;
    for (to, from) in content.ifr_name[..room].iter_mut().zip(name.bytes()) {
        *to = from as libc::c_char;
    }
    content
}

fn socket_address(address: Ipv4Addr) -> libc::sockaddr {
    let mut content = libc::sockaddr {
        sa_family: libc::AF_INET as libc::sa_family_t,
        sa_data: [0; 14],
    };
    // Behind the port, which is zero.
    for (to, from) in content.sa_data[2..].iter_mut().zip(address.octets()) {
        *to = from as libc::c_char;
    }
    content
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_stands_where_the_kernel_looks_for_it() {
        let address = socket_address(Ipv4Addr::new(10, 0, 2, 15));
        assert_eq!(address.sa_data[..7], [0, 0, 10, 0, 2, 15, 0]);
    }

    #[test]
    fn the_interface_of_this_machine_is_found_and_none_of_a_wrong_name() {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).expect("a socket");
        let ask = |name| ask(&socket, libc::SIOCGIFFLAGS, &mut of(name));
        ask("lo").expect("every Linux has it");
        assert!(ask("there-is-none").is_err());
        assert!(ask("a-name-that-is-longer-than-any").is_err());
    }
}
