//! A folder of this machine as files to pack.
//!
//! Of a mode only the right to execute is kept, and of times nothing: both say
//! more of how the folder came here than of what is in it.

use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::tree::{Item, Kind, Tree};
use super::{RootfsError, refuse_too_much};

/// Reads everything in the folder `root`.
pub(super) fn read(root: &Path) -> Result<Tree, RootfsError> {
    let mut tree = Tree::default();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).map_err(RootfsError::io("read", &folder))?;
        for entry in entries {
            let path = entry.map_err(RootfsError::io("read", &folder))?.path();
            let item = item(&tree, root, &path)?;
            if item.kind == Kind::Directory {
                folders.push(path.clone());
            }
            let name = name(root, &path);
            tree.add(name, item)
                .map_err(|why| RootfsError::entry(root, name, why))?;
        }
    }
    Ok(tree)
}

/// The path of `path` below `root`.
fn name<'p>(root: &Path, path: &'p Path) -> &'p [u8] {
    path.strip_prefix(root)
        .unwrap_or(path)
        .as_os_str()
        .as_bytes()
}

fn item(tree: &Tree, root: &Path, path: &Path) -> Result<Item, RootfsError> {
    let found = fs::symlink_metadata(path).map_err(RootfsError::io("look at", path))?;
    let kind = match found.file_type() {
        kind if kind.is_file() => Kind::File,
        kind if kind.is_dir() => Kind::Directory,
        kind if kind.is_symlink() => Kind::Link,
        _ => {
            let why = "it is a device, a pipe or a socket";
            return Err(RootfsError::entry(root, name(root, path), why));
        }
    };
    let content = match kind {
        Kind::File => {
            refuse_too_much(root, tree, found.len())?;
            fs::read(path).map_err(RootfsError::io("read", path))?
        }
        Kind::Directory => Vec::new(),
        Kind::Link => {
            let target = fs::read_link(path).map_err(RootfsError::io("read", path))?;
            target.into_os_string().into_vec()
        }
    };
    Ok(Item {
        kind,
        mode: mode(kind, found.permissions().mode()),
        modified: 0,
        content,
    })
}

fn mode(kind: Kind, mode: u32) -> u16 {
    match kind {
        Kind::Link => 0o777,
        Kind::Directory => 0o755,
        Kind::File if mode & 0o100 != 0 => 0o755,
        Kind::File => 0o644,
    }
}
