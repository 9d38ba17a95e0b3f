//! Where a kernel domain is entered: the fixed head of its image.
//!
//! Each kernel's linker script puts an entry page at the very start of its
//! region: three addresses that only the core and the gate's slow path use,
//! then the table that the gate indexes. The table has a power of two of
//! slots, and the gate *masks* the number: no comparison to mispredict, and no
//! number that leads outside. Slots without an entry refuse the call.

/// Slots of an entry table.
pub const SLOTS: usize = 128;

/// The head of a kernel's image, as addresses of functions in its text.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct EntryPage<F> {
    /// Called once by the core, on a stack of the domain. Never returns in the
    /// safe kernel; unused in cells.
    pub start: F,
    /// Safe kernel only: the core enters here when it preempts the
    /// application, with the slot of the saved context as argument.
    pub upcall: F,
    /// Safe kernel only: the gate calls this on its way out while
    /// [`crate::cpu_page::CpuPage::pending`] is not zero.
    pub pending: F,
    /// Zero, so that the table is aligned to a cache line.
    pub reserved: [u64; 5],
    /// The functions that the gate calls, by number.
    pub table: [F; SLOTS],
}

/// Byte offset of [`EntryPage::start`].
pub const START: usize = 0;
/// Byte offset of [`EntryPage::upcall`].
pub const UPCALL: usize = 8;
/// Byte offset of [`EntryPage::pending`].
pub const PENDING: usize = 16;
/// Byte offset of [`EntryPage::table`].
pub const TABLE: usize = 64;

const _: () = {
    assert!(core::mem::offset_of!(EntryPage<u64>, upcall) == UPCALL);
    assert!(core::mem::offset_of!(EntryPage<u64>, pending) == PENDING);
    assert!(core::mem::offset_of!(EntryPage<u64>, table) == TABLE);
    assert!(SLOTS.is_power_of_two(), "the gate masks the number");
};
