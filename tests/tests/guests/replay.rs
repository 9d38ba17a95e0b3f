//! The command of a dry run, repeated by a shell that has no input to give.

use std::process::{Command, Stdio};

use domains::Isolation;
use libtest_mimic::Trial;

use crate::images::{TOOL, image};
use crate::{Verdict, ensure, trial};

/// Ends a command that hangs, in seconds.
const LIMIT: &str = "60";

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("replay::a_program_prints_what_it_does".into(), || {
            replays("examples/hello", "Hello, replay!")
        }),
        trial(
            "replay::a_program_finds_the_end_of_its_input".into(),
            || replays("examples/echo", ""),
        ),
    ]
}

fn replays(folder: &'static str, says: &str) -> Verdict {
    let image = image(folder, Isolation::Mpk);
    let image = image.to_string_lossy();
    let dry = TOOL
        .command(["run", &image, "--dry-run", "--", "replay"])
        .output()?;
    let line = String::from_utf8(dry.stdout)?;
    let output = Command::new("timeout")
        .args([LIMIT, "/bin/sh", "-c", &line])
        .stdin(Stdio::null())
        .output()?;
    let (stdout, stderr) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    let holds = stdout.contains(says) && stderr.contains("cloister exit status=0");
    ensure(holds, says, &(line, &output))
}
