//! The application: a cargo package, linked with Hermit's ABI.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use super::folders::Folders;
use super::program::{self, Program};
use super::toolchain::Toolchain;
use super::{BuildError, cargo, flags, owners, tested, wrpkru};
use crate::outlet::tell;

/// Flags of a second try at linking: the same code in another order, with
/// other distances to its data, so that no distance spells WRPKRU by chance.
const SHIFTED: [&str; 2] = [
    "-Clink-arg=-zmax-page-size=65536",
    "-Clink-arg=--shuffle-sections=.text.*=1",
];

/// What an application is built from.
pub(super) struct Recipe<'a> {
    /// Where everything is.
    pub(super) folders: &'a Folders,
    /// What compiles it.
    pub(super) toolchain: &'a Toolchain,
    /// Which program.
    pub(super) program: &'a Program,
    /// The user's flags for cargo.
    pub(super) arguments: &'a [OsString],
    /// The object with the ABI.
    pub(super) object: &'a Path,
}

impl Recipe<'_> {
    /// Builds the application; its ELF file.
    pub(super) fn build(&self, progress: &dyn Fn(&str)) -> Result<Vec<u8>, BuildError> {
        // Cargo speaks for itself here.
        progress("");
        let file = self.link(&[])?;
        if wrpkru::sites(&file)?.is_empty() {
            return Ok(file);
        }
        tell("linking again: the program spells WRPKRU, perhaps by chance");
        let file = self.link(&SHIFTED)?;
        let sites = wrpkru::sites(&file)?;
        match sites.is_empty() {
            true => Ok(file),
            false => Err(BuildError::Wrpkru { sites }),
        }
    }

    /// What the program depends on besides its sources: compiler, flags, ABI.
    pub(super) fn ingredients(&self) -> Vec<String> {
        let package = self.program.manifest.parent().unwrap_or(Path::new("."));
        let flags = flags::application(self.folders, self.toolchain, package, self.arguments);
        let words = self.arguments.iter().map(|word| word.to_string_lossy());
        let mut ingredients = vec![
            self.toolchain.identity(),
            self.object.display().to_string(),
            flags,
        ];
        ingredients.extend(words.map(|word| word.into_owned()));
        ingredients.extend(self.program.choice.iter().cloned());
        ingredients
    }

    fn link(&self, extra: &[&str]) -> Result<Vec<u8>, BuildError> {
        let name = &self.program.name;
        let mut command = cargo::command(self.toolchain, "rustc");
        let package = self.program.manifest.parent().unwrap_or(Path::new("."));
        command
            .env(
                "CARGO_ENCODED_RUSTFLAGS",
                flags::application(self.folders, self.toolchain, package, self.arguments),
            )
            .arg("--manifest-path")
            .arg(&self.program.manifest)
            .args(["--target", cargo::APP_TARGET, self.library()])
            .args(self.arguments)
            .args(&self.program.choice);
        if program::value_of(self.arguments, "", "--target-dir").is_none() {
            let shared = self.folders.applications();
            owners::claim(&shared, &self.program.workspace, &self.program.members)?;
            command.arg("--target-dir").arg(shared);
        }
        command.arg(cargo::MESSAGES).arg("--");
        command
            .arg(format!("-Clink-arg={}", self.object.display()))
            .arg("-Clink-arg=-e_start");
        command
            .arg(flags::remap(&self.program.workspace, &self.place()))
            .args(extra);
        if self.program.is_test {
            tested::prepare(&mut command);
        }
        let built = cargo::run_openly(command, &format!("`{name}`"))?;
        let path = match self.program.is_test {
            true => cargo::test_of(&built, name)?,
            false => cargo::file_of(&built, name)?,
        };
        fs::read(path).map_err(BuildError::io("read", path))
    }

    /// Which of the library's crates are built.
    fn library(&self) -> &'static str {
        match self.program.is_test {
            true => "-Zbuild-std=std,panic_abort,test",
            false => "-Zbuild-std=std,panic_abort",
        }
    }

    /// What the program's sources are called in reports: the way to them from
    /// the repository, or the name of their folder.
    fn place(&self) -> String {
        let workspace = &self.program.workspace;
        let below = workspace.strip_prefix(&self.folders.sources).ok();
        let name = workspace.file_name().map(Path::new);
        let place = below.filter(|below| !below.as_os_str().is_empty()).or(name);
        place.unwrap_or(Path::new("app")).display().to_string()
    }
}
