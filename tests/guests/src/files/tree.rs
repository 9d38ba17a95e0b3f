//! Directories: names, metadata, `..`, removing what is in use.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::time::{Duration, SystemTime};

use crate::checks::{done, errno, listed, same};

pub(super) fn run() -> Result<(), String> {
    directories()?;
    dots()?;
    names()?;
    metadata()?;
    removed_while_open()?;
    removed_while_listed()?;
    devices()
}

fn directories() -> Result<(), String> {
    done("create_dir_all", fs::create_dir_all("/tmp/a/b/c"))?;
    done("write", fs::write("/tmp/a/b/file", "text"))?;
    let names = listed("/tmp/a/b")?;
    same("names", names, ["c", "file"].map(String::from).into())?;
    let kinds: Vec<bool> = done("read_dir", fs::read_dir("/tmp/a/b"))?
        .map(|entry| {
            entry
                .and_then(|entry| entry.file_type())
                .is_ok_and(|kind| kind.is_dir())
        })
        .collect();
    same(
        "one directory of two",
        kinds.iter().filter(|is| **is).count(),
        1,
    )?;
    same(
        "read",
        done("read", fs::read_to_string("/tmp/a/b/file"))?,
        "text".into(),
    )?;
    same(
        "read without a slash",
        done("read", fs::read("tmp/a/b/file"))?,
        b"text".into(),
    )?;
    done("remove_file", fs::remove_file("/tmp/a/b/file"))?;
    for directory in ["/tmp/a/b/c", "/tmp/a/b/", "/tmp/a"] {
        done("remove_dir", fs::remove_dir(directory))?;
    }
    same("gone", fs::exists("/tmp/a").ok(), Some(false))
}

/// `..` of the root is the root, and everywhere else the directory above.
fn dots() -> Result<(), String> {
    done("create_dir_all", fs::create_dir_all("/tmp/x/y"))?;
    done("write", fs::write("/tmp/x/file", "1"))?;
    for path in [
        "/tmp/x/y/../file",
        "/tmp/x/./y/.././file",
        "/../../../tmp/x/file",
        "../tmp/../tmp//x///file",
    ] {
        same(path, done(path, fs::read(path))?, b"1".into())?;
    }
    same(
        "through a file",
        fs::read("/tmp/x/file/../file").is_err(),
        true,
    )?;
    same(
        "through nothing",
        fs::read("/tmp/x/none/../file").is_err(),
        true,
    )?;
    done("remove_file", fs::remove_file("/tmp/x/file"))?;
    done("remove_dir", fs::remove_dir("/tmp/x/y"))?;
    done("remove_dir", fs::remove_dir("/tmp/x"))
}

/// Names of any bytes but slash and zero, up to 255 of them.
fn names() -> Result<(), String> {
    let long = "n".repeat(255);
    for name in ["with space", "späte", "...", "\u{7f}\n", &long] {
        let path = format!("/tmp/{name}");
        done(name, fs::write(&path, name))?;
        same(name, done(name, fs::read_to_string(&path))?, name.into())?;
        same("listed", listed("/tmp")?.contains(name), true)?;
        done(name, fs::remove_file(&path))?;
    }
    Ok(())
}

fn metadata() -> Result<(), String> {
    let before = SystemTime::now() - Duration::from_secs(1);
    done("write", fs::write("/tmp/m", [0; 5000]))?;
    let file = done("metadata", fs::metadata("/tmp/m"))?;
    same("size", file.len(), 5000)?;
    same(
        "kind",
        (file.is_file(), file.is_dir(), file.is_symlink()),
        (true, false, false),
    )?;
    same("writable", file.permissions().readonly(), false)?;
    let modified = done("modified", file.modified())?;
    same(
        "time",
        modified > before && modified < before + Duration::from_secs(60),
        true,
    )?;
    let directory = done("metadata", fs::metadata("/tmp"))?;
    same(
        "kind",
        (directory.is_file(), directory.is_dir()),
        (false, true),
    )?;
    let open = done("open", File::open("/tmp/m"))?;
    same("open", done("metadata", open.metadata())?.len(), 5000)?;
    done("remove", fs::remove_file("/tmp/m"))
}

fn removed_while_open() -> Result<(), String> {
    let mut options = File::options();
    let options = options.read(true).write(true).create_new(true);
    let mut file = done("create", options.open("/tmp/gone"))?;
    done("remove", fs::remove_file("/tmp/gone"))?;
    same("its name", fs::exists("/tmp/gone").ok(), Some(false))?;
    done("write", file.write_all(b"still here"))?;
    done("seek", std::io::Seek::rewind(&mut file))?;
    let mut text = String::new();
    done("read", file.read_to_string(&mut text))?;
    same("its bytes", text, "still here".into())
}

fn removed_while_listed() -> Result<(), String> {
    done("create_dir", fs::create_dir("/tmp/list"))?;
    for number in 0..100 {
        done("write", fs::write(format!("/tmp/list/{number}"), []))?;
    }
    let mut seen = 0;
    for entry in done("read_dir", fs::read_dir("/tmp/list"))? {
        let entry = done("entry", entry)?;
        done("remove", fs::remove_file(entry.path()))?;
        seen += 1;
    }
    same("removed", seen, 100)?;
    done("remove_dir", fs::remove_dir("/tmp/list"))
}

fn devices() -> Result<(), String> {
    done("null", fs::write("/dev/null", "away"))?;
    same("null", done("null", fs::read("/dev/null"))?, vec![])?;
    let mut bytes = [1; 100];
    let mut zero = done("zero", File::open("/dev/zero"))?;
    done("zero", zero.read_exact(&mut bytes))?;
    same("zero", bytes, [0; 100])?;
    let mut random = done("urandom", File::open("/dev/urandom"))?;
    done("urandom", random.read_exact(&mut bytes))?;
    same("urandom", bytes == [0; 100], false)?;
    same("full", errno(fs::write("/dev/full", "x")), 28)?;
    let version = done("version", fs::read_to_string("/proc/version"))?;
    same("version", version.starts_with("Cloister"), true)
}
