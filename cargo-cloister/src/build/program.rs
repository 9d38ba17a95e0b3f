//! Which program of which package is built.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use cargo_metadata::{Metadata, MetadataCommand, Package, Target};

use super::BuildError;
use super::toolchain::Toolchain;

/// A program that was chosen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Program {
    /// The manifest that cargo is given.
    pub(super) manifest: PathBuf,
    /// The root of its workspace.
    pub(super) workspace: PathBuf,
    /// The names of the workspace's packages.
    pub(super) members: Vec<String>,
    /// Its name.
    pub(super) name: String,
    /// What its image is called.
    pub(super) label: String,
    /// The arguments that choose it, where the user's do not.
    pub(super) choice: Vec<String>,
    /// Whether it is made of tests.
    pub(super) is_test: bool,
}

/// Cargo's flags whose effect on an image would be a surprise.
pub(crate) const REFUSED: [(&str, &str); 16] = [
    (
        "--target",
        "applications are built for x86_64-unknown-hermit",
    ),
    ("--manifest-path", "the package is given by its path"),
    (
        "--message-format",
        "its messages are read to find what it built",
    ),
    ("--artifact-dir", "`-o` says where the image goes"),
    ("--crate-type", "a library is no program"),
    ("--lib", "a library is no program"),
    ("--bins", ONE_PROGRAM),
    ("--examples", ONE_PROGRAM),
    ("--all-targets", ONE_PROGRAM),
    ("--workspace", ONE_PROGRAM),
    ("--all", ONE_PROGRAM),
    ("--exclude", ONE_PROGRAM),
    ("--test", NO_TESTS),
    ("--tests", NO_TESTS),
    ("--bench", NO_TESTS),
    ("--benches", NO_TESTS),
];
const ONE_PROGRAM: &str = "an image holds one program, which `--bin` or `--example` chooses";
const NO_TESTS: &str = "an image holds a binary or an example";

/// Chooses the program at `path`, with cargo's own flags in `arguments`.
pub(super) fn choose(
    toolchain: &Toolchain,
    path: Option<&Path>,
    arguments: &[OsString],
) -> Result<Program, BuildError> {
    refuse_arguments(arguments)?;
    let manifest = manifest(path.unwrap_or(Path::new(".")))?;
    let metadata = metadata(toolchain, &manifest)?;
    let package = package(&metadata, &manifest, value_of(arguments, "-p", "--package"))?;
    let (name, choice) = target(package, arguments)?;
    let mut all = Vec::new();
    if value_of(arguments, "-p", "--package").is_none() {
        all.extend(["--package".into(), package.name.to_string()]);
    }
    all.extend(choice);
    Ok(Program {
        manifest,
        workspace: metadata.workspace_root.clone().into_std_path_buf(),
        members: members(&metadata),
        label: name.clone(),
        name,
        choice: all,
        is_test: false,
    })
}

/// The value of a flag: `-p x`, `-px`, `--package x` or `--package=x`.
pub(super) fn value_of(arguments: &[OsString], short: &str, long: &str) -> Option<String> {
    values_of(arguments, short, long).into_iter().next()
}

/// The values of a flag that may be given several times.
pub(super) fn values_of(arguments: &[OsString], short: &str, long: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut words = arguments.iter().map(|word| word.to_string_lossy());
    while let Some(word) = words.next() {
        if word == long || word == short && !short.is_empty() {
            found.extend(words.next().map(|value| value.into_owned()));
            continue;
        }
        let joined = word
            .strip_prefix(long)
            .and_then(|rest| rest.strip_prefix('='));
        let is_short = short.len() == 2 && !word.starts_with("--");
        let glued = word.strip_prefix(short).filter(|_| is_short);
        found.extend(
            joined
                .or(glued)
                .map(|value| value.trim_start_matches('=').to_owned()),
        );
    }
    found
}

/// Whether the program is built for use: cargo's release profile.
pub(super) fn is_release(arguments: &[OsString]) -> bool {
    let flag = arguments
        .iter()
        .any(|word| word == "--release" || word == "-r");
    let profile = value_of(arguments, "", "--profile");
    // Tests that are built as for release have the profile of benchmarks.
    flag || matches!(profile.as_deref(), Some("release" | "bench"))
}

/// Refuses flags that make no sense for an image.
pub(crate) fn refuse_arguments(arguments: &[OsString]) -> Result<(), BuildError> {
    for word in arguments.iter().map(|word| word.to_string_lossy()) {
        let flag = word.split('=').next().unwrap_or_default();
        if let Some((argument, why)) = REFUSED.into_iter().find(|(refused, _)| *refused == flag)
        {
            return Err(BuildError::Argument {
                argument: argument.into(),
                why,
            });
        }
    }
    Ok(())
}

/// The manifest at `path`, or above it as cargo itself would find it.
pub(super) fn manifest(path: &Path) -> Result<PathBuf, BuildError> {
    let none = || BuildError::NotAPackage {
        path: path.to_owned(),
    };
    let start = path.canonicalize().map_err(|_| none())?;
    if start.file_name().is_some_and(|name| name == "Cargo.toml") && start.is_file() {
        return Ok(start);
    }
    // A path that was given is meant; only the current folder may lie deeper.
    let depth = if path == Path::new(".") {
        usize::MAX
    } else {
        1
    };
    let manifests = start
        .ancestors()
        .take(depth)
        .map(|folder| folder.join("Cargo.toml"));
    manifests
        .into_iter()
        .find(|manifest| manifest.is_file())
        .ok_or_else(none)
}

/// The names of the workspace's packages.
pub(super) fn members(metadata: &Metadata) -> Vec<String> {
    let packages = metadata.workspace_packages().into_iter();
    packages.map(|package| package.name.to_string()).collect()
}

pub(super) fn metadata(toolchain: &Toolchain, manifest: &Path) -> Result<Metadata, BuildError> {
    let mut command = MetadataCommand::new();
    command
        .cargo_path(&toolchain.cargo)
        .manifest_path(manifest)
        .no_deps();
    command
        .env("RUSTC", &toolchain.rustc)
        .env_remove("RUSTUP_TOOLCHAIN");
    command.exec().map_err(|error| BuildError::Metadata {
        why: match error {
            cargo_metadata::Error::CargoMetadata { stderr } => {
                stderr.trim().trim_start_matches("error: ").to_owned()
            }
            error => error.to_string(),
        },
    })
}

/// The package that is meant: the chosen one, or that of the manifest, or the
/// only one of a workspace that has programs.
pub(super) fn package<'m>(
    metadata: &'m Metadata,
    manifest: &Path,
    chosen: Option<String>,
) -> Result<&'m Package, BuildError> {
    let packages = metadata.workspace_packages();
    if let Some(name) = chosen {
        let named = packages.iter().find(|package| *package.name == name);
        return named.copied().ok_or_else(|| BuildError::NoSuchPackage {
            name,
            names: packages
                .iter()
                .map(|package| package.name.to_string())
                .collect(),
        });
    }
    let here = packages
        .iter()
        .find(|package| package.manifest_path.as_std_path() == manifest);
    if let Some(package) = here {
        return Ok(package);
    }
    let with_programs: Vec<&&Package> = packages
        .iter()
        .filter(|package| package.targets.iter().any(Target::is_bin))
        .collect();
    let workspace = manifest.parent().unwrap_or(manifest).display().to_string();
    match &with_programs[..] {
        [package] => Ok(package),
        [] => Err(BuildError::NoProgram { package: workspace }),
        several => Err(BuildError::SeveralPrograms {
            package: workspace,
            names: several
                .iter()
                .map(|package| format!("-p {}", package.name))
                .collect(),
        }),
    }
}

/// The program's name, and the arguments that choose it.
fn target(
    package: &Package,
    arguments: &[OsString],
) -> Result<(String, Vec<String>), BuildError> {
    let chosen = ["--bin", "--example"].into_iter();
    if let Some(name) = chosen
        .filter_map(|flag| value_of(arguments, "", flag))
        .next()
    {
        return Ok((name, Vec::new()));
    }
    let bins = package.targets.iter().filter(|target| target.is_bin());
    let names: Vec<String> = bins.map(|target| target.name.clone()).collect();
    let name = match (&names[..], &package.default_run) {
        (_, Some(name)) => name.clone(),
        ([name], None) => name.clone(),
        ([], None) => {
            return Err(BuildError::NoProgram {
                package: package.name.to_string(),
            });
        }
        (_, None) => {
            return Err(BuildError::SeveralPrograms {
                package: package.name.to_string(),
                names,
            });
        }
    };
    Ok((name.clone(), vec!["--bin".into(), name]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(OsString::from).collect()
    }

    #[test]
    fn flags_are_read_in_all_their_forms() {
        for line in [
            "-p x",
            "-px",
            "--package x",
            "--package=x",
            "--release -p x",
        ] {
            assert_eq!(
                value_of(&words(line), "-p", "--package").as_deref(),
                Some("x"),
                "{line}"
            );
        }
        assert_eq!(
            value_of(&words("--profile release"), "-p", "--package"),
            None
        );
        assert_eq!(value_of(&words("--bin"), "", "--bin"), None);
        let twice = words("--config a=1 --config=b=2");
        assert_eq!(values_of(&twice, "", "--config"), ["a=1", "b=2"]);
    }

    #[test]
    fn release_is_a_flag_or_a_profile() {
        assert!(is_release(&words("-r")));
        assert!(is_release(&words("--profile=release")));
        assert!(!is_release(&words("--profile image")));
        assert!(!is_release(&[]));
    }

    #[test]
    fn flags_that_would_surprise_are_refused() {
        for line in ["--target wasm32-wasip1", "--target=x", "--lib"] {
            assert!(refuse_arguments(&words(line)).is_err(), "{line}");
        }
        assert!(refuse_arguments(&words("--target-dir x --release")).is_ok());
    }

    #[test]
    fn a_path_without_package_is_named() {
        let folder = tempfile::tempdir().unwrap();
        for path in [folder.path().to_owned(), folder.path().join("missing")] {
            let error = manifest(&path).unwrap_err();
            assert!(
                error.to_string().contains(&path.display().to_string()),
                "{error}"
            );
        }
        std::fs::write(folder.path().join("Cargo.toml"), "").unwrap();
        let found = manifest(folder.path()).unwrap();
        assert_eq!(
            manifest(&found).unwrap(),
            found,
            "the manifest itself is a path too"
        );
    }
}
