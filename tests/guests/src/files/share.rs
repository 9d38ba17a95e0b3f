//! What files take of the program's memory, and that they give it back.

use std::alloc::{Layout, alloc, dealloc};
use std::fs::{self, File};
use std::io::Write;
use std::ptr::{self, NonNull};

use crate::checks::{done, same};

const ENOSPC: i32 = 28;
/// Of what is allocated to see how much there is.
const PIECE: Layout = match Layout::from_size_align(64 << 10, 8) {
    Ok(layout) => layout,
    Err(_) => unreachable!(),
};

/// What a program can do with files.
type Fill = fn() -> Result<(), String>;

pub(super) fn run() -> Result<(), String> {
    let memory = gate::info::boot().memory;
    for (name, fill, empty) in [
        ("bytes", many_files as Fill, remove_many as Fill),
        ("pages", one_file, remove_one),
        ("directories", directories, remove_directories),
        ("bytes again", many_files, remove_many),
    ] {
        let before = allocatable();
        fill()?;
        let meanwhile = allocatable();
        empty()?;
        let after = allocatable();
        println!("{name}: {before} bytes, {meanwhile} with files, {after} without");
        let taken = before.saturating_sub(meanwhile);
        same("at most half", taken <= memory / 2, true)?;
        same("some megabytes", taken > memory / 4, true)?;
        same("it came back", after + before / 10 >= before, true)?;
    }
    Ok(())
}

/// How many bytes the program can allocate.
fn allocatable() -> u64 {
    let mut last: *mut u8 = ptr::null_mut();
    let mut size = 0;
    // SAFETY: the size is not zero.
    while let Some(piece) = NonNull::new(unsafe { alloc(PIECE) }) {
        // SAFETY: a piece has room for a pointer, and is aligned for one.
        unsafe { piece.cast::<*mut u8>().write(last) };
        last = piece.as_ptr();
        size += PIECE.size() as u64;
    }
    while let Some(piece) = NonNull::new(last) {
        // SAFETY: it was written above.
        last = unsafe { piece.cast::<*mut u8>().read() };
        // SAFETY: it was allocated above.
        unsafe { dealloc(piece.as_ptr(), PIECE) };
    }
    size
}

/// Does `make` with one number after the other until there is no room.
fn until_full(mut make: impl FnMut(u32) -> std::io::Result<()>) -> Result<(), String> {
    let error = (0..).find_map(|number| make(number).err());
    let errno = error.and_then(|error| error.raw_os_error());
    same("the error", errno, Some(ENOSPC))
}

fn many_files() -> Result<(), String> {
    done("create_dir", fs::create_dir("/tmp/many"))?;
    until_full(|number| fs::write(format!("/tmp/many/{number}"), b"x"))
}

fn remove_many() -> Result<(), String> {
    let mut number = 0;
    // The last one may have been made, and not written.
    while fs::remove_file(format!("/tmp/many/{number}")).is_ok() {
        number += 1;
    }
    done("remove_dir", fs::remove_dir("/tmp/many"))
}

fn one_file() -> Result<(), String> {
    let mut file = done("create", File::create_new("/tmp/one"))?;
    let bytes = [7; 8192];
    until_full(|_| file.write_all(&bytes))
}

fn remove_one() -> Result<(), String> {
    done("remove", fs::remove_file("/tmp/one"))
}

/// Directories with one file each, and with long names.
fn directories() -> Result<(), String> {
    until_full(|number| {
        fs::create_dir(directory(number))?;
        File::create_new(format!("{}/file", directory(number))).map(|_| ())
    })
}

fn remove_directories() -> Result<(), String> {
    let mut number = 0;
    loop {
        let _ = fs::remove_file(format!("{}/file", directory(number)));
        if fs::remove_dir(directory(number)).is_err() {
            return Ok(());
        }
        number += 1;
    }
}

fn directory(number: u32) -> String {
    format!("/tmp/{number:060}")
}
