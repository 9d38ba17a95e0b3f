//! What building and running need: found, and installed on request.
//!
//! [`findings`] looks at this machine, [`fix`] installs what is missing where
//! there are Debian's packages, and elsewhere says what to type. It is the one
//! engine behind `doctor --fix`, `--setup` and `CLOISTER_SETUP=1`.

mod apt;
mod finding;
mod fix;
mod packages;
mod policy;
mod qemu;
mod source;
mod virtiofsd;

use std::env;
use std::ffi::OsStr;
use std::path::PathBuf;

pub use finding::{Finding, State, findings};
pub use fix::{SetupError, fix};
pub use packages::provide as provide_packages;
pub(crate) use qemu::Qemu;
pub use virtiofsd::provide as provide_virtiofsd;

/// Whether the environment asks for [`fix`] before anything else.
pub fn requested() -> bool {
    env::var_os("CLOISTER_SETUP").is_some_and(|value| !value.is_empty() && value != "0")
}

/// The first file on the PATH with this name.
fn on_path(name: impl AsRef<OsStr>) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let name = name.as_ref();
    env::split_paths(&path)
        .map(|directory| directory.join(name))
        .find(|file| file.is_file())
}
