//! Debian's and Ubuntu's packages.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::os::unix::fs::MetadataExt;
use std::process::{Command, Stdio};

use super::fix::SetupError;
use super::source::Packages;
use super::{on_path, policy};

/// Says what the system is.
const RELEASE: &str = "/etc/os-release";

/// The package manager.
pub(super) struct Apt<'a> {
    prefix: Vec<&'static str>,
    say: &'a dyn Fn(&str),
}

impl<'a> Apt<'a> {
    /// Whether this system installs with APT.
    pub(super) fn is_here() -> bool {
        let release = fs::read_to_string(RELEASE).unwrap_or_default();
        is_debian_like(&release) && on_path("apt-get").is_some()
    }

    /// APT as root, if need be through sudo.
    pub(super) fn new(say: &'a dyn Fn(&str)) -> Result<Apt<'a>, SetupError> {
        let prefix = privilege()?;
        Ok(Apt { prefix, say })
    }

    /// Whether there is a version of `package` to install.
    pub(super) fn offers(&self, package: &str) -> bool {
        policy::candidate(&self.policy(package)).is_some()
    }

    fn get(&self, arguments: &[&str]) -> Result<(), SetupError> {
        let words: Vec<&str> = self
            .prefix
            .iter()
            .copied()
            .chain(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"])
            // Another set-up may be at work: wait for it.
            .chain(["-o", "DPkg::Lock::Timeout=120"])
            .chain(arguments.iter().copied())
            .collect();
        run(&words, "")
    }

    /// Runs a command that only root may run.
    fn as_root(&self, words: &[&str], input: &str) -> Result<(), SetupError> {
        run(&[&self.prefix, words].concat(), input)
    }
}

impl Packages for Apt<'_> {
    fn system(&self) -> String {
        fs::read_to_string(RELEASE).unwrap_or_default()
    }

    fn policy(&self, package: &str) -> String {
        let mut command = Command::new("apt-cache");
        let output = command
            .args(["policy", package])
            .env("LC_ALL", "C")
            .output();
        output.map_or_else(
            |_| String::new(),
            |output| String::from_utf8_lossy(&output.stdout).into_owned(),
        )
    }

    fn update(&self) -> Result<(), SetupError> {
        (self.say)("updating the lists of packages");
        self.get(&["update"])
    }

    /// Installs nothing that is only recommended.
    fn install(&self, packages: &[&str], suite: Option<&str>) -> Result<(), SetupError> {
        let from = suite.map_or(String::new(), |suite| format!(" from {suite}"));
        (self.say)(&format!("installing {}{from}", packages.join(", ")));
        let mut words = vec!["install", "-y", "--no-install-recommends"];
        if let Some(suite) = suite {
            words.extend(["-t", suite]);
        }
        self.get(&[&words, packages].concat())
    }

    fn add_list(&self, file: &str, text: &str) -> Result<(), SetupError> {
        self.as_root(&["tee", file], text)
    }

    fn remove_list(&self, file: &str) -> Result<(), SetupError> {
        self.as_root(&["rm", "-f", file], "")
    }
}

/// Runs a command, which reads `input`, or what we read if there is none.
fn run(words: &[&str], input: &str) -> Result<(), SetupError> {
    match succeeds(words, input) {
        Ok(true) => Ok(()),
        Ok(false) | Err(_) => Err(SetupError::Command(words.join(" "))),
    }
}

fn succeeds(words: &[&str], input: &str) -> io::Result<bool> {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).stdout(io::stderr());
    if input.is_empty() {
        return Ok(command.stdin(Stdio::inherit()).status()?.success());
    }
    let mut child = command.stdin(Stdio::piped()).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes())?;
    }
    Ok(child.wait()?.success())
}

/// What to put in front of a command that only root may run.
fn privilege() -> Result<Vec<&'static str>, SetupError> {
    let is_root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    match (is_root, on_path("sudo")) {
        (true, _) => Ok(Vec::new()),
        (false, None) => Err(SetupError::NotRoot),
        (false, Some(_)) if io::stdin().is_terminal() => Ok(vec!["sudo"]),
        (false, Some(_)) => Ok(vec!["sudo", "-n"]),
    }
}

fn is_debian_like(release: &str) -> bool {
    release
        .lines()
        .filter_map(|line| {
            line.strip_prefix("ID=")
                .or_else(|| line.strip_prefix("ID_LIKE="))
        })
        .flat_map(|ids| ids.trim_matches('"').split_whitespace())
        .any(|id| id == "debian" || id == "ubuntu")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debian_and_its_kin_are_recognised() {
        assert!(is_debian_like("NAME=x\nID=debian\n"));
        assert!(is_debian_like("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n"));
        assert!(!is_debian_like("ID=fedora\nVERSION_ID=debian\n"));
    }

    #[test]
    fn a_command_gets_its_input_and_its_failure_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("x.sources");
        let words = ["tee", file.to_str().expect("a path in UTF-8")];
        run(&words, "Types: deb\n").expect("tee writes");
        assert_eq!(fs::read_to_string(&file).expect("a file"), "Types: deb\n");
        let error = run(&["false"], "").expect_err("false fails");
        assert_eq!(error.to_string(), "`false` failed");
    }
}
