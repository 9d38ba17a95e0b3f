//! How old a QEMU is, whether walls hold under it, and whether CPUs that take turns
//! all get one.
//!
//! Before 9.1, QEMU's translator makes the stack accesses of far calls, far
//! returns and IRET within one privilege level with the rights of ring 0,
//! whoever executes them. So ring 3 writes to the core's memory, which no key
//! and no search for instructions prevents. Programs that are wrong are stopped
//! there as anywhere; programs that are hostile are not. KVM leaves these
//! instructions to the processor.
//!
//! Before 8.1, a CPU whose time is counted in instructions keeps its turn until the
//! next timer is due, and those that come behind it get what is left, which is
//! nothing where it spins (mended by "tcg-accel-ops-rr: ensure fairness with icount").

use std::fmt;
use std::path::Path;
use std::process::{Command, Stdio};

use domains::Isolation;

use super::{Accel, Spec, qemu_program};

/// The version of a QEMU, as far as it matters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Version {
    pub(super) major: u32,
    pub(super) minor: u32,
}

impl Version {
    /// The oldest on which images are tested.
    pub const OLDEST: Version = Version { major: 7, minor: 2 };
    /// The oldest under whose translator walls hold against hostile code.
    pub const SOUND: Version = Version { major: 9, minor: 1 };
    /// The oldest that gives all CPUs a turn where time is counted in instructions.
    pub const FAIR: Version = Version { major: 8, minor: 1 };

    /// Reads what QEMU says of itself: `QEMU emulator version 7.2.22 (…)`. A
    /// release candidate has the number of the version before.
    pub fn said(line: &str) -> Option<Version> {
        let (_, version) = line.split_once("version ")?;
        Version::read(version)
    }

    /// Reads the version of a package: `1:10.0.2+ds-2+deb13u1~bpo12+1`.
    pub fn of_package(version: &str) -> Option<Version> {
        let behind_epoch = version.split_once(':').map_or(version, |(_, rest)| rest);
        Version::read(behind_epoch)
    }

    fn read(text: &str) -> Option<Version> {
        let mut parts = text.split(|c: char| !c.is_ascii_digit());
        Some(Version {
            major: parts.next()?.parse().ok()?,
            minor: parts.next()?.parse().ok()?,
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// An emulator under which walls do not hold against hostile code, or that does
/// not say what it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WeakWalls {
    /// What it says of itself.
    pub qemu: String,
    version: Option<Version>,
}

impl WeakWalls {
    /// What is weak about a QEMU that says this of itself, if anything.
    pub fn of(said: &str) -> Option<WeakWalls> {
        let version = Version::said(said);
        let is_sound = version.is_some_and(|version| version >= Version::SOUND);
        (!is_sound).then(|| WeakWalls {
            qemu: said.to_owned(),
            version,
        })
    }

    /// The same for somebody who is looking at this machine already.
    pub(crate) fn finding(&self) -> String {
        let sound = Version::SOUND;
        let remedy = format!(
            "that takes QEMU {sound} or newer, which `doctor --fix` installs if this release \
             has it, or KVM"
        );
        match self.version {
            Some(_) => {
                format!("do not hold against hostile code under its emulation: {remedy}")
            }
            None => format!(
                "may not hold against hostile code: {remedy}; how old this one is, it does not \
                 say"
            ),
        }
    }
}

impl fmt::Display for WeakWalls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.version {
            Some(version) => write!(
                f,
                "walls do not hold against hostile code under the emulation of QEMU {version}"
            )?,
            None => write!(
                f,
                "whether walls hold against hostile code under this emulator is not known"
            )?,
        }
        let sound = Version::SOUND;
        write!(
            f,
            ": they do from QEMU {sound} on; see `cargo cloister doctor`"
        )
    }
}

/// The first line of what `program` says of its version; none if it cannot be
/// asked.
pub(crate) fn said(program: &Path) -> Option<String> {
    let mut command = Command::new(program);
    let output = command
        .arg("--version")
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    Some(text.lines().next().unwrap_or_default().to_owned())
}

impl Spec {
    /// Whether the walls of this run depend on the emulator's version.
    pub fn has_emulated_walls(&self) -> bool {
        self.isolation == Isolation::Mpk && self.accel == Accel::Tcg
    }

    /// What is weak about this run's walls, by the emulator that runs it.
    pub fn weak_walls(&self) -> Option<WeakWalls> {
        if !self.has_emulated_walls() {
            return None;
        }
        WeakWalls::of(&self.emulator_says()?)
    }

    /// What is to be told of CPUs that take turns under the emulator of this run, if
    /// some may not get one.
    pub fn unfair_turns(&self) -> Option<String> {
        if !self.is_counted() || self.cpus == 1 {
            return None;
        }
        let version = Version::said(&self.emulator_says()?)?;
        (version < Version::FAIR).then(|| {
            format!(
                "QEMU {version} may let CPUs starve that take turns by `--icount`, and then \
                 nothing goes on: from {} on it does not",
                Version::FAIR
            )
        })
    }

    /// What the emulator of this run says of itself. One that is not there is another
    /// complaint, which the run makes.
    pub fn emulator_says(&self) -> Option<String> {
        let program = self.qemu.clone().or_else(|| qemu_program().ok())?;
        said(&program)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEBIAN_12: &str = "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)";

    fn version(major: u32, minor: u32) -> Option<Version> {
        Some(Version { major, minor })
    }

    #[test]
    fn versions_are_read_out_of_what_qemu_says() {
        assert_eq!(Version::said(DEBIAN_12), version(7, 2));
        assert_eq!(
            Version::said("QEMU emulator version 10.0.0"),
            version(10, 0)
        );
        let ubuntu = "QEMU emulator version 8.2.2 (Debian 1:8.2.2+ds-0ubuntu1.10)";
        assert_eq!(Version::said(ubuntu), version(8, 2));
        let candidate = "QEMU emulator version 9.0.93 (v9.1.0-rc3)";
        assert_eq!(Version::said(candidate), version(9, 0));
        assert_eq!(Version::said("something else"), None);
        assert_eq!(Version::said(""), None);
    }

    #[test]
    fn versions_of_packages_may_have_an_epoch() {
        let backport = "1:10.0.2+ds-2+deb13u1~bpo12+1";
        assert_eq!(Version::of_package(backport), version(10, 0));
        assert_eq!(Version::of_package("1:7.2+dfsg-7"), version(7, 2));
        assert_eq!(Version::of_package("9.1.0-1"), version(9, 1));
        assert_eq!(Version::of_package("(none)"), None);
    }

    #[test]
    fn walls_are_weak_before_9_1_and_where_nobody_knows() {
        for sound in ["9.1.0", "9.2.1 (Debian 1:9.2.1+ds-1ubuntu5)", "10.0.2"] {
            let said = format!("QEMU emulator version {sound}");
            assert_eq!(WeakWalls::of(&said), None, "{said}");
        }
        let weak = WeakWalls::of(DEBIAN_12).expect("7.2 is weak").to_string();
        assert!(weak.starts_with("walls do not hold against hostile code"));
        assert!(weak.contains("QEMU 7.2") && weak.contains("9.1"), "{weak}");
        assert!(!weak.contains('\n'));
        assert!(WeakWalls::of("QEMU emulator version 9.0.4").is_some());
        let unknown = WeakWalls::of("my own emulator").expect("nobody knows");
        assert!(unknown.to_string().contains("not known"));
    }

    #[test]
    fn only_walls_under_emulation_depend_on_the_emulator() {
        let spec = Spec::new("x".into(), "x".to_owned(), Isolation::Mpk);
        assert!(spec.has_emulated_walls());
        let kvm = Spec {
            accel: Accel::Kvm,
            ..spec.clone()
        };
        let none = Spec {
            isolation: Isolation::None,
            ..spec
        };
        assert!(!kvm.has_emulated_walls() && !none.has_emulated_walls());
        assert_eq!((kvm.weak_walls(), none.weak_walls()), (None, None));
    }
}
