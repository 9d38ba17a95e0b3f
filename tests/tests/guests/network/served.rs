//! A guest that serves, while the trial is its client.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::{self, JoinHandle};

use domains::Isolation;
use libtest_mimic::Failed;
use serde_json::Value;

use crate::images::{TOOL, image};
use crate::{Verdict, ensure};

/// The most that one may run, in seconds of the host, unless it says more.
const TIME_LIMIT: &str = "120";

/// A run of the host tool whose guest listens.
pub(super) struct Served {
    /// Where this machine reaches it.
    pub(super) address: SocketAddr,
    tool: Child,
    reader: Option<JoinHandle<Vec<Value>>>,
}

impl Served {
    /// Runs `program`, a package or an image, until it listens at port `guest`.
    pub(super) fn start(
        program: &str,
        mode: Isolation,
        guest: u16,
        flags: &[&str],
    ) -> Result<Served, Failed> {
        let command = TOOL.command(["run", program, "--isolation", mode.name()]);
        Served::limited(command, guest, flags, &[])
    }

    /// Runs the image of `folder` with these arguments until it listens at port `guest`.
    pub(super) fn image(
        folder: &'static str,
        mode: Isolation,
        guest: u16,
        flags: &[&str],
        arguments: &[&str],
    ) -> Result<Served, Failed> {
        let mut command = TOOL.command(["run"]);
        command.arg(image(folder, mode));
        Served::limited(command, guest, flags, arguments)
    }

    /// The same with flags, among which there may be a limit of time.
    fn limited(
        mut command: Command,
        guest: u16,
        flags: &[&str],
        arguments: &[&str],
    ) -> Result<Served, Failed> {
        command.args(flags);
        if !flags.contains(&"--timeout") {
            command.args(["--timeout", TIME_LIMIT]);
        }
        Served::published(command, guest, arguments)
    }

    /// Publishes port `guest` of what `command` runs.
    fn published(
        mut command: Command,
        guest: u16,
        arguments: &[&str],
    ) -> Result<Served, Failed> {
        command.args(["--publish", &format!("0:{guest}")]);
        command.args(["--output", "json", "--"]).args(arguments);
        Served::until(command, host)
    }

    /// Starts `command`, a run of the tool that tells its events as JSON, until an event
    /// says where the guest is reached.
    pub(super) fn until(
        mut command: Command,
        place: impl Fn(&Value) -> Option<SocketAddr>,
    ) -> Result<Served, Failed> {
        let piped = command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut tool = piped.stderr(Stdio::null()).spawn()?;
        let mut output = BufReader::new(tool.stdout.take().ok_or("it has an output")?);
        let mut before = Vec::new();
        match address(&mut output, &mut before, place) {
            Some(address) => Ok(Served {
                address,
                tool,
                reader: Some(thread::spawn(move || rest(output, before))),
            }),
            None => {
                tool.wait()?;
                Err(format!("it never listened: {before:#?}").into())
            }
        }
    }

    /// Ends it, and fails if it told of a fault or a cell that was started anew.
    pub(super) fn end_well(self) -> Verdict {
        let events = self.end();
        let is_bad = |event: &&Value| event["event"] == "fault" || event["event"] == "restart";
        let bad: Vec<&Value> = events.iter().filter(is_bad).collect();
        ensure(bad.is_empty(), "no fault and no new start", &bad)
    }

    /// Waits until it ends by itself; the events of the whole run.
    pub(super) fn wait(mut self) -> Vec<Value> {
        // Its time limit ends it in any case.
        let _ = self.tool.wait();
        let reader = self.reader.take().map(JoinHandle::join);
        reader.and_then(Result::ok).unwrap_or_default()
    }

    /// Ends it; the events of the whole run.
    pub(super) fn end(mut self) -> Vec<Value> {
        self.stop();
        let reader = self.reader.take().map(JoinHandle::join);
        reader.and_then(Result::ok).unwrap_or_default()
    }

    /// As Ctrl-C does, so that the machine ends before the tool.
    fn stop(&mut self) {
        let pid = self.tool.id().to_string();
        let killed = std::process::Command::new("kill")
            .args(["-TERM", &pid])
            .status();
        debug_assert!(killed.is_ok_and(|status| status.success()), "it runs");
        // What is left of it is the time limit's.
        let _ = self.tool.wait();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if self.reader.is_some() {
            self.stop();
        }
    }
}

/// Where this machine reaches a published port, if an event says that it is open.
fn host(event: &Value) -> Option<SocketAddr> {
    let host = event["hosts"][0].as_str()?.parse().ok()?;
    (event["event"] == "listening").then_some(host)
}

/// Reads events until the guest listens; where this machine reaches it.
fn address(
    output: &mut BufReader<ChildStdout>,
    before: &mut Vec<Value>,
    place: impl Fn(&Value) -> Option<SocketAddr>,
) -> Option<SocketAddr> {
    for line in output.lines() {
        let event: Value = serde_json::from_str(&line.ok()?).ok()?;
        let found = place(&event);
        before.push(event);
        if found.is_some() {
            return found;
        }
    }
    None
}

fn rest(output: BufReader<ChildStdout>, mut events: Vec<Value>) -> Vec<Value> {
    let lines = output.lines().map_while(Result::ok);
    events.extend(lines.filter_map(|line| serde_json::from_str(&line).ok()));
    events
}
