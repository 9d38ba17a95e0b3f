//! Compiler flags: the components' own, and the user's for applications.
//!
//! Flags for everything must be the same for every application, or cargo
//! builds std anew for each; what is only for one program goes to its last
//! compiler call instead. Paths of this machine are mapped away: an image
//! carries none, and is the same on every machine.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::iter;
use std::path::{Path, PathBuf};

use super::cargo::{self, APP_TARGET};
use super::folders::Folders;
use super::program;
use super::toolchain::Toolchain;
use crate::image::symbol_file::LIBRARY;

/// What separates flags in CARGO_ENCODED_RUSTFLAGS.
const SEPARATOR: &str = "\u{1f}";

/// What a configuration that speaks of flags contains.
const FLAGS: &str = "rustflags";

/// Keeps the chain of frames that a backtrace follows. It stands before the
/// user's own flags, which may say otherwise.
const FRAMES: &str = "-Cforce-frame-pointers=yes";

/// How the kernels' components are compiled and linked: to fixed addresses
/// anywhere in the address space, so relative to RIP, and without relocations.
const KERNEL_FLAGS: [&str; 7] = [
    "-Crelocation-model=pic",
    "-Ccode-model=small",
    "-Clink-arg=--no-pie",
    "-Clink-arg=-zmax-page-size=4096",
    "-Clink-arg=--build-id=none",
    "-Cforce-frame-pointers=no",
    // Beside the code, and in no page: what each function takes of its stack.
    "-Zemit-stack-sizes",
];

/// The flags of the kernels' components.
pub(super) fn kernel(folders: &Folders, toolchain: &Toolchain) -> String {
    let flags = KERNEL_FLAGS.map(str::to_owned).into_iter();
    join(flags.chain(component_paths(folders, toolchain)))
}

/// The flags of what is linked to every application.
pub(super) fn abi(folders: &Folders, toolchain: &Toolchain) -> String {
    join(component_paths(folders, toolchain))
}

/// The flags of an application and all its crates: the user's, and for every
/// application the same frames and mapping of paths. Of several that match a path, the
/// compiler takes the last.
pub(super) fn application(
    folders: &Folders,
    toolchain: &Toolchain,
    package: &Path,
    arguments: &[OsString],
) -> String {
    let own = env::home_dir().into_iter().chain(folders.repository());
    let own = own.map(|folder| remap(&folder, ""));
    let users = users(toolchain, package, arguments);
    let users = iter::once(FRAMES.to_owned()).chain(users);
    join(users.chain(own).chain(common_paths(toolchain)))
}

/// The name of a target as cargo writes it in environment variables.
pub(super) fn in_capitals(target: &str) -> String {
    target.to_uppercase().replace('-', "_")
}

/// A flag that makes the compiler call `from` by another name.
pub(super) fn remap(from: &Path, to: &str) -> String {
    format!("--remap-path-prefix={}={to}", from.display())
}

fn join(flags: impl IntoIterator<Item = String>) -> String {
    flags.into_iter().collect::<Vec<_>>().join(SEPARATOR)
}

fn component_paths(folders: &Folders, toolchain: &Toolchain) -> Vec<String> {
    let own = [
        remap(&folders.sources, ""),
        remap(&folders.components(), "/target"),
    ];
    own.into_iter().chain(common_paths(toolchain)).collect()
}

/// Where the library and the crates of the registry lie on this machine.
fn common_paths(toolchain: &Toolchain) -> Vec<String> {
    let source = &toolchain.source;
    let mut paths = vec![remap(source, LIBRARY)];
    paths.extend(
        source
            .canonicalize()
            .ok()
            .filter(|real| real != source)
            .map(|real| remap(&real, LIBRARY)),
    );
    paths.extend(cargo_home().map(|home| remap(&home.join("registry/src"), "/registry")));
    paths
}

fn cargo_home() -> Option<PathBuf> {
    let set = env::var_os("CARGO_HOME").map(PathBuf::from);
    set.or_else(|| Some(env::home_dir()?.join(".cargo")))
}

/// The user's own flags, by cargo's rules: the environment, or else those of
/// the target, or else those of every build.
fn users(toolchain: &Toolchain, package: &Path, arguments: &[OsString]) -> Vec<String> {
    if let Some(flags) = env::var_os("CARGO_ENCODED_RUSTFLAGS") {
        return split(&flags, SEPARATOR);
    }
    if let Some(flags) = env::var_os("RUSTFLAGS") {
        return split(&flags, " ");
    }
    let target = format!("target.{APP_TARGET}.rustflags");
    let target_variable = format!("CARGO_TARGET_{}_RUSTFLAGS", in_capitals(APP_TARGET));
    let both = [
        (target, target_variable),
        ("build.rustflags".into(), "CARGO_BUILD_RUSTFLAGS".into()),
    ];
    let configured = both.into_iter().map(|(key, variable)| {
        let mut flags = configured(toolchain, package, arguments, &key);
        flags.extend(env::var_os(variable).map_or(Vec::new(), |flags| split(&flags, " ")));
        flags
    });
    configured
        .into_iter()
        .find(|flags| !flags.is_empty())
        .unwrap_or_default()
}

fn split(flags: &OsString, separator: &str) -> Vec<String> {
    let flags = flags.to_string_lossy();
    flags
        .split(separator)
        .map(str::trim)
        .filter(|it| !it.is_empty())
        .map(str::to_owned)
        .collect()
}

/// What cargo's configuration says about `key`, asked only if a file or an
/// argument speaks of flags at all.
fn configured(
    toolchain: &Toolchain,
    package: &Path,
    arguments: &[OsString],
    key: &str,
) -> Vec<String> {
    let given = program::values_of(arguments, "", "--config");
    let speaks = given.iter().any(|text| text.contains(FLAGS))
        || config_files(package)
            .iter()
            .any(|file| speaks_of_flags(file));
    if !speaks {
        return Vec::new();
    }
    let mut command = cargo::command(toolchain, "-Zunstable-options");
    command.args(given.iter().flat_map(|text| ["--config", text]));
    command
        .args(["config", "get", "--format=json-value", key])
        .current_dir(package);
    let answer = command
        .output()
        .map(|output| output.stdout)
        .unwrap_or_default();
    match serde_json::from_slice(&answer) {
        Ok(serde_json::Value::String(flags)) => split(&flags.into(), " "),
        Ok(serde_json::Value::Array(flags)) => flags
            .iter()
            .filter_map(|flag| flag.as_str().map(str::to_owned))
            .collect(),
        _ => Vec::new(),
    }
}

fn config_files(package: &Path) -> Vec<PathBuf> {
    let folders = package
        .ancestors()
        .map(|folder| folder.join(".cargo"))
        .chain(cargo_home());
    folders
        .flat_map(|folder| [folder.join("config.toml"), folder.join("config")])
        .collect()
}

fn speaks_of_flags(file: &Path) -> bool {
    fs::read_to_string(file).is_ok_and(|text| text.contains(FLAGS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_split_as_cargo_splits_them() {
        assert_eq!(
            split(&" -C  opt-level=3 ".into(), " "),
            ["-C", "opt-level=3"]
        );
        assert_eq!(split(&"--cfg\u{1f}a b".into(), SEPARATOR), ["--cfg", "a b"]);
        assert!(split(&"".into(), " ").is_empty());
    }

    #[test]
    fn targets_have_their_name_in_variables() {
        assert_eq!(in_capitals(APP_TARGET), "X86_64_UNKNOWN_HERMIT");
    }
}
