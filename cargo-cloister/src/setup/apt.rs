//! Debian's and Ubuntu's packages.

use std::fs;
use std::io::{self, IsTerminal};
use std::os::unix::fs::MetadataExt;
use std::process::{Command, Stdio};

use super::fix::SetupError;
use super::on_path;

/// The package manager, with the lists of what there is brought up to date.
pub(super) struct Apt {
    prefix: Vec<&'static str>,
}

impl Apt {
    /// Whether this system installs with APT.
    pub(super) fn is_here() -> bool {
        let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
        is_debian_like(&release) && on_path("apt-get").is_some()
    }

    /// Becomes root, if need be through sudo, and updates the lists.
    pub(super) fn update(say: &dyn Fn(&str)) -> Result<Apt, SetupError> {
        let apt = Apt {
            prefix: privilege()?,
        };
        say("updating the lists of packages");
        apt.get(&["update"])?;
        Ok(apt)
    }

    /// Whether there is a version of `package` to install.
    pub(super) fn offers(&self, package: &str) -> bool {
        Command::new("apt-cache")
            .args(["policy", package])
            .output()
            .is_ok_and(|output| has_candidate(&String::from_utf8_lossy(&output.stdout)))
    }

    /// Installs packages, and nothing that is only recommended.
    pub(super) fn install(
        &self,
        packages: &[&str],
        say: &dyn Fn(&str),
    ) -> Result<(), SetupError> {
        say(&format!("installing {}", packages.join(", ")));
        let fixed = ["install", "-y", "--no-install-recommends"];
        self.get(&[&fixed, packages].concat())
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
        let status = Command::new(words[0])
            .args(&words[1..])
            .stdin(Stdio::inherit())
            .stdout(io::stderr())
            .status();
        match status {
            Ok(status) if status.success() => Ok(()),
            _ => Err(SetupError::Command(words.join(" "))),
        }
    }
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

fn has_candidate(policy: &str) -> bool {
    policy
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Candidate:"))
        .any(|version| version.trim() != "(none)")
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
    fn only_a_version_that_can_be_installed_counts() {
        let policy = "rustc-web:\n  Installed: (none)\n  Candidate: 1.96.0\n";
        assert!(has_candidate(policy));
        assert!(!has_candidate("lld:\n  Candidate: (none)\n"));
        assert!(!has_candidate(""));
    }
}
