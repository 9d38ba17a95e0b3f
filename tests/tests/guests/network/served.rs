//! A guest that serves, while the trial is its client.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Stdio};
use std::thread::{self, JoinHandle};

use domains::Isolation;
use libtest_mimic::Failed;
use serde_json::Value;

use crate::images::TOOL;

/// The most that one may run, in seconds of the host.
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
        let publish = format!("0:{guest}");
        let mut command = TOOL.command(["run", program, "--isolation", mode.name()]);
        command.args(["--output", "json", "--timeout", TIME_LIMIT]);
        command.args(["--publish", &publish]).args(flags);
        let piped = command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut tool = piped.stderr(Stdio::null()).spawn()?;
        let mut output = BufReader::new(tool.stdout.take().ok_or("it has an output")?);
        let mut before = Vec::new();
        match address(&mut output, &mut before) {
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

/// Reads events until the guest listens; where this machine reaches it.
fn address(output: &mut BufReader<ChildStdout>, before: &mut Vec<Value>) -> Option<SocketAddr> {
    for line in output.lines() {
        let event: Value = serde_json::from_str(&line.ok()?).ok()?;
        let host = event["hosts"][0]
            .as_str()
            .and_then(|host| host.parse().ok());
        let listens = event["event"] == "listening";
        before.push(event);
        if listens && host.is_some() {
            return host;
        }
    }
    None
}

fn rest(output: BufReader<ChildStdout>, mut events: Vec<Value>) -> Vec<Value> {
    let lines = output.lines().map_while(Result::ok);
    events.extend(lines.filter_map(|line| serde_json::from_str(&line).ok()));
    events
}
