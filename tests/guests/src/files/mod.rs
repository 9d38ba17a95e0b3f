//! Files, as programs use them: by the standard library where it can, else by
//! the ABI.

mod content;
mod costs;
mod errors;
mod many;
mod room;
mod rootfs;
mod tree;

use std::ffi::CString;
use std::fmt::Debug;
use std::path::Path;

pub use costs::run as costs;

/// Runs the checks called `name`.
pub fn run(name: &str) -> Result<(), String> {
    match name {
        "content" => content::run(),
        "descriptors" => many::descriptors(),
        "errors" => errors::run(),
        "many" => many::files(),
        "pointers" => errors::pointers(),
        "rootfs" => rootfs::run(),
        "room" => room::run(),
        "tree" => tree::run(),
        other => Err(format!("no such checks: {other}")),
    }?;
    println!("files: {name} passed");
    Ok(())
}

/// Fails with `what` unless both are the same.
fn same<T: PartialEq + Debug>(what: &str, found: T, expected: T) -> Result<(), String> {
    if found == expected {
        Ok(())
    } else {
        Err(format!("{what}: found {found:?}, expected {expected:?}"))
    }
}

/// Adds what was done to an error.
fn done<T, E: Debug>(what: &str, result: Result<T, E>) -> Result<T, String> {
    result.map_err(|error| format!("{what}: {error:?}"))
}

/// The errno of a failed operation; zero if it did not fail.
fn errno<T>(result: std::io::Result<T>) -> i32 {
    result
        .err()
        .and_then(|error| error.raw_os_error())
        .unwrap_or(0)
}

/// Opens a file by the ABI: its descriptor, or a negative errno.
fn open(path: impl AsRef<Path>, flags: i32) -> i32 {
    let path = path.as_ref().to_str().expect("paths here are text");
    let path = CString::new(path).expect("without a zero");
    // SAFETY: the path is a C string.
    unsafe { hermit_abi::open(path.as_ptr(), flags, 0o644) }
}

/// Closes a descriptor by the ABI.
fn close(descriptor: i32) -> i32 {
    // SAFETY: the descriptor is not owned by anything else.
    unsafe { hermit_abi::close(descriptor) }
}
