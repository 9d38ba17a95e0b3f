//! Everything that a run of all benchmarks found, and the file of it.

use std::fs;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::all::unwritable;
use super::curve::Curve;
use super::draw;
use super::figures::Comparison;
use super::footprint::Footprint;
use super::linux::Yardstick;
use super::native::Timings;
use super::noise::Noise;
use super::programs::Programs;
use super::services::Services;
use super::smp::Scaling;
use super::{Set, Table};
use crate::cli::failure::{Failure, report};

/// All tables, and what they were made with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Results {
    pub(super) set: Set,
    pub(super) made_with: MadeWith,
    pub(super) programs: Programs,
    pub(super) gate: Comparison,
    pub(super) write_bytes: Curve,
    pub(super) std: Comparison,
    pub(super) files: Comparison,
    pub(super) smp: Scaling,
    pub(super) services: Services,
    pub(super) noise: Noise,
    pub(super) footprint: Footprint,
}

/// Results, what this machine's processor said, and what a Linux needs.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) results: Results,
    pub(super) native: Option<Timings>,
    pub(super) linux: Option<Yardstick>,
}

/// The file of what a processor said, beside the results.
const NATIVE: &str = "native.json";
/// The file of what a Linux needs.
const LINUX: &str = "linux.json";

/// What decides over the code that was counted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct MadeWith {
    pub(super) rustc: String,
    pub(super) qemu: String,
}

/// One number that was found, of which less is better.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Measured {
    /// Which of all numbers of its table it is.
    pub(super) name: String,
    pub(super) value: f64,
    pub(super) kind: Kind,
}

/// How a number may change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// It is the same in every run of the same code.
    Exact,
    /// The host, or chance, has a say: it is told, but not judged.
    Rough,
}

impl Kind {
    /// The share by which it may change without a word.
    pub(super) const fn tolerance(self) -> f64 {
        match self {
            Kind::Exact => 0.01,
            Kind::Rough => 0.25,
        }
    }
}

impl Measured {
    /// A number that is the same in every run of the same code.
    pub(super) fn exact(words: &[&str], value: f64) -> Measured {
        Measured {
            name: words.join(", "),
            value,
            kind: Kind::Exact,
        }
    }

    /// A number in which the host, or who steals from whom, has a say.
    pub(super) fn rough(words: &[&str], value: f64) -> Measured {
        Measured {
            kind: Kind::Rough,
            ..Measured::exact(words, value)
        }
    }
}

impl Results {
    /// Reads results from the file at `path`.
    pub(super) fn read(path: &Path) -> Result<Results, Failure> {
        read(path, "`cargo cloister bench --full` makes such a file")
    }

    /// The tables in which something is beyond its limit.
    pub(super) fn exceeded(&self) -> Vec<&'static str> {
        let tables = self.tables().into_iter();
        let exceeded = tables.filter(|(_, table)| !table.is_within_limits());
        exceeded.map(|(name, _)| name).collect()
    }

    /// Every table by its name, in the order of the documents.
    pub(super) fn tables(&self) -> [(&'static str, &dyn Table); 9] {
        [
            ("macro", &self.programs),
            ("gate", &self.gate),
            ("write-bytes", &self.write_bytes),
            ("std", &self.std),
            ("files", &self.files),
            ("smp", &self.smp),
            ("services", &self.services),
            ("noise", &self.noise),
            ("footprint", &self.footprint),
        ]
    }
}

impl Found {
    /// Reads results from the file at `path`, and what lies beside them.
    pub(super) fn read(path: &Path) -> Result<Found, Failure> {
        let folder = path.parent().unwrap_or(Path::new(""));
        Ok(Found {
            results: Results::read(path)?,
            native: Found::native(folder)?,
            linux: Found::linux(folder)?,
        })
    }

    /// What a processor said, if that is in `folder`.
    pub(super) fn native(folder: &Path) -> Result<Option<Timings>, Failure> {
        let path = folder.join(NATIVE);
        if !path.is_file() {
            return Ok(None);
        }
        let help = "remove it; `cargo cloister bench native --adopt` makes the committed one";
        let timings: Timings = read(&path, help)?;
        match timings.emulated {
            true => Err(broken(&path, "an emulator has no cycles", help)),
            false => Ok(Some(timings)),
        }
    }

    /// What a Linux needs, if that is in `folder`.
    fn linux(folder: &Path) -> Result<Option<Yardstick>, Failure> {
        let path = folder.join(LINUX);
        if !path.is_file() {
            return Ok(None);
        }
        let help = "remove it; `cargo cloister bench linux --adopt` makes the committed one";
        read(&path, help).map(Some)
    }

    /// Writes all files to `folder`. What another processor said stays there.
    pub(super) fn write(&self, folder: &Path) -> Result<(), Failure> {
        let results = (self.results.set.file(), text(&self.results));
        let native = self.native.iter().map(|native| (NATIVE, text(native)));
        let linux = self.linux.iter().map(|linux| (LINUX, text(linux)));
        put(folder, [results].into_iter().chain(native).chain(linux))?;
        // What is there now has what another processor said too.
        let there = Found::read(&folder.join(self.results.set.file()))?;
        put(folder, draw::figures(&there)?)
    }
}

fn put(
    folder: &Path,
    files: impl IntoIterator<Item = (&'static str, String)>,
) -> Result<(), Failure> {
    files
        .into_iter()
        .try_for_each(|(name, text)| fs::write(folder.join(name), text))
        .map_err(|why| unwritable(folder, &why))
}

fn read<T: DeserializeOwned>(path: &Path, help: &str) -> Result<T, Failure> {
    let text = fs::read(path).map_err(|error| broken(path, &error.to_string(), help))?;
    serde_json::from_slice(&text).map_err(|error| broken(path, &error.to_string(), help))
}

fn broken(path: &Path, why: &str, help: &str) -> Failure {
    let message = format!("{} holds no results: {why}", path.display());
    Failure::new(1, report(message, help))
}

fn text(results: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(results);
    text.expect("results hold nothing that JSON does not") + "\n"
}

#[cfg(test)]
mod tests {
    use super::super::baseline::COMMITTED;
    use super::*;

    fn committed() -> Found {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        Found::read(&sources.join(COMMITTED).join(Set::Full.file())).unwrap()
    }

    #[test]
    fn what_is_read_is_written_again_to_the_last_digit() {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let folder = sources.join(COMMITTED);
        let there = |name| fs::read_to_string(folder.join(name)).unwrap();
        let found = committed();
        assert!(there(Set::Full.file()) == text(&found.results));
        assert!(there(LINUX) == text(&found.linux.unwrap()));
    }

    fn native_file(folder: &Path) -> Option<String> {
        fs::read_to_string(folder.join(NATIVE)).ok()
    }

    #[test]
    fn what_a_processor_said_is_kept_until_another_speaks() {
        let folder = tempfile::tempdir().unwrap();
        let found = committed();
        let silent = Found {
            native: None,
            linux: None,
            results: found.results.clone(),
        };
        silent.write(folder.path()).unwrap();
        assert_eq!(native_file(folder.path()), None);
        found.write(folder.path()).unwrap();
        let said = native_file(folder.path());
        assert!(said.is_some());
        silent.write(folder.path()).unwrap();
        assert_eq!(native_file(folder.path()), said);
    }

    #[test]
    fn a_broken_file_of_a_processor_is_refused_and_can_be_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let found = committed();
        let emulated = text(&found.native).replace("\"emulated\": false", "\"emulated\": true");
        for broken in ["{}", &emulated] {
            fs::write(folder.path().join(NATIVE), broken).unwrap();
            assert!(Found::native(folder.path()).is_err(), "{broken}");
            found.write(folder.path()).unwrap();
            assert!(Found::native(folder.path()).unwrap().is_some());
        }
    }
}
