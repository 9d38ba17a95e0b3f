//! A guest whose network the trial plays, as a run of the host tool.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Instant;

use domains::Isolation;
use libtest_mimic::Failed;
use serde_json::Value;

use super::PATIENCE;
use crate::images::{TOOL, image};

/// The most that one may run, in seconds of the host.
const TIME_LIMIT: &str = "3600";

/// What started the tool, and how.
pub(super) struct Start<'a> {
    pub(super) mode: Isolation,
    /// The program's arguments.
    pub(super) words: &'a [&'a str],
    /// Flags of the tool.
    pub(super) flags: &'a [&'a str],
    /// What stands for QEMU, if it is something else.
    pub(super) qemu: Option<&'a Path>,
}

/// A run of the tool.
pub(super) struct Guest {
    tool: Child,
    coming: Receiver<Value>,
    /// What it told so far.
    pub(super) events: Vec<Value>,
}

impl Guest {
    /// Starts the guest of the tests, whose card leads to the socket at `net`.
    pub(super) fn start(start: &Start<'_>, net: &Path) -> Result<Guest, Failed> {
        let image = image("tests/guests", start.mode);
        let mut command = TOOL.command(["run"]);
        command
            .arg(image)
            .args(["--output", "json", "--timeout", TIME_LIMIT]);
        command.arg("--net").arg(format!("dgram:{}", net.display()));
        command
            .args(start.flags)
            .arg("--")
            .arg("network")
            .args(start.words);
        if let Some(qemu) = start.qemu {
            command.env("CLOISTER_QEMU", qemu);
        }
        let piped = command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut tool = piped.spawn()?;
        let output = tool.stdout.take().ok_or("it has an output")?;
        let (sender, coming) = mpsc::channel();
        thread::spawn(move || tell(output, &sender));
        Ok(Guest {
            tool,
            coming,
            events: Vec::new(),
        })
    }

    /// Takes what was told meanwhile.
    pub(super) fn hear(&mut self) {
        self.events.extend(self.coming.try_iter());
    }

    /// What the program has printed.
    pub(super) fn printed(&self) -> String {
        let texts = self.of_kind("stdout").map(|it| it["text"].as_str());
        texts.map(Option::unwrap_or_default).collect()
    }

    /// The events of this kind.
    pub(super) fn of_kind(&self, kind: &'static str) -> impl Iterator<Item = &Value> {
        self.events.iter().filter(move |it| it["event"] == kind)
    }

    /// Waits for its end, and says with which status it came.
    pub(super) fn end(&mut self) -> Result<Option<i32>, Failed> {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            match self.coming.recv_timeout(PATIENCE) {
                Ok(event) => self.events.push(event),
                Err(mpsc::RecvTimeoutError::Disconnected) => {
                    return Ok(self.tool.wait()?.code());
                }
                Err(mpsc::RecvTimeoutError::Timeout) => break,
            }
        }
        Err(format!("it has not ended: {:#?}", self.events).into())
    }
}

impl Drop for Guest {
    /// As Ctrl-C does, so that the machine ends before the tool.
    fn drop(&mut self) {
        if matches!(self.tool.try_wait(), Ok(None)) {
            let pid = self.tool.id().to_string();
            let _it_may_be_gone = std::process::Command::new("kill")
                .args(["-TERM", &pid])
                .status();
            let _its_status_is_ours = self.tool.wait();
        }
    }
}

fn tell(output: ChildStdout, events: &Sender<Value>) {
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        if let Ok(event) = serde_json::from_str(&line) {
            let _nobody_listens = events.send(event);
        }
    }
}
