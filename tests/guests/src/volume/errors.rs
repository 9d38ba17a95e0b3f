//! What goes wrong is told as POSIX has it.

use std::fs::{self, File, OpenOptions};
use std::io::Write;

use hermit_abi::errno::{
    EEXIST, EFBIG, EISDIR, ENAMETOOLONG, ENOENT, ENOTDIR, ENOTEMPTY, EROFS,
};

use super::pattern;
use crate::checks::{done, errno, same};

pub fn run(folder: &str) -> Result<(), String> {
    let at = |name: &str| format!("{folder}/{name}");
    done("directory", fs::create_dir(at("d")))?;
    done("file", fs::write(at("d/f"), "x"))?;
    let longer = "n".repeat(256);
    let exclusive = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(at("d/f"));
    let checks = [
        ("read nothing", errno(fs::read(at("nothing"))), ENOENT),
        ("write nowhere", errno(fs::write(at("no/f"), "x")), ENOENT),
        ("through a file", errno(fs::read(at("d/f/g"))), ENOTDIR),
        ("directory again", errno(fs::create_dir(at("d"))), EEXIST),
        (
            "a directory there",
            errno(fs::create_dir(at("d/f"))),
            EEXIST,
        ),
        ("make what is there", errno(exclusive), EEXIST),
        (
            "remove a full one",
            errno(fs::remove_dir(at("d"))),
            ENOTEMPTY,
        ),
        (
            "remove a file as one",
            errno(fs::remove_dir(at("d/f"))),
            ENOTDIR,
        ),
        ("write a directory", errno(File::create(at("d"))), EISDIR),
        (
            "a name too long",
            errno(fs::read(at(&longer))),
            ENAMETOOLONG,
        ),
        (
            "remove nothing",
            errno(fs::remove_file(at("nothing"))),
            ENOENT,
        ),
    ];
    for (what, found, expected) in checks {
        same(what, found, expected)?;
    }
    let removed = errno(fs::remove_file(at("d")));
    same(
        "unlink a directory",
        removed == EISDIR || removed == 1,
        true,
    )?;
    done("remove", fs::remove_file(at("d/f")))?;
    done("remove", fs::remove_dir(at("d")))
}

/// The volume may not be written.
pub fn read_only(folder: &str) -> Result<(), String> {
    let at = |name: &str| format!("{folder}/{name}");
    let kept = done("read", fs::read_to_string(at("kept")))?;
    same("what is kept", kept.as_str(), "kept")?;
    let open = OpenOptions::new().write(true).open(at("kept"));
    let checks = [
        ("write", errno(fs::write(at("kept"), "x"))),
        ("make", errno(fs::write(at("new"), "x"))),
        ("open to write", errno(open)),
        ("make a directory", errno(fs::create_dir(at("new")))),
        ("remove", errno(fs::remove_file(at("kept")))),
    ];
    for (what, found) in checks {
        same(what, found, EROFS)?;
    }
    Ok(())
}

/// The host lets no file grow beyond a mebibyte.
pub fn limit(folder: &str) -> Result<(), String> {
    let path = format!("{folder}/limited");
    let mut file = done("make", File::create(&path))?;
    let bytes = pattern(1, 3 << 19);
    let error = errno(file.write_all(&bytes));
    same("beyond the limit", error, EFBIG)?;
    drop(file);
    let written = done("read", fs::read(&path))?;
    same("what fits is there", written.len(), 1 << 20)?;
    same("and as it was", written == bytes[..1 << 20], true)?;
    done("remove", fs::remove_file(&path))
}
