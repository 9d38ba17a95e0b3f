//! What gates and the core cost, in instructions.
//!
//! Run it by `cargo cloister bench gate`, which boots it under `-icount
//! shift=0`, where the time-stamp counter advances by one an instruction: the
//! figures are exact and the same in every run. On hardware they would be
//! ticks, and mean something else.
//!
//! Each line is `name value unit budget`. A budget is the peer's figure for a
//! plain function call, or the gate's own from the design. With the argument
//! `write-bytes` it prints that curve instead.

mod calls;
mod faults;
mod interrupts;
mod kernels;

use std::fmt::Display;

use gate::{clock, info};

fn main() {
    let at_main = clock::ticks();
    match std::env::args().nth(1).as_deref() {
        None => table(at_main),
        Some("write-bytes") => curve(),
        Some(other) => panic!("nothing or write-bytes, not {other}"),
    }
}

fn table(at_main: u64) {
    limited("boot-to-main", at_main - info::boot().boot_tsc, 600_000);
    shown("call-plain", calls::plain());
    limited("call-app-to-safe", calls::null(), 48);
    limited("call-safe-to-unsafe", kernels::unsafe_call(), 56);
    limited("core-call-by-safe", kernels::core_call_by_safe(), 200);
    limited("core-call-by-unsafe", kernels::core_call_by_unsafe(), 200);
    limited("core-call-by-app", calls::core_call(), 200);
    limited("yield-alone", calls::yield_alone(), 134);
    limited("switch", calls::switch(), 531);
    shown("touch-of-new-page", faults::touch());
    shown("interrupt-to-upcall", interrupts::to_upcall());
    shown("interruption", interrupts::whole());
    // Last, for what the report says is for the host.
    if let Some(ticks) = faults::contained() {
        shown("fault-to-report-and-error", ticks);
    }
}

/// What filling memory costs that the unsafe kernel owns.
fn curve() {
    for power in 0..=12 {
        let size = 1 << power;
        shown(format_args!("write-bytes-{size}"), kernels::fill(size));
    }
}

fn limited(name: &str, value: u64, budget: u64) {
    println!("{name} {value} instructions {budget}");
}

fn shown(name: impl Display, value: u64) {
    println!("{name} {value} instructions -");
}
