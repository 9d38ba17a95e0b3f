//! Modes of files that a driver asks for, and not the program.

use std::fs::{self, File};
use std::path::Path;

use gate::hooks::LIE;

use crate::checks::{done, errno, same};
use crate::hooks::{HOSTFS, hook};

const EPERM: i32 = 1;

/// Makes files by an honest driver, and tries to by one that tells the lie
/// `lie` about their modes.
pub fn run(folder: &str, lie: &str) -> Result<(), String> {
    let at = |name: &str| format!("{folder}/{name}");
    done("write", fs::write(at("plain"), "text"))?;
    done("create_dir", fs::create_dir(at("folder")))?;
    let lie = lie.parse().map_err(|error| format!("{lie}: {error}"))?;
    hook(HOSTFS | LIE, 0, lie);
    same("a file", errno(fs::write(at("evil"), "x")), EPERM)?;
    same(
        "a directory",
        errno(fs::create_dir(at("evil-folder"))),
        EPERM,
    )?;
    let cut = File::create(at("plain"));
    same("what is cut", errno(cut), EPERM)?;
    for name in ["evil", "evil-folder"] {
        same(name, Path::new(&at(name)).exists(), false)?;
    }
    Ok(())
}
