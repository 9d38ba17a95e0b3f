//! Programs that measure on the host: QEMU's plugin, and the gates under Linux.

use std::path::PathBuf;

use super::components::gate_pages;
use super::folders::Folders;
use super::{BuildError, cargo, toolchain};

/// The program that measures gates under Linux, and the gate pages for it.
#[derive(Clone, Debug)]
pub struct NativeGates {
    /// The program.
    pub program: PathBuf,
    /// The linked gate pages, of `none` and `mpk`.
    pub pages: [PathBuf; 2],
}

/// Builds the plugin for QEMU that counts; its file.
pub(super) fn counter(progress: &dyn Fn(&str)) -> Result<PathBuf, BuildError> {
    let folders = Folders::find()?;
    let _lock = folders.lock(progress)?;
    build(&folders, "counter", "counter", progress)
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

/// Builds the package in `folder` of the benchmarks; the file called `name`.
fn build(
    folders: &Folders,
    folder: &str,
    name: &str,
    progress: &dyn Fn(&str),
) -> Result<PathBuf, BuildError> {
    let what = format!("the benchmark `{name}`");
    progress(&format!("building {what}"));
    let mut command = cargo::command(&toolchain::find()?, "build");
    command
        .arg("--manifest-path")
        .arg(folders.benchmark(folder).join("Cargo.toml"))
        .args(["--release", "--target-dir"])
        .arg(folders.target.join(folder));
    let built = cargo::run_quietly(command, &what, progress)?;
    Ok(cargo::file_of(&built, name)?.to_owned())
}
