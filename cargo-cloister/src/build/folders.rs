//! Where sources are found and what is built is kept.
//!
//! Inside the repository the components are built from the working tree, and
//! below its target folder. An installed tool carries the sources and unpacks
//! them into the user's cache, in a folder named by their hash.

use std::env;
use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::{BuildError, embedded};

/// A crate that only the repository has beside this one.
const LANDMARK: &str = "trusted-core/Cargo.toml";

/// The folders of a build.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Folders {
    /// The workspace with the components' sources.
    pub(super) sources: PathBuf,
    /// Where everything that is built goes.
    pub(super) target: PathBuf,
    /// Whether the sources are the repository's, and not unpacked.
    in_repository: bool,
}

impl Folders {
    /// Finds the folders, and unpacks the sources if need be.
    pub(super) fn find() -> Result<Folders, BuildError> {
        let repository = repository();
        let target = match (env::var_os("CARGO_TARGET_DIR"), &repository) {
            (Some(target), _) if !target.is_empty() => absolute(&PathBuf::from(target))?,
            (_, Some(repository)) => repository.join("target"),
            (_, None) => cache(),
        }
        .join("cloister");
        let in_repository = repository.is_some();
        let sources = match repository {
            Some(repository) => repository,
            None => embedded::unpack(&cache().join("cloister"))?,
        };
        Ok(Folders {
            sources,
            target,
            in_repository,
        })
    }

    /// The repository, if we are in it.
    pub(super) fn repository(&self) -> Option<PathBuf> {
        self.in_repository.then(|| self.sources.clone())
    }

    /// The package that measures and is called so.
    pub(super) fn benchmark(&self, name: &str) -> PathBuf {
        self.sources.join("eval").join(name)
    }

    /// Where cargo puts the components.
    pub(super) fn components(&self) -> PathBuf {
        self.target.join("components")
    }

    /// Where cargo puts applications: one folder for all of them, so that std
    /// is built once.
    pub(super) fn applications(&self) -> PathBuf {
        self.target.join("applications")
    }

    /// Where the object that is linked to every application lies.
    pub(super) fn objects(&self) -> PathBuf {
        self.target.join("objects")
    }

    /// Where the packages of the library's own tests go.
    pub(super) fn suites(&self) -> PathBuf {
        self.target.join("suites")
    }

    /// Where images go that are given no other place.
    pub(super) fn images(&self) -> PathBuf {
        self.target.join("images")
    }

    /// Waits until no other build uses these folders.
    pub(super) fn lock(&self, progress: &dyn Fn(&str)) -> Result<File, BuildError> {
        fs::create_dir_all(&self.target).map_err(BuildError::io("create", &self.target))?;
        let path = self.target.join("lock");
        let options = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path);
        let file = options.map_err(BuildError::io("open", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => {
                progress("waiting for another build");
                file.lock().map_err(BuildError::io("lock", &path))?;
                Ok(file)
            }
            Err(TryLockError::Error(error)) => Err(BuildError::io("lock", &path)(error)),
        }
    }
}

/// Writes a file so that nobody sees half of it.
pub(super) fn install(path: &Path, content: &[u8]) -> Result<(), BuildError> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let write = || {
        fs::create_dir_all(folder)?;
        let mut file = NamedTempFile::new_in(folder)?;
        file.write_all(content)?;
        readable(file.as_file())?;
        file.persist(path).map_err(|error| error.error)
    };
    write().map(|_| ()).map_err(BuildError::io("write", path))
}

/// Gives a temporary file the permissions of an ordinary one.
fn readable(file: &File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

/// Makes `path` absolute; it need not exist.
pub(super) fn absolute(path: &Path) -> Result<PathBuf, BuildError> {
    std::path::absolute(path).map_err(BuildError::io("find", path))
}

/// The repository, if this program runs from where cargo built it there. An
/// installed program lies elsewhere, and the repository may have moved on.
fn repository() -> Option<PathBuf> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?;
    let program = env::current_exe().ok()?;
    let built_here = program
        .ancestors()
        .skip(1)
        .take(3)
        .any(|it| it.join(".fingerprint").is_dir());
    (built_here && repository.join(LANDMARK).is_file()).then(|| repository.to_owned())
}

/// The user's cache.
pub(crate) fn cache() -> PathBuf {
    let set = env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    let home = || env::home_dir().map(|home| home.join(".cache"));
    set.or_else(home).unwrap_or_else(env::temp_dir)
}

#[cfg(test)]
impl Folders {
    /// Those of a test that has one folder for all.
    pub(super) fn at(path: &Path) -> Folders {
        Folders {
            sources: path.to_owned(),
            target: path.to_owned(),
            in_repository: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_whole_and_replaces_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/file");
        install(&path, b"first").unwrap();
        install(&path, b"second").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
        let left: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().collect();
        assert_eq!(left.len(), 1, "no temporary file stays");
    }

    #[test]
    fn a_second_build_waits_for_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        let folders = Folders::at(&path);
        let first = folders.lock(&|_| {}).unwrap();
        std::thread::scope(|scope| {
            let (said, heard) = std::sync::mpsc::channel();
            let folders = &folders;
            scope.spawn(move || {
                folders
                    .lock(&|what| said.send(what.to_owned()).unwrap())
                    .unwrap()
            });
            assert_eq!(heard.recv().unwrap(), "waiting for another build");
            drop(first);
        });
    }
}
