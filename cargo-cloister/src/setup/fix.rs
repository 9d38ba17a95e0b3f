//! Installs what is missing, or says what to type.

use miette::Diagnostic;
use thiserror::Error;

use super::apt::Apt;
use super::on_path;
use super::qemu::Qemu;
use crate::build::{BuildError, toolchain};

/// A toolchain with its library source, as Debian packages it.
const TOOLCHAIN: [&str; 3] = ["rustc-web", "cargo-web", "rust-web-src"];

/// Why something is still missing.
#[derive(Debug, Error, Diagnostic)]
pub enum SetupError {
    /// There is no APT here.
    #[error("this system is neither Debian nor Ubuntu, and its packages are not known here")]
    #[diagnostic(code(cloister::setup::system), help("install these yourself:\n{0}"))]
    OtherSystem(String),
    /// Packages need root.
    #[error("installing packages needs root, and there is no sudo")]
    #[diagnostic(
        code(cloister::setup::root),
        help("run `cargo cloister doctor --fix` as root")
    )]
    NotRoot,
    /// A command failed; it has said why.
    #[error("`{0}` failed")]
    #[diagnostic(code(cloister::setup::command), help("what it printed stands above"))]
    Command(String),
    /// This release has no packages with a toolchain.
    #[error("this release has no package of a Rust toolchain with its library source")]
    #[diagnostic(code(cloister::setup::toolchain), help("type: {}", toolchain::INSTALL))]
    NoToolchain,
    /// All is installed, and something is still wrong.
    #[error("{0} is installed and cannot be used")]
    #[diagnostic(code(cloister::setup::unusable), help("see `cargo cloister doctor`"))]
    Unusable(&'static str),
}

/// Installs what is missing; does nothing, quickly, if nothing is.
pub fn fix(say: &dyn Fn(&str)) -> Result<(), SetupError> {
    let needs = Needs::now();
    if needs.are_met() {
        return Ok(());
    }
    if !Apt::is_here() {
        return Err(SetupError::OtherSystem(needs.by_hand()));
    }
    let apt = Apt::update(say)?;
    let tools = needs.tools();
    if !tools.is_empty() {
        apt.install(&tools, say)?;
    }
    if needs.toolchain {
        install_toolchain(&apt, say)?;
    }
    Needs::now().verdict()
}

fn install_toolchain(apt: &Apt, say: &dyn Fn(&str)) -> Result<(), SetupError> {
    if !TOOLCHAIN.iter().all(|package| apt.offers(package)) {
        return Err(SetupError::NoToolchain);
    }
    apt.install(&TOOLCHAIN, say)
}

/// What is missing.
struct Needs {
    qemu: bool,
    toolchain: bool,
    linker: bool,
}

impl Needs {
    fn now() -> Needs {
        let qemu = !Qemu::find().is_some_and(|qemu| qemu.is_usable());
        let (toolchain, linker) = match toolchain::find() {
            Ok(_) => (false, false),
            Err(BuildError::NoLinker) => (false, true),
            Err(_) => (true, on_path("ld.lld").is_none()),
        };
        Needs {
            qemu,
            toolchain,
            linker,
        }
    }

    fn are_met(&self) -> bool {
        !(self.qemu || self.toolchain || self.linker)
    }

    fn tools(&self) -> Vec<&'static str> {
        let qemu = self.qemu.then_some("qemu-system-x86");
        let linker = self.linker.then_some("lld");
        [qemu, linker].into_iter().flatten().collect()
    }

    fn verdict(&self) -> Result<(), SetupError> {
        match self {
            Needs { qemu: true, .. } => Err(SetupError::Unusable("QEMU")),
            Needs {
                toolchain: true, ..
            } => Err(SetupError::Unusable("the Rust toolchain")),
            Needs { linker: true, .. } => Err(SetupError::Unusable("the linker")),
            _ => Ok(()),
        }
    }

    /// What to do where there is no package manager that we know.
    fn by_hand(&self) -> String {
        let qemu = self
            .qemu
            .then_some("QEMU 7.2 or newer, with qemu-system-x86_64");
        let toolchain = format!(
            "a toolchain with its library source: {}",
            toolchain::INSTALL
        );
        let toolchain = self.toolchain.then_some(&*toolchain);
        let linker = self
            .linker
            .then_some("LLVM's linker, as ld.lld on the PATH");
        let all: Vec<&str> = [qemu, toolchain, linker].into_iter().flatten().collect();
        all.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_missing_is_installed() {
        let needs = Needs {
            qemu: true,
            toolchain: false,
            linker: false,
        };
        assert_eq!(needs.tools(), ["qemu-system-x86"]);
        let needs = Needs {
            qemu: false,
            toolchain: true,
            linker: true,
        };
        assert_eq!(needs.tools(), ["lld"]);
        assert!(needs.by_hand().contains(toolchain::INSTALL));
    }

    #[test]
    fn a_machine_that_lacks_only_a_linker_lacks_something() {
        let needs = Needs {
            qemu: false,
            toolchain: false,
            linker: true,
        };
        assert!(!needs.are_met() && needs.verdict().is_err());
        assert!(
            Needs {
                linker: false,
                ..needs
            }
            .are_met()
        );
    }
}
