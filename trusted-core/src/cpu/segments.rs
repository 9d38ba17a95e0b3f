//! Segments: flat code and data for two rings, and the task state.
//!
//! There is no local descriptor table and no 32-bit code for ring 3: a far jump
//! into compatibility mode would change what the addresses of a gate mean. The
//! task state has no I/O bitmap, and every interrupt stack is the core's.

#![expect(unsafe_code, reason = "loads descriptor tables")]

use core::arch::asm;

use domains::cpu_page::CPUS_MAX;
use x86_64::VirtAddr;
use x86_64::instructions::segmentation::{CS, DS, ES, SS, Segment};
use x86_64::instructions::tables::load_tss;
use x86_64::structures::gdt::{Descriptor, GlobalDescriptorTable, SegmentSelector};
use x86_64::structures::tss::TaskStateSegment;

use super::shared::Shared;
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

/// The tables of one CPU, which itself writes to them (the busy bit).
struct Tables {
    descriptors: GlobalDescriptorTable,
    task: TaskStateSegment,
}

/// The tables by the number of their CPU. A new task state has no I/O bitmap:
/// every port access from ring 3 faults.
static TABLES: [Shared<Tables>; CPUS_MAX] = [const {
    Shared::new(Tables {
        descriptors: GlobalDescriptorTable::new(),
        task: TaskStateSegment::new(),
    })
}; CPUS_MAX];

/// Fills and loads the tables of this CPU.
///
/// # Safety
///
/// It must have this number and these stacks. To be called once on each CPU.
pub(crate) unsafe fn load(number: u64, stacks: Place) {
    // SAFETY: the caller's duty; nobody else refers to the tables of this CPU.
    let tables: &'static mut Tables = unsafe { &mut *TABLES[number as usize].get() };
    let top = |stack| VirtAddr::new_truncate(stacks.top(stack));
    tables.task.interrupt_stack_table[usize::from(TRAP_STACK)] = top(Stack::Trap);
    tables.task.interrupt_stack_table[usize::from(ABORT_STACK)] = top(Stack::Abort);
    tables.descriptors.append(Descriptor::kernel_code_segment());
    tables.descriptors.append(Descriptor::kernel_data_segment());
    tables.descriptors.append(Descriptor::user_data_segment());
    tables.descriptors.append(Descriptor::user_code_segment());
    // SAFETY: the task state is static.
    let task = unsafe { Descriptor::tss_segment_unchecked(&raw const tables.task) };
    // DEFENCE: no-32-bit-code
    tables.descriptors.append(task);
    tables.descriptors.load();
    load_selectors();
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
