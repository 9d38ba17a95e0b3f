//! Files, as programs use them: by the standard library where it can, else by
//! the ABI.

mod content;
mod costs;
mod errors;
mod many;
mod room;
mod rootfs;
mod share;
mod tree;

use std::ffi::CString;
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
        "share" => share::run(),
        "tree" => tree::run(),
        other => Err(format!("no such checks: {other}")),
    }?;
    println!("files: {name} passed");
    Ok(())
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
