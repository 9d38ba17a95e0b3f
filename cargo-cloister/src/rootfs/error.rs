//! Why files cannot travel in an image.

use std::io;
use std::path::{Path, PathBuf};

use miette::Diagnostic;
use thiserror::Error;

/// Files that cannot be packed.
#[derive(Debug, Error, Diagnostic)]
pub enum RootfsError {
    /// A file or folder cannot be read.
    #[error("could not {doing} `{}`: {source}", path.display())]
    #[diagnostic(
        code(cloister::rootfs::io),
        help(
            "`--rootfs` takes a folder or a tar file that you may read, and all that is in it"
        )
    )]
    Io {
        /// What was tried.
        doing: &'static str,
        /// With which file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// A device or a pipe, which may never end.
    #[error("`{}` is neither a folder nor a file", .0.display())]
    #[diagnostic(
        code(cloister::rootfs::no_file),
        help("`--rootfs` takes a folder or a tar file")
    )]
    NoFile(PathBuf),
    /// The file is not a tar file, or only the beginning of one.
    #[error("`{}` is not a whole tar file: {why}", path.display())]
    #[diagnostic(code(cloister::rootfs::tar), help("{help}"))]
    Tar {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
        /// What to do.
        help: &'static str,
    },
    /// An entry has a name that leads elsewhere, or is none.
    #[error("`{name}` of `{}` cannot be packed: {why}", path.display())]
    #[diagnostic(
        code(cloister::rootfs::entry),
        help("leave it out or rename it: files, directories and symbolic links can be packed")
    )]
    Entry {
        /// The folder or tar file.
        path: PathBuf,
        /// The entry.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// There is too much.
    #[error("`{}` has {size} bytes, and an image can hold {limit}", path.display())]
    #[diagnostic(
        code(cloister::rootfs::size),
        help("pack less, or give the folder to the guest when it runs, with `--volume`")
    )]
    TooBig {
        /// The folder or tar file.
        path: PathBuf,
        /// Its bytes.
        size: u64,
        /// The most that there can be.
        limit: u64,
    },
}

impl RootfsError {
    /// Makes an error out of what a file operation on `path` said.
    pub(super) fn io(
        doing: &'static str,
        path: &Path,
    ) -> impl FnOnce(io::Error) -> RootfsError {
        let path = path.to_owned();
        move |source| RootfsError::Io {
            doing,
            path,
            source,
        }
    }

    /// An entry of `path` that cannot be packed.
    pub(super) fn entry(path: &Path, name: &[u8], why: impl Into<String>) -> RootfsError {
        RootfsError::Entry {
            path: path.to_owned(),
            name: String::from_utf8_lossy(name).into_owned(),
            why: why.into(),
        }
    }
}
