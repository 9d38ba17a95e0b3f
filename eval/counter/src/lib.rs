//! Counts the instructions of each virtual CPU, inside QEMU.
//!
//! Under `-icount` the time-stamp counter goes on for all virtual CPUs
//! together, so only the emulator knows what each of them did. This is a
//! plugin for it: `-plugin file=libcounter.so,out=FILE`. When QEMU ends, the
//! file holds the counts as a list in JSON, by the number of the CPU.
//!
//! An instruction that faults counts, as do those behind it in its block, so a
//! run with many faults is counted a little too high.

#![expect(unsafe_code, reason = "the interface to QEMU is one of C")]

mod qemu;

use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::{fs, ptr};

use qemu::{Block, CALLBACK_TOUCHES_NO_REGISTERS, Id, Info};

/// More virtual CPUs than any machine here has.
const CPUS_MAX: usize = 64;

/// What each CPU executed.
static EXECUTED: [AtomicU64; CPUS_MAX] = [const { AtomicU64::new(0) }; CPUS_MAX];
/// How many of them ever ran.
static CPUS: AtomicU64 = AtomicU64::new(0);
/// Where the counts go.
static OUT: OnceLock<String> = OnceLock::new();

/// The version of the interface that is meant here.
#[unsafe(no_mangle)]
pub static qemu_plugin_version: c_int = 1;

/// QEMU's first call: takes the argument, and asks to be told of blocks.
///
/// # Safety
///
/// Only QEMU calls it, once, with `count` strings at `arguments`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qemu_plugin_install(
    id: Id,
    _info: *const Info,
    count: c_int,
    arguments: *const *const c_char,
) -> c_int {
    for index in 0..usize::try_from(count).unwrap_or(0) {
        // SAFETY: QEMU gave so many pointers to strings.
        let argument = unsafe { CStr::from_ptr(*arguments.add(index)) };
        if let Some(path) = argument.to_string_lossy().strip_prefix("out=") {
            OUT.get_or_init(|| path.to_owned());
        }
    }
    if OUT.get().is_none() {
        eprintln!("counter: say where the counts go: -plugin file=…,out=FILE");
        return 1;
    }
    // SAFETY: the functions have the types that QEMU expects, and stay.
    unsafe {
        qemu::qemu_plugin_register_vcpu_init_cb(id, started);
        qemu::qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
        qemu::qemu_plugin_register_atexit_cb(id, ended, ptr::null_mut());
    }
    0
}

extern "C" fn started(_id: Id, cpu: c_uint) {
    CPUS.fetch_max(u64::from(cpu) + 1, Ordering::Relaxed);
}

/// Has the block report itself, with its length, each time that it runs.
extern "C" fn translated(_id: Id, block: *mut Block) {
    // SAFETY: QEMU gave a block, for the time of this call.
    let length = unsafe { qemu::qemu_plugin_tb_n_insns(block) };
    // SAFETY: as above; the length travels in place of a pointer.
    unsafe {
        qemu::qemu_plugin_register_vcpu_tb_exec_cb(
            block,
            executed,
            CALLBACK_TOUCHES_NO_REGISTERS,
            ptr::without_provenance_mut(length),
        );
    }
}

extern "C" fn executed(cpu: c_uint, length: *mut c_void) {
    if let Some(count) = EXECUTED.get(cpu as usize) {
        count.fetch_add(length.addr() as u64, Ordering::Relaxed);
    }
}

extern "C" fn ended(_id: Id, _data: *mut c_void) {
    let cpus = usize::try_from(CPUS.load(Ordering::Relaxed)).unwrap_or(CPUS_MAX);
    let counts = EXECUTED
        .iter()
        .take(cpus)
        .map(|count| count.load(Ordering::Relaxed));
    let list: Vec<u64> = counts.collect();
    if let Some(path) = OUT.get()
        && let Err(error) = fs::write(path, format!("{list:?}\n"))
    {
        eprintln!("counter: {path}: {error}");
    }
}
