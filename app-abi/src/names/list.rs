//! Lists of addresses, as `sys_getaddrinfo` gives them.
//!
//! An entry is one allocation in the program's own heap, and holds the address
//! that it points to.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::ptr;

use hermit_abi::{
    AF_INET, AF_INET6, EAI_MEMORY, EAI_NONAME, addrinfo, in_addr, in6_addr, sockaddr_in,
    sockaddr_in6,
};

use super::hints::{Hints, addresses, port};
use crate::{heap, own};

/// One entry of a list, with the address that it points to.
#[repr(C)]
struct Entry {
    info: addrinfo,
    address: Address,
}

/// An address as a socket has it.
#[derive(Clone, Copy)]
#[repr(C)]
union Address {
    four: sockaddr_in,
    six: sockaddr_in6,
}

const SIZE: usize = size_of::<Entry>();
const ALIGN: usize = align_of::<Entry>();
const V4_SIZE: u32 = size_of::<sockaddr_in>() as u32;
const V6_SIZE: u32 = size_of::<sockaddr_in6>() as u32;

/// The list of everything that is asked for.
pub(super) fn make(
    node: Option<&str>,
    service: Option<&str>,
    hints: &Hints,
) -> Result<*mut addrinfo, i32> {
    if node.is_none() && service.is_none() {
        return Err(EAI_NONAME);
    }
    hints.check()?;
    let port = port(service)?;
    let mut first = ptr::null_mut();
    // From the last to the first, as each goes to the front.
    for address in addresses(node, hints)?.into_iter().rev().flatten() {
        for kind in hints.kinds().rev() {
            match prepend(first, Address::new(address, port), kind) {
                Some(entry) => first = entry,
                None => {
                    // SAFETY: the list was just made.
                    unsafe { free(first) };
                    return Err(EAI_MEMORY);
                }
            }
        }
    }
    Ok(first)
}

/// Frees a list.
///
/// # Safety
///
/// [`make`] made it, and nobody uses it any more.
pub(super) unsafe fn free(mut entry: *mut addrinfo) {
    while own::is_own(entry) {
        // SAFETY: forwarded to the caller.
        let next = unsafe { (*entry).ai_next };
        // SAFETY: forwarded to the caller.
        unsafe { heap::free(entry.cast(), SIZE, ALIGN) };
        entry = next;
    }
}

/// Puts an entry before `next`; the list that begins with it, or nothing if
/// memory is exhausted.
fn prepend(
    next: *mut addrinfo,
    (address, family, size): (Address, i32, u32),
    (kind, protocol): (i32, i32),
) -> Option<*mut addrinfo> {
    let entry: *mut Entry = heap::allocate(SIZE, ALIGN).cast();
    if entry.is_null() {
        return None;
    }
    let info = addrinfo {
        ai_flags: 0,
        ai_family: family,
        ai_socktype: kind,
        ai_protocol: protocol,
        ai_addrlen: size,
        ai_canonname: ptr::null_mut(),
        // SAFETY: the entry is allocated; only an address is computed.
        ai_addr: unsafe { &raw mut (*entry).address }.cast(),
        ai_next: next,
    };
    // SAFETY: the allocation is new and fits.
    unsafe { entry.write(Entry { info, address }) };
    Some(entry.cast())
}

impl Address {
    /// The address and port, the family, and how long it is.
    fn new(address: IpAddr, port: u16) -> (Address, i32, u32) {
        match address {
            IpAddr::V4(address) => (Address::four(address, port), AF_INET, V4_SIZE),
            IpAddr::V6(address) => (Address::six(address, port), AF_INET6, V6_SIZE),
        }
    }

    fn four(address: Ipv4Addr, port: u16) -> Address {
        let four = sockaddr_in {
            sin_len: V4_SIZE as u8,
            sin_family: AF_INET as u8,
            sin_port: port.to_be(),
            sin_addr: in_addr {
                s_addr: u32::from_ne_bytes(address.octets()),
            },
            ..sockaddr_in::default()
        };
        Address { four }
    }

    fn six(address: Ipv6Addr, port: u16) -> Address {
        let six = sockaddr_in6 {
            sin6_len: V6_SIZE as u8,
            sin6_family: AF_INET6 as u8,
            sin6_port: port.to_be(),
            sin6_addr: in6_addr {
                s6_addr: address.octets(),
            },
            ..sockaddr_in6::default()
        };
        Address { six }
    }
}
