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
use super::native::Native;
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

/// Results, and what this machine's processor said.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) results: Results,
    pub(super) native: Option<Native>,
}

/// The file of what a processor said, beside the results.
const NATIVE: &str = "native.json";

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
}

impl Measured {
    pub(super) fn new(words: &[&str], value: f64) -> Measured {
        let name = words.join(", ");
        Measured { name, value }
    }
}

impl Results {
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
        let native = path.with_file_name(NATIVE);
        Ok(Found {
            results: read(path)?,
            native: native.is_file().then(|| read(&native)).transpose()?,
        })
    }

    /// Writes all files to `folder`. What another processor said stays there.
    pub(super) fn write(&self, folder: &Path) -> Result<(), Failure> {
        let mut files = vec![(self.results.set.file(), text(&self.results))];
        files.extend(self.native.iter().map(|native| (NATIVE, text(native))));
        files.extend(draw::figures(&self.results)?);
        let put = |(name, text): &(&str, String)| {
            fs::create_dir_all(folder)?;
            fs::write(folder.join(name), text)
        };
        files
            .iter()
            .try_for_each(put)
            .map_err(|why| unwritable(folder, &why))
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    let complain = |why: String| {
        let message = format!("{} holds no results: {why}", path.display());
        let help = "`cargo cloister bench --full` makes such a file";
        Failure::new(1, report(message, help))
    };
    let text = fs::read(path).map_err(|error| complain(error.to_string()))?;
    serde_json::from_slice(&text).map_err(|error| complain(error.to_string()))
}

fn text(results: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(results);
    text.expect("results hold nothing that JSON does not") + "\n"
}
