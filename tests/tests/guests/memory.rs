//! Memory: used up, given back, mapped by the page, and executed.

use domains::{Isolation, status};
use libtest_mimic::Trial;
use tests::boot::{Boot, Outcome};

use crate::images::{TOOL, guest, guest_with, image};
use crate::{Verdict, ensure, long, trial};

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials: Vec<Trial> = Isolation::ALL.into_iter().flat_map(of_mode).collect();
    trials.extend([
        trial("memory::mutant_without_the_scan_is_caught".into(), mutant),
        trial("memory::pages_keep_their_key".into(), keys),
        // Under mpk the emulator would forget by itself what the mutant keeps.
        long(trial(
            "memory::mutant_without_shootdown_loses_the_race".into(),
            race_mutant,
        )),
    ]);
    trials
}

/// What the guest is told, its flags, and what it says at its end.
const SAID: [(&str, &[&str], &[&str], &str); 11] = [
    (
        "what_is_freed_comes_back",
        &["memory", "churn"],
        &["-m", "64M"],
        "in all",
    ),
    (
        "exhaustion_is_an_error",
        &["memory", "exhaust"],
        &["-m", "16M"],
        "pieces",
    ),
    (
        "threads_run_out_and_come_back",
        &["memory", "spawn"],
        // With one CPU, what has ended is gone when it was waited for.
        &["-m", "16M", "-c", "1"],
        "threads",
    ),
    (
        "mappings_run_out_and_come_back",
        &["memory", "map"],
        &["-m", "16M"],
        "mappings",
    ),
    (
        "mappings_are_as_promised",
        &["mapping"],
        &["-m", "64M"],
        "as promised",
    ),
    (
        "code_can_be_made_and_called",
        &["code", "jit"],
        &["-m", "64M"],
        "42",
    ),
    (
        "no_wrpkru_is_executed",
        &["code", "wrpkru"],
        &["-m", "64M"],
        "none got",
    ),
    (
        "what_others_free_comes_home",
        &["memory", "share"],
        &["-c", "1"],
        "all came home",
    ),
    (
        "four_cpus_share_memory",
        &["memory", "share"],
        &["-c", "4"],
        "all came home",
    ),
    (
        "no_wrpkru_wins_a_race",
        &["code", "race"],
        &["-c", "2"],
        "none got",
    ),
    (
        "a_block_grows_in_place",
        &["memory", "grow"],
        &["-m", "64M"],
        "grown in place",
    ),
];

/// What the guest is told, and the cause of its end.
const ENDS: [(&str, &[&str], &str); 4] = [
    (
        "a_stack_without_memory_ends_it",
        &["memory", "stack"],
        "out-of-memory",
    ),
    ("code_is_not_written", &["code", "write-code"], "permission"),
    (
        "data_is_not_executed",
        &["code", "execute-data"],
        "permission",
    ),
    (
        "what_is_gone_is_gone",
        &["code", "execute-unmapped"],
        "unmapped",
    ),
];

fn of_mode(mode: Isolation) -> Vec<Trial> {
    let said = SAID.into_iter().map(|(name, words, flags, text)| {
        let name = format!("memory::{mode}::{name}");
        trial(name, move || says(mode, words, flags, text))
    });
    let ends = ENDS.into_iter().map(|(name, words, cause)| {
        let name = format!("memory::{mode}::{name}");
        trial(name, move || self::ends(mode, words, cause))
    });
    let jit = trial(format!("memory::{mode}::the_jit_example_runs"), move || {
        jit(mode)
    });
    said.chain(ends).chain([jit]).collect()
}

fn jit(mode: Isolation) -> Verdict {
    let outcome = TOOL.boot(&image("examples/jit", mode), &Boot::default());
    let said = |text| outcome.stdout.contains(text);
    let holds = said("the answer is 42") && said("WRPKRU is refused");
    ensure(
        holds && outcome.status == 0,
        "an answer, and a refusal",
        &outcome,
    )
}

fn says(mode: Isolation, words: &[&str], flags: &[&str], text: &str) -> Verdict {
    let outcome = guest_with(mode, words, flags);
    let holds = outcome.status == 0 && outcome.stdout.contains(text);
    ensure(holds, &format!("{text:?}, and status 0"), &outcome)
}

fn ends(mode: Isolation, words: &[&str], cause: &str) -> Verdict {
    let outcome = guest_with(mode, words, &["-m", "16M"]);
    let reported = outcome
        .faults
        .iter()
        .any(|fault| fault["domain"] == "app" && fault["cause"] == cause);
    let holds = reported && outcome.status == i32::from(status::VIOLATION);
    ensure(holds, &format!("the end of the program: {cause}"), &outcome)
}

/// Each look costs the console a new start.
fn keys() -> Verdict {
    let unlimited = ["--restart-limit", "none"];
    let outcome = guest_with(Isolation::Mpk, &["code", "keys"], &unlimited);
    let has_looked = outcome.restarts.len() == 40;
    let holds = outcome.status == 0 && outcome.stdout.contains("none was read");
    ensure(
        holds && has_looked,
        "no page to be read by the console",
        &outcome,
    )
}

/// With the scan off WRPKRU must get through: else the test has no power.
fn mutant() -> Verdict {
    caught(&guest(Isolation::Mpk, &["code", "wrpkru", "mutant"]))
}

/// Where a CPU keeps translations that are gone, it can write to what is
/// executed: the race must be lost, or the test has no power.
fn race_mutant() -> Verdict {
    let words = ["code", "race", "mutant"];
    caught(&guest_with(Isolation::None, &words, &["-c", "2"]))
}

/// Whether the guest said that something got through, and failed for it.
fn caught(outcome: &Outcome) -> Verdict {
    let said = &outcome.stdout;
    let is_caught = said.contains(" got through") && !said.contains("none got through");
    ensure(
        is_caught && outcome.status == 1,
        "the test to catch the mutant",
        outcome,
    )
}
