//! What is refused, and with which errno.

use std::fs::{self, File};
use std::ptr;

use domains::Cell;
use domains::layout::{self, APP, CORE_OFFSET, CORE_PHYSICAL, INFO, SAFE};
use gate::safe;
use hermit_abi::{
    O_APPEND, O_CREAT, O_DIRECTORY, O_EXCL, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY, iovec,
};

use super::{close, open};
use crate::checks::{done, errno, same};

const ENOENT: i32 = 2;
const EBADF: i32 = 9;
const EBUSY: i32 = 16;
const EFAULT: i64 = -14;
const EEXIST: i32 = 17;
const ENOTDIR: i32 = 20;
const EISDIR: i32 = 21;
const EINVAL: i32 = 22;
const EROFS: i32 = 30;
const ENAMETOOLONG: i32 = 36;
const ENOTEMPTY: i32 = 39;

pub(super) fn run() -> Result<(), String> {
    done("create_dir", fs::create_dir("/tmp/e"))?;
    done("write", fs::write("/tmp/e/file", "x"))?;
    names()?;
    directories()?;
    flags()?;
    descriptors()?;
    done("remove_file", fs::remove_file("/tmp/e/file"))?;
    done("remove_dir", fs::remove_dir("/tmp/e"))
}

fn names() -> Result<(), String> {
    let long = format!("/tmp/{}", "n".repeat(256));
    let deep = "/tmp/.".repeat(700);
    for (path, expected) in [
        ("/tmp/e/none", ENOENT),
        ("/tmp/none/file", ENOENT),
        ("/tmp/e/file/x", ENOTDIR),
        ("/tmp/e/file/", ENOTDIR),
        ("/tmp/e/file/.", ENOTDIR),
        (&long, ENAMETOOLONG),
        (&deep, ENAMETOOLONG),
        ("", ENOENT),
    ] {
        same(path, errno(File::open(path)), expected)?;
        same(path, errno(fs::metadata(path)), expected)?;
        same(path, errno(fs::symlink_metadata(path)), expected)?;
        let is_known = path != "/tmp/e/file/.";
        if is_known {
            same(path, errno(fs::remove_file(path)), expected)?;
            same(path, errno(fs::remove_dir(path)), expected)?;
        }
    }
    same("create", errno(fs::write("/tmp/e/file/x", "")), ENOTDIR)?;
    same("create", errno(fs::write(&long, "")), ENAMETOOLONG)?;
    same("create", errno(fs::write("/tmp/none/x", "")), ENOENT)
}

fn directories() -> Result<(), String> {
    same("a file", errno(fs::read_dir("/tmp/e/file")), ENOTDIR)?;
    for (path, expected) in [
        ("/tmp/e", EEXIST),
        ("/tmp/e/", EEXIST),
        ("/tmp/e/file", EEXIST),
        ("/", EEXIST),
        ("/tmp/.", EEXIST),
        ("/tmp/..", EEXIST),
        ("/tmp/none/x", ENOENT),
    ] {
        same(path, errno(fs::create_dir(path)), expected)?;
    }
    for (path, expected) in [
        ("/tmp/e", ENOTEMPTY),
        ("/tmp/e/file", ENOTDIR),
        ("/tmp/e/.", EINVAL),
        ("/tmp/e/..", ENOTEMPTY),
        ("/", EBUSY),
    ] {
        same(path, errno(fs::remove_dir(path)), expected)?;
    }
    for path in ["/tmp/e", "/tmp/e/", "/", "/tmp/e/."] {
        same(path, errno(fs::remove_file(path)), EISDIR)?;
    }
    Ok(())
}

fn flags() -> Result<(), String> {
    for (path, flags, expected) in [
        ("/tmp/e", O_RDWR, EISDIR),
        ("/tmp/e", O_WRONLY | O_APPEND, EISDIR),
        ("/tmp/e", O_WRONLY | O_CREAT, EISDIR),
        ("/tmp/e/new/", O_WRONLY | O_CREAT, EISDIR),
        ("/tmp/e/file", O_RDONLY | O_DIRECTORY, ENOTDIR),
        ("/tmp/e/file", O_CREAT | O_EXCL | O_RDWR, EEXIST),
        ("/tmp/e", O_CREAT | O_EXCL | O_RDWR, EEXIST),
        ("/tmp/e/file", 3, EINVAL),
        ("/tmp/e/file", O_CREAT | O_DIRECTORY, EINVAL),
        ("/proc/version", O_RDWR, EROFS),
        ("/proc/version", O_WRONLY | O_TRUNC, EROFS),
        ("/", O_WRONLY, EISDIR),
    ] {
        same(path, open(path, flags), -expected)?;
    }
    // What asks to be made and is there is opened.
    same("made", close(open("/tmp/e/file", O_CREAT | O_RDONLY)), 0)
}

fn descriptors() -> Result<(), String> {
    let directory = open("/tmp/e", O_RDONLY | O_DIRECTORY);
    let file = open("/tmp/e/file", O_RDWR);
    let mut bytes = [0_u8; 100];
    let buffer = bytes.as_mut_ptr();
    // SAFETY: the buffers are as large as is said.
    unsafe {
        same(
            "read",
            hermit_abi::read(directory, buffer, 1),
            -EISDIR as isize,
        )?;
        same(
            "write",
            hermit_abi::write(directory, buffer, 1),
            -EBADF as isize,
        )?;
        same(
            "list",
            hermit_abi::getdents64(file, buffer.cast(), 100),
            -i64::from(ENOTDIR),
        )?;
        let short = hermit_abi::getdents64(directory, buffer.cast(), 10);
        same("short list", short, -i64::from(EINVAL))?;
        same(
            "list",
            hermit_abi::getdents64(directory, buffer.cast(), 100),
            24,
        )?;
        same(
            "rest",
            hermit_abi::getdents64(directory, buffer.cast(), 100),
            0,
        )?;
        same("rewind", hermit_abi::lseek(directory, 0, 0), 0)?;
        same(
            "list",
            hermit_abi::getdents64(directory, buffer.cast(), 100),
            24,
        )?;
        same("whence", hermit_abi::lseek(file, 0, 7), -EINVAL as isize)?;
        same("fsync", hermit_abi::fsync(file), 0)?;
        same("fsync", hermit_abi::fsync(directory), 0)?;
        same("fsync", hermit_abi::fsync(1), -EINVAL)?;
        for bad in [-1, 99, i32::MIN, i32::MAX] {
            same("read", hermit_abi::read(bad, buffer, 1), -EBADF as isize)?;
            same("lseek", hermit_abi::lseek(bad, 0, 0), -EBADF as isize)?;
            same("fsync", hermit_abi::fsync(bad), -EBADF)?;
            same("dup", hermit_abi::dup(bad), -EBADF)?;
        }
    }
    same("close", (close(directory), close(file)), (0, 0))
}

/// Every address of a path, a description, a list or a vector is tried.
pub(super) fn pointers() -> Result<(), String> {
    done("write", fs::write("/tmp/p", "12345678"))?;
    let file = open("/tmp/p", O_RDWR);
    let directory = open("/tmp", O_RDONLY | O_DIRECTORY);
    let path = c"/tmp/p".as_ptr().addr();
    for bad in foreign() {
        // SAFETY: the kernel is to refuse the addresses.
        let answers = unsafe {
            [
                safe::open(bad, 0, 0),
                safe::open(bad, O_CREAT as u32 | 2, 0),
                safe::make_directory(bad, 0),
                safe::remove_file(bad),
                safe::remove_directory(bad),
                safe::file_status(bad, path, 0),
                safe::file_status(path, bad, 0),
                safe::file_status(path, bad, 1),
                safe::status(file, bad),
                safe::list(directory, bad, 1 << 20),
                safe::read(file, bad, 8),
                safe::write(file, bad, 8),
                safe::read_vector(file, bad, 1),
                safe::write_vector(file, bad, 3),
                safe::read_vector(1, bad, 1),
            ]
        };
        same(&format!("{bad:#x}"), answers, [EFAULT; 15])?;
        let vector = [iovec {
            iov_base: ptr::without_provenance_mut(bad),
            iov_len: 8,
        }];
        // SAFETY: as above.
        let answers = unsafe {
            [
                safe::read_vector(file, vector.as_ptr().addr(), 1),
                safe::write_vector(file, vector.as_ptr().addr(), 1),
                safe::write_vector(1, vector.as_ptr().addr(), 1),
            ]
        };
        same(&format!("{bad:#x} in a vector"), answers, [EFAULT; 3])?;
    }
    same(
        "unharmed",
        done("read", fs::read("/tmp/p"))?,
        b"12345678".into(),
    )?;
    same("close", (close(file), close(directory)), (0, 0))?;
    done("remove", fs::remove_file("/tmp/p"))
}

fn foreign() -> [usize; 11] {
    [
        0,
        SAFE.start as usize,
        SAFE.heap().start as usize,
        layout::ARCHIVE.start as usize,
        Cell::Console.region().start as usize,
        Cell::Hostfs.windows().start as usize,
        INFO.start as usize,
        layout::GATE_PAGE as usize,
        (CORE_OFFSET + CORE_PHYSICAL) as usize,
        // Nothing is mapped there.
        APP.end as usize - 8192,
        APP.end as usize - 1,
    ]
}
