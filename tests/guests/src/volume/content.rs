//! What is written is read, and known of.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::fd::AsRawFd;
use std::time::{Duration, SystemTime};

use super::{empty, pattern};
use crate::checks::{done, same};

pub fn run(folder: &str) -> Result<(), String> {
    directories(folder)?;
    whole_files(folder)?;
    positions(folder)?;
    appends(folder)?;
    sizes(folder)?;
    metadata(folder)?;
    long_name(folder)
}

fn directories(folder: &str) -> Result<(), String> {
    let inner = format!("{folder}/a/b/c");
    done("make directories", fs::create_dir_all(&inner))?;
    done("write there", fs::write(format!("{inner}/file"), "x"))?;
    let mut names: Vec<String> = done("list", fs::read_dir(format!("{folder}/a/b")))?
        .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
        .collect::<Result<_, _>>()
        .map_err(|error| format!("list: {error:?}"))?;
    names.sort();
    same("names", names, vec!["c".to_owned()])?;
    let up = format!("{inner}/../../b/./c/file");
    same("a way round", done("read", fs::read(up))?, b"x".to_vec())?;
    // Behind the mount lies the root in memory, not the host.
    let out = fs::metadata(format!("{folder}/../../../etc/hostname"));
    same("the host's own files", out.is_err(), true)?;
    done("remove", fs::remove_file(format!("{inner}/file")))?;
    for directory in ["a/b/c", "a/b", "a"] {
        done("remove", fs::remove_dir(format!("{folder}/{directory}")))?;
    }
    same("gone", fs::exists(format!("{folder}/a")).ok(), Some(false))
}

fn whole_files(folder: &str) -> Result<(), String> {
    let path = format!("{folder}/whole");
    for size in [0, 1, 4095, 4096, 65_535, 65_536, 65_537, 300_000] {
        let bytes = pattern(size as u64, size);
        done("write", fs::write(&path, &bytes))?;
        same(
            "length",
            done("look", fs::metadata(&path))?.len(),
            size as u64,
        )?;
        let is_same = done("read", fs::read(&path))? == bytes;
        same("content", (size, is_same), (size, true))?;
    }
    done("remove", fs::remove_file(&path))
}

fn positions(folder: &str) -> Result<(), String> {
    let path = format!("{folder}/positions");
    let mut file = empty(&path)?;
    done("write", file.write_all(b"0123456789"))?;
    same("seek", file.seek(SeekFrom::Start(4)).ok(), Some(4))?;
    let mut two = [0; 2];
    done("read", file.read_exact(&mut two))?;
    same("there", &two, b"45")?;
    done("write over", file.write_all(b"xy"))?;
    same("seek back", file.seek(SeekFrom::End(-10)).ok(), Some(0))?;
    let mut all = String::new();
    done("read all", file.read_to_string(&mut all))?;
    same("all", all.as_str(), "012345xy89")?;
    same("seek beyond", file.seek(SeekFrom::Start(20)).ok(), Some(20))?;
    done("write beyond", file.write_all(b"z"))?;
    let all = done("read", fs::read(&path))?;
    same("a hole of zeros", &all[10..], &b"\0\0\0\0\0\0\0\0\0\0z"[..])?;
    // SAFETY: the descriptor is open.
    let synced = unsafe { hermit_abi::fsync(file.as_raw_fd()) };
    same("fsync", synced, 0)?;
    done("remove while open", fs::remove_file(&path))?;
    done("seek", file.seek(SeekFrom::Start(0)))?;
    done("read what has no name", file.read_exact(&mut two))?;
    same("it is there", &two, b"01")
}

fn appends(folder: &str) -> Result<(), String> {
    let path = format!("{folder}/appends");
    let open = || {
        done(
            "open",
            OpenOptions::new().append(true).create(true).open(&path),
        )
    };
    let (mut first, mut second) = (open()?, open()?);
    for round in 0..5 {
        done(
            "append",
            first.write_all(format!("first {round};").as_bytes()),
        )?;
        done(
            "append",
            second.write_all(format!("second {round};").as_bytes()),
        )?;
    }
    let expected: String = (0..5)
        .map(|round| format!("first {round};second {round};"))
        .collect();
    same(
        "appends",
        done("read", fs::read_to_string(&path))?,
        expected,
    )?;
    done("remove", fs::remove_file(&path))
}

fn sizes(folder: &str) -> Result<(), String> {
    let path = format!("{folder}/sizes");
    done("write", fs::write(&path, "0123456789"))?;
    // The standard library refuses all other ways to change a size itself.
    drop(done("open to cut", File::create(&path))?);
    same("empty", done("look", fs::metadata(&path))?.len(), 0)?;
    done("remove", fs::remove_file(&path))
}

fn metadata(folder: &str) -> Result<(), String> {
    let path = format!("{folder}/metadata");
    done("write", fs::write(&path, "x"))?;
    let file = done("look", fs::metadata(&path))?;
    same(
        "a file",
        (file.is_file(), file.is_dir(), file.len()),
        (true, false, 1),
    )?;
    let modified = file.modified().map_err(|error| format!("{error:?}"))?;
    let age = SystemTime::now()
        .duration_since(modified)
        .unwrap_or_else(|error| error.duration());
    same("made just now", age < Duration::from_secs(3600), true)?;
    same(
        "a directory",
        done("look", fs::metadata(folder))?.is_dir(),
        true,
    )?;
    done("remove", fs::remove_file(&path))
}

fn long_name(folder: &str) -> Result<(), String> {
    let name = "n".repeat(255);
    let path = format!("{folder}/{name}");
    done("write a long name", fs::write(&path, "x"))?;
    let listed = done("list", fs::read_dir(folder))?
        .flatten()
        .any(|entry| entry.file_name().to_string_lossy() == name);
    same("a long name is listed", listed, true)?;
    done("remove", fs::remove_file(&path))
}
