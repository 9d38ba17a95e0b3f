//! The guest's side of the tests that boot an image.
//!
//! One program, so that the tests build once: the first argument names what to
//! do. Attacks end in a fault that the host looks at; everything else prints
//! what it found and exits with 0 only if that is right.

mod abi;
mod attack;
mod bounds;
mod checks;
mod clean;
mod code;
mod cpus;
mod dma;
mod exceptions;
mod far;
mod files;
mod flags;
mod fuzz;
mod hooks;
mod mapping;
mod memory;
mod network;
mod nic;
mod own;
mod panics;
mod pkru;
mod pointers;
mod preempt;
mod probe;
mod restarts;
mod smp;
mod soak;
mod stalls;
mod streams;
mod sweep;
mod thread_pointer;
mod vectors;
mod volume;
mod xrstor;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let ["exit", status] = words.as_slice() {
        return exit(status);
    }
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            println!("{message}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the test that the words name.
fn run(words: &[&str]) -> Result<(), String> {
    match words {
        ["abi"] => abi::run(),
        ["abi", "recurse"] => abi::recurse_in_a_thread(),
        ["attack", domain, kind, rest @ ..] => attack::run(domain, kind, rest),
        ["bounds", what] => bounds::run(what),
        ["clean", what] => clean::run(what),
        ["cpus", what, rest @ ..] => cpus::run(what, rest),
        ["dma", what, rest @ ..] => dma::run(what, rest),
        ["exception", name] => exceptions::run(name),
        ["far", how] => far::run(how),
        ["own", part] => own::run(part),
        ["pages"] => own::pages(),
        ["file-costs"] => files::costs(),
        ["files", checks] => files::run(checks),
        ["flags"] => flags::run(),
        ["fuzz", seed, calls] => fuzz::run(seed, calls, "1"),
        ["fuzz", seed, calls, threads] => fuzz::run(seed, calls, threads),
        ["fuzz", "mutant"] => fuzz::run_on_mutant(),
        ["on", cpu, rest @ ..] => cpus::run_on(cpu, rest),
        ["code", what @ ..] => code::run(what),
        ["mapping"] => mapping::run(),
        ["memory", what] => memory::run(what),
        ["network", what @ ..] => network::run(what),
        ["nic", "lie", way, host] => nic::lie(way, host),
        ["nic", what, address] => nic::run(what, address),
        ["pkru"] => pkru::run(),
        ["pointers"] => pointers::run(),
        ["preempt", count] => preempt::run(count),
        ["preempt", "in-gates", count] => preempt::in_gates(count),
        ["probe", texts @ ..] => probe::run(texts),
        ["restarts", what, count] => restarts::run(what, count),
        ["smp"] => smp::run(),
        ["smp", "migrate", count] => smp::migrate(count),
        ["smp", "crowd", count] => smp::crowd(count),
        ["smp", "end", count] => smp::end(count),
        ["smp", "spare"] => smp::spare(),
        ["smp", "exhaust"] => smp::exhaust(),
        ["smp", "lateness"] => smp::lateness(),
        ["smp", "leave"] => smp::leave(),
        ["smp", "sleep", seconds] => smp::sleep(seconds),
        ["soak", work @ ..] => soak::run(work),
        ["stalls", file] => stalls::run(file),
        ["streams"] => streams::run(),
        ["sweep", attacker] => sweep::run(attacker),
        ["sweep", attacker, "without", checks] => sweep::run_on_mutant(attacker, checks),
        ["thread-pointer"] => thread_pointer::run(),
        ["vectors"] => vectors::run(),
        ["volume", folder, rest @ ..] => volume::run(folder, rest),
        ["xrstor"] => xrstor::run(false),
        ["xrstor", "mutant"] => xrstor::run(true),
        ["abort"] => std::process::abort(),
        ["panic"] => panic!("as asked"),
        ["panic", way @ ..] => panics::run(way),
        other => Err(format!("no such test: {other:?}")),
    }
}

fn exit(status: &str) -> ExitCode {
    match status.parse::<u8>() {
        Ok(status) => ExitCode::from(status),
        Err(_) => ExitCode::FAILURE,
    }
}
