//! What the host does to a folder while it is a volume.
//!
//! Guest and host speak by files: the guest makes `ready`, and waits.

use std::fs::{self, File};
use std::io::Read;
use std::thread;
use std::time::Duration;

use super::EIO;
use crate::checks::{done, errno, same};

const STEP: Duration = Duration::from_millis(20);
const ENOENT: i32 = 2;

/// The host writes, and the guest sees it.
pub fn seen(folder: &str) -> Result<(), String> {
    let at = |name: &str| format!("{folder}/{name}");
    done("write", fs::write(at("shared"), "from the guest"))?;
    let mut open = done("open", File::open(at("shared")))?;
    be_ready(folder, ENOENT)?;
    while !done("look", fs::exists(at("go")))? {
        thread::sleep(STEP);
    }
    let mut text = String::new();
    done("read", open.read_to_string(&mut text))?;
    same("what the host wrote", text.as_str(), "and from the host")?;
    same(
        "what the host removed",
        fs::exists(at("ready")).ok(),
        Some(false),
    )
}

/// Tells the host to act. It may be quicker than this is done with the file: then that ends
/// with what the host's act leads to.
fn be_ready(folder: &str, act: i32) -> Result<(), String> {
    match fs::write(format!("{folder}/ready"), "") {
        Err(error) if error.raw_os_error() == Some(act) => Ok(()),
        written => done("be ready", written),
    }
}

/// The host removes the folder with all that is in it.
pub fn gone(folder: &str) -> Result<(), String> {
    let at = |name: &str| format!("{folder}/{name}");
    let mut open = {
        done("write", fs::write(at("kept"), "kept"))?;
        done("open", File::open(at("kept")))?
    };
    be_ready(folder, ENOENT)?;
    while fs::metadata(at("ready")).is_ok() {
        thread::sleep(STEP);
    }
    let mut text = String::new();
    done("read what is open", open.read_to_string(&mut text))?;
    same("what is open is there", text.as_str(), "kept")?;
    for error in [
        errno(fs::write(at("new"), "x")),
        errno(fs::create_dir(at("new"))),
        errno(fs::read(at("kept"))),
    ] {
        same("nothing is there", error, ENOENT)?;
    }
    Ok(())
}

/// Links that the host has made lead to places of the guest.
pub fn links(folder: &str) -> Result<(), String> {
    const ELOOP: i32 = 40;
    let read = |name: &str| fs::read_to_string(format!("{folder}/{name}"));
    same(
        "a link inside",
        done("read", read("inside"))?.as_str(),
        "text",
    )?;
    for (name, error) in [("root", ENOENT), ("up", ENOENT), ("itself", ELOOP)] {
        same(name, errno(read(name)), error)?;
    }
    let up = format!("{folder}/../../../../etc/passwd");
    same("dots", errno(fs::read(up)), ENOENT)?;
    same("a pipe cannot be opened", read("pipe").is_err(), true)
}

/// The host kills the server.
pub fn killed(folder: &str) -> Result<(), String> {
    let at = |name: &str| format!("{folder}/{name}");
    done("write", fs::write(at("kept"), "kept"))?;
    let mut open = done("open", File::open(at("kept")))?;
    be_ready(folder, EIO)?;
    let error = loop {
        match fs::metadata(at("ready")) {
            Ok(_) => thread::sleep(STEP),
            Err(error) => break error.raw_os_error(),
        }
    };
    same("without a server", error, Some(EIO))?;
    let mut text = String::new();
    same("an open file", errno(open.read_to_string(&mut text)), EIO)?;
    same("a new file", errno(fs::write(at("new"), "x")), EIO)?;
    // The other volume has a server of its own.
    same("the other one", fs::write("/other/file", "x").is_ok(), true)
}
