//! Segments: flat code and data for two rings, and the task state.
//!
//! There is no local descriptor table and no 32-bit code for ring 3: a far jump
//! into compatibility mode would change what the addresses of a gate mean. The
//! task state has no I/O bitmap, and every interrupt stack is the core's.

#![expect(unsafe_code, reason = "loads descriptor tables")]

use core::arch::asm;
use core::cell::UnsafeCell;

use domains::layout::{CORE_CPU_PAGE, PAGE_SIZE};
use static_assertions::const_assert;
use x86_64::VirtAddr;
use x86_64::instructions::segmentation::{CS, DS, ES, SS, Segment};
use x86_64::instructions::tables::load_tss;
use x86_64::structures::gdt::{Descriptor, GlobalDescriptorTable, SegmentSelector};
use x86_64::structures::tss::TaskStateSegment;

use super::stacks::{Place, Stack};

/// Ring-0 code.
pub(crate) const CORE_CODE: SegmentSelector = SegmentSelector(0x08);
/// Ring-0 data.
pub(crate) const CORE_DATA: SegmentSelector = SegmentSelector(0x10);
/// Ring-3 data.
pub(crate) const USER_DATA: SegmentSelector = SegmentSelector(0x18 | 3);
/// Ring-3 code, 64-bit.
pub(crate) const USER_CODE: SegmentSelector = SegmentSelector(0x20 | 3);
const TASK: SegmentSelector = SegmentSelector(0x28);

/// The interrupt stack of most vectors, counted as the task state does.
pub(crate) const TRAP_STACK: u16 = 0;
/// The interrupt stack of NMI, double fault and machine check.
pub(crate) const ABORT_STACK: u16 = 1;

/// No I/O bitmap: every port access from ring 3 faults.
const NO_BITMAP: u16 = 0xffff;

/// The tables of one CPU.
struct Tables {
    descriptors: GlobalDescriptorTable,
    task: TaskStateSegment,
}

/// The CPU's tables. The CPU itself writes to them (the busy bit).
struct Shared(UnsafeCell<Tables>);

// SAFETY: `load_first` writes once, before the second CPU exists; then only the
// CPU that loaded them uses them.
unsafe impl Sync for Shared {}

static BOOT_TABLES: Shared = Shared(UnsafeCell::new(Tables {
    descriptors: GlobalDescriptorTable::new(),
    task: TaskStateSegment::new(),
}));

/// Where the tables of every other CPU lie: in the core's own page for it.
pub(crate) const OWN_OFFSET: u64 = PAGE_SIZE / 2;

const_assert!(OWN_OFFSET + size_of::<Tables>() as u64 <= PAGE_SIZE);
const_assert!(OWN_OFFSET.is_multiple_of(align_of::<Tables>() as u64));

/// Loads the tables of the CPU that boots.
pub(crate) fn load_first() {
    // SAFETY: called once, by the only CPU; nothing else refers to them.
    unsafe { load(BOOT_TABLES.0.get(), Place::boot()) };
}

/// Makes and loads the tables of a CPU that did not boot.
///
/// # Safety
///
/// Its pages and stacks must be mapped. To be called once on each CPU.
pub(crate) unsafe fn load_own() {
    let pointer = (CORE_CPU_PAGE + OWN_OFFSET) as *mut Tables;
    let clear = Tables {
        descriptors: GlobalDescriptorTable::new(),
        task: TaskStateSegment::new(),
    };
    // SAFETY: the caller's duty; this half of the page is nobody else's.
    unsafe { pointer.write(clear) };
    // SAFETY: they were written just now, and no other CPU sees them.
    unsafe { load(pointer, Place::OWN) };
}

/// Fills the tables at `pointer` and loads them.
///
/// # Safety
///
/// They must be there for ever, cleared, and nobody else's.
unsafe fn load(pointer: *mut Tables, stacks: Place) {
    // SAFETY: the caller's duty.
    let tables: &'static mut Tables = unsafe { &mut *pointer };
    tables.task = task(stacks);
    tables.descriptors.append(Descriptor::kernel_code_segment());
    tables.descriptors.append(Descriptor::kernel_data_segment());
    tables.descriptors.append(Descriptor::user_data_segment());
    tables.descriptors.append(Descriptor::user_code_segment());
    // SAFETY: the task state is static.
    let task = unsafe { Descriptor::tss_segment_unchecked(&raw const tables.task) };
    tables.descriptors.append(task);
    // Only now, or the descriptor would reach as far as the bitmap would.
    tables.task.iomap_base = NO_BITMAP;
    tables.descriptors.load();
    load_selectors();
}

fn task(stacks: Place) -> TaskStateSegment {
    let top = |stack| VirtAddr::new_truncate(stacks.top(stack));
    let mut task = TaskStateSegment::new();
    let mut interrupt_stacks = task.interrupt_stack_table;
    interrupt_stacks[usize::from(TRAP_STACK)] = top(Stack::Trap);
    interrupt_stacks[usize::from(ABORT_STACK)] = top(Stack::Abort);
    task.interrupt_stack_table = interrupt_stacks;
    task
}

fn load_selectors() {
    // SAFETY: the descriptor is 64-bit code for ring 0.
    unsafe { CS::set_reg(CORE_CODE) };
    // SAFETY: the descriptor is flat data for ring 0.
    unsafe { SS::set_reg(CORE_DATA) };
    // SAFETY: null is what 64-bit code needs here.
    unsafe { DS::set_reg(SegmentSelector::NULL) };
    // SAFETY: null is what 64-bit code needs here.
    unsafe { ES::set_reg(SegmentSelector::NULL) };
    // SAFETY: the descriptor is an available task state.
    unsafe { load_tss(TASK) };
    // The register starts with a table of 64 KiB at address zero.
    // SAFETY: nothing uses a local descriptor table.
    unsafe { asm!("lldt {0:x}", in(reg) 0_u16, options(nostack, preserves_flags)) };
}
