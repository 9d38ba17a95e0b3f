//! The CPU's own page: the words that gates, safe kernel and core share.
//!
//! It lies at [`crate::layout::CPU_PAGE`] on every CPU and carries the key of
//! [`crate::Area::Info`]: every domain reads it, only the safe kernel (and the
//! gates while they hold the safe kernel's rights) writes it. The core reaches
//! it through its own map of memory.
//!
//! Two words are *tokens*. Each is non-zero exactly while the control flow it
//! stands for is possible, and each gate checks the token of its edge *after*
//! it changed PKRU, where nobody can jump past the check:
//!
//! | token | non-zero while | checked by |
//! |---|---|---|
//! | `entry_stack` | the application runs | entry into the safe kernel, return to the application |
//! | `armed`, one for each cell | that cell runs | entry into the cell, return from it |
//!
//! Cells call nobody, so at most one of them is armed.

use core::mem::offset_of;

use crate::cell::CELLS_MAX;

/// The most CPUs that an image uses.
pub const CPUS_MAX: usize = 8;

/// The words of the CPU page.
#[repr(C)]
#[derive(Debug)]
pub struct CpuPage {
    /// Top of the current thread's kernel stack while the application runs,
    /// zero while a kernel does. The word there holds the number of the entry
    /// that the stack serves.
    pub entry_stack: u64,
    /// Events that the core noted: bits of [`pending`].
    pub pending: u64,
    /// Where a failed copy from or to the application resumes; zero if none
    /// runs.
    pub recovery: u64,
    /// Under `--isolation=none`, the number of the domain that runs.
    pub domain: u64,
    /// The address of the gate from the application to the safe kernel.
    pub app_to_safe: u64,
    /// The number of this CPU.
    pub cpu: u64,
    /// The number of the last call into a cell, for reports. The core marks one that
    /// it has seen, by [`SEEN`].
    pub cell_entry: u64,
    /// For each cell, the safe kernel's stack pointer while it runs, else zero.
    pub armed: [u64; CELLS_MAX],
    /// For each cell, the top of its stack.
    pub cell_stacks: [u64; CELLS_MAX],
    /// From how many nanoseconds on the safe kernel wants a wait of the timer to
    /// be compared with the time-stamp counter; zero for none. The core keeps
    /// the words below for that.
    pub compare_from: u64,
    /// With which period the timer runs, in nanoseconds: then it notes an event
    /// whenever it fires. Zero if it stops when it has fired.
    pub timer_period: u64,
    /// What it had to count when it was read at first, in nanoseconds.
    pub timer_left: u64,
    /// The time-stamp counter before that.
    pub timer_before: u64,
    /// The time-stamp counter after that.
    pub timer_after: u64,
    /// With which period the timer ran before; zero if what follows says nothing.
    pub stretch_period: u64,
    /// How much less it had to count when it was read at last, perhaps in a later
    /// period: in nanoseconds, and negative in two's complement.
    pub stretch_part: u64,
    /// How many ticks of the time-stamp counter lay between at least.
    pub stretch_least: u64,
    /// How many lay between at most.
    pub stretch_most: u64,
}

impl CpuPage {
    /// A page on which nothing runs and nothing has happened.
    pub const CLEAR: CpuPage = CpuPage {
        entry_stack: 0,
        pending: 0,
        recovery: 0,
        domain: 0,
        app_to_safe: 0,
        cpu: 0,
        cell_entry: 0,
        armed: [0; CELLS_MAX],
        cell_stacks: [0; CELLS_MAX],
        compare_from: 0,
        timer_period: 0,
        timer_left: 0,
        timer_before: 0,
        timer_after: 0,
        stretch_period: 0,
        stretch_part: 0,
        stretch_least: 0,
        stretch_most: 0,
    };
}

/// The bit of [`CpuPage::cell_entry`] by which the core knows a call again: the next
/// one writes over it.
pub const SEEN: u64 = 1 << 63;

/// Bits of [`CpuPage::pending`].
pub mod pending {
    use crate::device::DEVICES_MAX;

    /// The timer fired while a kernel ran.
    pub const TIMER: u64 = 1 << 0;
    /// The safe kernel notes this itself: a cell has failed, and whoever waits
    /// for it is to be told.
    pub const FAILURE: u64 = 1 << 1;
    /// Another CPU has work for this one, or wants it to look at its queue.
    pub const RESCHEDULE: u64 = 1 << 2;
    /// The safe kernel notes this itself: whoever held the network let go of it while
    /// another wanted it.
    pub const NETWORK: u64 = 1 << 3;
    /// Devices want service, each by a bit of its own.
    pub const DEVICES: u64 = 0xffff << FIRST_DEVICE;

    const FIRST_DEVICE: usize = 16;

    /// The bit of device number `device`.
    pub const fn device(device: usize) -> u64 {
        DEVICES & 1 << (FIRST_DEVICE + device % DEVICES_MAX)
    }

    /// The bits of `devices`, which has one for each.
    pub const fn of_devices(devices: u64) -> u64 {
        devices << FIRST_DEVICE & DEVICES
    }

    /// The devices among `events`, a bit for each.
    pub const fn devices(events: u64) -> u64 {
        (events & DEVICES) >> FIRST_DEVICE
    }
}

macro_rules! offsets {
    ($($name:ident = $field:ident;)*) => {
        /// Byte offsets of the words, for the gates' assembly.
        pub mod offset {
            use super::{CpuPage, offset_of};
            use crate::Cell;

            /// Offset of the word of `armed` that stands for `cell`.
            pub const fn armed(cell: Cell) -> usize {
                offset_of!(CpuPage, armed) + 8 * cell.number()
            }

            /// Offset of the word of `cell_stacks` for `cell`.
            pub const fn cell_stack(cell: Cell) -> usize {
                offset_of!(CpuPage, cell_stacks) + 8 * cell.number()
            }

            $(
                #[doc = concat!("Offset of `", stringify!($field), "`.")]
                pub const $name: usize = offset_of!(CpuPage, $field);
            )*
        }
    };
}

offsets! {
    ENTRY_STACK = entry_stack;
    PENDING = pending;
    RECOVERY = recovery;
    DOMAIN = domain;
    APP_TO_SAFE = app_to_safe;
    CPU = cpu;
    CELL_ENTRY = cell_entry;
    COMPARE_FROM = compare_from;
    TIMER_PERIOD = timer_period;
    TIMER_LEFT = timer_left;
    TIMER_BEFORE = timer_before;
    TIMER_AFTER = timer_after;
    STRETCH_PERIOD = stretch_period;
    STRETCH_PART = stretch_part;
    STRETCH_LEAST = stretch_least;
    STRETCH_MOST = stretch_most;
}
