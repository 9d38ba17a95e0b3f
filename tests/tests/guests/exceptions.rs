//! Every exception that a program can cause is called by its name.
//!
//! Translated code never raises stack-segment faults nor SIMD's exceptions; their
//! names are tried without a guest.

use domains::{Isolation, status};
use libtest_mimic::Trial;

use crate::images::guest;
use crate::{Verdict, ensure, trial};

/// What is done, the vector, its name, and how the report begins.
const CAUSED: [(&str, u64, &str, &str); 10] = [
    ("int3", 13, "general protection fault", "breakpoint: app"),
    (
        "int-0x80",
        13,
        "general protection fault",
        "software interrupt: app ran `int 0x80`",
    ),
    (
        "overflow",
        13,
        "general protection fault",
        "software interrupt: app ran `int 0x4`",
    ),
    ("step", 1, "debug exception", "debug exception: app"),
    ("division", 0, "division error", "division error: app"),
    ("invalid", 6, "invalid opcode", "invalid instruction: app"),
    (
        "privileged",
        13,
        "general protection fault",
        "protection fault: app ran a privileged instruction",
    ),
    (
        "selector",
        13,
        "general protection fault",
        "protection fault: app used the segment selector 0x10",
    ),
    (
        "address",
        13,
        "general protection fault",
        "protection fault: app ran a privileged instruction or used a bad address",
    ),
    (
        "x87",
        16,
        "x87 floating-point exception",
        "x87 floating-point exception: app",
    ),
];

pub(crate) fn trials() -> Vec<Trial> {
    let trials = CAUSED.into_iter().map(|(what, vector, name, begins)| {
        trial(format!("exceptions::{what}_has_its_name"), move || {
            named(what, vector, name, begins)
        })
    });
    trials.collect()
}

fn named(what: &str, vector: u64, name: &str, begins: &str) -> Verdict {
    let outcome = guest(Isolation::Mpk, &["exception", what]);
    let [fault] = &outcome.faults[..] else {
        return ensure(false, "one fault", &outcome);
    };
    let said = fault["what"].as_str().unwrap_or_default();
    let is_named = fault["vector"] == vector && fault["exception"] == name;
    ensure(
        is_named && said.starts_with(begins) && outcome.status == i32::from(status::VIOLATION),
        begins,
        &outcome,
    )
}
