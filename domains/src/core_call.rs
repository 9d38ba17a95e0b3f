//! Core calls: what ring 3 may ask of the trusted core, and who may ask it.
//!
//! A core call is a SYSCALL with the number in RAX and up to four arguments in
//! RDI, RSI, RDX and R10; the result comes back in RAX, negative for an error.
//! Arguments are scalars only: the core never follows a pointer of a domain.
//! The core identifies the caller by PKRU and consults [`CoreCall::allowed`].

use crate::Domain;

/// Whoever may make a call. What is about a device, only the cell that drives it
/// may ask.
macro_rules! caller {
    (Safe) => {
        Domain::Safe
    };
    (App) => {
        Domain::App
    };
    (Cell) => {
        Domain::Cell(_)
    };
}

/// The calls, each with its number, which is its place, and who may make it.
macro_rules! core_calls {
    ($($(#[$doc:meta])* $name:ident = $number:literal, by [$($caller:ident),*];)*) => {
        /// A request to the trusted core.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u64)]
        pub enum CoreCall {
            $($(#[$doc])* $name = $number,)*
        }

        impl CoreCall {
            /// Every core call, by number.
            pub const ALL: [CoreCall; [$($number),*].len()] = [$(CoreCall::$name),*];

            /// Whether `domain` may make this call.
            pub const fn allowed(self, domain: Domain) -> bool {
                match self {
                    $(CoreCall::$name => matches!(domain, $(caller!($caller))|*),)*
                }
            }
        }
    };
}

core_calls! {
    /// Does nothing: the control for the cost of a ring crossing.
    Null = 0, by [Safe, Cell, App];
    /// Maps `(address, pages, flags)` with zeroed frames; the region of the
    /// address says whose they are. Flags: [`map_flags`].
    Map = 1, by [Safe];
    /// Unmaps `(address, pages, flags)` and frees their frames. Flags:
    /// [`unmap_flags`].
    Unmap = 2, by [Safe];
    /// Has the timer note an event in `(wait, rate)`: so many nanoseconds, of
    /// which `rate` pass in a tick of the time-stamp counter, as a 32.32
    /// fixed-point number. It may come early, and once: `u64::MAX` with a rate
    /// of zero is never.
    ArmTimer = 3, by [Safe];
    /// Halts until an event is pending.
    Idle = 4, by [Safe];
    /// Puts the application's context in `(slot)` back and frees the slot.
    Resume = 5, by [Safe];
    /// Frees the context in `(slot)`: its thread has ended.
    Discard = 6, by [Safe];
    /// Ends the virtual machine with `(status)`.
    Exit = 7, by [Safe];
    /// Prints `(length, word, word, word)`, at most 24 bytes, on the core's
    /// own console.
    Print = 8, by [Safe];
    /// Tells the host that the application is about to start.
    Started = 9, by [Safe];
    /// Resets a device, so that what it had is the driver's again, and accepts
    /// `(device, features)`; none of them asks what is on offer.
    DeviceBegin = 10, by [Cell];
    /// Sets queue `(device, queue, size, rings)` up: the driver's descriptor
    /// table is at the address `rings`, and behind it the available ring. With a
    /// size of zero asks for the most entries that it can have.
    DeviceQueue = 11, by [Cell];
    /// Lets `(device)` start, whose queues are set up.
    DeviceStart = 12, by [Cell];
    /// Gives a device what is new in queue `(device, queue)`.
    Publish = 13, by [Cell];
    /// Reads `(device, offset, size)` of a device's configuration, at most four
    /// bytes.
    DeviceConfig = 14, by [Cell];
    /// With `test-hooks`: the core's side of a test, `(hook, argument)`.
    TestHook = 15, by [Safe];
    /// Interrupts `(cpu)`, which then finds [`RESCHEDULE`] among its events.
    ///
    /// [`RESCHEDULE`]: crate::cpu_page::pending::RESCHEDULE
    Kick = 16, by [Safe];
    /// Lets the other CPUs enter the safe kernel, each at its `start` on a
    /// stack of its own.
    StartCpus = 17, by [Safe];
    /// Changes what the application may do with `(address, pages)` of its own
    /// to the rights in `(rights)`: bits of [`rights`]. Denied where WRPKRU
    /// could be executed.
    Protect = 18, by [Safe];
    /// Tells the host `(number, value)`: a line of the backtrace of a program that
    /// dies, or a notice of one that runs; so many of each and no more.
    Trace = 19, by [Safe];
    /// The registers of the battery-backed clock, the first in the lowest byte:
    /// second, minute, hour, day, month, year and format (status B).
    Date = 20, by [Safe];
    /// Stops cell number `(cell)`: resets its devices and waits for them, so that
    /// they have nothing any more. Denied while the cell runs on any CPU.
    Stop = 21, by [Safe];
    /// Makes the memory of cell number `(cell, requests)`, which was stopped, what it
    /// was at boot, but for its stacks and windows, and tells the host so, with how
    /// many requests were under way. Denied likewise.
    Start = 22, by [Safe];
}

impl CoreCall {
    /// The core call with this number.
    pub fn from_number(number: u64) -> Option<CoreCall> {
        CoreCall::ALL.get(usize::try_from(number).ok()?).copied()
    }
}

/// Flags of [`CoreCall::Map`].
pub mod map_flags {
    /// Map each page when it is first touched.
    pub const LAZY: u64 = 1 << 0;
    /// Map the last [`TOP_PAGES`] at once all the same: where a stack begins.
    pub const TOP: u64 = 1 << 1;

    /// See [`TOP`].
    pub const TOP_PAGES: u64 = 4;
}

/// Flags of [`CoreCall::Unmap`].
pub mod unmap_flags {
    /// Other CPUs may still use the pages when the call returns, and the frames
    /// become free when many are freed, or are needed.
    pub const LATER: u64 = 1 << 0;
}

/// Rights of [`CoreCall::Protect`]. None is a page that nobody may touch;
/// writing and executing exclude each other.
pub mod rights {
    /// The pages can be read.
    pub const READ: u64 = 1 << 0;
    /// The pages can be written, and read.
    pub const WRITE: u64 = 1 << 1;
    /// The pages can be executed, and read.
    pub const EXECUTE: u64 = 1 << 2;
}

/// The hooks of [`CoreCall::TestHook`].
pub mod test_hook {
    /// Tries the gate page as the domain whose number is the argument. The
    /// result holds the attempts in its high half and the anomalies in its low
    /// half.
    pub const SWEEP: u64 = 1;
    /// Sets bit 9 of XCR0 if the argument is not zero, else clears it: whether
    /// XRSTOR can change PKRU.
    pub const PKRU_BY_XRSTOR: u64 = 2;
    /// Takes the checks that the argument numbers in [`crate::attack::Check::ALL`]
    /// out of the gate page; how many there were.
    pub const BLUNT_GATE: u64 = 3;
    /// The word that the argument numbers of what must be the same on all
    /// CPUs: [`SETTINGS_WORDS`] of them.
    pub const SETTINGS: u64 = 4;
    /// Has a CPU that changes page tables tell the others, or not if the
    /// argument is not zero.
    pub const FORGET_HERE_ONLY: u64 = 5;
    /// Unmaps the page of the application at the argument.
    pub const UNMAP: u64 = 6;
    /// Lets WRPKRU be executed where the application puts it, if the argument
    /// is not zero.
    pub const SKIP_SCAN: u64 = 7;
    /// How often a CPU had the others forget something.
    pub const SHOOTDOWNS: u64 = 16;

    /// Writes through the core's map of all memory to a part of its own image,
    /// which [`OWN_TEXT`] and the others number, what stands there.
    pub const WRITE_OWN: u64 = 8;
    /// Puts the argument into the next word of the core's canary, which is
    /// watched from then on; the physical address of the word.
    pub const CANARY_PUT: u64 = 9;
    /// The word of the canary that the argument numbers.
    pub const CANARY_GET: u64 = 10;
    /// How many traps came with the flag set that opens user pages to the core,
    /// in the high half, and how many of them ran with it, in the low half.
    pub const OPEN_TRAPS: u64 = 11;

    /// The physical address of what is mapped at the argument.
    pub const TRANSLATE: u64 = 12;
    /// The word at the physical address in the argument.
    pub const PHYSICAL_WORD: u64 = 13;
    /// The physical address of the first table of this CPU's page tables.
    pub const TABLES: u64 = 14;
    /// How many pages ring 3 can see, in the high half, and how many of them are
    /// no memory, in the low half.
    pub const PAGES_OF_RING_3: u64 = 17;

    /// How many frames are free.
    pub const FREE_FRAMES: u64 = 18;

    /// The core's code.
    pub const OWN_TEXT: u64 = 0;
    /// Its read-only data.
    pub const OWN_RODATA: u64 = 1;
    /// Its data.
    pub const OWN_DATA: u64 = 2;

    /// How many words the canary has.
    pub const CANARY_WORDS: usize = 5;

    /// How many words [`SETTINGS`] has.
    pub const SETTINGS_WORDS: u64 = 8;
}

/// Errors of core calls, as negative results.
pub mod error {
    use crate::errno;

    /// The caller may not make this call.
    pub const DENIED: i64 = -errno::EPERM;
    /// The device does not do what it should, or has been given up.
    pub const DEVICE: i64 = -errno::EIO;
    /// No free frame is left.
    pub const NO_MEMORY: i64 = -errno::ENOMEM;
    /// The address is not one that the call accepts.
    pub const BAD_ADDRESS: i64 = -errno::EFAULT;
    /// There is no such device.
    pub const NO_DEVICE: i64 = -errno::ENODEV;
    /// An argument makes no sense.
    pub const INVALID: i64 = -errno::EINVAL;
    /// There is no such call.
    pub const UNKNOWN: i64 = -errno::ENOSYS;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_numbered_by_their_place() {
        for (number, call) in CoreCall::ALL.into_iter().enumerate() {
            assert_eq!(call as usize, number);
        }
    }

    #[test]
    fn the_application_has_no_core_call_but_null() {
        for call in CoreCall::ALL {
            assert_eq!(
                call.allowed(Domain::App),
                call == CoreCall::Null,
                "{call:?}"
            );
        }
    }
}
