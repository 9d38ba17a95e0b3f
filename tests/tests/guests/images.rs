//! The images that the trials boot, each built once.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{LazyLock, Mutex, PoisonError};

use domains::Isolation;
use tests::boot::{Boot, Outcome, Tool};

/// The host tool.
pub(crate) static TOOL: LazyLock<Tool> =
    LazyLock::new(|| Tool::new(env!("CARGO_BIN_EXE_cloister"), env!("CARGO_TARGET_TMPDIR")));

static IMAGES: LazyLock<Mutex<HashMap<(&str, Isolation), PathBuf>>> =
    LazyLock::new(Mutex::default);

/// The image of `folder`, built now if it is not there yet.
pub(crate) fn image(folder: &'static str, isolation: Isolation) -> PathBuf {
    let mut images = IMAGES.lock().unwrap_or_else(PoisonError::into_inner);
    let flags: &[&str] = if folder == GUEST {
        &["--test-hooks"]
    } else {
        &[]
    };
    images
        .entry((folder, isolation))
        .or_insert_with(|| TOOL.build(folder, isolation, flags))
        .clone()
}

/// The guest's side of the tests, with footholds in the kernels.
const GUEST: &str = "tests/guests";

/// Boots the guest with these arguments.
pub(crate) fn guest(isolation: Isolation, arguments: &[&str]) -> Outcome {
    guest_with(isolation, arguments, &[])
}

/// Boots the guest with these arguments and flags of the host tool.
pub(crate) fn guest_with(isolation: Isolation, arguments: &[&str], flags: &[&str]) -> Outcome {
    let boot = Boot {
        arguments,
        flags,
        ..Boot::default()
    };
    TOOL.boot(&image(GUEST, isolation), &boot)
}
