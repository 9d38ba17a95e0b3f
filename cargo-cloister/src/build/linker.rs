//! The linker for the guest.
//!
//! The guest's targets link with LLVM's linker. Rustup's toolchains bring it
//! along as `rust-lld`; distributions have it as `ld.lld`, sometimes with its
//! version in the name.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::toolchain::{folders, rustup_toolchains};

/// Chooses the linker, if it is set.
const CHOICE: &str = "CLOISTER_LINKER";

/// Finds a linker, that of the toolchain with this sysroot first.
pub(super) fn find(sysroot: &Path) -> Option<PathBuf> {
    if let Some(linker) = env::var_os(CHOICE) {
        return Some(PathBuf::from(linker));
    }
    let toolchains = [sysroot.to_owned()].into_iter().chain(rustup_toolchains());
    toolchains
        .flat_map(|toolchain| folders(&toolchain.join("lib/rustlib"), "x86_64"))
        .map(|target| target.join("bin/rust-lld"))
        .chain(installed())
        .find(|linker| linker.is_file())
}

/// The linkers that a distribution installs, newest first.
fn installed() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders_on_path: Vec<PathBuf> = env::split_paths(&path).collect();
    let mut versioned: Vec<PathBuf> = folders_on_path
        .iter()
        .flat_map(|folder| folders(folder, "ld.lld-"))
        .collect();
    let llvm = folders(Path::new("/usr/lib"), "llvm-");
    versioned.extend(llvm.into_iter().map(|llvm| llvm.join("bin/ld.lld")));
    versioned.sort_by_key(|linker| std::cmp::Reverse(version(linker)));
    let plain = folders_on_path.iter().map(|folder| folder.join("ld.lld"));
    plain.chain(versioned).collect()
}

/// The number in `ld.lld-15` or `llvm-15/bin/ld.lld`.
fn version(linker: &Path) -> u32 {
    let names = linker.iter().filter_map(OsStr::to_str);
    names
        .filter_map(|name| name.rsplit_once('-')?.1.parse().ok())
        .next_back()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_stand_in_the_name_or_the_folder() {
        assert_eq!(version(Path::new("/usr/bin/ld.lld-15")), 15);
        assert_eq!(version(Path::new("/usr/lib/llvm-16/bin/ld.lld")), 16);
        assert_eq!(version(Path::new("/usr/bin/ld.lld")), 0);
    }
}
