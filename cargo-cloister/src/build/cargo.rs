//! Cargo, as it is called for the guest.
//!
//! Which compiler and linker are used is decided here and not by the caller's
//! environment; everything else of the user's configuration stays in force
//! for applications, and nothing of it for the components.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use cargo_metadata::{Artifact, CrateType, Message, TargetKind};

use super::toolchain::Toolchain;
use super::{BuildError, flags};

/// The target of the kernels.
pub(super) const KERNEL_TARGET: &str = "x86_64-unknown-none";
/// The target of applications.
pub(super) const APP_TARGET: &str = "x86_64-unknown-hermit";

/// Asks cargo for messages that say what it built, with diagnostics as text.
pub(super) const MESSAGES: &str = "--message-format=json-render-diagnostics";

/// A file that cargo built.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Built {
    /// The target's name.
    pub(super) name: String,
    /// The executable, or the static or shared library.
    pub(super) file: PathBuf,
    /// Whether it runs tests.
    pub(super) is_test: bool,
}

/// Cargo with the compiler and linker of `toolchain`.
pub(super) fn command(toolchain: &Toolchain, verb: &str) -> Command {
    let mut command = Command::new(&toolchain.cargo);
    command
        .arg(verb)
        .env("RUSTC", &toolchain.rustc)
        .env("RUSTC_BOOTSTRAP", "1");
    for target in [KERNEL_TARGET, APP_TARGET] {
        command.env(
            format!("CARGO_TARGET_{}_LINKER", flags::in_capitals(target)),
            &toolchain.linker,
        );
    }
    let foreign = ["RUSTUP_TOOLCHAIN", "CARGO_BUILD_TARGET", "CARGO_TARGET_DIR"];
    let foreign = foreign
        .into_iter()
        .chain(["CARGO_BUILD_TARGET_DIR", "CARGO_BUILD_RUSTC"]);
    foreign.for_each(|name| {
        command.env_remove(name);
    });
    command
}

/// Runs cargo with its messages read and its status lines given to
/// `progress`; what it said is part of the error if it fails.
pub(super) fn run_quietly(
    mut command: Command,
    what: &str,
    progress: &dyn Fn(&str),
) -> Result<Vec<Built>, BuildError> {
    command.arg(MESSAGES);
    let program = PathBuf::from(command.get_program());
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(BuildError::io("run", &program))?;
    let stdout = child.stdout.take().expect("it was asked for");
    let reader = thread::spawn(move || built(stdout));
    let stderr = child.stderr.take().expect("it was asked for");
    let output = relay(stderr, what, progress);
    let status = child.wait().map_err(BuildError::io("run", &program))?;
    let files = reader.join().expect("reading messages does not panic");
    match status.success() {
        true => Ok(files),
        false => Err(BuildError::ComponentFailed {
            what: what.into(),
            output,
        }),
    }
}

/// Runs cargo, which was told to give [`MESSAGES`], with its own words on stderr.
pub(super) fn run_openly(mut command: Command, what: &str) -> Result<Vec<Built>, BuildError> {
    let program = PathBuf::from(command.get_program());
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(BuildError::io("run", &program))?;
    let files = built(child.stdout.take().expect("it was asked for"));
    let status = child.wait().map_err(BuildError::io("run", &program))?;
    match status.success() {
        true => Ok(files),
        false => Err(BuildError::CargoFailed { what: what.into() }),
    }
}

/// The file of the target `name`.
pub(super) fn file_of<'b>(built: &'b [Built], name: &str) -> Result<&'b Path, BuildError> {
    found(built.iter().find(|built| built.name == name), name)
}

/// The file that runs the tests of the target `name`.
pub(super) fn test_of<'b>(built: &'b [Built], name: &str) -> Result<&'b Path, BuildError> {
    let is_it = |built: &&Built| built.is_test && built.name == name;
    found(built.iter().find(is_it), name)
}

fn found<'b>(built: Option<&'b Built>, name: &str) -> Result<&'b Path, BuildError> {
    match built {
        Some(built) => Ok(&built.file),
        None => Err(BuildError::Missing {
            what: format!("`{name}`"),
        }),
    }
}

/// Gives cargo's status lines to `progress`, and keeps everything else.
fn relay(stderr: impl Read, what: &str, progress: &dyn Fn(&str)) -> String {
    let mut output = String::new();
    for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        if let Some(package) = line.trim_start().strip_prefix("Compiling ") {
            progress(&format!("building {what}: {package}"));
        } else {
            output.push_str(&line);
            output.push('\n');
        }
    }
    output
}

/// The executables and libraries to link or load that cargo's messages name.
fn built(stdout: impl Read) -> Vec<Built> {
    let messages = Message::parse_stream(BufReader::new(stdout)).map_while(Result::ok);
    messages
        .filter_map(|message| match message {
            Message::CompilerArtifact(artifact) => file_in(artifact),
            _ => None,
        })
        .collect()
}

fn file_in(artifact: Artifact) -> Option<Built> {
    let is_script = artifact.target.kind.contains(&TargetKind::CustomBuild);
    let makes = |kind| artifact.target.crate_types.contains(&kind);
    let is_library = makes(CrateType::StaticLib) || makes(CrateType::CDyLib);
    let library = || {
        artifact
            .filenames
            .iter()
            .find(|name| matches!(name.extension(), Some("a" | "so")))
    };
    let file = match &artifact.executable {
        Some(executable) if !is_script => executable,
        None if is_library => library()?,
        _ => return None,
    };
    Some(Built {
        file: file.clone().into_std_path_buf(),
        name: artifact.target.name,
        is_test: artifact.profile.test,
    })
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn what_cargo_is_doing_is_told_and_what_it_complains_of_is_kept() {
        let said = RefCell::new(Vec::new());
        let stderr = &b"   Compiling core v0.0.0\nerror: \xff\n"[..];
        let kept = relay(stderr, "the kernels", &|what| {
            said.borrow_mut().push(what.to_owned())
        });
        assert_eq!(kept, "error: \u{fffd}\n");
        assert_eq!(*said.borrow(), ["building the kernels: core v0.0.0"]);
    }
}
