//! Which version of the plugin interface this QEMU speaks.
//!
//! QEMU reads the version that a plugin was written for before it calls
//! anything in it, refuses one outside its own range, and asks no further. QEMU
//! 7.2 takes versions up to 1, QEMU 9.1 and newer from 2 on. So the answer is
//! made while the plugin is loaded: version 2 brought scoreboards, and a QEMU
//! that has their function has version 2. Of what is used here only the way to
//! an instruction's bytes changed, with version 3; QEMU tells its own version
//! when it calls for the first time.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;
use std::sync::atomic::AtomicI32;
use std::sync::atomic::Ordering::Relaxed;

/// The first version without functions that were dropped.
pub const FIRST: c_int = 1;
/// The first version that newer QEMUs still take.
const SECOND: c_int = 2;
/// From this one on, QEMU copies an instruction's bytes.
const COPIES: c_int = 3;
/// From this one on, QEMU may tell another CPU than the one that runs.
const TELLS_TRANSLATOR: c_int = 4;
/// A function that came with [`SECOND`].
const OF_SECOND: &CStr = c"qemu_plugin_scoreboard_new";

/// What QEMU tells of itself: the beginning, which no version has changed.
#[repr(C)]
pub struct Info {
    target: *const c_char,
    oldest: c_int,
    current: c_int,
    is_system: bool,
    cpus: c_int,
}

/// The version of the QEMU that called.
static CURRENT: AtomicI32 = AtomicI32::new(FIRST);

unsafe extern "C" {
    /// The function or variable of this name in the whole program; null if
    /// there is none. A null `handle` means the program.
    fn dlsym(handle: *mut c_void, name: *const c_char) -> *mut c_void;
}

/// Chooses the version that a plugin means.
pub fn choose(version: &AtomicI32) {
    let has_scoreboards = !find(OF_SECOND).is_null();
    version.store(meant(has_scoreboards), Relaxed);
}

/// Where the function or variable of this name is, for this thread; null if
/// there is none.
pub fn find(name: &CStr) -> *mut c_void {
    // SAFETY: the name is a string; nothing is done with what is found.
    unsafe { dlsym(ptr::null_mut(), name.as_ptr()) }
}

/// The version to mean where scoreboards are to be had, or not.
const fn meant(has_scoreboards: bool) -> c_int {
    match has_scoreboards {
        true => SECOND,
        false => FIRST,
    }
}

impl Info {
    /// Notes which version QEMU speaks.
    pub fn note(&self) {
        CURRENT.store(self.current, Relaxed);
    }

    /// Whether the machine has more than one virtual CPU.
    pub const fn has_many_cpus(&self) -> bool {
        self.is_system && self.cpus > 1
    }
}

/// Whether QEMU copies an instruction's bytes, and does not point to them.
pub fn copies_bytes() -> bool {
    CURRENT.load(Relaxed) >= COPIES
}

/// Whether the CPU that QEMU tells may be the one that translated the block.
pub fn tells_translator() -> bool {
    CURRENT.load(Relaxed) >= TELLS_TRANSLATOR
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_chosen_before_anybody_asks() {
        // No test runs inside QEMU, so there are no scoreboards.
        let version = AtomicI32::new(0);
        choose(&version);
        assert_eq!(version.load(Relaxed), FIRST);
        assert_eq!((meant(false), meant(true)), (1, 2));
    }

    #[test]
    fn bytes_are_copied_from_version_3_on() {
        for (current, copies) in [(1, false), (2, false), (3, true), (4, true)] {
            let info = Info {
                target: ptr::null(),
                oldest: 0,
                current,
                is_system: true,
                cpus: 2,
            };
            info.note();
            assert_eq!(copies_bytes(), copies, "{current}");
        }
    }
}
