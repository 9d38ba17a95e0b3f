//! The guest's registers and memory.
//!
//! Plugins may write neither before QEMU 10.1. So what QEMU itself has for debuggers is
//! used, which its program exports for its own modules. Registers are whole at the start
//! of a block of instructions, and nowhere else.

use std::ffi::{CStr, c_int, c_uint, c_void};
use std::{mem, ptr};

use qemu_plugin::version;

type Cpu = *mut c_void;
type GetCpu = unsafe extern "C" fn(c_int) -> Cpu;
type ReadRegister = unsafe extern "C" fn(Cpu, *mut Bytes, c_int) -> c_int;
type WriteRegister = unsafe extern "C" fn(Cpu, *const u8, c_int) -> c_int;
type Memory = unsafe extern "C" fn(Cpu, u64, *mut c_void, usize, bool) -> c_int;
type Leave = unsafe extern "C" fn(Cpu) -> !;
type ShutDown = unsafe extern "C" fn(c_int);
type NewBytes = unsafe extern "C" fn() -> *mut Bytes;
type FreeBytes = unsafe extern "C" fn(*mut Bytes, c_int) -> *mut u8;

/// GLib's array of bytes.
#[repr(C)]
struct Bytes {
    data: *mut u8,
    size: c_uint,
}

/// How many general registers there are; behind them is the instruction pointer.
pub const REGISTERS: u32 = 16;
/// The number of the instruction pointer.
pub const RIP: u32 = REGISTERS;
/// The number of the stack pointer.
pub const RSP: u32 = 7;
/// The number of the register with a function's result.
pub const RAX: u32 = 0;

/// Their names, in the order that debuggers have them.
pub const NAMES: [&str; REGISTERS as usize] = [
    "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12",
    "r13", "r14", "r15",
];

/// That QEMU was told to end.
const QUIT: c_int = 2;

/// QEMU's functions for the first virtual CPU.
#[derive(Clone, Copy)]
pub struct Guest {
    cpu: GetCpu,
    read: ReadRegister,
    write: WriteRegister,
    memory: Memory,
    leave: Leave,
    shut_down: ShutDown,
    new_bytes: NewBytes,
    free_bytes: FreeBytes,
}

impl Guest {
    /// Finds what is needed.
    ///
    /// # Errors
    ///
    /// The name of a function that this QEMU does not export.
    pub fn find() -> Result<Guest, &'static CStr> {
        // SAFETY: QEMU and GLib have the functions of these names with these types.
        unsafe {
            Ok(Guest {
                cpu: mem::transmute::<*mut c_void, GetCpu>(at(c"qemu_get_cpu")?),
                read: mem::transmute::<*mut c_void, ReadRegister>(at(
                    c"x86_cpu_gdb_read_register",
                )?),
                write: mem::transmute::<*mut c_void, WriteRegister>(at(
                    c"x86_cpu_gdb_write_register",
                )?),
                memory: mem::transmute::<*mut c_void, Memory>(at(c"cpu_memory_rw_debug")?),
                leave: mem::transmute::<*mut c_void, Leave>(at(c"cpu_loop_exit_noexc")?),
                shut_down: mem::transmute::<*mut c_void, ShutDown>(at(
                    c"qemu_system_shutdown_request",
                )?),
                new_bytes: mem::transmute::<*mut c_void, NewBytes>(at(c"g_byte_array_new")?),
                free_bytes: mem::transmute::<*mut c_void, FreeBytes>(at(c"g_byte_array_free")?),
            })
        }
    }

    fn cpu(self) -> Cpu {
        // SAFETY: it may be asked for any number.
        unsafe { (self.cpu)(0) }
    }

    /// What a register holds.
    pub fn register(self, number: u32) -> u64 {
        // SAFETY: QEMU adds the register's bytes to an array, which is given back.
        unsafe {
            let bytes = (self.new_bytes)();
            (self.read)(self.cpu(), bytes, number as c_int);
            let mut value = [0; 8];
            let size = ((*bytes).size as usize).min(8);
            ptr::copy_nonoverlapping((*bytes).data, value.as_mut_ptr(), size);
            (self.free_bytes)(bytes, 1);
            u64::from_le_bytes(value)
        }
    }

    /// Has a register hold `value`.
    pub fn set_register(self, number: u32, value: u64) {
        let bytes = value.to_le_bytes();
        // SAFETY: QEMU reads no more than the eight bytes of a register.
        unsafe { (self.write)(self.cpu(), bytes.as_ptr(), number as c_int) };
    }

    /// Reads memory, whatever the guest's own rights; whether there is some.
    pub fn read(self, address: u64, bytes: &mut [u8]) -> bool {
        let (place, size) = (bytes.as_mut_ptr().cast(), bytes.len());
        // SAFETY: there is room for so many bytes.
        unsafe { (self.memory)(self.cpu(), address, place, size, false) == 0 }
    }

    /// Writes memory, whatever the guest's own rights; whether there is some.
    pub fn write(self, address: u64, bytes: &[u8]) -> bool {
        let (place, size) = (bytes.as_ptr().cast_mut().cast(), bytes.len());
        // SAFETY: QEMU only reads the bytes.
        unsafe { (self.memory)(self.cpu(), address, place, size, true) == 0 }
    }

    /// Leaves the block of instructions that has just begun: the CPU goes on where its
    /// instruction pointer says. The caller has nothing that must be dropped.
    pub fn leave(self) -> ! {
        // SAFETY: a callback of the CPU's own thread at the start of a block calls this,
        // and there is nothing between it and the loop that has to be undone.
        unsafe { (self.leave)(self.cpu()) }
    }

    /// Has QEMU end.
    pub fn shut_down(self) {
        // SAFETY: QEMU takes this from any thread.
        unsafe { (self.shut_down)(QUIT) }
    }
}

fn at(name: &'static CStr) -> Result<*mut c_void, &'static CStr> {
    let found = version::find(name);
    if found.is_null() {
        return Err(name);
    }
    Ok(found)
}
