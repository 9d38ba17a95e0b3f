//! What is going on, for people at a terminal.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A line with what is being done, on a terminal only.
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// Starts to show progress, unless it is not wanted or nobody looks.
    pub(super) fn start(quiet: bool) -> Progress {
        let bar = ProgressBar::no_length();
        if quiet || !std::io::stderr().is_terminal() {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        bar.set_style(ProgressStyle::default_spinner());
        bar.enable_steady_tick(Duration::from_millis(120));
        Progress(bar)
    }

    /// Says what is being done now.
    pub(super) fn say(&self, what: &str) {
        self.0.set_message(what.to_owned());
    }
}

/// Clears the line, so that what follows stands alone.
impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
