//! Pages at fixed addresses, with the keys of the domain table.
//!
//! The table's numbers are in the immediates of the gates, so the keys must be
//! exactly those. Linux gives the lowest that is free, so a process that has
//! asked for none gets them.

#![expect(unsafe_code, reason = "it maps memory at fixed addresses")]

use std::io;
use std::ptr;

use domains::Area;
use domains::layout::Region;
use domains::table::{TABLE, key_of};
use libc::{PROT_READ, PROT_WRITE, c_int};

use crate::Stop;

/// Allocates keys until all of the table's are ours.
pub(crate) fn take_keys() -> Result<(), Stop> {
    let mut missing: Vec<i64> = TABLE.iter().map(|row| row.key.number().into()).collect();
    while !missing.is_empty() {
        // SAFETY: a key that nobody uses changes nothing.
        let key = unsafe { libc::syscall(libc::SYS_pkey_alloc, 0, 0) };
        if key < 0 {
            return Err(no_key(io::Error::last_os_error(), &missing));
        }
        missing.retain(|it| *it != key);
    }
    Ok(())
}

fn no_key(error: io::Error, missing: &[i64]) -> Stop {
    Stop::Skipped(format!(
        "the kernel does not give the keys {missing:?}: {error}"
    ))
}

/// Maps `region` with the key of `area`, and `content` at its start.
pub(crate) fn map(
    region: Region,
    area: Area,
    protection: c_int,
    content: &[u8],
) -> Result<(), String> {
    let (start, size) = (region.start as usize, region.size() as usize);
    assert!(content.len() <= size, "the content fits");
    let flags = libc::MAP_PRIVATE
        | libc::MAP_ANONYMOUS
        | libc::MAP_FIXED_NOREPLACE
        | libc::MAP_POPULATE;
    let wanted = ptr::with_exposed_provenance_mut(start);
    // SAFETY: it replaces no other mapping.
    let mapped = unsafe { libc::mmap(wanted, size, PROT_READ | PROT_WRITE, flags, -1, 0) };
    if mapped != wanted {
        return Err(failed("map", region));
    }
    // SAFETY: the mapping is new, writable, and not smaller.
    unsafe { ptr::copy_nonoverlapping(content.as_ptr(), mapped.cast(), content.len()) };
    protect(region, area, protection)
}

/// Gives `region`, which [`map`] has mapped, the key of `area` and a protection.
pub(crate) fn protect(region: Region, area: Area, protection: c_int) -> Result<(), String> {
    let (start, size) = (region.start as usize, region.size() as usize);
    let key = c_int::from(key_of(area).number());
    // SAFETY: the mapping is ours, and no reference leads to it.
    match unsafe { libc::syscall(libc::SYS_pkey_mprotect, start, size, protection, key) } {
        0 => Ok(()),
        _ => Err(failed("give a key to", region)),
    }
}

fn failed(what: &str, region: Region) -> String {
    let error = io::Error::last_os_error();
    format!(
        "cannot {what} {:#x} bytes at {:#x}: {error}",
        region.size(),
        region.start
    )
}
