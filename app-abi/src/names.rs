//! Names of hosts, as far as they need no network: numbers and "localhost".
//!
//! The list that `sys_getaddrinfo` gives is made of one allocation an entry in
//! the program's own heap; nothing of it is the kernel's. Other names fail with
//! EAI_AGAIN, as on a machine that is not connected.

use core::ffi::c_char;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::{ptr, str};

use hermit_abi::{
    AF_INET, AF_INET6, AF_UNSPEC, EAI_AGAIN, EAI_FAMILY, EAI_MEMORY, EAI_NONAME, EAI_SERVICE,
    EAI_SOCKTYPE, EAI_SYSTEM, EFAULT, EINVAL, ENETDOWN, IPPROTO_IP, IPPROTO_IPV6, IPPROTO_TCP,
    IPPROTO_UDP, SOCK_DGRAM, SOCK_STREAM, addrinfo, in_addr, in6_addr, sockaddr_in,
    sockaddr_in6,
};

use crate::errno::fail;
use crate::export::export;
use crate::{heap, own};

/// Flags of `ai_flags`, as the peer numbers them.
mod flag {
    /// Without a node, any address of this machine rather than the loopback.
    pub(super) const PASSIVE: i32 = 0x001;
    /// The node must be a number.
    pub(super) const NUMERIC_HOST: i32 = 0x004;
}

/// The longest name, with its end.
const NAME_MAX: usize = 256;
/// The kinds of socket, each with its protocol.
const KINDS: [(i32, i32); 2] = [(SOCK_STREAM, IPPROTO_TCP), (SOCK_DGRAM, IPPROTO_UDP)];

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

/// What is asked for.
#[derive(Clone, Copy, Debug)]
struct Hints {
    flags: i32,
    family: i32,
    kind: i32,
    protocol: i32,
}

impl Hints {
    /// Those of the caller; null asks for anything.
    fn read(hints: *const addrinfo) -> Result<Hints, i32> {
        if hints.is_null() {
            return Ok(Hints {
                flags: 0,
                family: AF_UNSPEC,
                kind: 0,
                protocol: 0,
            });
        }
        let hints = own::read(hints).map_err(system)?;
        Ok(Hints {
            flags: hints.ai_flags,
            family: hints.ai_family,
            kind: hints.ai_socktype,
            protocol: hints.ai_protocol,
        })
    }

    fn check(&self) -> Result<(), i32> {
        if ![AF_UNSPEC, AF_INET, AF_INET6].contains(&self.family) {
            return Err(EAI_FAMILY);
        }
        let known = self.kind == 0 || KINDS.iter().any(|kind| kind.0 == self.kind);
        let served = KINDS.iter().any(|kind| self.wants_kind(*kind));
        (known && served).then_some(()).ok_or(EAI_SOCKTYPE)
    }

    fn wants(&self, address: &IpAddr) -> bool {
        match self.family {
            AF_INET => address.is_ipv4(),
            AF_INET6 => address.is_ipv6(),
            _ => true,
        }
    }

    fn wants_kind(&self, (kind, protocol): (i32, i32)) -> bool {
        let any = [IPPROTO_IP, IPPROTO_IPV6].contains(&self.protocol);
        [0, kind].contains(&self.kind) && (any || self.protocol == protocol)
    }
}

/// The code that says "see errno", which becomes `errno`.
fn system(errno: i32) -> i32 {
    fail(errno);
    EAI_SYSTEM
}

/// The text of a name that the caller gave; none for null.
fn text(pointer: *const c_char, buffer: &mut [u8; NAME_MAX]) -> Result<Option<&str>, i32> {
    if pointer.is_null() {
        return Ok(None);
    }
    let bytes = own::string(pointer.cast(), buffer).map_err(|error| match error {
        EFAULT => system(error),
        _ => EAI_NONAME,
    })?;
    str::from_utf8(bytes).map(Some).map_err(|_| EAI_NONAME)
}

/// The addresses of a node.
fn addresses(node: Option<&str>, hints: &Hints) -> Result<[Option<IpAddr>; 2], i32> {
    let loopback = [
        Some(Ipv4Addr::LOCALHOST.into()),
        Some(Ipv6Addr::LOCALHOST.into()),
    ];
    let mut found = match node {
        None if hints.flags & flag::PASSIVE != 0 => [
            Some(Ipv4Addr::UNSPECIFIED.into()),
            Some(Ipv6Addr::UNSPECIFIED.into()),
        ],
        None => loopback,
        Some(name) => match name.parse() {
            Ok(address) => [Some(address), None],
            Err(_) if hints.flags & flag::NUMERIC_HOST != 0 => return Err(EAI_NONAME),
            Err(_) if name.eq_ignore_ascii_case("localhost") => loopback,
            Err(_) if name.is_empty() => return Err(EAI_NONAME),
            Err(_) => return Err(EAI_AGAIN),
        },
    };
    for address in &mut found {
        *address = address.filter(|address| hints.wants(address));
    }
    if found == [None, None] {
        return Err(EAI_NONAME);
    }
    Ok(found)
}

/// The port of a service, of which only numbers are known.
fn port(service: Option<&str>) -> Result<u16, i32> {
    service.map_or(Ok(0), |service| service.parse().map_err(|_| EAI_SERVICE))
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

const V4_SIZE: u32 = size_of::<sockaddr_in>() as u32;
const V6_SIZE: u32 = size_of::<sockaddr_in6>() as u32;

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

/// The list of everything that is asked for.
fn list(
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
        for kind in KINDS
            .into_iter()
            .rev()
            .filter(|kind| hints.wants_kind(*kind))
        {
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
/// [`list`] made it, and nobody uses it any more.
unsafe fn free(mut entry: *mut addrinfo) {
    while own::is_own(entry) {
        // SAFETY: forwarded to the caller.
        let next = unsafe { (*entry).ai_next };
        // SAFETY: forwarded to the caller.
        unsafe { heap::free(entry.cast(), SIZE, ALIGN) };
        entry = next;
    }
}

/// Looks up; the list goes to `result`.
fn look_up(
    node: *const c_char,
    service: *const c_char,
    hints: *const addrinfo,
    result: *mut *mut addrinfo,
) -> Result<(), i32> {
    let (mut node_text, mut service_text) = ([0; NAME_MAX], [0; NAME_MAX]);
    let node = text(node, &mut node_text)?;
    let service = text(service, &mut service_text)?;
    let list = list(node, service, &Hints::read(hints)?)?;
    own::write(result, &list).map_err(|error| {
        // SAFETY: nobody was given the list.
        unsafe { free(list) };
        system(error)
    })
}

/// The bytes of the one address of `name` that has `size` bytes.
fn address_of(name: *const c_char, size: usize) -> Result<[u8; 16], i32> {
    let family = match size {
        4 => AF_INET,
        16 => AF_INET6,
        _ => return Err(EINVAL),
    };
    let mut buffer = [0; NAME_MAX];
    let bytes = own::string(name.cast(), &mut buffer)?;
    let name = str::from_utf8(bytes).map_err(|_| EINVAL)?;
    let hints = Hints {
        flags: 0,
        family,
        kind: 0,
        protocol: 0,
    };
    let found = addresses(Some(name), &hints).map_err(|_| ENETDOWN)?;
    let mut address = [0; 16];
    match found.into_iter().flatten().next() {
        Some(IpAddr::V4(four)) => address[..4].copy_from_slice(&four.octets()),
        Some(IpAddr::V6(six)) => address = six.octets(),
        None => return Err(ENETDOWN),
    }
    Ok(address)
}

/// Writes the address of `name` to `place`.
fn look_up_one(name: *const c_char, place: *mut u8, size: usize) -> Result<(), i32> {
    let address = address_of(name, size)?;
    let bytes = address.iter().take(size).enumerate();
    for (offset, byte) in bytes {
        own::write(place.wrapping_add(offset), byte)?;
    }
    Ok(())
}

export! {
    /// Looks the address of a name up.
    #[abi(here, [EINVAL, EFAULT, ENAMETOOLONG, ENETDOWN],
        "Knows numbers and \"localhost\"; other names are ENETDOWN until there is a network.")]
    fn sys_getaddrbyname(name: *const c_char, address: *mut u8, size: usize) -> i32 {
        look_up_one(name, address, size).map_or_else(fail, |()| 0)
    }

    /// Looks names up; zero, or one of the EAI codes.
    #[abi(here, [EAI_AGAIN, EAI_FAMILY, EAI_MEMORY, EAI_NONAME, EAI_SERVICE, EAI_SOCKTYPE, EAI_SYSTEM],
        "Knows numbers and \"localhost\"; other names are EAI_AGAIN until there is a network.")]
    fn sys_getaddrinfo(
        node: *const c_char,
        service: *const c_char,
        hints: *const addrinfo,
        list: *mut *mut addrinfo,
    ) -> i32 {
        look_up(node, service, hints, list).map_or_else(|code| code, |()| 0)
    }

    /// Frees a list of `sys_getaddrinfo`.
    #[abi(here, [], "The list is the program's own memory, not the kernel's.")]
    fn sys_freeaddrinfo(list: *mut addrinfo) {
        // SAFETY: forwarded to the caller.
        unsafe { free(list) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANY: Hints = Hints {
        flags: 0,
        family: AF_UNSPEC,
        kind: 0,
        protocol: 0,
    };

    #[test]
    fn numbers_and_localhost_need_no_network() {
        let four = addresses(Some("10.0.2.15"), &ANY);
        assert_eq!(four, Ok([Some(Ipv4Addr::new(10, 0, 2, 15).into()), None]));
        let six = addresses(Some("::1"), &ANY);
        assert_eq!(six, Ok([Some(Ipv6Addr::LOCALHOST.into()), None]));
        let both = addresses(Some("LocalHost"), &ANY).expect("known");
        assert_eq!(both[0], Some(Ipv4Addr::LOCALHOST.into()));
        assert_eq!(addresses(Some("example.org"), &ANY), Err(EAI_AGAIN));
        assert_eq!(addresses(Some(""), &ANY), Err(EAI_NONAME));
    }

    #[test]
    fn hints_choose() {
        let six = Hints {
            family: AF_INET6,
            ..ANY
        };
        assert_eq!(addresses(Some("1.2.3.4"), &six), Err(EAI_NONAME));
        let number = Hints {
            flags: flag::NUMERIC_HOST,
            ..ANY
        };
        assert_eq!(addresses(Some("localhost"), &number), Err(EAI_NONAME));
        let passive = Hints {
            flags: flag::PASSIVE,
            family: AF_INET,
            ..ANY
        };
        let any = addresses(None, &passive).expect("an address");
        assert_eq!(any, [Some(Ipv4Addr::UNSPECIFIED.into()), None]);
        assert_eq!(Hints { family: 77, ..ANY }.check(), Err(EAI_FAMILY));
        assert_eq!(Hints { kind: 9, ..ANY }.check(), Err(EAI_SOCKTYPE));
        let crossed = Hints {
            kind: SOCK_STREAM,
            protocol: IPPROTO_UDP,
            ..ANY
        };
        assert_eq!(crossed.check(), Err(EAI_SOCKTYPE));
    }

    #[test]
    fn services_are_numbers() {
        assert_eq!(port(Some("8080")), Ok(8080));
        assert_eq!(port(None), Ok(0));
        assert_eq!(port(Some("65536")), Err(EAI_SERVICE));
        assert_eq!(port(Some("http")), Err(EAI_SERVICE));
    }
}
