//! The course of a run, with a QEMU that this very file plays.
//!
//! Called as QEMU is, the test connects to the channels and plays the scene
//! that the kernel's file name says. So every way in which a machine can end
//! is tried without a kernel, and without waiting for one.

mod fake_qemu;

use std::io::{self, Read};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use cargo_cloister::outlet::{self, Passed};
use cargo_cloister::report::{Events, Terminal};
use cargo_cloister::vm::{
    self, Accel, Backend, Capture, Ending, Error, Holder, Listening, Network, NetworkError,
    PortTrouble, Publish, Reason, Sink, Spec, Stream,
};
use domains::report::Cause;
use domains::{Isolation, status};
use libtest_mimic::{Arguments, Failed, Trial};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.iter().any(|argument| argument == "--version") {
        println!("{}", fake_qemu::SAID);
        return;
    }
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
/// Its time limit in milliseconds; none if there is none.
const LIMIT: &str = "CLOISTER_TEST_LIMIT";
/// Has it told as events.
const EVENTS: &str = "CLOISTER_TEST_EVENTS";
/// Has it stay after the run.
const STAYS: &str = "CLOISTER_TEST_STAYS";
/// When a process that should have ended has not: long, for a busy host.
const HARD_LIMIT: Duration = Duration::from_secs(120);

type Named = (&'static str, fn() -> Verdict);

const TRIALS: [Named; 24] = [
    ("output_and_status_are_the_programs", output_and_status),
    ("all_output_arrives_before_the_end", flood),
    ("a_violation_is_reported_and_has_its_status", violation),
    ("a_refusal_says_how_much_memory_is_needed", refusal),
    ("a_qemu_that_fails_is_quoted", fails_early),
    ("of_a_qemu_that_rants_the_end_is_quoted", rants),
    (
        "a_machine_that_dies_later_is_the_kernels_failure",
        dies_late,
    ),
    ("a_machine_that_hangs_ends_at_the_time_limit", hangs),
    ("a_qemu_that_lingers_is_ended", lingers),
    ("a_qemu_that_is_mute_and_stays_is_ended", mute),
    ("a_qemu_that_cannot_start_is_an_error", no_qemu),
    (
        "a_port_in_use_is_an_error_before_anything_starts",
        busy_port,
    ),
    ("a_port_that_qemu_finds_taken_is_named", port_lost),
    ("a_socket_that_waits_is_told_once", listening),
    ("an_old_emulator_is_known_by_what_it_says", old_emulator),
    ("without_walls_or_with_kvm_its_age_does_not_matter", any_age),
    ("an_old_emulator_gives_cpus_no_fair_turns", turns),
    ("an_interrupt_ends_the_machine", interrupt),
    ("a_reader_that_goes_away_ends_the_machine", reader_goes_away),
    ("a_reader_that_stops_does_not_stop_the_clock", clock_goes_on),
    (
        "a_reader_that_stops_does_not_stop_an_interrupt",
        interrupt_goes_on,
    ),
    ("after_a_run_an_interrupt_is_anybodys", interrupt_after),
    ("words_of_others_do_not_steer_a_terminal", foreign_words),
    (
        "a_replay_does_the_same_without_input_and_leaves_nothing",
        replay,
    ),
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

fn rants() -> Verdict {
    let (ending, _) = run(&spec("rant"))?;
    let said = ending.problem.as_ref().map(ToString::to_string);
    let said = said.unwrap_or_default();
    ensure(said.contains("line 999") && said.len() < 1000, &said.len())
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

/// It has closed all channels, and its own standard error.
fn mute() -> Verdict {
    let mut process = process("mute");
    let status = ended(process.env(LIMIT, "300").spawn()?)?;
    let expected = Some(i32::from(status::TIMEOUT));
    ensure(status.code() == expected, &status)
}

/// Without a time limit only we can end a QEMU that does not.
fn lingers() -> Verdict {
    let status = ended(process("linger").spawn()?)?;
    ensure(status.code() == Some(3), &status)
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
    let spec = published("speak", publish);
    let error = vm::run(&spec, &mut Capture::default()).err();
    let Some(Error::Network(NetworkError::Port { trouble, .. })) = &error else {
        return Err(format!("{error:?}").into());
    };
    let is_ours = |holder: &Holder| match holder {
        Holder::Process { id, .. } => *id == std::process::id(),
        Holder::Unseen { .. } => false,
    };
    let is_named = matches!(trouble, PortTrouble::Taken(Some(holder)) if is_ours(holder));
    ensure(is_named, &error)
}

fn published(scene: &str, publish: Publish) -> Spec {
    Spec {
        network: Network {
            backend: Backend::User,
            publish: vec![publish],
            ..Network::default()
        },
        ..spec(scene)
    }
}

/// It is free when we look, and QEMU says that it is not.
fn port_lost() -> Verdict {
    let spec = published("lose-port", fake_qemu::LOST.parse()?);
    let (ending, _) = run(&spec)?;
    let is_named = matches!(
        &ending.problem,
        Some(Error::Network(NetworkError::Port { publish, .. })) if publish.guest == 80
    );
    ensure(is_named && ending.status == status::NOT_STARTED, &ending)
}

/// The guest says where it listens, more than once, and something else.
fn listening() -> Verdict {
    let (_, heard) = run(&published("listen", "39080:80".parse()?))?;
    let ways: Vec<String> = heard.listening.iter().flat_map(Listening::ways).collect();
    ensure(ways == ["listening on 127.0.0.1:39080 → :80"], &heard)?;
    ensure(
        heard.listening.len() == 2 && heard.leases.len() == 1,
        &heard,
    )?;
    let is_odd = |line: &&String| line.starts_with("not a report: ");
    ensure(heard.console.iter().filter(is_odd).count() == 1, &heard)
}

fn walled(accel: Accel) -> Spec {
    Spec {
        isolation: Isolation::Mpk,
        accel,
        ..spec("speak")
    }
}

/// People get one line, and programs one event.
fn old_emulator() -> Verdict {
    let weak = walled(Accel::Tcg).weak_walls().ok_or("nothing is weak")?;
    ensure(weak.qemu == fake_qemu::SAID, &weak)?;
    let mut heard = Capture::default();
    heard.weak_walls(&weak)?;
    ensure(heard.console == [weak.to_string()], &heard)?;
    let mut out = Vec::new();
    Events::new(&mut out, None).weak_walls(&weak)?;
    let event: serde_json::Value = serde_json::from_slice(&out)?;
    let is_event = event["event"] == "weak-walls"
        && event["qemu"] == fake_qemu::SAID
        && event["message"] == weak.to_string();
    ensure(is_event, &event)
}

fn any_age() -> Verdict {
    ensure(spec("speak").weak_walls().is_none(), &"without walls")?;
    ensure(walled(Accel::Kvm).weak_walls().is_none(), &"with KVM")
}

fn turns() -> Verdict {
    let of = |cpus, counted| Spec {
        cpus,
        counted,
        ..spec("speak")
    };
    let unfair = of(2, true).unfair_turns().ok_or("all are fair")?;
    ensure(
        unfair.contains("QEMU 7.2") && unfair.contains("8.1"),
        &unfair,
    )?;
    ensure(of(1, true).unfair_turns().is_none(), &"alone")?;
    ensure(of(2, false).unfair_turns().is_none(), &"by the clock")
}

/// The other half of trials about the process as a whole.
fn run_as_the_tool_does(scene: &str) -> ! {
    let limit = std::env::var(LIMIT).ok();
    let limit = limit.and_then(|limit| limit.parse().ok());
    let spec = Spec {
        timeout: limit.map(Duration::from_millis),
        ..spec(scene)
    };
    let mut listener: Box<dyn Sink> = match std::env::var_os(EVENTS) {
        Some(_) => Box::new(Events::new(Passed(Stream::Stdout), None)),
        None => Box::new(Terminal::default()),
    };
    let ending = vm::run(&spec, &mut *listener);
    if let Ok(Some(problem)) = ending.as_ref().map(|ending| ending.problem.as_ref()) {
        outlet::tell(problem);
    }
    while std::env::var_os(STAYS).is_some() {
        outlet::tell("stays");
        thread::park();
    }
    std::process::exit(ending.map_or(1, |ending| i32::from(ending.status)))
}

/// A process that runs `scene` with its output in a pipe.
fn process(scene: &str) -> Command {
    let program = std::env::current_exe().expect("this very file");
    let mut command = Command::new(program);
    command.env(SCENE, scene).stdout(Stdio::piped());
    command
}

/// Waits for the end of a process that must come to it by itself.
fn ended(mut process: Child) -> Result<ExitStatus, Failed> {
    let start = Instant::now();
    while start.elapsed() < HARD_LIMIT {
        if let Some(status) = process.try_wait()? {
            return Ok(status);
        }
        thread::sleep(Duration::from_millis(10));
    }
    process.kill()?;
    process.wait()?;
    Err("it did not end".into())
}

fn send_interrupt(process: &Child) -> io::Result<ExitStatus> {
    let id = process.id().to_string();
    Command::new("kill").args(["-INT", &id]).status()
}

fn interrupt() -> Verdict {
    let mut process = process("hang").spawn()?;
    let mut output = process.stdout.take().ok_or("no pipe")?;
    // Once the guest has printed, the run is under way.
    output.read_exact(&mut [0; 6])?;
    send_interrupt(&process)?;
    let status = ended(process)?;
    ensure(status.code() == Some(130), &status)
}

/// What was caught for the run must not be lost afterwards.
fn interrupt_after() -> Verdict {
    const INTERRUPT: i32 = 2;
    let mut command = process("speak");
    let mut process = command.env(STAYS, "1").stderr(Stdio::piped()).spawn()?;
    let mut said = process.stderr.take().ok_or("no pipe")?;
    let mut heard = Vec::new();
    while !heard.ends_with(b"stays\n") {
        let mut byte = [0];
        said.read_exact(&mut byte)?;
        heard.extend(byte);
    }
    send_interrupt(&process)?;
    let status = ended(process)?;
    ensure(status.signal() == Some(INTERRUPT), &status)
}

fn reader_goes_away() -> Verdict {
    let mut process = process("flood").spawn()?;
    drop(process.stdout.take());
    let status = ended(process)?;
    ensure(status.code() == Some(141), &status)
}

/// Every way in which output goes to a pipe that nobody reads: the program's two
/// streams, as they are and as events, apart and with the tool's own words in the
/// same pipe.
fn unread(limit: Option<&str>) -> io::Result<Vec<(&'static str, Child, io::PipeReader)>> {
    let scenes = [("pour", false), ("pour", true), ("pour-errors", false)];
    let mut processes = Vec::new();
    for (scene, events) in scenes {
        for with_own_words in [false, true] {
            let (reader, writer) = io::pipe()?;
            let mut command = process(scene);
            if with_own_words || scene == "pour-errors" {
                command.stderr(writer.try_clone()?);
            }
            command.stdout(writer);
            command.envs(events.then_some((EVENTS, "1")));
            command.envs(limit.map(|limit| (LIMIT, limit)));
            processes.push((scene, command.spawn()?, reader));
        }
    }
    Ok(processes)
}

fn clock_goes_on() -> Verdict {
    for (scene, process, _reader) in unread(Some("300"))? {
        let status = ended(process)?;
        let expected = Some(i32::from(status::TIMEOUT));
        ensure(status.code() == expected, &(scene, status))?;
    }
    Ok(())
}

fn interrupt_goes_on() -> Verdict {
    for (scene, process, mut reader) in unread(None)? {
        // Once the guest has printed, the run is under way; then we stop.
        reader.read_exact(&mut [0; 6])?;
        send_interrupt(&process)?;
        let status = ended(process)?;
        ensure(status.code() == Some(130), &(scene, status))?;
    }
    Ok(())
}

/// The program may print what it likes; nobody else may.
fn foreign_words() -> Verdict {
    for events in [None, Some((EVENTS, "1"))] {
        let mut command = process("curse");
        command.envs(events).stderr(Stdio::piped());
        let output = command.spawn()?.wait_with_output()?;
        let stdout = String::from_utf8(output.stdout)?;
        let stderr = String::from_utf8(output.stderr)?;
        let steers = |letter: char| letter.is_control() && letter != '\n';
        let own = if events.is_some() {
            ""
        } else {
            fake_qemu::CURSE
        };
        ensure(!stderr.contains(steers), &stderr)?;
        ensure(!stdout.replace(own, "").contains(steers), &stdout)?;
        ensure(stdout.contains(own), &stdout)?;
        let all = stdout + &stderr;
        for word in ["core", "qemu", "control"] {
            ensure(all.contains(word), &all)?;
        }
    }
    Ok(())
}

/// The line of a dry run, by a shell that has no input to give.
fn replay() -> Verdict {
    let folder = tempfile::tempdir()?;
    let mut spec = spec("replay");
    spec.options.arguments.push(b"it's\n%d \x1b\xff".to_vec());
    let program = spec.qemu.clone().ok_or("this very file")?;
    let line = vm::command::replay(&spec, &program)?;
    for _ in 0..2 {
        let output = Command::new("/bin/sh")
            .args(["-c", &line])
            .env("TMPDIR", folder.path())
            .stdin(Stdio::null())
            .output()?;
        ensure(output.stdout == b"to stdout", &(&line, &output))?;
        ensure(output.status.code() == Some(7), &output)?;
    }
    ensure(folder.path().read_dir()?.next().is_none(), &folder)
}
