//! Standard streams between a guest and a host that takes its time.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::thread;

use domains::Isolation;
use libtest_mimic::{Failed, Trial};

use crate::images::{TOOL, image};
use crate::{Verdict, alone, ensure};

/// More than is under way between the two, with all buffers.
const INPUT: usize = 2 << 20;
/// How many lines each thread of the guest writes.
const LINES: usize = 8_000;

pub(crate) fn trials() -> Vec<Trial> {
    let cases = Isolation::ALL.into_iter().flat_map(|mode| {
        ["1", "4"].map(|cpus| {
            let name = "writers_wait_for_a_host_that_reads_late";
            alone(format!("streams::{mode}::{name}_on_{cpus}"), move || {
                late(mode, cpus)
            })
        })
    });
    cases.collect()
}

/// The host reads nothing before all of its input is taken: who waits to write
/// keeps nobody else waiting. And nothing is lost.
fn late(mode: Isolation, cpus: &str) -> Verdict {
    let mut process = process(mode, cpus)?;
    let mut input = process.stdin.take().ok_or("no standard input")?;
    input.write_all(&vec![b'.'; INPUT])?;
    drop(input);
    let errors = process.stderr.take().ok_or("no standard error")?;
    let errors = thread::spawn(move || text(errors));
    let output = text(process.stdout.take().ok_or("no standard output")?)?;
    let errors = errors.join().map_err(|_| "no standard error")??;
    let status = process.wait()?;
    let is_whole = [0, 2, 3].iter().all(|name| has_all(&output, *name)) && has_all(&errors, 1);
    let said = output.lines().last().unwrap_or_default().to_owned();
    let expected = format!("{INPUT} bytes were read");
    ensure(
        status.success() && is_whole && said == expected,
        "every line, and all input read",
        &(status, said, output.len(), errors.len()),
    )
}

fn process(mode: Isolation, cpus: &str) -> Result<Child, Failed> {
    let image = image("tests/guests", mode);
    let mut command: Command = TOOL.command(["run"]);
    command.arg(image).args(["--timeout", "120", "-c", cpus]);
    command.args(["--", "streams"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    Ok(command.stderr(Stdio::piped()).spawn()?)
}

fn text(mut from: impl Read) -> std::io::Result<String> {
    let mut text = String::new();
    from.read_to_string(&mut text)?;
    Ok(text)
}

/// Whether all lines of a thread are there, in order.
fn has_all(text: &str, name: usize) -> bool {
    let name = name.to_string();
    let lines = text.lines().filter_map(|line| {
        let (first, rest) = line.split_once(' ')?;
        let number = rest.strip_suffix(&format!(" {:.>40}", "."))?;
        (first == name).then(|| number.parse::<usize>().ok())?
    });
    lines.eq(0..LINES)
}
