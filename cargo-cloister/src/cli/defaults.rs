//! What a package says about itself in `[package.metadata.cloister]`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cargo_metadata::{Metadata, MetadataCommand, Package};
use domains::Isolation;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::choices::LogLevel;
use super::failure::{Failure, report};
use super::parts::Part;
use crate::vm::{AccelChoice, Machine};

/// What holds for a package unless the command line says otherwise.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Defaults {
    /// As `--isolation`.
    #[serde(deserialize_with = "isolation")]
    pub(super) isolation: Option<Isolation>,
    /// As `--rootfs`; a path without a slash in front is relative to the
    /// package.
    pub(super) rootfs: Option<PathBuf>,
    /// As `-m`.
    pub(super) memory: Option<String>,
    /// As `-c`.
    pub(super) cpus: Option<u32>,
    /// As `--machine`.
    pub(super) machine: Option<Machine>,
    /// As `--accel`.
    pub(super) accel: Option<AccelChoice>,
    /// As `--log`.
    pub(super) log: Option<LogLevel>,
    /// As `--timeout`.
    pub(super) timeout: Option<f64>,
    /// As `--without`.
    pub(super) without: Vec<Part>,
    /// As `-e`.
    pub(super) env: BTreeMap<String, String>,
    /// As `--net`.
    pub(super) net: Option<String>,
    /// As `--publish`.
    pub(super) publish: Vec<String>,
    /// As `--ip`.
    pub(super) ip: Vec<String>,
    /// As `--gateway`.
    pub(super) gateway: Vec<String>,
    /// As `--dns`.
    pub(super) dns: Vec<String>,
    /// As `--hostname`.
    pub(super) hostname: Option<String>,
    /// As `--mtu`.
    pub(super) mtu: Option<u32>,
    /// As `--volume`, with host paths seen from the package.
    pub(super) volume: Vec<String>,
    /// The package's directory.
    #[serde(skip)]
    pub(super) directory: PathBuf,
}

/// Reads an isolation mode by its name.
fn isolation<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Isolation>, D::Error> {
    let name = String::deserialize(from)?;
    let unknown = || D::Error::custom(format!("isolation is mpk or none, not `{name}`"));
    Isolation::from_name(&name).ok_or_else(unknown).map(Some)
}

impl Defaults {
    /// The defaults of the package in `directory`, or of `name` in its
    /// workspace.
    pub(super) fn of(
        directory: Option<&Path>,
        name: Option<&str>,
    ) -> Result<Defaults, Failure> {
        let directory = directory.unwrap_or(Path::new("."));
        let metadata = metadata(directory)?;
        match package(&metadata, directory, name) {
            Some(package) => Defaults::from_package(package),
            None => Ok(Defaults::default()),
        }
    }

    fn from_package(package: &Package) -> Result<Defaults, Failure> {
        let table = &package.metadata["cloister"];
        if table.is_null() {
            return Ok(Defaults::default());
        }
        let read = Defaults::deserialize(table);
        let mut defaults = read.map_err(|error| {
            let message = format!("[package.metadata.cloister] of `{}`: {error}", package.name);
            Failure::build(report(
                message,
                format!("correct {}", package.manifest_path),
            ))
        })?;
        let directory = package.manifest_path.parent();
        let directory = directory.map(|folder| folder.as_std_path().to_owned());
        defaults.directory = directory.unwrap_or_default();
        if let Some(rootfs) = &mut defaults.rootfs {
            *rootfs = defaults.directory.join(&*rootfs);
        }
        Ok(defaults)
    }
}

fn metadata(directory: &Path) -> Result<Metadata, Failure> {
    MetadataCommand::new()
        .current_dir(directory)
        .no_deps()
        .exec()
        .map_err(|error| match error {
            cargo_metadata::Error::CargoMetadata { stderr } => {
                not_a_package(directory, &stderr)
            }
            error => {
                let message = format!("cargo cannot be asked about the package: {error}");
                Failure::build(report(
                    message,
                    "is cargo installed? see `cargo cloister doctor`",
                ))
            }
        })
}

fn not_a_package(directory: &Path, cargo_said: &str) -> Failure {
    let said = cargo_said.trim();
    let said = said.strip_prefix("error: ").unwrap_or(said);
    let message = format!(
        "`{}` is not a cargo package that can be built: {said}",
        directory.display()
    );
    Failure::build(report(
        message,
        "give the directory of a package, or make one with `cargo cloister new`",
    ))
}

/// The package that cargo would build; none where that is not a single one.
fn package<'a>(
    metadata: &'a Metadata,
    directory: &Path,
    name: Option<&str>,
) -> Option<&'a Package> {
    let members = metadata.workspace_packages();
    if let Some(name) = name {
        return members
            .into_iter()
            .find(|package| package.name.as_str() == name);
    }
    let here = directory.canonicalize().ok();
    let is_here = |package: &&Package| {
        let place = package
            .manifest_path
            .parent()
            .map(|place| place.as_std_path());
        place.and_then(|place| place.canonicalize().ok()) == here
    };
    match members.as_slice() {
        [only] => Some(*only),
        members => members.iter().copied().find(is_here),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_package_can_say_how_it_wants_to_run() {
        let table = json!({ "isolation": "none", "memory": "10M", "machine": "q35", "log": "info",
                            "env": { "A": "1" }, "publish": ["8080:80"], "timeout": 5,
                            "net": "user", "ip": ["10.0.2.9/24"], "dns": ["10.0.2.3"],
                            "hostname": "web", "mtu": 1400, "without": ["net"] });
        let defaults = Defaults::deserialize(table).expect("a valid table");
        assert_eq!(defaults.isolation, Some(Isolation::None));
        assert_eq!(defaults.machine, Some(Machine::Q35));
        assert_eq!(defaults.env["A"], "1");
        assert_eq!(defaults.without, [Part::Net]);
    }

    #[test]
    fn what_is_unknown_is_an_error() {
        for table in [
            json!({ "colour": "blue" }),
            json!({ "isolation": "walls" }),
            json!({ "without": ["walls"] }),
        ] {
            assert!(Defaults::deserialize(&table).is_err(), "{table}");
        }
    }
}
