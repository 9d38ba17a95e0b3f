//! What is going on, for people at a terminal.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

const TICK: Duration = Duration::from_millis(120);

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
        Progress(bar)
    }

    /// Says what is being done now; with nothing to say, makes room for
    /// another program that says it itself.
    pub(super) fn say(&self, what: &str) {
        if what.is_empty() {
            self.0.disable_steady_tick();
            self.0.finish_and_clear();
            return;
        }
        self.0.set_message(what.to_owned());
        if self.0.is_finished() {
            self.0.reset();
        }
        self.0.enable_steady_tick(TICK);
    }
}

/// Clears the line, so that what follows stands alone.
impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
