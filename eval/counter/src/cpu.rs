//! Which virtual CPU runs.
//!
//! QEMU 10 tells a callback the CPU for which a block was *translated* where
//! virtual CPUs take turns on one thread, as they do when instructions are
//! counted, and blocks are shared by all of them. So with that interface the CPU
//! that runs is read from QEMU itself, whose program exports what it takes.

use std::cell::Cell;
use std::ffi::{CStr, c_int, c_uint, c_void};
use std::mem;
use std::ptr;

use qemu_plugin::version;

/// A virtual CPU, as QEMU has it.
type Cpu = *const c_void;
/// Gives the CPU of a number; null if there is none.
type GetCpu = unsafe extern "C" fn(c_int) -> Cpu;

/// What a thread of QEMU runs: a variable of each thread.
const CURRENT: &CStr = c"current_cpu";
const GET: &CStr = c"qemu_get_cpu";

thread_local! {
    /// Where this thread has the CPU that it runs.
    static PLACE: *const Cpu = version::find(CURRENT).cast();
    /// The CPU that ran last on this thread, and its number.
    static LAST: Cell<(Cpu, c_uint)> = const { Cell::new((ptr::null(), 0)) };
}

/// Whether the CPU that runs can be known.
pub fn is_known() -> bool {
    !version::tells_translator() || !(version::find(CURRENT).is_null() || get().is_none())
}

/// The number of the CPU that runs; QEMU told `told`.
pub fn running(told: c_uint) -> c_uint {
    if !version::tells_translator() {
        return told;
    }
    let place = PLACE.with(|place| *place);
    if place.is_null() {
        return told;
    }
    // SAFETY: a variable of this thread, which lives as long as that.
    let cpu = unsafe { *place };
    let (last, number) = LAST.get();
    if cpu == last {
        return number;
    }
    let number = number_of(cpu).unwrap_or(told);
    LAST.set((cpu, number));
    number
}

fn number_of(cpu: Cpu) -> Option<c_uint> {
    let get = get()?;
    // SAFETY: it may be asked for any number.
    let is = |number: &c_uint| unsafe { get(*number as c_int) } == cpu;
    (0..crate::counts::CPUS_MAX as c_uint).find(is)
}

fn get() -> Option<GetCpu> {
    let function = version::find(GET);
    // SAFETY: QEMU has the function of this name with this type.
    (!function.is_null()).then(|| unsafe { mem::transmute::<*mut c_void, GetCpu>(function) })
}
