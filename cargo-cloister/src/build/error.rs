//! Why something could not be built.

use std::io;
use std::path::{Path, PathBuf};

use miette::Diagnostic;
use thiserror::Error;

use super::toolchain;
use crate::image::ImageError;
use crate::image::depth::TooDeep;
use crate::image::verify::Refused;
use crate::rootfs::RootfsError;

/// A build that failed.
#[derive(Debug, Error, Diagnostic)]
pub enum BuildError {
    /// No toolchain can build the guest's library.
    #[error("no Rust toolchain with library source was found: {}", .tried.join("; "))]
    #[diagnostic(
        code(cloister::build::toolchain),
        help(
            "`cargo cloister doctor --fix` installs one; or type `{}`, or on Debian \
             `apt install rustc-web cargo-web rust-web-src`",
            toolchain::INSTALL
        )
    )]
    NoToolchain {
        /// What was looked at, and why it will not do.
        tried: Vec<String>,
    },
    /// The toolchain that the user named will not do.
    #[error("CLOISTER_RUSTC names `{}`, which cannot be used: {why}", rustc.display())]
    #[diagnostic(
        code(cloister::build::toolchain),
        help(
            "unset CLOISTER_RUSTC to let one be found, or name a rustc with its library source"
        )
    )]
    BadToolchain {
        /// The compiler.
        rustc: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// No linker for the guest.
    #[error("no linker for the guest was found: neither `rust-lld` nor `ld.lld`")]
    #[diagnostic(
        code(cloister::build::linker),
        help("`cargo cloister doctor --fix` installs one; or type `apt install lld`")
    )]
    NoLinker,
    /// There is no cargo package at the path.
    #[error("there is no cargo package at `{}`", path.display())]
    #[diagnostic(
        code(cloister::build::package),
        help("give the directory of a package, or make one with `cargo cloister new NAME`")
    )]
    NotAPackage {
        /// The path.
        path: PathBuf,
    },
    /// Cargo cannot read the package.
    #[error("cargo cannot read the package: {why}")]
    #[diagnostic(code(cloister::build::metadata), help("correct its Cargo.toml"))]
    Metadata {
        /// What cargo said.
        why: String,
    },
    /// The package has nothing to boot.
    #[error("`{package}` has no program to boot: it has no binary target")]
    #[diagnostic(
        code(cloister::build::no_program),
        help("add src/main.rs, or choose an example with `--example NAME`")
    )]
    NoProgram {
        /// The package.
        package: String,
    },
    /// There are several programs, and none was chosen.
    #[error("`{package}` has several programs: {}", names.join(", "))]
    #[diagnostic(
        code(cloister::build::several_programs),
        help("choose one with `--bin NAME`, or with `default-run` in its Cargo.toml")
    )]
    SeveralPrograms {
        /// The package.
        package: String,
        /// Its programs.
        names: Vec<String>,
    },
    /// There is no package of this name.
    #[error("there is no package `{name}` here")]
    #[diagnostic(
        code(cloister::build::no_such_package),
        help("`-p` takes one of: {}", names.join(", "))
    )]
    NoSuchPackage {
        /// The name.
        name: String,
        /// The packages that there are.
        names: Vec<String>,
    },
    /// A cargo flag that makes no sense for an image.
    #[error("`{argument}` cannot be used here: {why}")]
    #[diagnostic(code(cloister::build::argument), help("leave it away"))]
    Argument {
        /// The flag.
        argument: String,
        /// Why not.
        why: &'static str,
    },
    /// Cargo failed; what it said stands on stderr already.
    #[error("cargo could not build {what}")]
    #[diagnostic(code(cloister::build::failed), help("the reason stands above"))]
    CargoFailed {
        /// What was to be built.
        what: String,
    },
    /// Cargo failed quietly.
    #[error("cargo could not build {what}:\n{output}")]
    #[diagnostic(
        code(cloister::build::components),
        help("`cargo cloister doctor` says whether the toolchain is one that works")
    )]
    ComponentFailed {
        /// What was to be built.
        what: String,
        /// What cargo said.
        output: String,
    },
    /// Cargo succeeded, but a file is missing.
    #[error("cargo built {what}, but gave no file for it")]
    #[diagnostic(code(cloister::build::missing))]
    Missing {
        /// What is missing.
        what: String,
    },
    /// The object that is linked to every application could not be made.
    #[error("the object that is linked to every application could not be made: {why}")]
    #[diagnostic(
        code(cloister::build::abi_object),
        help("is the linker one of LLVM 14 or newer?")
    )]
    AbiObject {
        /// What went wrong.
        why: String,
    },
    /// The application contains WRPKRU.
    #[error("the application contains WRPKRU, which would open the walls:\n{}", sites.join("\n"))]
    #[diagnostic(
        code(cloister::build::wrpkru),
        help("remove it from that function, or do without the crate that it comes from")
    )]
    Wrpkru {
        /// Where, with function and crate.
        sites: Vec<String>,
    },
    /// Test hooks in an image that is meant for use.
    #[error("an image for release must not have the core's test hooks")]
    #[diagnostic(
        code(cloister::build::test_hooks),
        help("leave `--release` away, or what needs the hooks: `--test-hooks`, `--inject`")
    )]
    TestHooks,
    /// The components could not become an image.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Image(#[from] ImageError),
    /// A kernel can run out of its stack.
    #[error(transparent)]
    #[diagnostic(transparent)]
    TooDeep(#[from] TooDeep),
    /// The image is not let through.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Refused(#[from] Refused),
    /// The files for the image cannot be packed.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Rootfs(#[from] RootfsError),
    /// A file could not be read or written.
    #[error("could not {doing} `{}`: {source}", path.display())]
    #[diagnostic(code(cloister::build::io))]
    Io {
        /// What was tried.
        doing: &'static str,
        /// With which file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
}

impl BuildError {
    /// Makes an error out of what a file operation on `path` said.
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> BuildError {
        let path = path.to_owned();
        move |source| BuildError::Io {
            doing,
            path,
            source,
        }
    }
}
