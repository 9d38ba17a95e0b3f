//! Requests to the trusted core, one function a call.
//!
//! The core knows who asks by PKRU, so that a call by the wrong domain is
//! refused whatever code makes it. The functions here are safe: arguments are
//! scalars, and what a call does to memory is bounded by the core. The calls
//! that change the safe kernel's own memory are in [`crate::memory`].

use core::arch::asm;

use domains::core_call::CoreCall;

/// Makes core call `call` with four words.
///
/// # Safety
///
/// The effect of the call on the caller's own memory must be accounted for.
pub(crate) unsafe fn core_call(call: CoreCall, words: [u64; 4]) -> i64 {
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

/// Arms the timer for `deadline` (nanoseconds since boot); `u64::MAX` disarms.
pub fn arm_timer(deadline: u64) {
    harmless(CoreCall::ArmTimer, [deadline, 0, 0, 0]);
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

/// Interrupts another CPU, which then finds a reschedule among its events.
pub fn kick(cpu: usize) {
    harmless(CoreCall::Kick, [cpu as u64, 0, 0, 0]);
}

/// Lets the other CPUs enter the safe kernel.
pub fn start_cpus() {
    harmless(CoreCall::StartCpus, [0; 4]);
}

/// Tells the host a line of a dying program's backtrace; negative if there is
/// no such kind, or were too many.
pub fn trace(kind: u32, value: u64) -> i64 {
    harmless(CoreCall::Trace, [u64::from(kind), value, 0, 0])
}

/// With `test-hooks`: the core's side of a test.
pub fn test_hook(hook: u64, argument: u64) -> i64 {
    harmless(CoreCall::TestHook, [hook, argument, 0, 0])
}

/// Requests that only the unsafe kernel may make.
pub mod driver {
    use super::{CoreCall, harmless};

    /// The physical address of `address` in a driver's or a frames page.
    pub fn translate(address: usize) -> Option<u64> {
        u64::try_from(harmless(CoreCall::Translate, [address as u64, 0, 0, 0])).ok()
    }

    /// Lets device interrupts come again.
    pub fn unmask() {
        harmless(CoreCall::Unmask, [0; 4]);
    }

    /// Reads four bytes of the configuration of `function` (bus, device and
    /// function as in CONFIG_ADDRESS bits 23:8).
    pub fn pci_read(function: u16, offset: u8) -> u32 {
        let words = [u64::from(function), u64::from(offset), 0, 0];
        u32::try_from(harmless(CoreCall::PciRead, words)).unwrap_or(u32::MAX)
    }

    /// Writes four bytes of configuration, as far as the core lets a driver.
    pub fn pci_write(function: u16, offset: u8, value: u32) {
        let words = [u64::from(function), u64::from(offset), u64::from(value), 0];
        harmless(CoreCall::PciWrite, words);
    }

    /// Maps a memory BAR; its address.
    pub fn pci_map(function: u16, bar: u8) -> Option<usize> {
        let words = [u64::from(function), u64::from(bar), 0, 0];
        usize::try_from(harmless(CoreCall::PciMap, words)).ok()
    }
}
