//! The server of volumes by virtio-fs, where it is to be had.
//!
//! Nothing needs it but `--volume-driver virtiofs`. Newer releases have it in a
//! package of its own. Debian 12 had it in a part of QEMU 7.2, and a newer QEMU
//! from the backports takes that part's place: there the one file is taken out
//! of the release's own package, which APT has verified, and put into the
//! user's cache. It runs with what QEMU needs anyway.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::apt::Apt;
use super::fix::SetupError;
use super::source::Packages;
use crate::vm;

/// The package of releases that have one.
const PACKAGE: &str = "virtiofsd";
/// The package that had it before, up to a version of QEMU, and where.
const FORMER: &str = "qemu-system-common";
const FORMER_BEFORE: u32 = 8;
const FORMER_FILE: &str = "usr/lib/qemu/virtiofsd";

/// Installs a `virtiofsd` where there is none.
///
/// # Errors
///
/// There is none to be had, or installing failed.
pub fn provide(say: &dyn Fn(&str)) -> Result<(), SetupError> {
    if vm::virtiofsd_program().is_some() {
        return Ok(());
    }
    if !Apt::is_here() {
        return Err(SetupError::NoVirtiofsd);
    }
    let apt = Apt::new(say)?;
    apt.update()?;
    if apt.offers(PACKAGE) {
        apt.install(&[PACKAGE], None)
    } else {
        unpack(&vm::virtiofsd_in_cache(), say)
    }
}

/// Takes the program out of the package that had it, and puts it at `place`.
fn unpack(place: &Path, say: &dyn Fn(&str)) -> Result<(), SetupError> {
    let known = said_by("apt-cache", &["madison", FORMER]);
    let version = former(&known).ok_or(SetupError::NoVirtiofsd)?;
    let package = format!("{FORMER}={version}");
    say(&format!(
        "taking virtiofsd out of {package}, to {}",
        place.display()
    ));
    let failed = |_| SetupError::Command(format!("unpacking {package}"));
    let folder = tempfile::tempdir().map_err(failed)?;
    run(
        folder.path(),
        &["apt-get", "-q", "download", package.as_str()],
    )?;
    let file = fs::read_dir(folder.path()).map_err(failed)?.flatten();
    let files: Vec<PathBuf> = file.map(|entry| entry.path()).collect();
    let is_package = |file: &&PathBuf| file.extension().is_some_and(|end| end == "deb");
    let file = files.iter().find(is_package);
    let file = file.ok_or(SetupError::NoVirtiofsd)?.to_string_lossy();
    run(folder.path(), &["dpkg-deb", "-x", &file, "unpacked"])?;
    keep(&folder.path().join("unpacked").join(FORMER_FILE), place).map_err(failed)?;
    // A library may be missing.
    let works = said_by(place, &["--version"]).contains("virtiofsd");
    works.then_some(()).ok_or_else(|| {
        let _it_is_no_use = fs::remove_file(place);
        SetupError::Unusable("virtiofsd")
    })
}

/// Copies a program so that it is there as a whole or not at all.
fn keep(program: &Path, place: &Path) -> std::io::Result<()> {
    let folder = place.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(folder)?;
    let copy = tempfile::Builder::new().tempfile_in(folder)?;
    // The rights to execute come along.
    fs::copy(program, copy.path())?;
    copy.persist(place)?;
    Ok(())
}

/// The newest version that has the program, of what `apt-cache madison` tells.
fn former(known: &str) -> Option<&str> {
    let versions = known.lines().filter_map(|line| line.split('|').nth(1));
    versions.map(str::trim).find(|version| {
        let upstream = version.split_once(':').map_or(*version, |(_, rest)| rest);
        let major = upstream.split(|c: char| !c.is_ascii_digit()).next();
        let major = major.and_then(|digits| digits.parse::<u32>().ok());
        major.is_some_and(|major| major < FORMER_BEFORE)
    })
}

fn run(folder: &Path, words: &[&str]) -> Result<(), SetupError> {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).current_dir(folder);
    match command.stdout(std::io::stderr()).status() {
        Ok(status) if status.success() => Ok(()),
        _ => Err(SetupError::Command(words.join(" "))),
    }
}

fn said_by(program: impl AsRef<Path>, arguments: &[&str]) -> String {
    let output = Command::new(program.as_ref())
        .args(arguments)
        .env("LC_ALL", "C")
        .output();
    output.map_or_else(
        |_| String::new(),
        |output| String::from_utf8_lossy(&output.stdout).into_owned(),
    )
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_newest_package_that_has_it_is_taken() {
        let known = "\
qemu-system-common | 1:10.0.2+ds-2+deb13u1~bpo12+1 | http://deb.debian.org/debian bookworm-backports/main amd64 Packages
qemu-system-common | 1:7.2+dfsg-7+deb12u18+b3 | http://deb.debian.org/debian bookworm/main amd64 Packages
qemu-system-common | 1:7.2+dfsg-7+deb12u15 | http://deb.debian.org/debian-security bookworm-security/main amd64 Packages
";
        assert_eq!(former(known), Some("1:7.2+dfsg-7+deb12u18+b3"));
        let newer = known.lines().next().unwrap_or_default();
        assert_eq!(former(newer), None);
        assert_eq!(former(""), None);
    }

    #[test]
    fn a_program_is_kept_with_its_rights() {
        let folder = tempfile::tempdir().expect("a folder");
        let program = folder.path().join("program");
        fs::write(&program, "#!/bin/sh\necho virtiofsd version 1\n").expect("a file");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("it is ours");
        let place = folder.path().join("deep/er/virtiofsd");
        keep(&program, &place).expect("there is room");
        assert!(said_by(&place, &[]).contains("virtiofsd"));
        assert!(keep(&folder.path().join("nothing"), &place).is_err());
        assert!(said_by(&place, &[]).contains("virtiofsd"), "as before");
    }
}
