//! What is there and what is not, one line for each.

use std::fmt;
use std::path::PathBuf;

use super::qemu::Qemu;
use crate::build::toolchain;
use crate::vm::{self, Host, Version, WeakWalls};

/// How a finding is meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// There, and as it should be.
    Good,
    /// Good to know; nothing needs it.
    Note,
    /// Needed, and not there.
    Missing,
}

/// One thing that was looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// What was looked at.
    pub subject: &'static str,
    /// Whether it is as it should be.
    pub state: State,
    /// What there is, or what is wrong.
    pub detail: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Good => "ok",
            State::Note => "note",
            State::Missing => "missing",
        };
        write!(f, "{state:<8} {:<10} {}", self.subject, self.detail)
    }
}

/// Looks at everything that building and running need.
pub fn findings() -> Vec<Finding> {
    let mut all = vec![toolchain()];
    match Qemu::find() {
        Some(qemu) => all.extend(qemu_findings(&qemu)),
        None => all.push(missing("qemu", "there is no qemu-system-x86_64".to_owned())),
    }
    all.push(virtiofsd(vm::virtiofsd_program()));
    all.extend(host(Host::probe()));
    all
}

fn toolchain() -> Finding {
    match toolchain::find() {
        Ok(found) => good(
            "toolchain",
            format!(
                "{}, library source in {}, linker {}",
                found.version,
                found.source.display(),
                found.linker.display()
            ),
        ),
        Err(why) => missing("toolchain", why.to_string()),
    }
}

fn qemu_findings(qemu: &Qemu) -> [Finding; 4] {
    let version = match qemu.is_new_enough() {
        true => good("qemu", qemu.version.clone()),
        false => {
            let oldest = Version::OLDEST;
            missing("qemu", format!("{} is older than {oldest}", qemu.version))
        }
    };
    [
        version,
        walls(qemu.weak_walls()),
        complete("machines", "microvm and q35", &qemu.missing_machines()),
        complete(
            "firmware",
            "for microvm, q35 and PVH",
            &qemu.missing_firmware(),
        ),
    ]
}

/// Whether the walls of images hold against code that wants to get out.
fn walls(weak: Option<WeakWalls>) -> Finding {
    match weak {
        None => good(
            "walls",
            "hold against hostile code under its emulation".to_owned(),
        ),
        Some(weak) => note("walls", &weak.finding()),
    }
}

fn complete(subject: &'static str, what: &str, lacks: &[&str]) -> Finding {
    match lacks {
        [] => good(subject, what.to_owned()),
        lacks => missing(subject, format!("QEMU lacks {}", lacks.join(", "))),
    }
}

/// Only `--volume-driver virtiofs` wants it.
fn virtiofsd(program: Option<PathBuf>) -> Finding {
    match program {
        Some(program) => good("virtiofsd", program.display().to_string()),
        None => note(
            "virtiofsd",
            "not here: only volumes by virtio-fs want it (`doctor --fix` brings it)",
        ),
    }
}

fn host(host: Host) -> [Finding; 2] {
    let kvm = match (host.kvm, host.nested) {
        (true, false) => "can be used",
        (true, true) => "opens, but this is a virtual machine: only `--accel kvm` tries it",
        (false, _) => "cannot be used; TCG runs every image",
    };
    let keys = match host.pku {
        true => "the processor has protection keys",
        false => "the processor has no protection keys; TCG has them",
    };
    [note("kvm", kvm), note("pku", keys)]
}

fn good(subject: &'static str, detail: String) -> Finding {
    Finding {
        subject,
        state: State::Good,
        detail,
    }
}

fn missing(subject: &'static str, detail: String) -> Finding {
    Finding {
        subject,
        state: State::Missing,
        detail,
    }
}

fn note(subject: &'static str, detail: &str) -> Finding {
    Finding {
        subject,
        state: State::Note,
        detail: detail.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_a_line() {
        let finding = complete("machines", "microvm and q35", &["microvm"]);
        assert_eq!(
            finding.to_string(),
            "missing  machines   QEMU lacks microvm"
        );
        assert_eq!(complete("machines", "both", &[]).state, State::Good);
    }

    #[test]
    fn walls_that_do_not_hold_are_no_obstacle_but_are_said() {
        let finding = walls(WeakWalls::of("QEMU emulator version 8.2.2 (Debian)"));
        assert_eq!(finding.state, State::Note);
        let line = finding.to_string();
        assert!(line.contains("do not hold against hostile code"), "{line}");
        assert!(line.contains("9.1"), "{line}");
        let finding = walls(WeakWalls::of("QEMU emulator version 10.0.2"));
        assert_eq!(finding.state, State::Good);
    }

    #[test]
    fn what_the_host_lacks_is_no_obstacle() {
        let bare = Host {
            kvm: false,
            pku: false,
            nested: true,
        };
        assert!(
            host(bare)
                .iter()
                .all(|finding| finding.state == State::Note)
        );
    }
}
