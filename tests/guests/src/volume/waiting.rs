//! Drivers that let others wait: for a reply, or for a turn.

use std::fs;
use std::hint::spin_loop;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use gate::hooks::{LIE, LOAD, NOTHING};

use super::EIO;
use crate::checks::{done, errno, same};
use crate::hooks::{CONSOLE, HOSTFS, hook};

/// Lies: no reply is passed on, and each look for one makes an interrupt.
const SILENCE: usize = 8;
const STORM: usize = 16;
const ENDLESS_STORM: usize = 17;
/// Nothing is mapped there.
const NOWHERE: usize = 8;
/// Long enough for a request to be under way.
const WINDOW: Duration = Duration::from_millis(200);

/// A driver has its device interrupt whenever it is asked, and passes nothing
/// on. It may take `delay` milliseconds each time. The reader gets an error, and
/// this thread goes on.
pub fn storm(folder: &str, delay: usize) -> Result<(), String> {
    let file = written(folder)?;
    hook(HOSTFS | LIE, 0, STORM | delay << 8);
    let reader = read(&file);
    while !reader.is_finished() {
        spin_loop();
    }
    all_have_failed(&file, reader)
}

/// A cell has its device interrupt for ever, in one call. That is ended, and nobody
/// sees it.
pub fn endless_storm(folder: &str) -> Result<(), String> {
    let file = written(folder)?;
    hook(HOSTFS | LIE, 0, ENDLESS_STORM);
    same("a read", done("read", fs::read(&file))?, b"before".to_vec())
}

/// The cell faults while a thread waits for a reply that they do not pass on: it
/// gets its error without the reply.
pub fn abandoned(folder: &str) -> Result<(), String> {
    let file = written(folder)?;
    hook(HOSTFS | LIE, 0, SILENCE);
    let reader = read(&file);
    thread::sleep(WINDOW);
    hook(LOAD | HOSTFS, NOWHERE, 0);
    all_have_failed(&file, reader)
}

/// Another cell faults: files stay as they are, and so does the file's cell.
pub fn beside(folder: &str) -> Result<(), String> {
    let file = written(folder)?;
    same(
        "the other cell",
        hook(LOAD | CONSOLE, NOWHERE, 0),
        -i64::from(EIO),
    )?;
    same("a read", done("read", fs::read(&file))?, b"before".to_vec())?;
    done("write", fs::write(&file, "after"))?;
    same("the cell", hook(NOTHING | HOSTFS, 0, 0), 0)
}

/// A file that has been written.
fn written(folder: &str) -> Result<String, String> {
    let file = format!("{folder}/file");
    done("write", fs::write(&file, "before"))?;
    Ok(file)
}

/// A thread that reads it; its errno.
fn read(file: &str) -> JoinHandle<i32> {
    let file = file.to_owned();
    thread::spawn(move || errno(fs::read(file)))
}

/// The cell is called no more, and whoever needs them gets an error.
fn all_have_failed(file: &str, reader: JoinHandle<i32>) -> Result<(), String> {
    same("who waited", done("join", reader.join())?, EIO)?;
    same("who comes later", errno(fs::metadata(file)), EIO)?;
    same("a call", hook(NOTHING | HOSTFS, 0, 0) == 0, false)
}
