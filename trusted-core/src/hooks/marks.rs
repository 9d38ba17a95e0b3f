//! How much of the kernels' stacks was ever used, for the trials.
//!
//! A stack of the safe kernel is painted when it is mapped; all others come
//! cleared. When the program ends, the lowest word that is neither is the
//! highest mark that the stack was filled to.

use core::sync::atomic::Ordering::Relaxed;

use domains::Cell;
use domains::cpu_page::CPUS_MAX;
use domains::layout::{
    CORE_STACK, KERNEL_STACK, KERNEL_STACK_STRIDE, KERNEL_STACKS, PAGE_SIZE,
};
use domains::stack_paint::PAINT;

use crate::cpu::local::Local;
use crate::cpu::stacks::{Place, Stack};
use crate::memory::frame::Frame;
use crate::report;
use crate::state::Core;

/// Prints the highest mark of each kind of stack.
pub(crate) fn print(core: &Core, local: &Local) {
    // The first are those of CPUs, as many as there are; then come the threads'.
    let cpus = (0..CPUS_MAX as u64).filter(|place| is_mapped(core, start(*place)));
    let threads = (CPUS_MAX as u64..).take_while(|place| is_mapped(core, start(*place)));
    let places = cpus.chain(threads);
    let marks = places.map(|place| used(core, start(place), KERNEL_STACK));
    say("safe", KERNEL_STACK, marks.max());
    for cell in Cell::ALL {
        let stack = cell.stack(local.number);
        let mark = used(core, stack.start, stack.size());
        say(cell.name(), stack.size(), Some(mark));
    }
    for stack in [Stack::Trap, Stack::Call] {
        let bottom = Place::boot().top(stack) - CORE_STACK;
        say("core", CORE_STACK, Some(used(core, bottom, CORE_STACK)));
    }
}

fn say(whose: &str, size: u64, used: Option<u64>) {
    if let Some(used) = used {
        report::line(format_args!("stack mark: {whose} {used} of {size}"));
    }
}

/// Where the safe kernel's stack number `place` begins.
const fn start(place: u64) -> u64 {
    KERNEL_STACKS + PAGE_SIZE + place * KERNEL_STACK_STRIDE
}

fn is_mapped(core: &Core, address: u64) -> bool {
    core.space.tables.translate(address).is_some()
}

/// How many bytes from the top down to the lowest word that was written.
fn used(core: &Core, start: u64, size: u64) -> u64 {
    let clean = (start..start + size)
        .step_by(8)
        .take_while(|at| is_clean(core, *at));
    size - 8 * clean.count() as u64
}

fn is_clean(core: &Core, address: u64) -> bool {
    let Some(physical) = core.space.tables.translate(address) else {
        return true;
    };
    let words = core.words(Frame::containing(physical));
    [0, PAINT].contains(&words[(address % PAGE_SIZE) as usize / 8].load(Relaxed))
}
