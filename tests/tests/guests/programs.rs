//! Ordinary programs, with and without walls.

use domains::{Isolation, status};
use libtest_mimic::Trial;
use tests::boot::Boot;

use crate::images::{TOOL, guest, image};
use crate::{Verdict, ensure, trial};

pub(crate) fn trials() -> Vec<Trial> {
    Isolation::ALL.into_iter().flat_map(of_mode).collect()
}

fn of_mode(mode: Isolation) -> Vec<Trial> {
    let named = |name: &str, body: fn(Isolation) -> Verdict| {
        trial(format!("programs::{mode}::{name}"), move || body(mode))
    };
    vec![
        named("hello_says_hello", hello),
        named("hello_runs_on_q35", hello_on_q35),
        named("hello_fits_in_10_mib", hello_in_10_mib),
        named("threads_all_pass", threads),
        named("echo_returns_every_byte", echo),
        named("echo_ends_with_its_input", empty_echo),
        named("exit_status_is_the_programs", exit_status),
        named("abort_and_panic_are_134", aborts),
    ]
}

fn hello(mode: Isolation) -> Verdict {
    says_hello(mode, &[])
}

fn hello_on_q35(mode: Isolation) -> Verdict {
    says_hello(mode, &["--machine", "q35"])
}

fn hello_in_10_mib(mode: Isolation) -> Verdict {
    says_hello(mode, &["-m", "10M"])
}

fn says_hello(mode: Isolation, flags: &[&str]) -> Verdict {
    let boot = Boot {
        flags,
        ..Boot::default()
    };
    let outcome = TOOL.boot(&image("examples/hello", mode), &boot);
    let holds = outcome.status == 0 && outcome.stdout.to_lowercase().contains("hello");
    ensure(
        holds && outcome.stderr.is_empty(),
        "a greeting, and status 0",
        &outcome,
    )
}

fn threads(mode: Isolation) -> Verdict {
    let outcome = TOOL.boot(&image("examples/threads", mode), &Boot::default());
    let holds = outcome.status == 0 && outcome.stdout.contains("threads: all passed");
    ensure(holds, "all of the threads example to pass", &outcome)
}

fn echo(mode: Isolation) -> Verdict {
    let input: String = (0..20_000).map(|line| format!("line {line}\n")).collect();
    let boot = Boot {
        input: input.as_bytes(),
        ..Boot::default()
    };
    let outcome = TOOL.boot(&image("examples/echo", mode), &boot);
    let same = outcome.stdout == input;
    let shown = (outcome.status, outcome.stdout.len(), outcome.messages);
    ensure(
        same && outcome.status == 0,
        "its input and status 0",
        &shown,
    )
}

fn empty_echo(mode: Isolation) -> Verdict {
    let outcome = TOOL.boot(&image("examples/echo", mode), &Boot::default());
    ensure(
        outcome.status == 0 && outcome.stdout.is_empty(),
        "nothing, and status 0",
        &outcome,
    )
}

fn exit_status(mode: Isolation) -> Verdict {
    for status in [0, 1, 42, 120, 255] {
        let outcome = guest(mode, &["exit", &status.to_string()]);
        ensure(
            outcome.status == status,
            &format!("status {status}"),
            &outcome,
        )?;
    }
    Ok(())
}

fn aborts(mode: Isolation) -> Verdict {
    for way in ["abort", "panic"] {
        let outcome = guest(mode, &[way]);
        ensure(
            outcome.status == i32::from(status::ABORT),
            "status 134",
            &outcome,
        )?;
    }
    Ok(())
}
