//! The plugin that counts inside QEMU, with the QEMU in use.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use cargo_cloister::build;
use cargo_cloister::vm::{self, Capture, Counter, Input, Spec};
use domains::Isolation;
use libtest_mimic::{Failed, Trial};
use serde_json::Value;

use crate::images::{TOOL, image};
use crate::{Verdict, ensure, trial};

/// When a run is over that does not end.
const LIMIT: Duration = Duration::from_secs(120);

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("counter::the_plugin_counts_in_this_qemu".into(), counts),
        trial(
            "counter::each_cpu_gets_the_instructions_that_it_ran".into(),
            cpus,
        ),
        trial(
            "counter::the_plugin_answers_while_the_guest_runs".into(),
            answers,
        ),
    ]
}

/// What `hello` does goes through the gates and writes PKRU, and without walls
/// it does the same calls and writes none.
fn counts() -> Verdict {
    let hello = |mode| count(image("examples/hello", mode), mode, 1, &[]);
    let walls = hello(Isolation::Mpk)?;
    let none = hello(Isolation::None)?;
    let of = |counts: &Value, name: &str| counts[name].as_u64().unwrap_or_default();
    for counts in [&walls, &none] {
        let executed = &counts["instructions"][0];
        let many = executed.as_u64().is_some_and(|count| count > 100_000);
        ensure(many, "the instructions of a boot", counts)?;
        ensure(of(counts, "core_calls") > 0, "core calls", counts)?;
    }
    let calls = [&walls, &none].map(|counts| of(counts, "calls_safe"));
    ensure(
        calls[0] > 0 && calls[0] == calls[1],
        "the same calls of the safe kernel",
        &(&walls, &none),
    )?;
    // Into the kernel and back.
    let writes = [&walls, &none].map(|counts| of(counts, "wrpkru"));
    ensure(
        writes[0] >= 2 * calls[0] && writes[1] == 0,
        "two writes of PKRU a call, and none without walls",
        &(&walls, &none),
    )
}

/// Two threads that do the same work on two CPUs, which take turns and share
/// translated code.
fn cpus() -> Verdict {
    let mode = Isolation::Mpk;
    let counts = count(image("examples/pi", mode), mode, 2, &["2", "2000000"])?;
    let executed = counts["instructions"].as_array().ok_or("no counts")?;
    let executed: Vec<u64> = executed.iter().filter_map(Value::as_u64).collect();
    let least = executed.iter().min().copied().unwrap_or_default();
    let all: u64 = executed.iter().sum();
    ensure(
        executed.len() == 2 && least * 100 > all * 48,
        "equal shares of the instructions on two CPUs",
        &executed,
    )
}

/// Counts that are asked for again and again until QEMU ends, and what came before
/// the kernel's first instruction, which is the firmware's.
fn answers() -> Verdict {
    let mode = Isolation::Mpk;
    let image = image("examples/pi", mode);
    let socket = TOOL.scratch_file("counts.ask");
    let _it_may_not_be_there = fs::remove_file(&socket);
    let listener = UnixListener::bind(&socket)?;
    let asker = thread::spawn(move || {
        let (stream, _) = listener.accept()?;
        ask(stream)
    });
    let entry = Counter::entry_of(&image);
    let (mut spec, _) = counted(image, mode, 1, &["1", "2000000"])?;
    let counter = spec.counter.as_mut().ok_or("a counter")?;
    (counter.ask, counter.entry) = (Some(socket), entry);
    let ending = vm::run(&spec, &mut Capture::default()).map_err(|error| error.to_string())?;
    ensure(ending.status == 0, "a run that ends well", &ending)?;
    let answers = asker.join().map_err(|_| "the asker panicked")??;
    let executed = |answer: &Value| answer["instructions"][0].as_u64().unwrap_or_default();
    let ends = answers.first().zip(answers.last()).ok_or("an answer")?;
    let entered = ends.1["entered"].as_u64().unwrap_or_default();
    let grew = executed(ends.0) < executed(ends.1);
    ensure(
        grew && entered > 0 && entered < executed(ends.1),
        "counts that grow, and those before the kernel",
        &ends,
    )
}

/// All answers until there is nobody to ask.
fn ask(mut stream: UnixStream) -> std::io::Result<Vec<Value>> {
    let mut lines = BufReader::new(stream.try_clone()?);
    let mut answers = Vec::new();
    while stream.write_all(b"?").is_ok() {
        let mut line = String::new();
        match lines.read_line(&mut line) {
            Ok(0) | Err(_) => break,
            Ok(_) => answers.push(serde_json::from_str(&line)?),
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ok(answers)
}

/// What the plugin counts in a run that ends well.
pub(crate) fn count(
    image: PathBuf,
    mode: Isolation,
    cpus: u32,
    arguments: &[&str],
) -> Result<Value, Failed> {
    let (spec, counts) = counted(image, mode, cpus, arguments)?;
    let ending = vm::run(&spec, &mut Capture::default()).map_err(|error| error.to_string())?;
    ensure(ending.status == 0, "a run that ends well", &ending)?;
    Ok(serde_json::from_slice(&fs::read(&counts)?)?)
}

/// A run in which the plugin counts, and where it puts what it counted.
fn counted(
    image: PathBuf,
    mode: Isolation,
    cpus: u32,
    arguments: &[&str],
) -> Result<(Spec, PathBuf), Failed> {
    let plugin = build::counter(&|_| ()).map_err(|error| error.to_string())?;
    let said = arguments.join("-");
    let counts = TOOL.scratch_file(&format!("counts.{mode}.{cpus}.{said}"));
    let mut spec = Spec {
        counter: Some(Counter::new(plugin, counts.clone())),
        cpus,
        counted: true,
        input: Input::Silent,
        entropy_device: false,
        timeout: Some(LIMIT),
        ..Spec::new(image, "counted".to_owned(), mode)
    };
    let words = arguments.iter().map(|word| word.as_bytes().to_vec());
    spec.options.arguments.extend(words);
    Ok((spec, counts))
}
