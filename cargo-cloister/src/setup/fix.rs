//! Installs what is missing, or says what to type.

use miette::Diagnostic;
use thiserror::Error;

use super::apt::Apt;
use super::on_path;
use super::qemu::Qemu;
use super::source::{self, Packages};
use crate::build::{BuildError, toolchain};
use crate::vm::Version;

/// The package of LLVM's linker.
const LINKER: &str = "lld";
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
    /// This release's QEMU boots no image.
    #[error("this release has QEMU {0}, and images need {oldest} or newer", oldest = Version::OLDEST)]
    #[diagnostic(
        code(cloister::setup::old_qemu),
        help(
            "install QEMU {} or newer yourself, or use a newer release",
            Version::SOUND
        )
    )]
    OldQemu(Version),
    /// This release has no QEMU.
    #[error("this release has no package of QEMU's x86 system emulator")]
    #[diagnostic(
        code(cloister::setup::no_qemu),
        help("install QEMU {} or newer yourself", Version::SOUND)
    )]
    NoQemu,
    /// This release has no packages with a toolchain.
    #[error("this release has no package of a Rust toolchain with its library source")]
    #[diagnostic(code(cloister::setup::toolchain), help("type: {}", toolchain::INSTALL))]
    NoToolchain,
    /// There is no `virtiofsd`.
    #[error("this system has no package with virtiofsd that is known here")]
    #[diagnostic(
        code(cloister::setup::virtiofsd),
        help("install it yourself, and set CLOISTER_VIRTIOFSD to where it is")
    )]
    NoVirtiofsd,
    /// All is installed, and something is still wrong.
    #[error("{0} is installed and cannot be used")]
    #[diagnostic(code(cloister::setup::unusable), help("see `cargo cloister doctor`"))]
    Unusable(&'static str),
}

/// Installs what is missing; does nothing, quickly, if nothing is.
pub fn fix(say: &dyn Fn(&str)) -> Result<(), SetupError> {
    let needs = Needs::now();
    if needs.qemu == Emulator::Weak
        && let Err(why) = upgrade(say)
    {
        say(&format!("QEMU stays as it is: {why}"));
    }
    if needs.are_met() {
        return Ok(());
    }
    if !Apt::is_here() {
        return Err(SetupError::OtherSystem(needs.by_hand()));
    }
    install(&needs, say)?;
    Needs::now().verdict()
}

/// Puts a newer QEMU in place of one that works: where that cannot be, the old
/// one is good for most.
fn upgrade(say: &dyn Fn(&str)) -> Result<(), SetupError> {
    if !Apt::is_here() {
        return Err(SetupError::OtherSystem(String::new()));
    }
    let apt = Apt::new(say)?;
    if source::may_be_had(&apt) {
        apt.update()?;
    }
    source::upgrade(&apt, say)
}

fn install(needs: &Needs, say: &dyn Fn(&str)) -> Result<(), SetupError> {
    let apt = Apt::new(say)?;
    apt.update()?;
    if needs.qemu == Emulator::Missing {
        source::install(&apt, say)?;
    }
    if needs.linker {
        apt.install(&[LINKER], None)?;
    }
    if needs.toolchain {
        install_toolchain(&apt)?;
    }
    Ok(())
}

fn install_toolchain(apt: &Apt<'_>) -> Result<(), SetupError> {
    if !TOOLCHAIN.iter().all(|package| apt.offers(package)) {
        return Err(SetupError::NoToolchain);
    }
    apt.install(&TOOLCHAIN, None)
}

/// What the QEMU of this machine is worth.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Emulator {
    /// It is as it should be, or somebody's own.
    Good,
    /// It works, and walls do not hold under its emulation.
    Weak,
    /// There is none on which images boot.
    Missing,
}

impl Emulator {
    fn now() -> Emulator {
        match Qemu::find() {
            Some(qemu) if qemu.is_usable() => {
                let is_weak = qemu.weak_walls().is_some() && qemu.is_packaged();
                if is_weak {
                    Emulator::Weak
                } else {
                    Emulator::Good
                }
            }
            _ => Emulator::Missing,
        }
    }
}

/// What is missing.
struct Needs {
    qemu: Emulator,
    toolchain: bool,
    linker: bool,
}

impl Needs {
    fn now() -> Needs {
        let qemu = Emulator::now();
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
        !(self.qemu == Emulator::Missing || self.toolchain || self.linker)
    }

    fn verdict(&self) -> Result<(), SetupError> {
        match self {
            Needs {
                qemu: Emulator::Missing,
                ..
            } => Err(SetupError::Unusable("QEMU")),
            Needs {
                toolchain: true, ..
            } => Err(SetupError::Unusable("the Rust toolchain")),
            Needs { linker: true, .. } => Err(SetupError::Unusable("the linker")),
            _ => Ok(()),
        }
    }

    /// What to do where there is no package manager that we know.
    fn by_hand(&self) -> String {
        let qemu = format!("QEMU {} or newer, with qemu-system-x86_64", Version::SOUND);
        let qemu = (self.qemu == Emulator::Missing).then_some(&*qemu);
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

    const NOTHING: Needs = Needs {
        qemu: Emulator::Good,
        toolchain: false,
        linker: false,
    };

    #[test]
    fn what_is_missing_is_named_for_those_who_install_it_themselves() {
        let needs = Needs {
            qemu: Emulator::Missing,
            ..NOTHING
        };
        assert!(needs.by_hand().starts_with("QEMU 9.1 or newer"));
        let needs = Needs {
            toolchain: true,
            linker: true,
            ..NOTHING
        };
        assert!(needs.by_hand().contains(toolchain::INSTALL));
        assert!(!needs.by_hand().contains("QEMU"));
    }

    #[test]
    fn a_qemu_that_is_old_and_works_is_enough() {
        let needs = Needs {
            qemu: Emulator::Weak,
            ..NOTHING
        };
        assert!(needs.are_met() && needs.verdict().is_ok());
    }

    #[test]
    fn a_machine_that_lacks_only_a_linker_lacks_something() {
        let needs = Needs {
            linker: true,
            ..NOTHING
        };
        assert!(!needs.are_met() && needs.verdict().is_err());
        assert!(NOTHING.are_met());
    }
}
