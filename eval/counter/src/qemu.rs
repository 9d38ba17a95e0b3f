//! The few functions of QEMU's plugin interface that are used here.
//!
//! Written anew from the interface's documentation, version 1, which QEMU has
//! had since 4.2; its header, GPL-2.0-or-later, is not used and not shipped.
//! The plugin is a tool of the host, no part of any image, and its own licence
//! may be combined with QEMU's.

use std::ffi::{c_int, c_uint, c_void};

/// Names the plugin to QEMU.
pub type Id = u64;
/// What QEMU tells of itself; not looked at.
pub type Info = c_void;
/// A block of instructions that QEMU translates.
pub type Block = c_void;

/// An instruction of a block.
pub type Instruction = c_void;

/// A callback that neither reads nor writes the guest's registers.
pub const CALLBACK_TOUCHES_NO_REGISTERS: c_int = 0;

unsafe extern "C" {
    /// Has `callback` called when a virtual CPU begins.
    pub fn qemu_plugin_register_vcpu_init_cb(id: Id, callback: extern "C" fn(Id, c_uint));
    /// Has `callback` called for each block that is translated.
    pub fn qemu_plugin_register_vcpu_tb_trans_cb(
        id: Id,
        callback: extern "C" fn(Id, *mut Block),
    );
    /// How many instructions the block has.
    pub fn qemu_plugin_tb_n_insns(block: *const Block) -> usize;
    /// Has `callback` called, with the CPU's number, when the block runs.
    pub fn qemu_plugin_register_vcpu_tb_exec_cb(
        block: *mut Block,
        callback: extern "C" fn(c_uint, *mut c_void),
        flags: c_int,
        data: *mut c_void,
    );
    /// Instruction number `index` of the block.
    pub fn qemu_plugin_tb_get_insn(block: *const Block, index: usize) -> *mut Instruction;
    /// Where the instruction lies in the guest's address space.
    pub fn qemu_plugin_insn_vaddr(instruction: *const Instruction) -> u64;
    /// How many bytes the instruction has.
    pub fn qemu_plugin_insn_size(instruction: *const Instruction) -> usize;
    /// Its bytes.
    pub fn qemu_plugin_insn_data(instruction: *const Instruction) -> *const c_void;
    /// Has `callback` called, with the CPU's number, when the instruction runs.
    pub fn qemu_plugin_register_vcpu_insn_exec_cb(
        instruction: *mut Instruction,
        callback: extern "C" fn(c_uint, *mut c_void),
        flags: c_int,
        data: *mut c_void,
    );
    /// Has `callback` called when QEMU ends.
    pub fn qemu_plugin_register_atexit_cb(
        id: Id,
        callback: extern "C" fn(Id, *mut c_void),
        data: *mut c_void,
    );
}
