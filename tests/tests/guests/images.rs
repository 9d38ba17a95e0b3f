//! The images that the trials boot, each built once.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};

use domains::Isolation;
use tests::boot::{Boot, Outcome, Tool};

use crate::trial;

/// The host tool.
pub(crate) static TOOL: LazyLock<Tool> =
    LazyLock::new(|| Tool::new(env!("CARGO_BIN_EXE_cloister"), env!("CARGO_TARGET_TMPDIR")));

/// An image, or why there is none: who comes second need not try again.
type Built = Arc<OnceLock<Result<PathBuf, String>>>;

static IMAGES: LazyLock<Mutex<HashMap<(&str, Isolation), Built>>> =
    LazyLock::new(Mutex::default);

/// The image of `folder`, built now if nobody did. Who needs another one does
/// not wait.
pub(crate) fn image(folder: &'static str, isolation: Isolation) -> PathBuf {
    let built = {
        let mut images = IMAGES.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(images.entry((folder, isolation)).or_default())
    };
    let built = trial::without_images(|| built.get_or_init(|| build(folder, isolation)));
    match built {
        Ok(image) => image.clone(),
        Err(why) => panic!("{why}"),
    }
}

fn build(folder: &str, isolation: Isolation) -> Result<PathBuf, String> {
    let flags: &[&str] = match folder {
        GUEST => &["--test-hooks"],
        _ => &[],
    };
    let name = format!("{folder} ({isolation})");
    trial::image(&name, || TOOL.build(folder, isolation, flags))
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
