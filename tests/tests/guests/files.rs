//! Files in memory, and files that travel in the image.

use domains::Isolation;
use libtest_mimic::Trial;

use crate::images::guest;
use crate::{Verdict, ensure, trial};

/// The checks of the guest's module `files` that need nothing of the host.
const CHECKS: [&str; 7] = [
    "content",
    "descriptors",
    "errors",
    "many",
    "pointers",
    "room",
    "tree",
];

pub(crate) fn trials() -> Vec<Trial> {
    Isolation::ALL.into_iter().flat_map(of_mode).collect()
}

fn of_mode(mode: Isolation) -> Vec<Trial> {
    let check = |name: &'static str| {
        trial(format!("files::{mode}::{name}"), move || passes(mode, name))
    };
    CHECKS.into_iter().map(check).collect()
}

fn passes(mode: Isolation, name: &str) -> Verdict {
    let outcome = guest(mode, &["files", name]);
    let holds = outcome.status == 0 && outcome.stdout.contains("passed");
    ensure(holds, "all checks to pass", &outcome)
}
