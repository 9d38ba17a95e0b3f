//! A full file system: ENOSPC, and room again after a removal.

use std::fs::{self, File};
use std::io::Write;

use crate::checks::{done, errno, same};

const ENOSPC: i32 = 28;

pub(super) fn run() -> Result<(), String> {
    let first = fill_with_bytes()?;
    let second = fill_with_bytes()?;
    same(
        "as much room as before",
        first.abs_diff(second) < 1 << 16,
        true,
    )?;
    fill_with_files()?;
    let third = fill_with_bytes()?;
    same(
        "nearly as much room as before",
        first.abs_diff(third) < first / 2,
        true,
    )?;
    // The program's own memory is not what files used.
    same("memory", vec![1_u8; 1 << 20].len(), 1 << 20)
}

/// Writes until there is no room; how many bytes that was.
fn fill_with_bytes() -> Result<u64, String> {
    let path = "/tmp/bytes";
    let mut file = done("create", File::create_new(path))?;
    let piece = vec![7; 64 << 10];
    let mut written = 0;
    let error = loop {
        match file.write(&piece) {
            Ok(0) => return Err("a write of nothing".into()),
            Ok(count) => written += count as u64,
            Err(error) => break error.raw_os_error(),
        }
    };
    same("the error", error, Some(ENOSPC))?;
    same(
        "another file",
        errno(fs::write("/tmp/other", vec![1; 8192])),
        ENOSPC,
    )?;
    same("size", done("metadata", file.metadata())?.len(), written)?;
    same("some megabytes", written > 4 << 20, true)?;
    drop(file);
    let _ = fs::remove_file("/tmp/other");
    done("remove", fs::remove_file(path))?;
    Ok(written)
}

/// Makes files until there is no room, and removes them.
fn fill_with_files() -> Result<(), String> {
    done("create_dir", fs::create_dir("/tmp/full"))?;
    let path = |number: u32| format!("/tmp/full/{number}");
    let mut count = 0;
    let error = loop {
        match File::create_new(path(count)) {
            Ok(_) => count += 1,
            Err(error) => break error.raw_os_error(),
        }
    };
    same("the error", error, Some(ENOSPC))?;
    for number in 0..count {
        done("remove", fs::remove_file(path(number)))?;
    }
    done("remove_dir", fs::remove_dir("/tmp/full"))
}
