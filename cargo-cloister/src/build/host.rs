//! Programs that measure on the host: QEMU's plugin, and what runs under Linux.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::components::gate_pages;
use super::folders::Folders;
use super::toolchain::Toolchain;
use super::{BuildError, cargo, flags, toolchain};

/// Targets of programs that need no other file.
const STATIC_TARGETS: [&str; 2] = ["x86_64-unknown-linux-musl", "x86_64-unknown-linux-gnu"];

/// The program that measures gates under Linux, and the gate pages for it.
#[derive(Clone, Debug)]
pub struct NativeGates {
    /// The program.
    pub program: PathBuf,
    /// The linked gate pages, of `none` and `mpk`.
    pub pages: [PathBuf; 2],
}

/// What a Linux runs that is compared with.
#[derive(Clone, Debug)]
pub struct LinuxPrograms {
    /// The first program, which sets up what the other needs.
    pub init: PathBuf,
    /// The servers.
    pub server: PathBuf,
    /// What they are built for.
    pub target: &'static str,
}

/// Builds the plugin for QEMU that counts; its file.
pub(super) fn counter(progress: &dyn Fn(&str)) -> Result<PathBuf, BuildError> {
    let folders = Folders::find()?;
    let _lock = folders.lock(progress)?;
    build(&folders, "counter", "counter", progress)
}

/// Builds the plugin for QEMU that makes code go wrong; its file.
pub(super) fn injector(progress: &dyn Fn(&str)) -> Result<PathBuf, BuildError> {
    let folders = Folders::find()?;
    let _lock = folders.lock(progress)?;
    build(&folders, "injector", "injector", progress)
}

/// Builds what measures gates under Linux.
pub(super) fn native_gates(progress: &dyn Fn(&str)) -> Result<NativeGates, BuildError> {
    let folders = Folders::find()?;
    let _lock = folders.lock(progress)?;
    Ok(NativeGates {
        program: build(&folders, "native", "native-bench", progress)?,
        pages: gate_pages(&folders, &toolchain::find()?, progress)?,
    })
}

/// Builds the servers and the first program of a Linux that holds nothing else.
pub(super) fn linux_programs(progress: &dyn Fn(&str)) -> Result<LinuxPrograms, BuildError> {
    let folders = Folders::find()?;
    let _lock = folders.lock(progress)?;
    let toolchain = toolchain::find()?;
    let target = static_target(&toolchain.sysroot);
    let build = |folder: &str, name: &str| {
        let mut command = recipe(&folders, folder, &toolchain);
        let flags = format!("CARGO_TARGET_{}_RUSTFLAGS", flags::in_capitals(target));
        command
            .args(["--target", target])
            .env(flags, "-C target-feature=+crt-static")
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS");
        finish(command, name, progress)
    };
    Ok(LinuxPrograms {
        init: build("linux-init", "linux-init")?,
        server: build("network", "network-bench")?,
        target,
    })
}

/// The target whose programs need no other file: musl's where its library is
/// installed, else the GNU one, which is linked so on demand.
fn static_target(sysroot: &Path) -> &'static str {
    let is_there = |target: &&str| {
        let libraries = sysroot.join("lib/rustlib").join(target);
        libraries.join("lib").is_dir()
    };
    let [musl, gnu] = STATIC_TARGETS;
    Some(musl).filter(is_there).unwrap_or(gnu)
}

/// Builds the package in `folder` of the benchmarks; the file called `name`.
fn build(
    folders: &Folders,
    folder: &str,
    name: &str,
    progress: &dyn Fn(&str),
) -> Result<PathBuf, BuildError> {
    finish(recipe(folders, folder, &toolchain::find()?), name, progress)
}

/// Cargo, as it builds the package in `folder` of the benchmarks.
fn recipe(folders: &Folders, folder: &str, toolchain: &Toolchain) -> Command {
    let mut command = cargo::command(toolchain, "build");
    command
        .arg("--manifest-path")
        .arg(folders.benchmark(folder).join("Cargo.toml"))
        .args(["--release", "--target-dir"])
        .arg(folders.target.join(folder));
    command
}

fn finish(
    command: Command,
    name: &str,
    progress: &dyn Fn(&str),
) -> Result<PathBuf, BuildError> {
    let what = format!("the benchmark `{name}`");
    progress(&format!("building {what}"));
    let built = cargo::run_quietly(command, &what, progress)?;
    Ok(cargo::file_of(&built, name)?.to_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn musl_is_taken_where_it_is() {
        let sysroot = tempfile::tempdir().expect("a folder");
        assert_eq!(static_target(sysroot.path()), STATIC_TARGETS[1]);
        let library = format!("lib/rustlib/{}/lib", STATIC_TARGETS[0]);
        fs::create_dir_all(sysroot.path().join(library)).expect("a folder");
        assert_eq!(static_target(sysroot.path()), STATIC_TARGETS[0]);
    }
}
