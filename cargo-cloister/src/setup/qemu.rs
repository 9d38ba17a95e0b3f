//! What the installed QEMU can do.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::vm::{self, Version, WeakWalls, emulator};

/// Where Debian's and Ubuntu's packages put it.
const PACKAGED: &str = "/usr/bin/qemu-system-x86_64";
/// The machines that images boot on.
const MACHINES: [&str; 2] = ["microvm", "q35"];
/// What these need to boot a kernel.
const FIRMWARE: [&str; 3] = ["qboot.rom", "pvh.bin", "bios-256k.bin"];

/// An installed QEMU.
pub(crate) struct Qemu {
    program: PathBuf,
    /// What it says about its version.
    pub(crate) version: String,
}

impl Qemu {
    /// The QEMU that runs would use.
    pub(crate) fn find() -> Option<Qemu> {
        let program = vm::qemu_program().ok()?;
        let version = emulator::said(&program)?;
        Some(Qemu { program, version })
    }

    /// Whether it is of an age that is tested; unknown ages pass.
    pub(super) fn is_new_enough(&self) -> bool {
        Version::said(&self.version).is_none_or(|version| version >= Version::OLDEST)
    }

    /// What is weak about walls under its emulation, if anything.
    pub(super) fn weak_walls(&self) -> Option<WeakWalls> {
        WeakWalls::of(&self.version)
    }

    /// Whether it is the system's, so that the system can replace it, and not
    /// one of somebody's own.
    pub(super) fn is_packaged(&self) -> bool {
        let is = |path: &Path| path.canonicalize().ok();
        is(&self.program) == is(Path::new(PACKAGED))
    }

    /// The machines that it lacks.
    pub(super) fn missing_machines(&self) -> Vec<&'static str> {
        let list = output(&self.program, &["-machine", "help"]).unwrap_or_default();
        let names: Vec<&str> = list
            .lines()
            .filter_map(|line| line.split_whitespace().next())
            .collect();
        MACHINES
            .into_iter()
            .filter(|machine| !names.contains(machine))
            .collect()
    }

    /// The firmware that it lacks.
    pub(super) fn missing_firmware(&self) -> Vec<&'static str> {
        let list = output(&self.program, &["-L", "help"]).unwrap_or_default();
        let directories: Vec<&Path> = list.lines().map(Path::new).collect();
        let is_there = |file: &&str| directories.iter().any(|place| place.join(file).exists());
        FIRMWARE
            .into_iter()
            .filter(|file| !is_there(file))
            .collect()
    }

    /// Whether images boot with it.
    pub(super) fn is_usable(&self) -> bool {
        self.is_new_enough()
            && self.missing_machines().is_empty()
            && self.missing_firmware().is_empty()
    }
}

fn output(program: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
