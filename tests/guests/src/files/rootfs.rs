//! The files that travel in the image, as the trials have packed them.

use std::fs::{self, File};

use crate::checks::{done, errno, listed, same};

const EROFS: i32 = 30;
const ELOOP: i32 = 40;

pub(super) fn run() -> Result<(), String> {
    let names: Vec<String> = listed("/data")?.into_iter().collect();
    same(
        "names",
        names,
        ["deep", "large", "link", "loop", "up"]
            .map(String::from)
            .into(),
    )?;
    let deep = "/data/deep/er/file";
    same(
        "read",
        done("read", fs::read_to_string(deep))?,
        "packed\n".into(),
    )?;
    let large = done("large", fs::read("/data/large"))?;
    same("large", large.len(), 100_000)?;
    let is_right = |(place, byte): (usize, &u8)| *byte == (place % 251) as u8;
    same("its bytes", large.iter().enumerate().all(is_right), true)?;
    for link in ["/data/link", "/data/up/data/deep/er/file", "/data/link"] {
        same(
            link,
            done(link, fs::read_to_string(link))?,
            "packed\n".into(),
        )?;
    }
    same("a loop", errno(File::open("/data/loop")), ELOOP)?;
    let link = done("lstat", fs::symlink_metadata("/data/link"))?;
    same("a link", (link.is_symlink(), link.is_file()), (true, false))?;
    same(
        "its file",
        done("stat", fs::metadata("/data/link"))?.is_file(),
        true,
    )?;
    stays()?;
    takes_new_names()
}

/// What was packed can be neither changed nor removed.
fn stays() -> Result<(), String> {
    let file = "/data/deep/er/file";
    same("write", errno(fs::write(file, "x")), EROFS)?;
    same(
        "append",
        errno(File::options().append(true).open(file)),
        EROFS,
    )?;
    same("through a link", errno(fs::write("/data/link", "x")), EROFS)?;
    for path in [file, "/data/link", "/data/loop"] {
        same(path, errno(fs::remove_file(path)), EROFS)?;
    }
    done("metadata", fs::metadata(file))?;
    Ok(())
}

/// Beside it there is room for others.
fn takes_new_names() -> Result<(), String> {
    done("write", fs::write("/data/deep/new", "1"))?;
    done("create_dir", fs::create_dir("/data/deep/er/new"))?;
    same("listed", listed("/data/deep")?.len(), 2)?;
    same(
        "read",
        done("read", fs::read("/data/deep/new"))?,
        b"1".into(),
    )?;
    done("remove", fs::remove_file("/data/deep/new"))?;
    done("remove", fs::remove_dir("/data/deep/er/new"))?;
    same(
        "a directory of the image",
        errno(fs::remove_dir("/data/deep/er")),
        39,
    )
}
