//! Building and booting guests, as a user does: by the host tool's commands.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::Write;
use std::ops::Range;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::{fs, thread};

use domains::Isolation;
use serde_json::Value;

use crate::marks::{self, Mark};
use crate::sources;

/// The most that a boot may take, in seconds of the host, unless it says more.
const TIME_LIMIT: &str = "120";

/// Flags that ask for a network, or say that there is none. A boot without one of
/// them has none, so that it depends on the host no more than it has to.
const NETWORK: [&str; 3] = ["--net", "--publish", "--pcap"];

/// The host tool under test, and where it may put what it makes.
#[derive(Clone, Debug)]
pub struct Tool {
    binary: PathBuf,
    scratch: PathBuf,
}

/// One boot: what to run, and how.
#[derive(Clone, Debug, Default)]
pub struct Boot<'a> {
    /// What starts the host tool, if it is not the test itself.
    pub prefix: &'a [&'a str],
    /// Flags of the host tool.
    pub flags: &'a [&'a str],
    /// The program's arguments.
    pub arguments: &'a [&'a str],
    /// Its standard input.
    pub input: &'a [u8],
    /// Whether that goes on behind it, with nothing, for as long as the program
    /// runs.
    pub input_stays_open: bool,
}

/// What became of a boot.
#[derive(Debug)]
pub struct Outcome {
    /// The host tool's exit status.
    pub status: i32,
    /// The program's standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
    /// The lines of the core's own console.
    pub console: String,
    /// The highest marks of kernels' stacks that a hooked image printed.
    pub marks: Vec<Mark>,
    /// The reported faults, in order.
    pub faults: Vec<Value>,
    /// The cells that were started anew, in order.
    pub restarts: Vec<String>,
    /// The backtraces of a program that died, in order.
    pub backtraces: Vec<Value>,
    /// What the host tool itself said.
    pub messages: String,
}

impl Tool {
    /// The host tool at `binary`, and a folder for temporary files.
    pub fn new(binary: &str, scratch: &str) -> Tool {
        Tool {
            binary: PathBuf::from(binary),
            scratch: PathBuf::from(scratch),
        }
    }

    /// A file of this name, not there yet, for one test alone.
    pub fn scratch_file(&self, name: &str) -> PathBuf {
        let file = self.scratch.join(name);
        // It may be left from an earlier run, or not be there at all.
        let _ = fs::remove_file(&file);
        file
    }

    /// A command line of the tool, from the root of the repository.
    pub fn command<I, S>(&self, arguments: I) -> Command
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        self.command_behind(&[""; 0], arguments)
    }

    /// The same, started by the program and with the arguments of `prefix`.
    pub fn command_behind<I, S>(&self, prefix: &[impl AsRef<OsStr>], arguments: I) -> Command
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        let mut command = match prefix {
            [] => Command::new(&self.binary),
            [program, rest @ ..] => {
                let mut command = Command::new(program);
                command.args(rest).arg(&self.binary);
                command
            }
        };
        command
            .arg("cloister")
            .args(arguments)
            // Whoever runs the tests may like backtraces; most trials do not.
            .env_remove("RUST_BACKTRACE")
            // What is missing is installed once, and not before every boot.
            .env_remove("CLOISTER_SETUP")
            .current_dir(sources::root());
        command
    }

    /// Builds the package in `folder`; the image, or what the tool said.
    pub fn build(
        &self,
        folder: &str,
        isolation: Isolation,
        flags: &[&str],
    ) -> Result<PathBuf, String> {
        let name = folder.replace('/', "-");
        let image = self.scratch.join(format!("{name}.{isolation}.cloister"));
        let mut command = self.command(["build", folder, "--isolation", isolation.name()]);
        command.args(flags).arg("-o").arg(&image);
        let output = command.output().expect("the tool starts");
        match output.status.success() {
            true => Ok(image),
            false => {
                let messages = String::from_utf8_lossy(&output.stderr);
                Err(format!("building {folder} for {isolation}:\n{messages}"))
            }
        }
    }

    /// Boots `image` and waits for its end.
    pub fn boot(&self, image: &Path, boot: &Boot<'_>) -> Outcome {
        let mut command = self.command_behind(boot.prefix, ["run"]);
        command.arg(image).args(["--output", "json"]);
        if !boot.flags.contains(&"--timeout") {
            command.args(["--timeout", TIME_LIMIT]);
        }
        if !boot.flags.iter().any(|flag| NETWORK.contains(flag)) {
            command.args(["--net", "none"]);
        }
        command.args(boot.flags).arg("--").args(boot.arguments);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("the tool starts");
        let open_end = boot.input_stays_open.then(|| another_end(&child));
        feed(&mut child, boot.input.to_vec());
        let output = child.wait_with_output().expect("the tool ends");
        drop(open_end);
        let mut outcome = Outcome {
            status: output.status.code().unwrap_or(-1),
            stdout: String::new(),
            stderr: String::new(),
            console: String::new(),
            marks: Vec::new(),
            faults: Vec::new(),
            restarts: Vec::new(),
            backtraces: Vec::new(),
            messages: String::from_utf8_lossy(&output.stderr).into_owned(),
        };
        String::from_utf8_lossy(&output.stdout)
            .lines()
            .for_each(|line| outcome.take(line));
        marks::check(&outcome);
        outcome
    }
}

/// The end of the input's pipe that is written to, once more.
fn another_end(child: &Child) -> Option<OwnedFd> {
    let stdin = child.stdin.as_ref()?;
    stdin.as_fd().try_clone_to_owned().ok()
}

/// Writes the input from a thread of its own, so that a guest that writes
/// before it reads is not kept waiting.
fn feed(child: &mut Child, input: Vec<u8>) {
    if let Some(mut stdin) = child.stdin.take() {
        // A guest may end without reading; that is its affair.
        thread::spawn(move || _ = stdin.write_all(&input));
    }
}

impl Outcome {
    /// Takes one event of the tool.
    fn take(&mut self, line: &str) {
        let Ok(event) = serde_json::from_str::<Value>(line) else {
            self.messages.push_str(line);
            return;
        };
        let text = event["text"].as_str().unwrap_or_default();
        match event["event"].as_str() {
            Some("stdout") => self.stdout.push_str(text),
            Some("stderr") => self.stderr.push_str(text),
            Some("console") => {
                self.marks.extend(Mark::parse(text));
                self.console.push_str(text);
                self.console.push('\n');
            }
            Some("fault") => self.faults.push(event),
            Some("restart") => {
                let cell = event["cell"].as_str().unwrap_or_default();
                self.restarts.push(cell.to_owned());
            }
            Some("backtrace") => self.backtraces.push(event),
            _ => (),
        }
    }
}

/// The page faults in QEMU's log of interrupts, as `(error code, CR2)`.
pub fn page_faults(log: &Path) -> Vec<(u64, u64)> {
    let text = fs::read_to_string(log).unwrap_or_default();
    text.lines()
        .filter(|line| line.contains("v=0e"))
        .filter_map(|line| Some((hexadecimal(line, " e=")?, hexadecimal(line, "CR2=")?)))
        .collect()
}

/// The vectors of the exceptions in QEMU's log that came from ring 3.
pub fn exceptions(log: &Path) -> Vec<u64> {
    let text = fs::read_to_string(log).unwrap_or_default();
    text.lines()
        .filter(|line| line.contains("cpl=3"))
        .filter_map(|line| hexadecimal(line, "v="))
        .collect()
}

/// Where interrupts and exceptions came to ring 3, as far as that is in `range`.
pub fn interrupted_at(log: &Path, range: Range<u64>) -> BTreeSet<u64> {
    let text = fs::read_to_string(log).unwrap_or_default();
    text.lines()
        .filter(|line| line.contains("cpl=3"))
        .filter_map(|line| hexadecimal(line, " pc="))
        .filter(|at| range.contains(at))
        .collect()
}

fn hexadecimal(line: &str, before: &str) -> Option<u64> {
    let (_, rest) = line.split_once(before)?;
    let digits: String = rest.chars().take_while(char::is_ascii_hexdigit).collect();
    u64::from_str_radix(&digits, 16).ok()
}
