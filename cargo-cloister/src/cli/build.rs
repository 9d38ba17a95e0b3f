//! `cargo cloister build`.

use std::path::PathBuf;

use clap::Args;

use super::failure::{Failure, report};
use super::subject::{BuildOptions, Subject};
use crate::outlet::tell;

/// Build a package and pack it into a verified, bootable image.
#[derive(Args, Debug)]
pub(super) struct Build {
    /// The package's directory [default: the current one]
    path: Option<PathBuf>,
    #[command(flatten)]
    options: BuildOptions,
}

impl Build {
    pub(super) fn run(self) -> Result<u8, Failure> {
        let subject = Subject::at(self.path.as_deref())?;
        if let Subject::Image(path) = subject {
            let message = format!("`{}` is a file, not a package", path.display());
            return Err(Failure::build(report(
                message,
                "give the directory of a cargo package",
            )));
        }
        self.options.check(&subject)?;
        self.options.set_up()?;
        let ready = subject.ready(&self.options)?;
        if !self.options.cargo.quiet {
            let (program, isolation) = (&ready.program, ready.isolation);
            tell(format_args!(
                "packed and verified {program} ({isolation}): {}",
                ready.image.display()
            ));
        }
        Ok(0)
    }
}
