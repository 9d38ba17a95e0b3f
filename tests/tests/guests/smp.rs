//! Several CPUs: the same programs, and what only several CPUs can show.

use domains::Isolation;
use libtest_mimic::{Failed, Trial};
use serde_json::Value;
use tests::boot::{Boot, Outcome};

use crate::images::{TOOL, guest_with, image};
use crate::{Verdict, above_all_with_walls, alone, counter, ensure, in_turns, trial};

pub(crate) fn trials() -> Vec<Trial> {
    Isolation::ALL.into_iter().flat_map(of_mode).collect()
}

/// Machines and numbers of CPUs. Where instructions count as time the CPUs take
/// turns, in small steps: then a host with few CPUs of its own does not wait
/// for a spinning one to be done. Without, they really race.
const MACHINES: [(&str, &[&str]); 4] = [
    ("2_cpus", &["-c", "2"]),
    ("4_cpus", &["-c", "4"]),
    (
        "4_cpus_of_q35",
        &["-c", "4", "--machine", "q35", "--icount"],
    ),
    ("8_cpus_in_turns", &["-c", "8", "--icount"]),
];

fn of_mode(mode: Isolation) -> Vec<Trial> {
    let on_machines = MACHINES.into_iter().flat_map(move |(machine, flags)| {
        let named = |name: &str| format!("smp::{mode}::{name}_on_{machine}");
        [
            on(flags, named("the_threads_example_passes"), move || {
                threads(mode, flags)
            }),
            on(flags, named("every_check_passes"), move || {
                checks(mode, flags)
            }),
        ]
    });
    let named = |name: &str, body: fn(Isolation) -> Verdict| {
        trial(format!("smp::{mode}::{name}"), move || body(mode))
    };
    let named_alone = |name: &str, body: fn(Isolation) -> Verdict| {
        alone(format!("smp::{mode}::{name}"), move || body(mode))
    };
    let others = vec![
        named("one_cpu_passes_the_same_checks", |mode| {
            checks(mode, &["-c", "1"])
        }),
        named_alone("registers_survive_going_elsewhere", migration),
        named_alone("a_thousand_threads_meet", crowd),
        named("a_thousand_threads_end_together", ending),
        named("stacks_of_ended_threads_are_memory_again", spare),
        named("a_thread_too_many_is_refused", exhaustion),
        named("a_sleeper_beside_a_busy_thread_wakes_in_time", lateness),
        named("exit_ends_busy_cpus_too", leaving),
        above_all_with_walls(
            mode,
            named("who_sleeps_for_ever_keeps_no_cpu_busy", sleepers),
        ),
        named("pi_is_the_same_by_any_number_of_threads", pi),
    ];
    on_machines.chain(others).collect()
}

/// A trial of these CPUs: those that really race want all that the host has.
fn on(flags: &[&str], name: String, body: impl FnOnce() -> Verdict + Send + 'static) -> Trial {
    match flags.contains(&"--icount") {
        true => in_turns(name, body),
        false => alone(name, body),
    }
}

fn threads(mode: Isolation, flags: &'static [&str]) -> Verdict {
    let outcome = boot("examples/threads", mode, flags, &[]);
    let holds = outcome.status == 0 && outcome.stdout.contains("threads: all passed");
    ensure(holds, "all of the threads example to pass", &outcome)
}

fn checks(mode: Isolation, flags: &'static [&str]) -> Verdict {
    let outcome = guest_with(mode, &["smp"], flags);
    let cpus = flags.get(1).unwrap_or(&"1");
    let has_them = outcome.stdout.starts_with(&format!("{cpus} CPUs\n"));
    ensure(
        outcome.status == 0 && has_them,
        "every check to pass, on that many CPUs",
        &outcome,
    )
}

fn migration(mode: Isolation) -> Verdict {
    let outcome = guest_with(mode, &["smp", "migrate", "200"], &["-c", "4"]);
    ensure(outcome.status == 0, "200 moves, no change", &outcome)
}

fn crowd(mode: Isolation) -> Verdict {
    let outcome = guest_with(mode, &["smp", "crowd", "1000"], &["-c", "4"]);
    ensure(outcome.status == 0, "1,000 threads to meet", &outcome)
}

/// Threads that end at once have their stacks taken away. More CPUs make that
/// at most twice as long, and they are asked once for many stacks.
fn ending(mode: Isolation) -> Verdict {
    const THREADS: u64 = 1000;
    // One for 64 stacks, and those for what the heap gives back.
    const SHOOTDOWNS: u64 = THREADS / 64 + 32;
    let (alone, none) = ended(mode, "1", THREADS)?;
    let (together, asked) = ended(mode, "4", THREADS)?;
    println!("{mode}: {alone} on one CPU, {together} on four, {asked} shootdowns");
    ensure(
        none == 0 && asked > 0 && asked <= SHOOTDOWNS && together <= 2 * alone,
        "at most twice the instructions, and a shootdown for many stacks",
        &(alone, together, asked),
    )
}

/// What it takes to end so many threads: instructions and shootdowns.
fn ended(mode: Isolation, cpus: &str, threads: u64) -> Result<(u64, u64), Failed> {
    let threads = threads.to_string();
    let flags = ["-c", cpus, "-m", "256M", "--icount"];
    let outcome = guest_with(mode, &["smp", "end", &threads], &flags);
    let line = outcome.stdout.trim_end();
    let figures = line.strip_prefix(&format!("{threads} ended: "));
    let figures = figures.and_then(|line| line.strip_suffix(" shootdowns"));
    let parsed = figures.and_then(|line| {
        let (ticks, asked) = line.split_once(" ticks, ")?;
        ticks.parse().ok().zip(asked.parse().ok())
    });
    ensure(
        outcome.status == 0 && parsed.is_some(),
        "so many threads to end",
        &outcome,
    )?;
    Ok(parsed.unwrap_or_default())
}

/// Alone the kernel keeps a few stacks; beside others, the core many.
fn spare(mode: Isolation) -> Verdict {
    for cpus in ["1", "4"] {
        let outcome = guest_with(mode, &["smp", "spare"], &["-c", cpus, "-m", "64M"]);
        ensure(
            outcome.status == 0,
            "as much memory after the threads as before",
            &outcome,
        )?;
    }
    Ok(())
}

fn exhaustion(mode: Isolation) -> Verdict {
    let outcome = guest_with(mode, &["smp", "exhaust"], &["-c", "2", "-m", "32M"]);
    ensure(
        outcome.status == 0 && outcome.stdout.contains("50 threads met"),
        "a refusal, and threads again afterwards",
        &outcome,
    )
}

/// Counts instructions as time, so that only the guest can make it late.
fn lateness(mode: Isolation) -> Verdict {
    for cpus in ["1", "4"] {
        let outcome = guest_with(mode, &["smp", "lateness"], &["-c", cpus, "--icount"]);
        let late = outcome.stdout.strip_suffix(" late\n");
        let microseconds = late.and_then(|late| late.parse::<u64>().ok());
        ensure(
            microseconds.is_some_and(|late| late <= 100),
            "at most 100 microseconds",
            &outcome,
        )?;
    }
    Ok(())
}

fn leaving(mode: Isolation) -> Verdict {
    let outcome = guest_with(mode, &["smp", "leave"], &["-c", "4"]);
    ensure(outcome.status == 7, "status 7", &outcome)
}

/// Threads that nobody wakes sleep on four CPUs, and the first one for a while,
/// which is nothing where instructions count as time: no CPU has more to do for
/// a longer one.
fn sleepers(mode: Isolation) -> Verdict {
    const FEW: u64 = 10_000;
    let [short, long] = ["1", "3"].map(|seconds| slept(mode, seconds));
    let (short, long) = (short?, long?);
    let more = long
        .iter()
        .zip(&short)
        .map(|(long, short)| long.saturating_sub(*short));
    let most = more.max().unwrap_or(u64::MAX);
    println!("{mode}: at most {most} instructions more for two seconds");
    ensure(
        short.len() == 4 && most <= FEW,
        "no CPU to do anything meanwhile",
        &(short, long),
    )
}

/// The instructions of each CPU while the threads sleep for so long.
fn slept(mode: Isolation, seconds: &str) -> Result<Vec<u64>, Failed> {
    let words = ["smp", "sleep", seconds];
    let counts = counter::count(image("tests/guests", mode), mode, 4, &words)?;
    let executed = counts["instructions"].as_array().ok_or("no counts")?;
    Ok(executed.iter().filter_map(Value::as_u64).collect())
}

fn pi(mode: Isolation) -> Verdict {
    for (cpus, threads) in [("1", "1"), ("1", "4"), ("4", "4"), ("4", "1")] {
        let arguments = [threads, "200000"];
        let outcome = boot("examples/pi", mode, &["-c", cpus], &arguments);
        let is_pi = outcome.stdout.starts_with("pi is about 3.14159265");
        ensure(outcome.status == 0 && is_pi, "pi", &outcome)?;
    }
    Ok(())
}

fn boot(folder: &'static str, mode: Isolation, flags: &[&str], arguments: &[&str]) -> Outcome {
    let boot = Boot {
        flags,
        arguments,
        ..Boot::default()
    };
    TOOL.boot(&image(folder, mode), &boot)
}
