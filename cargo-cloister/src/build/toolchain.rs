//! A Rust toolchain that can build the guest's library.
//!
//! Core, alloc and std are built for the guest from source, so a compiler is
//! of use only together with its library source: a rustup toolchain with the
//! component `rust-src`, or a distribution's packages. Both may be installed,
//! and the first `rustc` on the path often lacks it, so every compiler is
//! probed. Among those that work, the one closest to what this release was
//! tested with wins: a newer std can outrun the guest's ABI.

use std::env;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{BuildError, linker};

/// Chooses the compiler, if it is set.
const CHOICE: &str = "CLOISTER_RUSTC";
/// The oldest minor version of Rust 1 that builds the components.
const OLDEST: u32 = 95;
/// The minor version of Rust 1 that this release was tested with.
const TESTED: u32 = 96;
/// Installs that one with rustup. A stable one will do, because cargo is run
/// with RUSTC_BOOTSTRAP; the std of a newer nightly can outrun the guest's ABI.
pub(crate) const INSTALL: &str = "rustup toolchain install 1.96 --component rust-src";
/// Where the library source lies below a sysroot.
const LIBRARY: &str = "lib/rustlib/src/rust/library";

/// A compiler, its cargo, its library source and a linker.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Toolchain {
    /// The compiler.
    pub rustc: PathBuf,
    /// The cargo that goes with it.
    pub cargo: PathBuf,
    /// Its version.
    pub version: Version,
    /// Where its libraries and tools lie.
    pub sysroot: PathBuf,
    /// The library source.
    pub source: PathBuf,
    /// What links the guest.
    pub linker: PathBuf,
}

/// A version of Rust 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Version {
    /// The second number of three.
    pub minor: u32,
    /// The third.
    pub patch: u32,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rustc 1.{}.{}", self.minor, self.patch)
    }
}

impl Toolchain {
    /// What the compiler says of itself, its commit included; nothing if it does
    /// not run.
    pub(super) fn identity(&self) -> String {
        ask(&self.rustc, &["-vV"]).unwrap_or_default()
    }
}

/// Finds the toolchain to build with.
pub fn find() -> Result<Toolchain, BuildError> {
    let compiler = match env::var_os(CHOICE) {
        Some(rustc) => chosen(PathBuf::from(rustc))?,
        None => best(candidates())?,
    };
    let linker = linker::find(&compiler.sysroot).ok_or(BuildError::NoLinker)?;
    Ok(Toolchain {
        cargo: cargo_of(&compiler),
        source: compiler.sysroot.join(LIBRARY),
        rustc: compiler.rustc,
        version: compiler.version,
        sysroot: compiler.sysroot,
        linker,
    })
}

/// A compiler that works.
#[derive(Clone, Debug)]
struct Compiler {
    rustc: PathBuf,
    sysroot: PathBuf,
    version: Version,
}

fn chosen(rustc: PathBuf) -> Result<Compiler, BuildError> {
    probe(&rustc).map_err(|why| BuildError::BadToolchain { rustc, why })
}

fn best(candidates: Vec<PathBuf>) -> Result<Compiler, BuildError> {
    let mut tried = Vec::new();
    let mut found: Vec<Compiler> = Vec::new();
    for rustc in candidates {
        match probe(&rustc) {
            Ok(compiler) => found.push(compiler),
            Err(why) => tried.push(format!("{} {why}", rustc.display())),
        }
    }
    if tried.is_empty() {
        tried.push("there is no rustc".into());
    }
    let best = found
        .into_iter()
        .min_by_key(|compiler| compiler.version.minor.abs_diff(TESTED));
    best.ok_or(BuildError::NoToolchain { tried })
}

/// Every compiler that might be installed, the user's own first.
fn candidates() -> Vec<PathBuf> {
    let on_path = env::var_os("PATH").into_iter().flat_map(|path| {
        env::split_paths(&path)
            .map(|folder| folder.join("rustc"))
            .collect::<Vec<_>>()
    });
    let system = [PathBuf::from("/usr/bin/rustc")];
    let mut found: Vec<PathBuf> = on_path
        .chain(
            rustup_toolchains()
                .into_iter()
                .map(|toolchain| toolchain.join("bin/rustc")),
        )
        .chain(system)
        .chain(
            folders(Path::new("/usr/lib"), "rust-")
                .into_iter()
                .map(|it| it.join("bin/rustc")),
        )
        .filter(|rustc| rustc.is_file())
        .collect();
    // The same compiler by two names need not be asked twice. (Its real name
    // is no better: rustup's compilers are all rustup.)
    let mut seen = Vec::new();
    found.retain(|rustc| {
        let real = rustc.canonicalize().ok();
        let is_new = !seen.contains(&real);
        seen.push(real);
        is_new
    });
    found
}

/// The toolchains that rustup has installed, stable ones first.
pub(super) fn rustup_toolchains() -> Vec<PathBuf> {
    let home = env::var_os("RUSTUP_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(env::home_dir()?.join(".rustup")));
    let mut found = home.map_or(Vec::new(), |home| folders(&home.join("toolchains"), ""));
    found.sort_by_key(|toolchain| {
        let name = toolchain
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        (!name.starts_with("stable"), name)
    });
    found
}

/// The entries of `parent` whose name begins with `prefix`, by name.
pub(super) fn folders(parent: &Path, prefix: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
        .map(|entry| entry.path())
        .collect();
    found.sort();
    found
}

/// Whether `rustc` works and has its library source; if not, why.
fn probe(rustc: &Path) -> Result<Compiler, String> {
    let sysroot = sysroot(rustc)?;
    if !sysroot.join(LIBRARY).join("core/Cargo.toml").is_file() {
        return Err("has no library source".into());
    }
    let own = sysroot.join("bin/rustc");
    let rustc = if own.is_file() { own } else { rustc.to_owned() };
    let version = ask(&rustc, &["--version"])?;
    let version = parse(&version).ok_or_else(|| format!("has an odd version, {version}"))?;
    if version.minor < OLDEST {
        return Err(format!("is {version}, older than 1.{OLDEST}"));
    }
    Ok(Compiler {
        rustc,
        sysroot,
        version,
    })
}

/// Where the compiler's libraries lie: around it, or else where it says. The
/// answer does not depend on the name by which the compiler was found.
fn sysroot(rustc: &Path) -> Result<PathBuf, String> {
    let around = Some(rustc).filter(|rustc| rustc.is_file());
    let around = around.and_then(Path::parent).and_then(Path::parent);
    let around = around.map(|around| around.join("lib/rustlib"));
    let libraries = around.and_then(|libraries| libraries.canonicalize().ok());
    match libraries
        .as_deref()
        .and_then(Path::parent)
        .and_then(Path::parent)
    {
        Some(sysroot) => Ok(sysroot.to_owned()),
        None => ask(rustc, &["--print", "sysroot"]).map(PathBuf::from),
    }
}

/// What the compiler answers. Rustup is not to install anything for it.
fn ask(rustc: &Path, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(rustc)
        .args(arguments)
        .env("RUSTUP_AUTO_INSTALL", "0")
        .output();
    match output {
        Ok(output) if output.status.success() => {
            Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        }
        Ok(_) => Err("does not run".into()),
        Err(error) => Err(format!("does not run: {error}")),
    }
}

/// Reads `rustc 1.96.0 (…)` and `rustc 1.97.0-nightly (…)`.
fn parse(version: &str) -> Option<Version> {
    let number = version.strip_prefix("rustc 1.")?.split([' ', '-']).next()?;
    let (minor, patch) = number.split_once('.')?;
    Some(Version {
        minor: minor.parse().ok()?,
        patch: patch.parse().ok()?,
    })
}

/// The cargo beside the compiler, or else the one on the path.
fn cargo_of(compiler: &Compiler) -> PathBuf {
    let beside = compiler.rustc.with_file_name("cargo");
    if beside.is_file() {
        beside
    } else {
        PathBuf::from("cargo")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_all_channels_are_read() {
        let minor = |text| parse(text).map(|version| version.minor);
        assert_eq!(
            minor("rustc 1.96.0 (ac68faa20 2026-05-25) (built from a source tarball)"),
            Some(96)
        );
        assert_eq!(
            minor("rustc 1.97.0-nightly (e50aa6fba 2026-05-19)"),
            Some(97)
        );
        assert_eq!(minor("rustc 2.0.0"), None);
        assert_eq!(minor(""), None);
    }

    #[test]
    fn what_is_no_compiler_is_refused_with_its_reason() {
        let error = chosen(PathBuf::from("/nonexistent/rustc")).unwrap_err();
        assert!(error.to_string().contains("/nonexistent/rustc"), "{error}");
        let error = best(Vec::new()).unwrap_err();
        assert!(error.to_string().contains("there is no rustc"), "{error}");
    }

    #[test]
    fn among_compilers_without_source_there_is_no_toolchain() {
        let sysroot = tempfile::tempdir().unwrap();
        let rustc = sysroot.path().join("bin/rustc");
        fs::create_dir_all(sysroot.path().join("lib/rustlib")).unwrap();
        fs::create_dir(sysroot.path().join("bin")).unwrap();
        fs::write(&rustc, "").unwrap();
        let error = best(vec![rustc.clone()]).unwrap_err();
        let message = format!("{} has no library source", rustc.display());
        assert!(error.to_string().ends_with(&message), "{error}");
        let help = miette::Diagnostic::help(&error).expect("it has help");
        assert!(help.to_string().contains(INSTALL), "{help}");
    }

    #[test]
    fn the_tested_toolchain_is_the_one_to_install() {
        assert!(INSTALL.contains(&format!(" 1.{TESTED} ")));
    }
}
