//! What checks are made of: each either passes or says what is wrong.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::panic::Location;
use std::{fs, io};

/// Fails with `what`, and where that was asked, unless both are the same.
#[track_caller]
pub fn same<T: PartialEq + Debug>(what: &str, found: T, expected: T) -> Result<(), String> {
    if found == expected {
        return Ok(());
    }
    let place = Location::caller();
    Err(format!(
        "{what}: found {found:?}, expected {expected:?} ({place})"
    ))
}

/// Adds what was done to an error.
pub fn done<T, E: Debug>(what: &str, result: Result<T, E>) -> Result<T, String> {
    result.map_err(|error| format!("{what}: {error:?}"))
}

/// The errno of a failed operation; zero if it did not fail.
pub fn errno<T>(result: io::Result<T>) -> i32 {
    result
        .err()
        .and_then(|error| error.raw_os_error())
        .unwrap_or(0)
}

/// The names in a directory.
pub fn listed(path: &str) -> Result<BTreeSet<String>, String> {
    done(path, fs::read_dir(path))?
        .map(|entry| {
            let name = done("entry", entry)?.file_name();
            name.into_string()
                .map_err(|name| format!("{name:?} is not text"))
        })
        .collect()
}
