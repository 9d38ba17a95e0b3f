//! The plugin for QEMU that counts what each virtual CPU executes.

use std::path::PathBuf;

use super::folders::Folders;
use super::{BuildError, cargo, toolchain};

/// Builds the plugin; its file.
pub(super) fn build(progress: &dyn Fn(&str)) -> Result<PathBuf, BuildError> {
    let (folders, toolchain) = (Folders::find()?, toolchain::find()?);
    let _lock = folders.lock(progress)?;
    progress("building the counter");
    let mut command = cargo::command(&toolchain, "build");
    command
        .arg("--manifest-path")
        .arg(folders.benchmark("counter").join("Cargo.toml"))
        .args(["--release", "--target-dir"])
        .arg(folders.target.join("counter"));
    let built = cargo::run_quietly(command, "the counter", progress)?;
    Ok(cargo::file_of(&built, "counter")?.to_owned())
}
