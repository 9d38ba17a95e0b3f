//! Several CPUs: each has all the walls, and none sees what another took away.

use domains::attack::ATTACKERS;
use domains::layout::{self, PAGE_SIZE};
use domains::{Domain, Isolation, status};
use libtest_mimic::Trial;
use tests::boot::{Boot, Outcome};

use crate::images::{TOOL, guest_with, image};
use crate::{Verdict, ensure, long, trial};

/// The flags of a guest with two CPUs, and with four.
const TWO: [&str; 2] = ["-c", "2"];
const FOUR: [&str; 2] = ["-c", "4"];

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![
        trial("cpus::settings_are_the_same_everywhere".into(), settings),
        trial(
            "cpus::mutant_with_other_settings_is_caught".into(),
            other_settings,
        ),
        trial("cpus::faults_at_once_make_one_report".into(), faults),
        trial(
            "cpus::a_driver_that_faults_fails_on_its_cpu_alone".into(),
            driver,
        ),
        trial("cpus::a_driver_that_hangs_is_ended_on_any_cpu".into(), hang),
        trial("cpus::xrstor_cannot_change_pkru_on_any_cpu".into(), || {
            passes(Isolation::Mpk, &["on", "1", "xrstor"])
        }),
        trial(
            "cpus::pkru_is_right_after_every_entry_on_any_cpu".into(),
            || passes(Isolation::Mpk, &["on", "1", "pkru"]),
        ),
    ];
    trials.extend(up());
    trials.push(trial(
        "cpus::app_reads_the_cores_stack_on_another_cpu".into(),
        core_stack,
    ));
    // Under mpk the emulator flushes everything when such a CPU wakes.
    trials.push(trial(
        "cpus::an_unmapped_page_is_gone_for_a_sleeper".into(),
        || stale(Isolation::None, "stale-sleeper"),
    ));
    trials.push(long(trial(
        "cpus::mutant_without_shootdown_is_caught_by_a_sleeper".into(),
        || still_read(Isolation::None, "stale-sleeper"),
    )));
    trials.extend(ATTACKERS.map(sweep));
    trials.extend(["write", "read", "execute"].map(attack));
    for mode in Isolation::ALL {
        trials.push(trial(
            format!("cpus::an_unmapped_page_is_gone_everywhere_{mode}"),
            move || stale(mode, "stale"),
        ));
        trials.push(trial(
            format!("cpus::mutant_without_shootdown_is_caught_{mode}"),
            move || still_read(mode, "stale"),
        ));
        trials.push(trial(
            format!("cpus::first_touches_at_once_are_one_page_{mode}"),
            move || passes_with(mode, &["cpus", "touch"], &FOUR),
        ));
    }
    trials
}

/// Every machine starts as many CPUs as it is told to.
fn up() -> impl Iterator<Item = Trial> {
    let all = [
        ("microvm", "8"),
        ("microvm", "3"),
        ("q35", "8"),
        ("q35", "2"),
    ];
    all.into_iter().map(|(machine, cpus)| {
        trial(
            format!("cpus::all_{cpus}_of_a_{machine}_are_up"),
            move || {
                let boot = Boot {
                    flags: &["-c", cpus, "--machine", machine, "--log", "info"],
                    ..Boot::default()
                };
                let outcome = TOOL.boot(&image("examples/hello", Isolation::Mpk), &boot);
                let said = format!("{cpus} CPUs,");
                let holds = outcome.status == 0 && outcome.console.contains(&said);
                ensure(holds, &format!("the core to say {said:?}"), &outcome)
            },
        )
    })
}

fn passes(mode: Isolation, arguments: &[&str]) -> Verdict {
    passes_with(mode, arguments, &TWO)
}

fn passes_with(mode: Isolation, arguments: &[&str], flags: &[&str]) -> Verdict {
    let outcome = guest_with(mode, arguments, flags);
    let holds = outcome.status == 0 && outcome.faults.is_empty();
    ensure(holds, "the test to pass on every CPU", &outcome)
}

fn settings() -> Verdict {
    for machine in ["microvm", "q35"] {
        let flags = ["-c", "8", "--machine", machine];
        let outcome = guest_with(Isolation::Mpk, &["cpus", "settings"], &flags);
        let holds = outcome.status == 0 && outcome.stdout.contains("settings of 8 CPUs");
        ensure(holds, "equal settings on 8 CPUs", &outcome)?;
    }
    passes_with(Isolation::None, &["cpus", "settings"], &FOUR)
}

fn other_settings() -> Verdict {
    let outcome = guest_with(Isolation::Mpk, &["cpus", "settings", "mutant"], &FOUR);
    let holds = outcome.status == 1 && outcome.stdout.contains("CPU 3 differs");
    ensure(holds, "the test to catch the mutant", &outcome)
}

/// All CPUs fault, the first one ends the program, and what the host gets is
/// one whole record.
fn faults() -> Verdict {
    let outcome = guest_with(Isolation::Mpk, &["cpus", "faults"], &FOUR);
    let is_one = outcome.faults.len() == 1 && outcome.faults[0]["domain"] == "app";
    ensure(
        is_one && outcome.status == i32::from(status::VIOLATION),
        "one report of the application",
        &outcome,
    )
}

/// The core goes on behind the call on the CPU that made it.
fn driver() -> Verdict {
    let arguments = ["on", "1", "attack", "console", "read", "0x100000000000"];
    let outcome = guest_with(Isolation::Mpk, &arguments, &TWO);
    is_rewound(&outcome, "key")
}

fn hang() -> Verdict {
    let arguments = ["on", "1", "attack", "console", "spin"];
    let outcome = guest_with(Isolation::Mpk, &arguments, &TWO);
    is_rewound(&outcome, "deadline")
}

fn is_rewound(outcome: &Outcome, cause: &str) -> Verdict {
    let mut faults = outcome.faults.iter();
    let reported = faults.any(|fault| {
        fault["domain"] == "console" && fault["cause"] == cause && fault["action"] == "rewind"
    });
    ensure(
        reported && outcome.status == 0,
        "the call alone to be ended",
        outcome,
    )
}

fn sweep(attacker: Domain) -> Trial {
    let name = format!("cpus::no_offset_gets_{attacker}_through_on_another_cpu");
    trial(name, move || {
        let arguments = ["on", "1", "sweep", attacker.name()];
        let outcome = guest_with(Isolation::Mpk, &arguments, &TWO);
        let holds = outcome.status == 0 && outcome.stdout.contains("none got through");
        ensure(holds, "every forged jump to be stopped", &outcome)
    })
}

/// The application on another CPU, against the safe kernel.
fn attack(access: &'static str) -> Trial {
    let name = format!("cpus::app_{access}s_safe_on_another_cpu");
    trial(name, move || {
        let arguments = ["on", "3", "attack", "app", access, "0x100000000000"];
        let outcome = guest_with(Isolation::Mpk, &arguments, &FOUR);
        let mut faults = outcome.faults.iter();
        let reported = faults.any(|fault| fault["domain"] == "app" && fault["page"] == "safe");
        ensure(
            reported && outcome.status == i32::from(status::VIOLATION),
            "the application to be ended",
            &outcome,
        )
    })
}

/// A CPU that did not boot has the core's stacks at addresses of its own.
fn core_stack() -> Verdict {
    let address = format!("{:#x}", layout::CORE_STACKS + PAGE_SIZE);
    let arguments = ["on", "1", "attack", "app", "read", &address];
    let outcome = guest_with(Isolation::Mpk, &arguments, &TWO);
    let mut faults = outcome.faults.iter();
    let reported =
        faults.any(|fault| fault["page"] == "core" && fault["cause"] == "supervisor");
    ensure(
        reported && outcome.status == i32::from(status::VIOLATION),
        "the core's page to be out of reach",
        &outcome,
    )
}

fn stale(mode: Isolation, test: &str) -> Verdict {
    let outcome = guest_with(mode, &["cpus", test, "5"], &TWO);
    let hexadecimal = |text: &str| u64::from_str_radix(text.trim_start_matches("0x"), 16).ok();
    let mut lines = outcome.stdout.lines();
    let page = lines.find_map(|line| hexadecimal(line.strip_prefix("page ")?));
    let fault = outcome.faults.first();
    let touched = fault.and_then(|fault| fault["address"].as_u64());
    let is_there = page.is_some() && touched.map(|at| at / PAGE_SIZE * PAGE_SIZE) == page;
    ensure(
        is_there && outcome.status == i32::from(status::VIOLATION),
        "the next read on the other CPU to fault",
        &outcome,
    )
}

/// The emulator keeps translations in few places, and what a CPU does while it
/// falls asleep and wakes may need the one that this is about. So page after page is
/// tried, none near the last.
fn still_read(mode: Isolation, test: &str) -> Verdict {
    let mut outcomes = (0..64).map(|number: u32| {
        let page = number * 11 % 64;
        let arguments = ["cpus", test, &page.to_string(), "mutant"];
        guest_with(mode, &arguments, &TWO)
    });
    let is_seen = outcomes.any(|outcome| {
        outcome.status == 1 && outcome.stdout.contains("the page is still read")
    });
    ensure(is_seen, "the test to catch the mutant", &is_seen)
}
