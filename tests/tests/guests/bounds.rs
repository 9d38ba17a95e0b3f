//! What one call may cost: depth, instructions, and time without a look.
//!
//! Everything is counted: under `--icount` a nanosecond is an instruction.

use domains::Isolation;
use libtest_mimic::Trial;

use crate::images::guest_with;
use crate::{Verdict, ensure, trial};

pub(crate) fn trials() -> Vec<Trial> {
    let of = |name: &str, what: &'static str, flags: &'static [&str]| {
        trial(format!("bounds::{name}"), move || run(what, flags))
    };
    vec![
        of("no_order_makes_a_kernel_recurse", "order", &["--icount"]),
        of(
            "waiting_for_many_counters_costs_each_the_same",
            "crowd",
            &["--icount"],
        ),
        of(
            "no_call_keeps_a_cpu_for_long",
            "calls",
            &["--icount", "-m", "1G"],
        ),
        of("poll_writes_only_what_it_found", "racer", &[]),
    ]
}

fn run(what: &str, flags: &[&str]) -> Verdict {
    let outcome = guest_with(Isolation::Mpk, &["bounds", what], flags);
    print!("{}", outcome.stdout);
    ensure(outcome.status == 0, "every bound to hold", &outcome)
}
