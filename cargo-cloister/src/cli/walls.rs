//! Says, once a command, that walls do not hold under an old emulator.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use serde_json::json;

use super::choices::Output;
use super::failure::Failure;
use super::show;
use crate::outlet::tell;
use crate::vm::{Spec, WeakWalls};

static WAS_ASKED: AtomicBool = AtomicBool::new(false);

/// What is weak about the walls of this run, for the first run to which it
/// matters.
pub(super) fn first_weakness(spec: &Spec) -> Option<WeakWalls> {
    if !spec.has_emulated_walls() || WAS_ASKED.swap(true, Relaxed) {
        return None;
    }
    spec.weak_walls()
}

/// Tells people, on standard error.
pub(super) fn warn(spec: &Spec) {
    if let Some(weak) = first_weakness(spec) {
        tell(format_args!("warning: {weak}"));
    }
}

/// Tells those who read the results of tests.
pub(super) fn warn_about_tests(spec: &Spec, output: Output) -> Result<(), Failure> {
    match output {
        Output::Human => warn(spec),
        Output::Json => {
            if let Some(weak) = first_weakness(spec) {
                let message = weak.to_string();
                show::line(json!({
                    "type": "emulator", "event": "weak-walls",
                    "qemu": weak.qemu, "message": message,
                }))?;
            }
        }
    }
    Ok(())
}
