//! Volumes whose cell fails again and again: programs do not see it.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use gate::hooks::LOAD;

use super::{EIO, empty, pattern};
use crate::checks::{done, errno, same};
use crate::hooks::{HOSTFS, hook};

/// Nothing is mapped there.
const NOWHERE: usize = 8;
/// Between two faults: cells that fail more often than sixteen times a second, or
/// sixty-four times a minute, are given up.
const PAUSE: Duration = Duration::from_millis(90);
/// More faults at once than a cell is started anew for.
const TOO_MANY: usize = 40;
/// How many faults a second thread makes.
const FAULTS: usize = 20;
/// Bytes of a write, more than a message has.
const SIZE: usize = 100_000;

/// A course with a fault between all operations, and courses with faults at any
/// time, see and leave what one without faults does.
pub fn course(folder: &str) -> Result<(), String> {
    let calm = seen(&format!("{folder}/calm"), || {})?;
    let between = seen(&format!("{folder}/between"), fault)?;
    same("with faults between", between == calm, true)?;
    let path = format!("{folder}/meanwhile");
    made(&path, || {})?;
    let faults = faults();
    let mut rounds = 0;
    while !faults.is_finished() {
        let meanwhile = worked(&path, || {})?;
        same("with faults meanwhile", meanwhile == calm, true)?;
        rounds += 1;
    }
    same("rounds", rounds > 0, true)?;
    done("join", faults.join())
}

/// Files are made and removed while the cell fails at any time: each is there or
/// not, as the program was told.
pub fn names(folder: &str) -> Result<(), String> {
    let faults = faults();
    let mut round = 0;
    while !faults.is_finished() {
        round += 1;
        let path = format!("{folder}/{}", round % 7);
        done("create", File::create_new(&path))?;
        same("once more", errno(File::create_new(&path)), 17)?;
        done("remove", fs::remove_file(&path))?;
        same("once more", errno(fs::remove_file(&path)), 2)?;
        done("mkdir", fs::create_dir(&path))?;
        done("rmdir", fs::remove_dir(&path))?;
    }
    done("join", faults.join())
}

/// An open file without a name is lost, even if its name is another file's by then.
pub fn unlinked(folder: &str) -> Result<(), String> {
    let path = format!("{folder}/file");
    let mut gone = written(&path, b"gone")?;
    done("remove", fs::remove_file(&path))?;
    fault();
    let mut other = written(&path, b"other")?;
    same("the removed one", errno(gone.read(&mut [0; 8])), EIO)?;
    same("to write", errno(gone.write(b"x")), EIO)?;
    fault();
    let mut text = String::new();
    done("read", other.read_to_string(&mut text))?;
    same("the other one", text.as_str(), "other")
}

/// The host gives the name of an open file to another one.
pub fn renamed(folder: &str) -> Result<(), String> {
    let mut mine = written(&format!("{folder}/mine"), b"mine")?;
    let mut kept = written(&format!("{folder}/kept"), b"kept")?;
    done("other", fs::write(format!("{folder}/other"), "other"))?;
    done("ready", fs::write(format!("{folder}/ready"), ""))?;
    while !Path::new(&format!("{folder}/go")).exists() {
        thread::sleep(Duration::from_millis(10));
    }
    fault();
    same("a name's other file", errno(mine.read(&mut [0; 8])), EIO)?;
    let mut text = String::new();
    done("read", kept.read_to_string(&mut text))?;
    same("the file that stayed", text.as_str(), "kept")
}

/// A cell that fails too often is given up: who reads then, and who comes later, gets
/// an error, and the program goes on.
pub fn too_many(folder: &str) -> Result<(), String> {
    let path = format!("{folder}/file");
    let mut file = written(&path, b"text")?;
    let again = path.clone();
    let reader = thread::spawn(move || {
        loop {
            if let Err(error) = fs::read(&again) {
                return error.raw_os_error();
            }
        }
    });
    for _ in 0..TOO_MANY {
        hook(HOSTFS | LOAD, NOWHERE, 0);
    }
    same("who reads", done("join", reader.join())?, Some(EIO))?;
    same("an open file", errno(file.read(&mut [0; 4])), EIO)?;
    same("who comes later", errno(fs::metadata(&path)), EIO)
}

/// An open file with a content, at its start.
fn written(path: &str, content: &[u8]) -> Result<File, String> {
    let mut file = empty(path)?;
    done("write", file.write_all(content))?;
    done("seek", file.seek(SeekFrom::Start(0)))?;
    Ok(file)
}

/// A thread that has the cell fail every now and then.
fn faults() -> JoinHandle<()> {
    thread::spawn(|| (0..FAULTS).for_each(|_| fault()))
}

fn fault() {
    hook(HOSTFS | LOAD, NOWHERE, 0);
    thread::sleep(PAUSE);
}

/// What a program sees in a new folder, with something done between its steps.
fn seen(folder: &str, between: fn()) -> Result<Vec<u8>, String> {
    made(folder, between)?;
    worked(folder, between)
}

/// Makes what the program works on.
fn made(folder: &str, between: fn()) -> Result<(), String> {
    done("mkdir", fs::create_dir(folder))?;
    between();
    done("mkdir", fs::create_dir(format!("{folder}/inner")))?;
    for number in 0..40 {
        done("a name", File::create(format!("{folder}/inner/{number}")))?;
    }
    between();
    done("file", File::create(format!("{folder}/inner/file")))?;
    Ok(())
}

/// Reads, writes, appends, cuts and lists by files that stay open.
fn worked(folder: &str, between: fn()) -> Result<Vec<u8>, String> {
    let path = format!("{folder}/inner/file");
    let mut file = empty(&path)?;
    let mut end = done("open", OpenOptions::new().append(true).open(&path))?;
    let mut seen = Vec::new();
    for round in 0..3 {
        done("seek", file.seek(SeekFrom::Start(round * 1000)))?;
        done("write", file.write_all(&pattern(round, SIZE)))?;
        between();
        done("append", end.write_all(&pattern(round + 100, 7000)))?;
        between();
        done("seek", file.seek(SeekFrom::Start(round * 500)))?;
        let mut half = vec![0; SIZE / 2];
        done("read", file.read_exact(&mut half))?;
        between();
        seen.extend(half);
        // From its position on.
        done("read the rest", file.read_to_end(&mut seen))?;
        seen.extend(listed(&format!("{folder}/inner"), between)?.into_bytes());
    }
    between();
    seen.extend(done("look", file.metadata())?.len().to_le_bytes());
    Ok(seen)
}

/// The names in a folder, in order.
fn listed(folder: &str, between: fn()) -> Result<String, String> {
    let mut names = Vec::new();
    for (number, entry) in done("list", fs::read_dir(folder))?.enumerate() {
        let name = done("an entry", entry)?.file_name();
        names.push(name.to_string_lossy().into_owned());
        if number == 20 {
            between();
        }
    }
    names.sort();
    Ok(names.join(" "))
}
