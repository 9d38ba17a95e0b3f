//! `cargo cloister doctor`.

use clap::Args;

use super::failure::{Failure, report};
use super::show;
use crate::outlet::tell;
use crate::setup::{self, State};

/// Check this machine, and install what is missing.
#[derive(Args, Debug)]
pub(super) struct Doctor {
    /// Install what is missing, and a newer QEMU where walls need one: Debian's
    /// and Ubuntu's packages, as root or through sudo; elsewhere, say what to
    /// type
    #[arg(long)]
    fix: bool,
}

impl Doctor {
    pub(super) fn run(self) -> Result<u8, Failure> {
        if self.fix {
            setup::fix(&|what| tell(what))?;
            // Few programs want it: without it all else is as it should be.
            if let Err(why) = setup::provide_virtiofsd(&|what| tell(what)) {
                tell(format!("volumes by virtio-fs stay away: {why}"));
            }
        }
        let findings = setup::findings();
        for finding in &findings {
            show::line(finding)?;
        }
        if findings
            .iter()
            .any(|finding| finding.state == State::Missing)
        {
            let help = "install it with `cargo cloister doctor --fix`";
            return Err(Failure::new(
                1,
                report("something that is needed is missing", help),
            ));
        }
        Ok(0)
    }
}
