//! Counts instructions and crossings of each virtual CPU, inside QEMU.
//!
//! Under `-icount` the time-stamp counter goes on for all virtual CPUs
//! together, and while the guest waits; so only the emulator knows what each
//! of them did. This is a plugin for it: `-plugin file=libcounter.so,out=FILE`.
//! When QEMU ends, the file holds the [`counts`] in JSON. With `ask=SOCKET` they
//! can be had at any time ([`ask`]); with `entry=ADDRESS` they say how many
//! instructions came before the one there was executed first, as a number with
//! `0x`. The guest is as it is without the plugin: nothing in it counts.
//!
//! An instruction that faults counts, as do those behind it in its block, so a
//! run with many faults is counted a little too high.

#![expect(unsafe_code, reason = "the interface to QEMU is one of C")]

mod ask;
mod counts;
mod cpu;
mod marks;

use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::sync::OnceLock;
use std::{fs, ptr};

use marks::Mark;
use qemu_plugin::interface::{self as qemu, Block, CALLBACK_TOUCHES_NO_REGISTERS, Id};
use qemu_plugin::version::Info;

qemu_plugin::begin!();

/// Where the counts go.
static OUT: OnceLock<String> = OnceLock::new();
/// The socket of whoever asks for them.
static ASK: OnceLock<String> = OnceLock::new();
/// Where the kernel begins.
static ENTRY: OnceLock<u64> = OnceLock::new();

/// QEMU's first call: takes the argument, and asks to be told of blocks.
///
/// # Safety
///
/// Only QEMU calls it, once, with what it tells of itself at `info` and `count`
/// strings at `arguments`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qemu_plugin_install(
    id: Id,
    info: *const Info,
    count: c_int,
    arguments: *const *const c_char,
) -> c_int {
    // SAFETY: QEMU gave it, for the time of this call.
    let info = unsafe { &*info };
    info.note();
    if info.has_many_cpus() && !cpu::is_known() {
        eprintln!("counter: this QEMU does not say which of its CPUs runs");
        return 1;
    }
    for index in 0..usize::try_from(count).unwrap_or(0) {
        // SAFETY: QEMU gave so many pointers to strings.
        let argument = unsafe { CStr::from_ptr(*arguments.add(index)) };
        if !take(&argument.to_string_lossy()) {
            eprintln!("counter: what is {argument:?}?");
            return 1;
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

/// Takes an argument; whether it is one.
fn take(argument: &str) -> bool {
    let Some((name, value)) = argument.split_once('=') else {
        return false;
    };
    match name {
        "out" => OUT.set(value.to_owned()).is_ok(),
        "ask" => ASK.set(value.to_owned()).is_ok(),
        "entry" => address(value).is_some_and(|address| ENTRY.set(address).is_ok()),
        _ => false,
    }
}

fn address(text: &str) -> Option<u64> {
    u64::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}

extern "C" fn started(_id: Id, cpu: c_uint) {
    counts::note_cpu(cpu);
    // Not before: QEMU has blocked the signals by now that are for its own threads,
    // and a new thread inherits that.
    if let Some(path) = ASK.get() {
        ask::listen(path);
    }
}

/// Has the block report itself, with its length, each time that it runs, and
/// those of its instructions that are marked.
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
    (0..length).for_each(|index| mark(block, index));
}

/// Has instruction number `index` of the block report itself if it is marked.
fn mark(block: *mut Block, index: usize) {
    // SAFETY: the block has so many instructions; QEMU keeps what it answers
    // for as long as the block is looked at.
    let (instruction, address, (bytes, size)) = unsafe {
        let instruction = qemu::qemu_plugin_tb_get_insn(block, index);
        let address = qemu::qemu_plugin_insn_vaddr(instruction);
        (instruction, address, qemu::bytes(instruction))
    };
    if ENTRY.get() == Some(&address) {
        // SAFETY: the instruction is one of the block; no data is wanted.
        unsafe {
            qemu::qemu_plugin_register_vcpu_insn_exec_cb(
                instruction,
                entered,
                CALLBACK_TOUCHES_NO_REGISTERS,
                ptr::null_mut(),
            );
        }
    }
    for mark in Mark::of(address, &bytes[..size]) {
        // SAFETY: the instruction is one of the block; the mark's number
        // travels in place of a pointer.
        unsafe {
            qemu::qemu_plugin_register_vcpu_insn_exec_cb(
                instruction,
                passed,
                CALLBACK_TOUCHES_NO_REGISTERS,
                ptr::without_provenance_mut(mark as usize),
            );
        }
    }
}

extern "C" fn executed(cpu: c_uint, length: *mut c_void) {
    counts::add_instructions(cpu::running(cpu), length.addr() as u64);
}

extern "C" fn passed(_cpu: c_uint, mark: *mut c_void) {
    counts::add_mark(mark.addr());
}

extern "C" fn entered(_cpu: c_uint, _data: *mut c_void) {
    counts::enter();
}

extern "C" fn ended(_id: Id, _data: *mut c_void) {
    if let Some(path) = OUT.get()
        && let Err(error) = fs::write(path, counts::as_json())
    {
        eprintln!("counter: {path}: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_known_and_come_once() {
        assert!(take("entry=0x100000") && !take("entry=0x1"));
        assert_eq!(ENTRY.get(), Some(&0x10_0000));
        for wrong in ["", "out", "in=x", "entry=12", "entry=0xg"] {
            assert!(!take(wrong), "{wrong}");
        }
    }
}
