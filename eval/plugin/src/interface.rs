//! The few functions of QEMU's plugin interface that are used here.
//!
//! Written anew from the interface's documentation, versions 1 to 4, which QEMU
//! has had since 4.2; [`version`](crate::version) tells them apart. Its header, GPL-2.0-or-later, is not used and not shipped.
//! The plugin is a tool of the host, no part of any image, and its own licence
//! may be combined with QEMU's.

use std::ffi::{c_int, c_uint, c_void};
use std::mem;

use crate::version;

/// Names the plugin to QEMU.
pub type Id = u64;
/// A block of instructions that QEMU translates.
pub type Block = c_void;

/// An instruction of a block.
pub type Instruction = c_void;

/// An instruction's bytes where QEMU points to them.
type PointToBytes = unsafe extern "C" fn(*const Instruction) -> *const c_void;
/// The same where QEMU copies as many as fit, and says how many.
type CopyBytes = unsafe extern "C" fn(*const Instruction, *mut c_void, usize) -> usize;

/// More bytes than an instruction of x86 has.
const BYTES_MAX: usize = 16;

/// The bytes of an instruction, and how many there are.
///
/// # Safety
///
/// `instruction` is one of a block that QEMU is translating.
pub unsafe fn bytes(instruction: *const Instruction) -> ([u8; BYTES_MAX], usize) {
    let mut bytes = [0; BYTES_MAX];
    // SAFETY: the caller's duty.
    let size = unsafe { qemu_plugin_insn_size(instruction) }.min(BYTES_MAX);
    let function = qemu_plugin_insn_data as *const ();
    if version::copies_bytes() {
        // SAFETY: in this version, the function of this name has this type.
        let copy = unsafe { mem::transmute::<*const (), CopyBytes>(function) };
        // SAFETY: there is room for so many bytes.
        let copied = unsafe { copy(instruction, bytes.as_mut_ptr().cast(), size) };
        return (bytes, copied.min(size));
    }
    // SAFETY: in these versions, the function of this name has this type.
    let point = unsafe { mem::transmute::<*const (), PointToBytes>(function) };
    // SAFETY: QEMU keeps the instruction's bytes while the block is looked at.
    unsafe { point(instruction).copy_to_nonoverlapping(bytes.as_mut_ptr().cast(), size) };
    (bytes, size)
}

/// Accesses that write.
pub const WRITES: c_int = 2;

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
    /// Its bytes: the type is another in each version, and only [`bytes`] knows.
    fn qemu_plugin_insn_data();
    /// Has `callback` called, with the CPU's number, when the instruction runs.
    pub fn qemu_plugin_register_vcpu_insn_exec_cb(
        instruction: *mut Instruction,
        callback: extern "C" fn(c_uint, *mut c_void),
        flags: c_int,
        data: *mut c_void,
    );
    /// Has `callback` called, with the CPU's number and the address, behind each access of
    /// these sorts that the instruction makes.
    pub fn qemu_plugin_register_vcpu_mem_cb(
        instruction: *mut Instruction,
        callback: extern "C" fn(c_uint, u32, u64, *mut c_void),
        flags: c_int,
        sorts: c_int,
        data: *mut c_void,
    );
    /// Has `callback` called when QEMU ends.
    pub fn qemu_plugin_register_atexit_cb(
        id: Id,
        callback: extern "C" fn(Id, *mut c_void),
        data: *mut c_void,
    );
}
