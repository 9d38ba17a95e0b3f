//! What the core tells the host, and the end of the machine.
//!
//! The control channel carries one [`Record`] a line; only ring 0 can write to
//! its port, so the host believes it. Whatever is for people goes to the
//! console.

#![expect(unsafe_code, reason = "names I/O ports")]

use core::fmt::{self, Write};
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use domains::report::Record;
use domains::status;

use crate::device::port::Port;
use crate::smp;

#[cfg(test)]
pub(crate) use told::{line, told};

// SAFETY: the debug console, a port that only takes bytes.
const CHANNEL: Port<u8> = unsafe { Port::new(0xe9) };
// SAFETY: the port that ends the machine.
const DEBUG_EXIT: Port<u32> = unsafe { Port::new(0xf4) };

/// The CPU that writes a line, by its APIC id and one; zero for none.
static SPEAKER: AtomicU32 = AtomicU32::new(0);
static HAS_ENDED: AtomicBool = AtomicBool::new(false);

/// Any value but zero: with zero QEMU's status would look like its own failure.
const DONE: u32 = 0x10;

/// Where text goes, byte by byte.
struct To<F>(F);

impl<F: Fn(u8)> Write for To<F> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.bytes().for_each(&self.0);
        Ok(())
    }
}

/// Sends a record to the host.
pub(crate) fn send(record: Record) {
    // No writer can fail.
    alone(|| _ = writeln!(To(|byte| CHANNEL.write(byte)), "{record}"));
}

/// Prints a line on the console.
#[cfg(not(test))]
pub(crate) fn line(arguments: fmt::Arguments<'_>) {
    alone(|| _ = writeln!(To(crate::device::uart::send), "{arguments}"));
}

/// Ends the machine with `status`. Of several CPUs that want to, the first
/// does; the others stop.
pub(crate) fn end(status: u8) -> ! {
    if !HAS_ENDED.swap(true, Ordering::AcqRel) {
        send(Record::Exit(status));
        DEBUG_EXIT.write(DONE);
        // Where nothing answers to that, nothing shall go on, either.
        smp::stop_others();
    }
    stop()
}

/// Stops this CPU if the machine has ended.
pub(crate) fn stop_if_ended() {
    if HAS_ENDED.load(Ordering::Relaxed) {
        stop()
    }
}

fn stop() -> ! {
    loop {
        x86_64::instructions::interrupts::disable();
        x86_64::instructions::hlt();
    }
}

/// Does what writes a line while no other CPU writes one. A CPU that fails in
/// the middle of its own line can still say so.
fn alone(write: impl FnOnce()) {
    const NOBODY: u32 = 0;
    let own = 1 + u32::from(cpu_id());
    if SPEAKER.load(Ordering::Relaxed) == own {
        return write();
    }
    while SPEAKER
        .compare_exchange_weak(NOBODY, own, Ordering::Acquire, Ordering::Relaxed)
        .is_err()
    {
        core::hint::spin_loop();
    }
    write();
    SPEAKER.store(NOBODY, Ordering::Release);
}

/// What tells this CPU from the others, whatever state the core is in.
fn cpu_id() -> u8 {
    (raw_cpuid::cpuid!(1).ebx >> 24) as u8
}

/// The core's last words: it has failed, and nothing can be trusted to go on.
pub fn panic(info: &PanicInfo<'_>) -> ! {
    epitaph(format_args!("{info}"))
}

/// Says why the core failed, and ends the machine.
pub(crate) fn epitaph(why: fmt::Arguments<'_>) -> ! {
    line(format_args!("cloister: the trusted core failed: {why}"));
    end(status::KERNEL_FAILED)
}

/// A host has no console of the core's, so that each test keeps its lines.
#[cfg(test)]
mod told {
    extern crate std;

    use core::cell::RefCell;
    use core::fmt;
    use std::string::{String, ToString};
    use std::thread_local;
    use std::vec::Vec;

    thread_local! {
        static LINES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    }

    /// Keeps a line.
    pub(crate) fn line(arguments: fmt::Arguments<'_>) {
        LINES.with_borrow_mut(|lines| lines.push(arguments.to_string()));
    }

    /// Takes what this test has told.
    pub(crate) fn told() -> Vec<String> {
        LINES.take()
    }
}
