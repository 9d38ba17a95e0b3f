//! The tests of Rust's own library, as packages that cargo can build.
//!
//! A toolchain with its library source carries them, but only inside the
//! library's workspace, which is not ours to write into. For each suite a
//! package is made in our folder, of a manifest whose targets are those files of the
//! toolchain's; the tests of the network, which stand inside std, are copied.

mod net;

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use super::BuildError;
use super::folders::{self, Folders};
use super::toolchain;

/// A part of the library with tests that use only its public side.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum Suite {
    /// The tests of core
    Core,
    /// The tests of alloc
    Alloc,
    /// The integration tests of std
    Std,
    /// The tests of std's network, which need one
    Net,
}

impl Suite {
    /// All of them.
    pub const ALL: [Suite; 4] = [Suite::Core, Suite::Alloc, Suite::Std, Suite::Net];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Suite::Core => "core",
            Suite::Alloc => "alloc",
            Suite::Std => "std",
            Suite::Net => "net",
        }
    }

    /// Its test programs, as name and file: of the library's source, or in `folder`
    /// where they have to be written.
    fn programs(
        self,
        library: &Path,
        folder: &Path,
    ) -> Result<Vec<(String, PathBuf)>, BuildError> {
        let fixed = |list: &[(&str, &str)]| {
            let owned = |(name, file): &(&str, &str)| ((*name).into(), library.join(file));
            list.iter().map(owned).collect()
        };
        match self {
            Suite::Core => Ok(fixed(&[("coretests", "coretests/tests/lib.rs")])),
            Suite::Alloc => Ok(fixed(&[
                ("allocunits", "alloctests/lib.rs"),
                ("alloctests", "alloctests/tests/lib.rs"),
                (
                    "vec_deque_alloc_error",
                    "alloctests/tests/vec_deque_alloc_error.rs",
                ),
            ])),
            Suite::Std => integration_tests(library),
            Suite::Net => Ok(vec![net::program(library, folder)?]),
        }
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Every file and every folder with a `lib.rs` among std's tests.
fn integration_tests(library: &Path) -> Result<Vec<(String, PathBuf)>, BuildError> {
    let folder = library.join("std/tests");
    let entries = fs::read_dir(&folder).map_err(BuildError::io("read", &folder))?;
    let mut found: Vec<(String, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| program_at(&entry.path()))
        .collect();
    found.sort();
    Ok(found)
}

fn program_at(path: &Path) -> Option<(String, PathBuf)> {
    let name = path.file_stem()?.to_str()?.to_owned();
    let file = match path.is_dir() {
        true => path.join("lib.rs"),
        false => path.to_owned(),
    };
    let is_rust = file.is_file() && file.extension().is_some_and(|end| end == "rs");
    is_rust.then_some((name, file))
}

/// Makes the package of a suite, if it is not there yet; its folder.
pub(super) fn package(suite: Suite) -> Result<PathBuf, BuildError> {
    let library = toolchain::find()?.source;
    let folder = Folders::find()?.suites().join(suite.name());
    let path = folder.join("Cargo.toml");
    let manifest = manifest(suite, &library, &folder)?;
    // A file that stays as it is leaves what was built of it fresh.
    if fs::read_to_string(&path).ok().as_deref() != Some(manifest.as_str()) {
        folders::install(&path, manifest.as_bytes())?;
    }
    Ok(folder)
}

fn manifest(suite: Suite, library: &Path, folder: &Path) -> Result<String, BuildError> {
    let mut text = format!(
        "[package]\nname = \"{suite}-suite\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
         autotests = false\n\n[workspace]\n\n[lints.rust]\nwarnings = \"allow\"\n\n\
         [dev-dependencies]\n\
         rand = {{ version = \"0.9.0\", default-features = false, features = [\"alloc\"] }}\n\
         rand_xorshift = {{ version = \"0.4.0\", default-features = false }}\n"
    );
    for (name, path) in suite.programs(library, folder)? {
        // A path as Rust would quote it is quoted as TOML would have it.
        let path = path.display().to_string();
        text.push_str(&format!("\n[[test]]\nname = \"{name}\"\npath = {path:?}\n"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_suite_becomes_a_manifest_with_its_programs() {
        let library = tempfile::tempdir().expect("a folder");
        let std_tests = library.path().join("std/tests");
        fs::create_dir_all(std_tests.join("sync")).expect("a folder");
        for file in ["env.rs", "sync/lib.rs", "readme.md"] {
            fs::write(std_tests.join(file), "").expect("a file");
        }
        let of = |suite| manifest(suite, library.path(), library.path());
        let text = of(Suite::Std).expect("a manifest");
        let read: toml::Table = text.parse().expect("a manifest");
        let names = read["test"].as_array().expect("programs").iter();
        let names: Vec<_> = names.map(|test| test["name"].as_str()).collect();
        assert_eq!(names, [Some("env"), Some("sync")]);
        assert!(of(Suite::Core).is_ok_and(|text| text.contains("rand")));
    }
}
