//! A network of a trial's own, which ends with the trial.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use libtest_mimic::Failed;

use crate::network::programs::provided;
use tests::sources;

/// What makes one: first as whoever may, then as an administrator of it alone.
const WAYS: [&[&str]; 2] = [
    &["--net", "--mount"],
    &["--net", "--mount", "--user", "--map-root-user"],
];

/// The most that a command in it may run, in seconds of the host: a bad link is slow.
const TIME_LIMIT: &str = "400";

/// A network of interfaces that nobody else sees.
pub(super) struct Namespace {
    /// A shell in it that waits for the end of its input.
    holder: Child,
    has_own_user: bool,
}

impl Namespace {
    /// One in which the shell has done what `script` says; or why this machine does not
    /// allow it.
    pub(super) fn new(script: &str) -> Result<Result<Namespace, String>, Failed> {
        let mut reasons = Vec::new();
        for way in WAYS {
            match Namespace::by(way, script)? {
                Ok(namespace) => return Ok(Ok(namespace)),
                Err(why) => reasons.push(why),
            }
        }
        reasons.dedup();
        Ok(Err(reasons.join("; ")))
    }

    fn by(way: &[&str], script: &str) -> Result<Result<Namespace, String>, Failed> {
        // Interfaces are described by the file system of the one who mounts it.
        let script = format!(
            "mount -t sysfs sysfs /sys && {script} && echo ready && exec cat > /dev/null"
        );
        let mut command = Command::new("unshare");
        command.args(way).args(["sh", "-c", &script]);
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut holder = piped.stderr(Stdio::piped()).spawn()?;
        let mut output = BufReader::new(holder.stdout.take().ok_or("it has an output")?);
        let mut line = String::new();
        output.read_line(&mut line)?;
        if line == "ready\n" {
            return Ok(Ok(Namespace {
                holder,
                has_own_user: way.contains(&"--user"),
            }));
        }
        let mut why = String::new();
        let mut errors = holder.stderr.take().ok_or("it has them")?;
        errors.read_to_string(&mut why)?;
        holder.wait()?;
        Ok(Err(why.trim().replace('\n', ", ")))
    }

    /// What starts a command in it.
    pub(super) fn prefix(&self) -> Vec<String> {
        let root = sources::root();
        let mut words = vec![
            "nsenter".to_owned(),
            format!("--target={}", self.holder.id()),
            "--net".to_owned(),
            "--mount".to_owned(),
            format!("--wd={}", root.display()),
        ];
        if self.has_own_user {
            words.extend(["--user", "--preserve-credentials"].map(String::from));
        }
        words
    }

    /// A command of `program` in it, which is ended when it takes too long.
    pub(super) fn command(&self, program: &'static str) -> Result<Command, Failed> {
        let program = provided(program)?;
        let mut command = Command::new("timeout");
        command.arg(TIME_LIMIT).args(self.prefix()).arg(program);
        Ok(command)
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        drop(self.holder.stdin.take());
        // It reads to the end of its input, and nothing else.
        let _ = self.holder.wait();
    }
}
