//! The components' sources, carried by an installed tool.
//!
//! They are unpacked once for each version of them: into a temporary folder
//! first, which gets its name when it is complete, so that neither a crash nor
//! a second process leaves half of a workspace behind.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::BuildError;

/// The files of the workspace, by path.
const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/sources.rs"));

/// Unpacks the sources below `cache`; where they lie.
pub(super) fn unpack(cache: &Path) -> Result<PathBuf, BuildError> {
    let home = cache.join("sources").join(hash());
    if home.is_dir() {
        return Ok(home);
    }
    let parent = cache.join("sources");
    fs::create_dir_all(&parent).map_err(BuildError::io("create", &parent))?;
    let temporary = tempfile::tempdir_in(&parent).map_err(BuildError::io("create", &parent))?;
    for (path, content) in FILES {
        write(&temporary.path().join(path), content)?;
    }
    let unpacked = temporary.keep();
    match fs::rename(&unpacked, &home) {
        Ok(()) => Ok(home),
        Err(_) if home.is_dir() => {
            // Another process was faster; ours is one too many.
            fs::remove_dir_all(&unpacked).map_err(BuildError::io("remove", &unpacked))?;
            Ok(home)
        }
        Err(error) => Err(BuildError::io("create", &home)(error)),
    }
}

fn write(path: &Path, content: &[u8]) -> Result<(), BuildError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(BuildError::io("create", folder))?;
    }
    fs::write(path, content).map_err(BuildError::io("write", path))
}

/// What tells one version of the sources from another.
fn hash() -> String {
    const LENGTH: usize = 8;
    let mut digest = Sha256::new();
    for (path, content) in FILES {
        digest.update(path.as_bytes());
        digest.update((content.len() as u64).to_le_bytes());
        digest.update(content);
    }
    let bytes = digest.finalize();
    bytes
        .iter()
        .take(LENGTH)
        .fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").expect("a string takes everything");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The members that a workspace's manifest lists.
    fn members(manifest: &str) -> impl Iterator<Item = &str> {
        let (_, rest) = manifest.split_once("members = [").expect("there are some");
        let (list, _) = rest.split_once(']').expect("the list ends");
        list.split('"').skip(1).step_by(2)
    }

    #[test]
    fn the_sources_make_a_workspace_of_the_components_alone() {
        let cache = tempfile::tempdir().unwrap();
        let home = unpack(cache.path()).unwrap();
        assert_eq!(
            unpack(cache.path()).unwrap(),
            home,
            "the second time they are there"
        );
        let manifest = fs::read_to_string(home.join("Cargo.toml")).unwrap();
        assert!(manifest.contains("[profile.image]"));
        assert!(!manifest.contains("cargo-cloister"), "{manifest}");
        // What it names, and the host's own parts, which are not built from a cache.
        let own = ["cargo-cloister", "tests", "fuzz"];
        let workspace = include_str!("../../../Cargo.toml");
        for member in members(workspace).filter(|member| !own.contains(member)) {
            assert!(
                members(&manifest).any(|it| it == member),
                "{member} is left out"
            );
        }
        for file in [
            "domains/src/lib.rs",
            "eval/gate/Cargo.lock",
            "eval/counter/Cargo.lock",
            "eval/injector/Cargo.lock",
            "eval/plugin/Cargo.toml",
            "eval/macro/Cargo.lock",
            "eval/native/Cargo.lock",
            "eval/noise/Cargo.lock",
            "eval/parallel/Cargo.lock",
            "eval/results/full.json",
            "eval/services/Cargo.lock",
            "eval/std/Cargo.lock",
            "examples/hello/Cargo.lock",
            "gate/page/build.rs",
            "linker-scripts/core.ld",
        ] {
            assert!(home.join(file).is_file(), "{file}");
        }
    }
}
