//! The entry page of a kernel domain, as its component fills it.
//!
//! [`Page`] is laid out as [`domains::entries::EntryPage`] says; the component
//! puts one, as a `static`, into the section `.entries`, which its linker
//! script places at the start of its region.

use domains::entries::{EntryPage, SLOTS};
use domains::errno;

/// The entry page of a component.
pub type Page = EntryPage<Entry>;

/// The address of a function that a gate or the core calls.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct Entry(*const ());

// SAFETY: an entry is the address of code, which is the same for everyone.
unsafe impl Sync for Entry {}

/// The arguments as a gate hands them over: the first, the second, the fifth,
/// zero, the third and the fourth. (WRPKRU claims RDX and RCX, so the gate
/// leaves the third and fourth where a function finds its fifth and sixth.)
pub type Handler = extern "C" fn(u64, u64, u64, u64, u64, u64) -> i64;

impl Entry {
    /// The entry that serves a call through a gate.
    pub const fn handler(handler: Handler) -> Entry {
        Entry(handler as *const ())
    }

    /// The function that the core calls to start the component.
    pub const fn start(start: extern "C" fn() -> !) -> Entry {
        Entry(start as *const ())
    }

    /// The function that the core calls with a preempted context.
    pub const fn upcall(upcall: extern "C" fn(u64) -> !) -> Entry {
        Entry(upcall as *const ())
    }

    /// The function that the gate calls while events are pending.
    pub const fn pending(pending: extern "C" fn()) -> Entry {
        Entry(pending as *const ())
    }

    /// An entry that nothing may use.
    pub const fn unused() -> Entry {
        Entry::handler(refuse)
    }
}

/// Builds the entry page of the safe kernel.
pub const fn safe_page(
    start: extern "C" fn() -> !,
    upcall: extern "C" fn(u64) -> !,
    pending: extern "C" fn(),
    table: [Entry; SLOTS],
) -> Page {
    Page {
        start: Entry::start(start),
        upcall: Entry::upcall(upcall),
        pending: Entry::pending(pending),
        reserved: [0; 5],
        table,
    }
}

/// Builds the entry page of a cell, which has only a table.
pub const fn cell_page(table: [Entry; SLOTS]) -> Page {
    let unused = Entry::unused();
    #[cfg(feature = "test-hooks")]
    let table = crate::hooks::with_registers(table);
    Page {
        start: unused,
        upcall: unused,
        pending: unused,
        reserved: [0; 5],
        table,
    }
}

/// Ends what the calling domain does, for a panic handler: the instruction
/// faults, and the core does what it does about any fault of the domain.
pub fn fail() -> ! {
    // SAFETY: the instruction does nothing but fault.
    unsafe { core::arch::asm!("ud2", options(noreturn, nomem, nostack)) }
}

/// Answers calls to numbers that no entry has.
extern "C" fn refuse(_: u64, _: u64, _: u64, _: u64, _: u64, _: u64) -> i64 {
    -errno::ENOSYS
}
