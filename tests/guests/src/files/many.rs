//! Many files in one directory, and many descriptors.

use std::collections::HashSet;
use std::fs::{self, File};

use hermit_abi::O_RDWR;

use super::{close, open};
use crate::checks::{done, same};

const FILES: usize = 10_000;
const DESCRIPTORS: i32 = 100_000;

/// Makes, lists, reads and removes ten thousand files.
pub(super) fn files() -> Result<(), String> {
    done("create_dir", fs::create_dir("/tmp/many"))?;
    let path = |number: usize| format!("/tmp/many/file number {number}");
    for number in 0..FILES {
        done("write", fs::write(path(number), number.to_string()))?;
    }
    let listed: HashSet<_> = done("read_dir", fs::read_dir("/tmp/many"))?
        .map(|entry| entry.map(|entry| entry.file_name()))
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())?;
    same("listed", listed.len(), FILES)?;
    for number in (0..FILES).step_by(7) {
        same(
            "read",
            done("read", fs::read_to_string(path(number)))?,
            number.to_string(),
        )?;
    }
    for number in (0..FILES).rev() {
        done("remove", fs::remove_file(path(number)))?;
    }
    done("remove_dir", fs::remove_dir("/tmp/many"))
}

/// Opens a file a hundred thousand times, by opens and by duplicates.
pub(super) fn descriptors() -> Result<(), String> {
    done("write", fs::write("/tmp/d", "x"))?;
    for number in 3..DESCRIPTORS {
        let descriptor = if number % 2 == 0 {
            // SAFETY: the call takes no address.
            unsafe { hermit_abi::dup(number - 1) }
        } else {
            open("/tmp/d", O_RDWR)
        };
        same("the lowest free one", descriptor, number)?;
    }
    for number in [50_000, 7, 99_999] {
        same("close", close(number), 0)?;
    }
    for number in [7, 50_000, 99_999] {
        same("the lowest first", open("/tmp/d", O_RDWR), number)?;
    }
    for number in 3..DESCRIPTORS {
        same("close", close(number), 0)?;
    }
    same("the first again", open("/tmp/d", O_RDWR), 3)?;
    same("close", close(3), 0)?;
    until_none_is_left()?;
    done("remove", fs::remove_file("/tmp/d"))
}

/// Opens until the table is full or memory is; afterwards all is well.
fn until_none_is_left() -> Result<(), String> {
    let mut last = 2;
    let error = loop {
        // SAFETY: the call takes no address.
        match unsafe { hermit_abi::dup(1) } {
            descriptor if descriptor < 0 => break descriptor,
            descriptor => last = descriptor,
        }
    };
    same("EMFILE or ENOMEM", matches!(error, -24 | -12), true)?;
    same("many", last > DESCRIPTORS, true)?;
    same("open", File::open("/tmp/d").is_err(), true)?;
    for number in 3..=last {
        same("close", close(number), 0)?;
    }
    done("open", File::open("/tmp/d")).map(|_| ())
}
