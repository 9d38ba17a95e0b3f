//! Whose artifacts lie in the folder that all applications share.
//!
//! Cargo knows a member of a workspace by its name and its path from the
//! workspace's root. So two copies of a package are one to it, if they are built
//! into one folder: it finds the artifacts of the other, and if these are newer
//! than the sources, takes them. Here is noted which workspace built each member;
//! when another comes, what the first one left is forgotten.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::{BuildError, folders};

/// The file with the workspace of each member.
const FILE: &str = "owners.json";

/// Makes what lies in `folder` under these names `workspace`'s own.
pub(super) fn claim(
    folder: &Path,
    workspace: &Path,
    members: &[String],
) -> Result<(), BuildError> {
    let file = folder.join(FILE);
    // A file that is not there, or makes no sense, says that nobody is known.
    let text = fs::read(&file).unwrap_or_default();
    let mut owners: BTreeMap<String, PathBuf> =
        serde_json::from_slice(&text).unwrap_or_default();
    let mut changed = false;
    for member in members {
        let before = owners.insert(member.clone(), workspace.to_owned());
        if before.as_deref() != Some(workspace) {
            changed = true;
            forget(folder, member)?;
        }
    }
    match changed {
        true => folders::install(&file, serde_json::json!(owners).to_string().as_bytes()),
        false => Ok(()),
    }
}

/// Removes the fingerprints of `member` in every profile, for the guest and for
/// the host: cargo builds again what has none.
fn forget(folder: &Path, member: &str) -> Result<(), BuildError> {
    let profiles = below(folder).into_iter().flat_map(|path| {
        let deeper = below(&path);
        [vec![path], deeper].concat()
    });
    let prefix = format!("{member}-");
    for profile in profiles {
        for fingerprint in below(&profile.join(".fingerprint")) {
            let name = fingerprint
                .file_name()
                .unwrap_or_default()
                .to_string_lossy();
            let hash = name.strip_prefix(&prefix);
            let is_its = hash.is_some_and(|hash| hash.bytes().all(|it| it.is_ascii_hexdigit()));
            if is_its {
                fs::remove_dir_all(&fingerprint)
                    .map_err(BuildError::io("remove", &fingerprint))?;
            }
        }
    }
    Ok(())
}

/// The folders in `folder`; none if it is not there.
fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    paths.filter(|path| path.is_dir()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_workspace_built_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let fingerprint = |name: &str| {
            let path = folder.path().join("guest/debug/.fingerprint").join(name);
            fs::create_dir_all(&path).unwrap();
            path
        };
        let members = ["app".to_owned()];
        let build = |workspace: &str| {
            claim(folder.path(), Path::new(workspace), &members).unwrap();
            [
                fingerprint("app-0123abcd"),
                fingerprint("app-data-0123abcd"),
            ]
        };
        let [mine, other] = build("/a");
        claim(folder.path(), Path::new("/a"), &members).unwrap();
        assert!(mine.is_dir(), "the same workspace keeps its own");
        claim(folder.path(), Path::new("/b"), &members).unwrap();
        assert!(!mine.exists() && other.is_dir(), "another finds nothing");
    }
}
