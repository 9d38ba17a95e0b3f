//! What gates and the core clear on the way: each trial misses one line.

use domains::Isolation;
use libtest_mimic::Trial;

use crate::images::guest_with;
use crate::{Verdict, ensure, trial};

/// The name of a trial, and what the guest's side of it is called.
const TRIALS: [(&str, &str); 13] = [
    ("the_safe_kernel_copies_forwards", "direction"),
    ("a_driver_cannot_turn_copies_round", "direction-back"),
    ("no_number_leads_outside_the_table", "numbers"),
    ("each_domain_has_its_own_token_only", "tokens"),
    ("events_are_served_before_a_kernel_is_left", "pending"),
    ("no_trap_opens_user_pages_to_the_core", "alignment"),
    ("a_core_call_clears_flags", "core-call-flags"),
    ("a_call_leaves_no_register_behind", "registers"),
    ("a_driver_sees_no_register", "driver-registers"),
    ("a_thread_starts_with_cleared_registers", "thread-registers"),
    ("an_upcall_shows_no_vector_register", "upcall-vectors"),
    ("a_driver_cannot_spoil_floating_point", "floating"),
    ("no_thread_sees_anothers_exceptions", "floating-threads"),
];

pub(crate) fn trials() -> Vec<Trial> {
    let trials = TRIALS
        .into_iter()
        .map(|(name, what)| trial(format!("clean::{name}"), move || run(what)));
    trials.collect()
}

/// Counts instructions as time, so that slices are as short as they say.
fn run(what: &str) -> Verdict {
    let outcome = guest_with(Isolation::Mpk, &["clean", what], &["--icount"]);
    ensure(outcome.status == 0, "nothing to be left behind", &outcome)
}
