//! What the installed QEMU can do.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::vm;

/// The oldest QEMU on which images are tested.
const OLDEST: (u32, u32) = (7, 2);
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
        let said = output(&program, &["--version"])?;
        let version = said.lines().next()?.to_owned();
        Some(Qemu { program, version })
    }

    /// Whether it is of an age that is tested; unknown ages pass.
    pub(super) fn is_new_enough(&self) -> bool {
        parse_version(&self.version).is_none_or(|version| version >= OLDEST)
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

/// Major and minor out of `QEMU emulator version 7.2.22 (…)`.
fn parse_version(line: &str) -> Option<(u32, u32)> {
    let (_, version) = line.split_once("version ")?;
    let mut parts = version.split(|c: char| !c.is_ascii_digit());
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_out_of_what_qemu_says() {
        let line = "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7)";
        assert_eq!(parse_version(line), Some((7, 2)));
        assert_eq!(parse_version("QEMU emulator version 10.0.0"), Some((10, 0)));
        assert_eq!(parse_version("something else"), None);
    }
}
