//! What is going on: a line that changes on a terminal, else a line a step.

use std::cell::RefCell;
use std::io::{self, IsTerminal};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::outlet::tell;
use crate::plain::Plain;

const TICK: Duration = Duration::from_millis(120);
/// Between a step and the part of it that is worked at.
const PART: &str = ": ";

/// Says what is being done.
pub(super) enum Progress {
    /// Nobody wants to know.
    Quiet,
    /// On the last line of a terminal.
    Terminal(ProgressBar),
    /// Anywhere else, where nothing can be written over: the last step told.
    Lines(RefCell<String>),
}

impl Progress {
    /// Starts to show progress, unless it is not wanted.
    pub(super) fn start(quiet: bool) -> Progress {
        match (quiet, io::stderr().is_terminal()) {
            (true, _) => Progress::Quiet,
            (false, true) => {
                let bar = ProgressBar::no_length();
                bar.set_style(ProgressStyle::default_spinner());
                Progress::Terminal(bar)
            }
            (false, false) => Progress::Lines(RefCell::default()),
        }
    }

    /// Says what is being done now, and behind a colon at which part of it; with
    /// nothing to say, makes room for another program that says it itself.
    pub(super) fn say(&self, what: &str) {
        match self {
            Progress::Quiet => {}
            Progress::Terminal(bar) => show(bar, what),
            Progress::Lines(last) => {
                if let Some(step) = next_step(&mut last.borrow_mut(), what) {
                    tell(Plain::line(step));
                }
            }
        }
    }
}

fn show(bar: &ProgressBar, what: &str) {
    if what.is_empty() {
        bar.disable_steady_tick();
        bar.finish_and_clear();
        return;
    }
    bar.set_message(Plain::line(what).to_string());
    if bar.is_finished() {
        bar.reset();
    }
    bar.enable_steady_tick(TICK);
}

/// The step in `what`, if it is another than the last.
fn next_step<'w>(last: &mut String, what: &'w str) -> Option<&'w str> {
    let step = what.split_once(PART).map_or(what, |(step, _)| step);
    let is_next = !step.is_empty() && step != last;
    is_next.then(|| {
        step.clone_into(last);
        step
    })
}

/// Clears the line, so that what follows stands alone.
impl Drop for Progress {
    fn drop(&mut self) {
        if let Progress::Terminal(bar) = self {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_told_once_whatever_its_parts() {
        let mut last = String::new();
        let told = [
            "building the kernels",
            "building the kernels: core v0.0.0",
            "building the kernels: alloc v0.0.0",
            "",
            "packing",
            "packing",
        ];
        let told = told.map(|what| next_step(&mut last, what));
        let first = Some("building the kernels");
        assert_eq!(told, [first, None, None, None, Some("packing"), None]);
    }
}
