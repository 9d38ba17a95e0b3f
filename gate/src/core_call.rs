//! Requests to the trusted core, one function a call.
//!
//! The core knows who asks by PKRU, so that a call by the wrong domain is
//! refused whatever code makes it. The functions here are safe: arguments are
//! scalars, and what a call does to memory is bounded by the core. The calls
//! that change the safe kernel's own memory are in [`crate::memory`].

use core::arch::asm;

use domains::Cell;
use domains::core_call::CoreCall;
use domains::notice::Notice;
use domains::report::TraceKind;

/// Makes core call `call` with four words.
///
/// # Safety
///
/// The effect of the call on the caller's own memory must be accounted for.
pub(crate) unsafe fn core_call(call: CoreCall, words: [u64; 4]) -> i64 {
    if cfg!(feature = "played") {
        return 0;
    }
    let result;
    // SAFETY: SYSCALL changes RCX, R11 and RAX; the core keeps the rest.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") call as u64 => result,
            in("rdi") words[0],
            in("rsi") words[1],
            in("rdx") words[2],
            in("r10") words[3],
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack),
        );
    }
    result
}

/// Makes a core call that touches no memory of the caller.
fn harmless(call: CoreCall, words: [u64; 4]) -> i64 {
    // SAFETY: only used below, for calls that leave the caller's memory alone.
    unsafe { core_call(call, words) }
}

/// Crosses into ring 0 and back: the control for the cost of a gate.
pub fn null() -> i64 {
    harmless(CoreCall::Null, [0; 4])
}

/// Has the timer note an event in `wait` nanoseconds, of which `rate` pass in a
/// tick of the time-stamp counter (32.32 fixed point). `u64::MAX` and a rate of
/// zero disarm it.
pub fn arm_timer(wait: u64, rate: u64) {
    harmless(CoreCall::ArmTimer, [wait, rate, 0, 0]);
}

/// Halts the CPU until an event is pending.
pub fn idle() {
    // DEFENCE: idle-sleeps
    harmless(CoreCall::Idle, [0; 4]);
}

/// Ends the virtual machine.
pub fn exit(status: u8) -> ! {
    harmless(CoreCall::Exit, [u64::from(status), 0, 0, 0]);
    unreachable!("the core ends the machine")
}

/// Frees the saved context of a thread that has ended.
pub fn discard(slot: u64) {
    harmless(CoreCall::Discard, [slot, 0, 0, 0]);
}

/// Puts the application's context back. Returns only if the slot was wrong.
pub fn resume(slot: u64) -> i64 {
    harmless(CoreCall::Resume, [slot, 0, 0, 0])
}

/// Tells the host that the application is about to start.
pub fn started() {
    harmless(CoreCall::Started, [0; 4]);
}

/// Prints bytes on the core's own console.
pub fn print(bytes: &[u8]) {
    for chunk in bytes.chunks(24) {
        let mut words = [0_u8; 24];
        words[..chunk.len()].copy_from_slice(chunk);
        let word = |index: usize| {
            words[8 * index..]
                .first_chunk()
                .copied()
                .map_or(0, u64::from_le_bytes)
        };
        harmless(
            CoreCall::Print,
            [chunk.len() as u64, word(0), word(1), word(2)],
        );
    }
}

/// The registers of the battery-backed clock: second, minute, hour, day, month,
/// year and format, the first in the lowest byte.
pub fn date_registers() -> u64 {
    harmless(CoreCall::Date, [0; 4]) as u64
}

/// Interrupts another CPU, which then finds a reschedule among its events.
pub fn kick(cpu: usize) {
    harmless(CoreCall::Kick, [cpu as u64, 0, 0, 0]);
}

/// Lets the other CPUs enter the safe kernel.
pub fn start_cpus() {
    harmless(CoreCall::StartCpus, [0; 4]);
}

/// Tells the host a line of a dying program's backtrace; negative if there were too
/// many.
pub fn trace(kind: TraceKind, value: u64) -> i64 {
    harmless(CoreCall::Trace, [kind as u64, value, 0, 0])
}

/// Tells the host something of a run that goes on; negative if there was too much.
/// Whoever calls this says the same thing once.
pub fn notice(notice: Notice) -> i64 {
    let [number, value] = notice.words();
    harmless(CoreCall::Trace, [number, value, 0, 0])
}

/// With `test-hooks`: the core's side of a test.
pub fn test_hook(hook: u64, argument: u64) -> i64 {
    harmless(CoreCall::TestHook, [hook, argument, 0, 0])
}

/// Stops `cell`: its devices have nothing any more. False while it runs.
pub fn stop(cell: Cell) -> bool {
    harmless(CoreCall::Stop, [cell.number() as u64, 0, 0, 0]) == 0
}

/// Makes the memory of `cell` what it was at boot, but for its windows. The host is
/// told, and how many requests were under way.
pub fn start(cell: Cell, requests: u32) {
    let arguments = [cell.number() as u64, requests.into(), 0, 0];
    harmless(CoreCall::Start, arguments);
}

/// Requests that only cells may make, each about its own devices.
pub mod driver {
    use super::{CoreCall, harmless};

    /// Resets device number `device`, so that what it had is the driver's again,
    /// and accepts features, all of which must be on offer; none asks what is.
    /// Which they are, or a negative error.
    pub fn device_begin(device: usize, features: u64) -> i64 {
        harmless(CoreCall::DeviceBegin, [device as u64, features, 0, 0])
    }

    /// Lets a device start, whose queues are set up. Negative for an error.
    pub fn device_start(device: usize) -> i64 {
        harmless(CoreCall::DeviceStart, [device as u64, 0, 0, 0])
    }

    /// Sets a queue of `size` entries up whose descriptors, and behind them its
    /// available ring, are at the address `rings`; without a size says what it
    /// can be. Negative for an error.
    pub fn device_queue(device: usize, queue: u16, size: u16, rings: usize) -> i64 {
        let words = [
            device as u64,
            u64::from(queue),
            u64::from(size),
            rings as u64,
        ];
        harmless(CoreCall::DeviceQueue, words)
    }

    /// Gives a device what is new in a queue. What is in a descriptor must be
    /// the driver's, or the driver is convicted of it.
    pub fn publish(device: usize, queue: u16) -> i64 {
        harmless(CoreCall::Publish, [device as u64, u64::from(queue), 0, 0])
    }

    /// Reads `size` bytes (1, 2 or 4) at `offset` of a device's configuration;
    /// negative for an error.
    pub fn device_config(device: usize, offset: usize, size: usize) -> i64 {
        let words = [device as u64, offset as u64, size as u64, 0];
        harmless(CoreCall::DeviceConfig, words)
    }
}
