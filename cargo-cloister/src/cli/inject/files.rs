//! Folders that a program changes: a copy for each run, and what has become of it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::vm::Volume;

/// How deep a folder is looked into.
const DEPTH_MAX: usize = 64;
/// How many bytes are looked at in all.
const BYTES_MAX: u64 = 4 << 30;

/// Gives a run folders of its own in `scratch`, where it may write to them.
pub(super) fn own(volumes: &mut [Volume], scratch: &Path) -> io::Result<()> {
    for (number, volume) in volumes.iter_mut().enumerate() {
        if volume.is_writable {
            let copy = scratch.join(format!("volume{number}"));
            copy_folder(&volume.host, &copy, DEPTH_MAX)?;
            volume.host = copy;
        }
    }
    Ok(())
}

/// What a run has left in its folders, in a word.
///
/// # Errors
///
/// It cannot be read, or is too much: a guest that goes wrong may leave a file of any size.
pub(super) fn digest(volumes: &[Volume]) -> io::Result<String> {
    let (mut hash, mut left) = (Sha256::new(), BYTES_MAX);
    for volume in volumes.iter().filter(|volume| volume.is_writable) {
        add(&mut hash, &volume.host, DEPTH_MAX, &mut left)?;
    }
    let bytes = hash.finalize();
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn copy_folder(from: &Path, to: &Path, depth: usize) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for path in sorted(from, depth)? {
        let target = to.join(path.file_name().unwrap_or_default());
        let kind = fs::symlink_metadata(&path)?.file_type();
        if kind.is_dir() {
            copy_folder(&path, &target, depth - 1)?;
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(&path)?, target)?;
        } else if kind.is_file() {
            fs::copy(&path, target)?;
        }
    }
    Ok(())
}

fn add(hash: &mut Sha256, folder: &Path, depth: usize, left: &mut u64) -> io::Result<()> {
    for path in sorted(folder, depth)? {
        let kind = fs::symlink_metadata(&path)?.file_type();
        hash.update(path.file_name().unwrap_or_default().as_encoded_bytes());
        if kind.is_dir() {
            hash.update(b"/{");
            add(hash, &path, depth - 1, left)?;
            hash.update(b"}");
        } else if kind.is_symlink() {
            hash.update(b"\0>");
            hash.update(fs::read_link(&path)?.as_os_str().as_encoded_bytes());
        } else if kind.is_file() {
            let mut file = File::open(&path)?;
            let size = file.metadata()?.len();
            *left = left.checked_sub(size).ok_or_else(too_much)?;
            hash.update(size.to_le_bytes());
            io::copy(&mut file, &mut Hashed(hash))?;
        }
    }
    Ok(())
}

/// Hashes what is written.
struct Hashed<'a>(&'a mut Sha256);

impl Write for Hashed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn too_much() -> io::Error {
    io::Error::other(format!("folders hold more than {} GiB", BYTES_MAX >> 30))
}

/// What a folder holds, by name.
fn sorted(folder: &Path, depth: usize) -> io::Result<Vec<PathBuf>> {
    if depth == 0 {
        return Err(io::Error::other(format!(
            "{} lies deeper than {DEPTH_MAX} folders",
            folder.display()
        )));
    }
    let entries = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
    let mut paths = entries.collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_alike_until_something_changes() {
        let folder = tempfile::tempdir().expect("a folder");
        let host = folder.path().join("host");
        fs::create_dir_all(host.join("deep/er")).expect("a folder");
        fs::write(host.join("deep/er/file"), "text").expect("a file");
        let given: Volume = format!("{}:/data", host.display())
            .parse()
            .expect("a volume");
        let mut volumes = [given];
        let before = digest(&volumes).expect("it can be read");
        own(&mut volumes, folder.path()).expect("it can be copied");
        assert_ne!(volumes[0].host, host);
        assert_eq!(digest(&volumes).expect("it can be read"), before);
        fs::write(volumes[0].host.join("deep/er/file"), "tEXt").expect("a file");
        assert_ne!(digest(&volumes).expect("it can be read"), before);
    }

    #[test]
    fn a_file_of_any_size_is_not_read_into_memory() {
        let folder = tempfile::tempdir().expect("a folder");
        let given: Volume = format!("{}:/data:rw", folder.path().display())
            .parse()
            .expect("a volume");
        let file = File::create(folder.path().join("sparse")).expect("a file");
        file.set_len(1 << 42).expect("it takes no room");
        let error = digest(&[given]).expect_err("it is too much");
        assert!(error.to_string().contains("more than"), "{error}");
    }
}
