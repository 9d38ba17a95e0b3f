//! Lists of addresses, as `sys_getaddrinfo` gives them.
//!
//! An entry is one allocation in the program's own heap, and holds the address
//! that it points to.

use core::ptr;

use hermit_abi::{EAI_MEMORY, EAI_NONAME, addrinfo};

use super::find::addresses;
use super::hints::{Hints, port};
use crate::sockets::addresses::{Address, name};
use crate::{heap, own};

/// One entry of a list, with the address that it points to.
#[repr(C)]
struct Entry {
    info: addrinfo,
    address: Address,
}

const SIZE: usize = size_of::<Entry>();
const ALIGN: usize = align_of::<Entry>();

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
    for address in addresses(node, hints)?.into_iter().rev() {
        for kind in hints.kinds().rev() {
            match prepend(first, Address::new(&name(address, port)), kind) {
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
    address: Address,
    (kind, protocol): (i32, i32),
) -> Option<*mut addrinfo> {
    let entry: *mut Entry = heap::allocate(SIZE, ALIGN).cast();
    if entry.is_null() {
        return None;
    }
    let info = addrinfo {
        ai_flags: 0,
        ai_family: address.family(),
        ai_socktype: kind,
        ai_protocol: protocol,
        ai_addrlen: address.bytes().len() as u32,
        ai_canonname: ptr::null_mut(),
        // SAFETY: the entry is allocated; only an address is computed.
        ai_addr: unsafe { &raw mut (*entry).address }.cast(),
        ai_next: next,
    };
    // SAFETY: the allocation is new and fits.
    unsafe { entry.write(Entry { info, address }) };
    Some(entry.cast())
}
