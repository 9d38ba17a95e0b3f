//! The repository whose committed figures can be made anew, and the host's limits.

use std::io;
use std::path::PathBuf;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::Yardstick;
use crate::build;
use crate::cli::bench::Set;
use crate::cli::bench::baseline::COMMITTED;
use crate::cli::bench::documents;
use crate::cli::bench::results::{Found, Results};
use crate::cli::failure::{Failure, report};

/// Open files that are enough for QEMU with a thousand connections, and for us.
const FILES: u64 = 4096;

/// The repository, and its results beside which figures are put.
pub(super) struct Place {
    repository: PathBuf,
    results: Results,
}

impl Place {
    pub(super) fn find() -> Result<Place, Failure> {
        let repository = build::repository().map_err(Failure::build)?;
        let help = "run it in the repository, or leave out `--adopt`";
        let repository = repository
            .ok_or_else(|| Failure::usage("figures are adopted in the repository", help))?;
        let file = repository.join(COMMITTED).join(Set::Full.file());
        Ok(Place {
            results: Results::read(&file)?,
            repository,
        })
    }

    /// Makes `found` the committed figures; those of other guests stay.
    pub(super) fn adopt(self, found: Yardstick) -> Result<(), Failure> {
        let folder = self.repository.join(COMMITTED);
        let before = Found::read(&folder.join(Set::Full.file()))?.linux;
        let found = match before {
            Some(before) => found.over(before).map_err(unlike)?,
            None => found,
        };
        let found = Found {
            native: None,
            linux: Some(found),
            results: self.results,
        };
        found.write(&folder)?;
        let found = Found::read(&folder.join(Set::Full.file()))?;
        documents::renew(&self.repository, &found)
    }
}

fn unlike(why: &str) -> Failure {
    let message = format!("the figures do not go with the committed ones: {why}");
    let help = "remove `eval/results/linux.json` and measure all guests";
    Failure::new(1, report(message, help))
}

/// Has this process and its children open as many files as a thousand connections
/// take. Where that is not allowed, the series fails that needs them.
pub(super) fn allow_many_connections() {
    let now = getrlimit(Resource::Nofile);
    let is_enough = now.current.is_none_or(|current| current >= FILES);
    if !is_enough {
        let most = now.maximum.map_or(FILES, |maximum| maximum.min(FILES));
        let limit = Rlimit {
            current: Some(most),
            ..now
        };
        let _said_by_the_series = setrlimit(Resource::Nofile, limit);
    }
}

pub(super) fn unwritten(why: &io::Error) -> Failure {
    let message = format!("the files of the Linux cannot be put together: {why}");
    let help = "is there room in the temporary directory, and may you write there?";
    Failure::new(1, report(message, help))
}
