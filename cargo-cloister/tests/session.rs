//! The course of a run, with a QEMU that this very file plays.
//!
//! Called as QEMU is, the test connects to the channels and plays the scene
//! that the kernel's file name says. So every way in which a machine can end
//! is tried without a kernel, and without waiting for one.

mod fake_qemu;

use std::io::Read;
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use cargo_cloister::report::Terminal;
use cargo_cloister::vm::{self, Capture, Ending, Error, Reason, Spec};
use domains::report::Cause;
use domains::{Isolation, status};
use libtest_mimic::{Arguments, Failed, Trial};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.iter().any(|argument| argument == "-chardev") {
        fake_qemu::play(&arguments);
        return;
    }
    if let Ok(scene) = std::env::var(SCENE) {
        run_as_the_tool_does(&scene);
    }
    let trials = TRIALS
        .iter()
        .map(|(name, trial)| Trial::test(*name, trial))
        .collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

type Verdict = Result<(), Failed>;

/// Makes this file run one scene instead of its trials.
const SCENE: &str = "CLOISTER_TEST_SCENE";

type Named = (&'static str, fn() -> Verdict);

const TRIALS: [Named; 12] = [
    ("output_and_status_are_the_programs", output_and_status),
    ("all_output_arrives_before_the_end", flood),
    ("a_violation_is_reported_and_has_its_status", violation),
    ("a_refusal_says_how_much_memory_is_needed", refusal),
    ("a_qemu_that_fails_is_quoted", fails_early),
    (
        "a_machine_that_dies_later_is_the_kernels_failure",
        dies_late,
    ),
    ("a_machine_that_hangs_ends_at_the_time_limit", hangs),
    ("a_qemu_that_lingers_is_ended", lingers),
    ("a_qemu_that_cannot_start_is_an_error", no_qemu),
    (
        "a_port_in_use_is_an_error_before_anything_starts",
        busy_port,
    ),
    ("an_interrupt_ends_the_machine", interrupt),
    ("a_reader_that_goes_away_ends_the_machine", reader_goes_away),
];

fn spec(scene: &str) -> Spec {
    Spec {
        qemu: std::env::current_exe().ok(),
        timeout: Some(Duration::from_secs(60)),
        ..Spec::new(scene.into(), "scene".to_owned(), Isolation::None)
    }
}

fn run(spec: &Spec) -> Result<(Ending, Capture), Failed> {
    let mut heard = Capture::default();
    let ending = vm::run(spec, &mut heard)?;
    Ok((ending, heard))
}

fn ensure(holds: bool, seen: &impl std::fmt::Debug) -> Verdict {
    if holds {
        Ok(())
    } else {
        Err(format!("{seen:?}").into())
    }
}

fn output_and_status() -> Verdict {
    let seen = run(&spec("speak"))?;
    let (ending, heard) = &seen;
    ensure(
        (ending.status, ending.reason) == (7, Reason::Program),
        &seen,
    )?;
    ensure(
        heard.stdout == b"to stdout" && heard.stderr == b"to stderr",
        &seen,
    )?;
    ensure(heard.console == ["the core", "speaks"], &seen)
}

fn flood() -> Verdict {
    let (ending, heard) = run(&spec("flood"))?;
    ensure(ending.status == 0, &ending)?;
    ensure(heard.stdout.len() == fake_qemu::FLOOD, &heard.stdout.len())
}

fn violation() -> Verdict {
    let seen = run(&spec("violate"))?;
    let (ending, heard) = &seen;
    ensure(
        (ending.status, ending.reason) == (status::VIOLATION, Reason::Violation),
        &seen,
    )?;
    ensure(
        heard
            .faults
            .iter()
            .map(|fault| fault.cause)
            .eq([Cause::Key]),
        &seen,
    )
}

fn refusal() -> Verdict {
    let (ending, _) = run(&spec("refuse"))?;
    let Some(Error::Memory { need, have }) = ending.problem else {
        return Err(format!("{ending:?}").into());
    };
    ensure((need, have) == (10 << 20, 8 << 20), &(need, have))?;
    ensure(ending.status == status::NOT_STARTED, &ending.status)
}

fn fails_early() -> Verdict {
    let (ending, _) = run(&spec("fail"))?;
    let said = ending
        .problem
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default();
    ensure(said.contains("QEMU said: no such machine"), &ending)?;
    ensure(ending.status == status::NOT_STARTED, &ending)
}

fn dies_late() -> Verdict {
    let (ending, _) = run(&spec("die"))?;
    let expected = (status::KERNEL_FAILED, Reason::KernelFailed);
    ensure((ending.status, ending.reason) == expected, &ending)
}

fn hangs() -> Verdict {
    let timeout = Some(Duration::from_millis(300));
    let (ending, heard) = run(&Spec {
        timeout,
        ..spec("hang")
    })?;
    ensure(
        (ending.status, ending.reason) == (status::TIMEOUT, Reason::Timeout),
        &ending,
    )?;
    ensure(heard.stdout == b"before", &heard)
}

fn lingers() -> Verdict {
    let start = Instant::now();
    let (ending, _) = run(&spec("linger"))?;
    ensure(
        (ending.status, ending.reason) == (3, Reason::Program),
        &ending,
    )?;
    ensure(start.elapsed() < Duration::from_secs(20), &start.elapsed())
}

fn no_qemu() -> Verdict {
    let spec = Spec {
        qemu: Some("no-such-program-anywhere".into()),
        ..spec("speak")
    };
    let error = vm::run(&spec, &mut Capture::default()).err();
    let is_named = matches!(&error, Some(Error::Start { .. }));
    ensure(is_named, &error)
}

fn busy_port() -> Verdict {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let publish = format!("{}:80", taken.local_addr()?.port()).parse()?;
    let spec = Spec {
        publish: vec![publish],
        ..spec("speak")
    };
    let error = vm::run(&spec, &mut Capture::default()).err();
    let is_named = matches!(&error, Some(Error::Port { .. }));
    ensure(is_named, &error)
}

/// The other half of trials about the process as a whole.
fn run_as_the_tool_does(scene: &str) -> ! {
    let ending = vm::run(&spec(scene), &mut Terminal::default());
    std::process::exit(ending.map_or(1, |ending| i32::from(ending.status)))
}

/// A process that runs `scene` with its output in a pipe.
fn process(scene: &str) -> std::io::Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command.env(SCENE, scene).stdout(Stdio::piped()).spawn()
}

fn interrupt() -> Verdict {
    let mut process = process("hang")?;
    let mut output = process.stdout.take().ok_or("no pipe")?;
    // Once the guest has printed, the run is under way.
    output.read_exact(&mut [0; 6])?;
    Command::new("kill")
        .args(["-INT", &process.id().to_string()])
        .status()?;
    let status = process.wait()?;
    ensure(status.code() == Some(130), &status)
}

fn reader_goes_away() -> Verdict {
    let mut process = process("flood")?;
    drop(process.stdout.take());
    let status = process.wait()?;
    ensure(status.code() == Some(141), &status)
}
