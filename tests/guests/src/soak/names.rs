//! Names that are made while the cell fails.

use std::fs::{self, File};
use std::io::{self, ErrorKind};

/// What is broken answers so.
const EIO: i32 = 5;

/// What is promised of a name that was made just when the cell failed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// It is there, and nobody notices.
    Sure,
    /// That is an error, and it may be there or not.
    Unsure,
}

impl Names {
    /// Makes a file that is not there.
    pub fn file(self, path: &str) -> io::Result<File> {
        let again = || File::create(path);
        self.made(|| File::create_new(path), again)
    }

    /// Makes a directory that is not there.
    pub fn directory(self, path: &str) -> io::Result<()> {
        let again = || match fs::create_dir(path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            made => made,
        };
        self.made(|| fs::create_dir(path), again)
    }

    /// Makes a name by `make`. If it may be there by an error, by `again`, which
    /// takes it if it is.
    fn made<T>(
        self,
        make: impl FnOnce() -> io::Result<T>,
        again: impl Fn() -> io::Result<T>,
    ) -> io::Result<T> {
        let is_unsure = |made: &io::Result<T>| {
            let error = made.as_ref().err().and_then(io::Error::raw_os_error);
            self == Names::Unsure && error == Some(EIO)
        };
        let mut made = make();
        while is_unsure(&made) {
            made = again();
        }
        made
    }
}
