//! Why a run did not come to the program's own end.

use std::io;
use std::path::PathBuf;

use domains::boot::VOLUMES_MAX;
use domains::report::feature;
use domains::status;
use miette::Diagnostic;
use thiserror::Error;

use super::memory::mebibytes;
use super::{Machine, NetworkError, TooLong};

/// Why a run did not come to the program's own end.
#[derive(Debug, Error, Diagnostic)]
pub enum Error {
    /// There is no QEMU.
    #[error("QEMU is not installed: there is no `{0}` on the PATH")]
    #[diagnostic(
        code(cloister::no_qemu),
        help("install it with `cargo cloister doctor --fix`")
    )]
    NoQemu(String),
    /// QEMU is there and cannot be started.
    #[error("`{program}` cannot be started")]
    #[diagnostic(code(cloister::qemu_start), help("see `cargo cloister doctor`"))]
    Start {
        /// What was to be started.
        program: PathBuf,
        /// Why it was not.
        source: io::Error,
    },
    /// A file or socket of the run cannot be made.
    #[error("the run cannot be prepared: {what}")]
    #[diagnostic(
        code(cloister::prepare),
        help(
            "is there room in the temporary directory, may you write there, and is its path short?"
        )
    )]
    Prepare {
        /// What cannot be done.
        what: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// KVM was asked for and is not there.
    #[error("there is no KVM here that this user may open")]
    #[diagnostic(
        code(cloister::no_kvm),
        help("use `--accel tcg`, or join the group of the KVM device")
    )]
    NoKvm,
    /// KVM is there, and protection keys are not.
    #[error("isolation mpk needs protection keys (pku), and KVM on this host has none")]
    #[diagnostic(
        code(cloister::no_pku),
        help("use `--accel tcg`, which has them, or `--isolation none`")
    )]
    NoKeysUnderKvm,
    /// Counting instructions is QEMU's translator's work.
    #[error("`--icount` counts translated instructions and cannot be used with KVM")]
    #[diagnostic(code(cloister::kvm_icount), help("use `--accel tcg`"))]
    KvmCannotCount,
    /// The network that was asked for cannot be had.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Network(#[from] NetworkError),
    /// A folder of the host that cannot be a volume.
    #[error("the folder `{host}` cannot be a volume")]
    #[diagnostic(
        code(cloister::volume),
        help(
            "make it, or give a folder that is there and that you may read: HOST:GUEST[:ro|rw][:umask=022]"
        )
    )]
    Volume {
        /// The folder.
        host: PathBuf,
        /// Why it cannot.
        source: io::Error,
    },
    /// Two volumes at one place.
    #[error("a volume at `{inner}` would lie inside the one at `{outer}`")]
    #[diagnostic(
        code(cloister::volumes_overlap),
        help("give each volume a place of its own in the guest")
    )]
    VolumesOverlap {
        /// One place.
        inner: String,
        /// The same, or one above.
        outer: String,
    },
    /// More volumes than a machine has places for.
    #[error(
        "a guest on {machine} can have {most} volumes{}",
        if *.has_network { " beside a network" } else { "" }
    )]
    #[diagnostic(
        code(cloister::too_many_volumes),
        help("{}", fewer_volumes(*.machine, *.has_network))
    )]
    TooManyVolumes {
        /// The machine.
        machine: Machine,
        /// How many it can have.
        most: usize,
        /// Whether it has a network, too.
        has_network: bool,
    },
    /// Virtio-fs in a line to be repeated.
    #[error("a command alone cannot show volumes by virtio-fs: their servers are this tool's")]
    #[diagnostic(
        code(cloister::virtiofs_replay),
        help("use `--volume-driver 9p`, or leave `--dry-run` away")
    )]
    VirtiofsReplay,
    /// The server of a volume cannot be confined.
    #[error("nothing would keep the guest from making files that others run or write: {0}")]
    #[diagnostic(
        code(cloister::confine),
        help(
            "a kernel with seccomp is needed for volumes that can be written; `:ro` needs none"
        )
    )]
    Confine(String),
    /// There is no virtiofsd.
    #[error("virtiofsd is not installed")]
    #[diagnostic(
        code(cloister::no_virtiofsd),
        help(
            "type `cargo cloister doctor --fix`, set CLOISTER_VIRTIOFSD to where it is, or use \
             `--volume-driver 9p`, which needs none"
        )
    )]
    NoVirtiofsd,
    /// A virtiofsd cannot serve a volume read-only.
    #[error("this virtiofsd cannot keep the guest from changing the volume at `{0}`")]
    #[diagnostic(
        code(cloister::virtiofsd_read_only),
        help("use `--volume-driver 9p`, which can, or a virtiofsd with `--readonly`")
    )]
    VirtiofsdCannotProtect(String),
    /// A virtiofsd does not serve.
    #[error("virtiofsd does not serve `{host}`{}", server_said(.said))]
    #[diagnostic(
        code(cloister::virtiofsd),
        help("it may need root; `--volume-driver 9p` does not")
    )]
    Virtiofsd {
        /// The folder.
        host: PathBuf,
        /// What it said.
        said: String,
    },
    /// Too many arguments.
    #[error(transparent)]
    #[diagnostic(transparent)]
    TooLong(#[from] TooLong),
    /// The guest's CPU lacks features.
    #[error("this machine lacks CPU features that the image's isolation needs: {}", features(*.0))]
    #[diagnostic(
        code(cloister::cpu),
        help("use `--accel tcg`, which has them all; `--isolation none` runs without pku")
    )]
    Cpu(u64),
    /// The guest has too little memory.
    #[error("the guest has {} MiB of memory and needs at least {} MiB", have / (1 << 20), mebibytes(*.need))]
    #[diagnostic(code(cloister::memory), help("give it more, such as `-m {}M`", mebibytes(*.need)))]
    Memory {
        /// Bytes that it needs.
        need: u64,
        /// Bytes that it has.
        have: u64,
    },
    /// The core found the image or the boot options corrupt.
    #[error("the trusted core refuses the image: it is corrupt, or of another version")]
    #[diagnostic(
        code(cloister::image),
        help("build it again with this version of cargo-cloister")
    )]
    Image,
    /// The machine ended before the program ran.
    #[error("the virtual machine did not start{}", quoted(.0))]
    #[diagnostic(
        code(cloister::not_started),
        help(
            "what the trusted core printed, if anything, stands above; `cargo cloister doctor` checks QEMU"
        )
    )]
    NotStarted(String),
    /// The machine ended while the program ran.
    #[error("the virtual machine ended without a word from the trusted core{}", quoted(.0))]
    #[diagnostic(
        code(cloister::kernel_failed),
        help("this is a failure of the kernel, not of the program: please report it")
    )]
    KernelFailed(String),
    /// The time limit passed.
    #[error("the time limit of {0} seconds passed")]
    #[diagnostic(code(cloister::timeout), help("give it more with `--timeout`"))]
    TimedOut(f64),
    /// The program's output has nowhere to go.
    #[error("the program's output cannot be written")]
    #[diagnostic(code(cloister::output))]
    Output(#[source] io::Error),
}

impl Error {
    /// The status that the process ends with.
    pub fn status(&self) -> u8 {
        match self {
            Error::KvmCannotCount | Error::TooLong(_) | Error::VirtiofsReplay => status::USAGE,
            Error::Network(error) => error.status(),
            Error::KernelFailed(_) => status::KERNEL_FAILED,
            Error::TimedOut(_) => status::TIMEOUT,
            _ => status::NOT_STARTED,
        }
    }

    /// Wraps the failure to do `what`.
    pub(super) fn prepare(what: &'static str) -> impl Fn(io::Error) -> Error {
        move |source| Error::Prepare { what, source }
    }
}

/// What helps where there are too many volumes.
fn fewer_volumes(machine: Machine, has_network: bool) -> String {
    let once = "give folders that lie in one another once";
    match machine {
        Machine::Microvm if has_network => format!(
            "use `--machine q35`, which has room for {VOLUMES_MAX}, or `--net none`, or {once}"
        ),
        Machine::Microvm => {
            format!("use `--machine q35`, which has room for {VOLUMES_MAX}, or {once}")
        }
        Machine::Q35 => once.to_owned(),
    }
}

fn features(bits: u64) -> String {
    let names: Vec<&str> = feature::NAMES
        .into_iter()
        .enumerate()
        .filter_map(|(bit, name)| (bits >> bit & 1 == 1).then_some(name))
        .collect();
    names.join(", ")
}

/// A server's last words behind a message.
fn server_said(words: &str) -> String {
    match words.trim() {
        "" => String::new(),
        words => format!("; it said: {words}"),
    }
}

/// QEMU's last words behind a message.
fn quoted(words: &str) -> String {
    match words.trim() {
        "" => String::new(),
        words => format!("; QEMU said: {words}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_features_are_named() {
        let error = Error::Cpu(feature::PKU | feature::SMAP);
        assert!(error.to_string().ends_with("needs: pku, smap"), "{error}");
    }

    #[test]
    fn memory_is_said_in_mebibytes() {
        let error = Error::Memory {
            need: (9 << 20) + 1,
            have: 8 << 20,
        };
        assert_eq!(
            error.to_string(),
            "the guest has 8 MiB of memory and needs at least 10 MiB"
        );
        assert_eq!(
            error.help().expect("help").to_string(),
            "give it more, such as `-m 10M`"
        );
    }
}
