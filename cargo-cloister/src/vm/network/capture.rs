//! The file that gets what the guest sends and receives.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use super::NetworkError;

/// Looks whether QEMU could write `file`, and leaves what is in it. A pipe is
/// another program's to open: whoever looks on while the guest runs.
pub(super) fn try_out(file: &Path) -> Result<(), NetworkError> {
    if fs::metadata(file).is_ok_and(|found| found.file_type().is_fifo()) {
        return Ok(());
    }
    let opened = OpenOptions::new().append(true).create(true).open(file);
    match opened {
        Ok(_) => Ok(()),
        Err(source) => Err(NetworkError::Capture {
            file: file.to_owned(),
            why: source.to_string(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a.pcap");
        assert!(try_out(&file).is_ok());
        fs::write(&file, "kept").expect("a file");
        assert!(try_out(&file).is_ok());
        assert_eq!(fs::read(&file).expect("it is there"), b"kept");
        for bad in [
            folder.path().to_owned(),
            folder.path().join("no/such/folder"),
        ] {
            let error = try_out(&bad).expect_err("it cannot").to_string();
            assert!(error.contains(&bad.display().to_string()), "{error}");
        }
    }
}
