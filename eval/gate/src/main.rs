//! What gates and the core cost, in instructions.
//!
//! Run it by `cargo cloister bench gate`, which boots it under `-icount
//! shift=0`, where the time-stamp counter advances by one an instruction: the
//! figures are exact and the same in every run. On hardware they would be
//! ticks, and mean something else.
//!
//! Each line is `name value unit budget`. A budget is the peer's figure for a
//! plain function call, or the gate's own from the design. Nothing is printed
//! before everything is measured: output ends in interrupts.

mod calls;
mod faults;
mod interrupts;
mod kernels;

use std::fmt::{Display, Write};

use gate::{clock, info};

fn main() {
    let at_main = clock::ticks();
    let mut table = Table::default();
    match std::env::args().nth(1).as_deref() {
        Some("boot") => {
            table.limited("boot-to-main", at_main - info::boot().boot_tsc, 600_000);
        }
        Some("crossings") => crossings(&mut table),
        Some("publishing") => publishing(&mut table),
        Some("write-bytes") => curve(&mut table),
        other => panic!("boot, crossings, publishing or write-bytes, not {other:?}"),
    }
    print!("{}", table.lines);
}

fn crossings(table: &mut Table) {
    table.shown("call-plain", calls::plain());
    table.limited("call-app-to-safe", calls::null(), 48);
    table.limited("call-safe-to-cell", kernels::cell_call(), 55);
    table.limited("core-call-by-safe", kernels::core_call_by_safe(), 200);
    table.limited("core-call-by-cell", kernels::core_call_by_cell(), 200);
    table.limited("core-call-by-app", calls::core_call(), 200);
    table.limited("yield-alone", calls::yield_alone(), 134);
    table.limited("switch", calls::switch(), 531);
    table.shown("touch-of-new-page", faults::touch());
    table.shown("interrupt-to-upcall", interrupts::to_upcall());
    table.shown("interruption", interrupts::whole());
    if let Some(ticks) = faults::contained() {
        table.shown("fault-to-report-and-error", ticks);
    }
}

/// What a driver's core call for each request costs. A call with one entry goes a
/// shorter way than one with more, so the first of more has a part of its own.
fn publishing(table: &mut Table) {
    let [nothing, request, completion, descriptors, completions] = kernels::publish();
    table.limited("publish-nothing", nothing, 320);
    table.limited("publish-request", request, 375);
    table.limited("publish-completion", completion, 335);
    // It may lie in three pieces of memory: frames are shared by two cells.
    table.limited("publish-next-descriptor", descriptors, 80);
    table.limited("publish-next-completion", completions, 30);
}

/// What filling memory costs that a cell owns.
fn curve(table: &mut Table) {
    for power in 0..=12 {
        let size = 1 << power;
        table.shown(format_args!("write-bytes-{size}"), kernels::fill(size));
    }
}

/// Lines that are printed at the end.
#[derive(Default)]
struct Table {
    lines: String,
}

impl Table {
    fn limited(&mut self, name: &str, value: u64, budget: u64) {
        self.line(format_args!("{name} {value} instructions {budget}"));
    }

    fn shown(&mut self, name: impl Display, value: u64) {
        self.line(format_args!("{name} {value} instructions -"));
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        writeln!(self.lines, "{line}").expect("a string takes everything");
    }
}
