//! Names of hosts, and what they stand for.
//!
//! | module | has |
//! |---|---|
//! | `hints`, `list` | what is asked for, and what is given |
//! | `find` | numbers and the names that everybody knows |
//! | `resolver` | where a name is looked up: a file, what is known still, servers |
//! | `settings`, `search`, `hosts`, `text` | files, or what the network says, of how |
//! | `servers`, `stream` | questions to servers, and who is believed |
//! | `dns`, `host` | messages |
//! | `cache`, `order`, `families` | what is kept, and what is told first |
//! | `system`, `kernel` | what of the machine is needed for that |
//!
//! It is the program's own: a server that lies deceives nobody else. A program that
//! looks no names up has none of it, as its linker leaves out what nobody calls.

mod cache;
mod dns;
#[cfg(test)]
mod fake;
mod families;
mod find;
#[cfg(feature = "fuzzed")]
pub(crate) mod fuzzed;
mod hints;
mod host;
mod hosts;
mod kernel;
mod list;
mod order;
mod resolver;
mod search;
mod servers;
mod settings;
mod stream;
mod system;
mod text;

use core::ffi::c_char;
use core::net::IpAddr;
use core::str;

use hermit_abi::{
    AF_INET, AF_INET6, EAGAIN, EAI_AGAIN, EAI_FAIL, EAI_NONAME, EAI_SYSTEM, EFAULT, EINVAL,
    EIO, ENOENT, addrinfo,
};

use self::find::addresses;
use self::hints::Hints;
use crate::errno::fail;
use crate::export::export;
use crate::own;

/// The longest name, with its end.
const NAME_MAX: usize = 256;

export! {
    /// Looks the address of a name up.
    #[abi(both, [EAGAIN, EFAULT, EINVAL, EIO, ENAMETOOLONG, ENOENT],
        "As `sys_getaddrinfo`, but the first address only.")]
    fn sys_getaddrbyname(name: *const c_char, address: *mut u8, size: usize) -> i32 {
        look_up_one(name, address, size).map_or_else(fail, |()| 0)
    }

    /// Looks names up; zero, or one of the EAI codes.
    #[abi(both, [
        EAI_AGAIN, EAI_FAIL, EAI_FAMILY, EAI_MEMORY, EAI_NODATA, EAI_NONAME, EAI_SERVICE, EAI_SOCKTYPE,
        EAI_SYSTEM,
    ], "Heeds `/etc/hosts` and `/etc/resolv.conf`, asks for both families at once, and keeps answers for their time.")]
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
        unsafe { list::free(list) };
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
    let list = list::make(node, service, &Hints::read(hints)?)?;
    own::write(result, &list).map_err(|error| {
        // SAFETY: nobody was given the list.
        unsafe { list::free(list) };
        system_error(error)
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
    let found = addresses(Some(name), &Hints::any(family)).map_err(errno)?;
    let mut address = [0; 16];
    match found.first() {
        Some(IpAddr::V4(four)) => address[..4].copy_from_slice(&four.octets()),
        Some(IpAddr::V6(six)) => address = six.octets(),
        None => return Err(ENOENT),
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

/// The errno that says what an EAI code does.
fn errno(code: i32) -> i32 {
    match code {
        EAI_AGAIN => EAGAIN,
        EAI_FAIL => EIO,
        _ => ENOENT,
    }
}

/// The code that says "see errno", which becomes `errno`.
fn system_error(errno: i32) -> i32 {
    fail(errno);
    EAI_SYSTEM
}

/// The text of a name that the caller gave; none for null.
fn text(pointer: *const c_char, buffer: &mut [u8; NAME_MAX]) -> Result<Option<&str>, i32> {
    if pointer.is_null() {
        return Ok(None);
    }
    let bytes = own::string(pointer.cast(), buffer).map_err(|error| match error {
        EFAULT => system_error(error),
        _ => EAI_NONAME,
    })?;
    str::from_utf8(bytes).map(Some).map_err(|_| EAI_NONAME)
}
