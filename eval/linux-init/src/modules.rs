//! Kernel modules, loaded as they lie there.

use std::ffi::CStr;
use std::fs::{self, File};
use std::io::{Error, Result};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

/// Has the kernel unpack the file itself: what `MODULE_INIT_COMPRESSED_FILE` is
/// in its interface.
const COMPRESSED: libc::c_int = 4;
/// No parameters for a module.
const NO_PARAMETERS: &CStr = c"";

/// Loads every module of the folder, in the order of their names.
pub fn load_all(folder: &Path) -> Result<()> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    paths.sort();
    let named = |path: &Path, error: Error| {
        Error::new(error.kind(), format!("{}: {error}", path.display()))
    };
    paths
        .iter()
        .try_for_each(|path| load(path).map_err(|error| named(path, error)))
}

fn load(path: &Path) -> Result<()> {
    let file = File::open(path)?;
    let flags = flags(path);
    // SAFETY: the descriptor is open and the parameters are a string; the kernel
    // keeps neither.
    let answer = unsafe {
        libc::syscall(
            libc::SYS_finit_module,
            file.as_raw_fd(),
            NO_PARAMETERS.as_ptr(),
            flags,
        )
    };
    match answer {
        0 => Ok(()),
        _ => Err(Error::last_os_error()),
    }
}

/// How the file is to be read.
fn flags(path: &Path) -> libc::c_int {
    match path.extension() {
        Some(ending) if ending != "ko" => COMPRESSED,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_unpacks_what_is_packed() {
        assert_eq!(flags(Path::new("/modules/1-failover.ko")), 0);
        assert_eq!(flags(Path::new("/modules/1-failover.ko.xz")), COMPRESSED);
    }

    #[test]
    fn what_is_no_module_is_named() {
        let folder = std::env::temp_dir().join(format!("linux-init-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("nothing.ko"), "no module").expect("a file");
        let error = load_all(&folder).expect_err("it is no module");
        fs::remove_dir_all(&folder).expect("the folder goes");
        assert!(error.to_string().contains("nothing.ko"), "{error}");
    }
}
