//! What files hold: positions, holes, appending, several buffers.

use std::fs::{self, File};
use std::io::{IoSlice, IoSliceMut, Read, Seek, SeekFrom, Write};
use std::os::fd::AsRawFd;
use std::thread;

use hermit_abi::{F_DUPFD, F_GETFL, F_SETFL, O_APPEND, O_RDWR};

use super::close;
use crate::checks::{done, errno, same};

pub(super) fn run() -> Result<(), String> {
    opened_in_every_way()?;
    positions()?;
    holes()?;
    appended_by_threads()?;
    vectors()?;
    shared_position()
}

fn opened_in_every_way() -> Result<(), String> {
    let path = "/tmp/ways";
    let new = || File::options().write(true).create_new(true).open(path);
    done("create_new", new())?;
    same("create_new twice", errno(new()), 17)?;
    done("write", fs::write(path, "12345"))?;
    let mut file = done("write", File::options().write(true).open(path))?;
    done("write", file.write_all(b"ab"))?;
    same(
        "overwritten",
        done("read", fs::read(path))?,
        b"ab345".into(),
    )?;
    same("read of it", errno(file.read(&mut [0; 1])), 9)?;
    let truncated = File::options().write(true).truncate(true).open(path);
    done("truncate", truncated)?;
    same("truncated", done("read", fs::read(path))?, vec![])?;
    let mut reader = done("open", File::open(path))?;
    same("write of it", errno(reader.write(b"x")), 9)?;
    done("remove", fs::remove_file(path))
}

fn positions() -> Result<(), String> {
    let path = "/tmp/positions";
    done("write", fs::write(path, "0123456789"))?;
    let mut file = done("open", File::options().read(true).write(true).open(path))?;
    let mut byte = [0; 1];
    for (to, at, expected) in [
        (SeekFrom::Start(3), 3, b"3"),
        (SeekFrom::Current(2), 6, b"6"),
        (SeekFrom::End(-1), 9, b"9"),
        (SeekFrom::Current(-10), 0, b"0"),
    ] {
        same("position", done("seek", file.seek(to))?, at)?;
        done("read", file.read_exact(&mut byte))?;
        same("byte", &byte, expected)?;
    }
    same("before the start", errno(file.seek(SeekFrom::End(-11))), 22)?;
    same(
        "beyond all bounds",
        errno(file.seek(SeekFrom::Current(i64::MAX))),
        75,
    )?;
    same("negative", errno(file.seek(SeekFrom::Start(u64::MAX))), 22)?;
    same("kept", done("position", file.stream_position())?, 1)?;
    done("seek", file.seek(SeekFrom::Start(i64::MAX as u64)))?;
    same(
        "read behind the end",
        done("read", file.read(&mut byte))?,
        0,
    )?;
    same("write at the last offset", errno(file.write(b"x")), 27)?;
    done("remove", fs::remove_file(path))
}

/// A file with holes costs what was written, and shows zeros between.
fn holes() -> Result<(), String> {
    let path = "/tmp/holes";
    let mut file = done("create", File::create_new(path))?;
    for place in [0_u64, 1 << 20, 1 << 40, 1 << 62] {
        done("seek", file.seek(SeekFrom::Start(place)))?;
        done("write", file.write_all(&place.to_le_bytes()))?;
    }
    let size = done("metadata", fs::metadata(path))?.len();
    same("size", size, (1 << 62) + 8)?;
    let mut file = done("open", File::open(path))?;
    done("seek", file.seek(SeekFrom::Start((1 << 40) - 5000)))?;
    let mut bytes = vec![1; 5008];
    done("read", file.read_exact(&mut bytes))?;
    same("hole", bytes[..5000].iter().all(|byte| *byte == 0), true)?;
    same(
        "island",
        bytes[5000..].into(),
        (1_u64 << 40).to_le_bytes().to_vec(),
    )?;
    done("remove", fs::remove_file(path))
}

/// Lines that several threads append, each by a descriptor of its own, are all
/// there and whole.
fn appended_by_threads() -> Result<(), String> {
    const THREADS: usize = 4;
    const LINES: usize = 200;
    let path = "/tmp/appended";
    let append = |thread: usize| -> std::io::Result<()> {
        let mut file = File::options().append(true).create(true).open(path)?;
        for line in 0..LINES {
            file.write_all(format!("{thread} {line} {}\n", "x".repeat(line)).as_bytes())?;
            thread::yield_now();
        }
        Ok(())
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| scope.spawn(move || append(thread)))
            .collect();
        threads
            .into_iter()
            .try_for_each(|thread| done("append", thread.join().expect("no panic")))
    })?;
    let text = done("read", fs::read_to_string(path))?;
    let mut next = [0; THREADS];
    for line in text.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let thread: usize = done("thread", words[0].parse())?;
        let expected = (next[thread].to_string(), next[thread]);
        same("line", (words[1].to_string(), words[2].len()), expected)?;
        next[thread] += 1;
    }
    same("lines", next, [LINES; THREADS])?;
    done("remove", fs::remove_file(path))
}

fn vectors() -> Result<(), String> {
    let path = "/tmp/vectors";
    let mut file = done("create", File::create_new(path))?;
    let parts = [&b"one "[..], b"", b"two ", b"three"].map(IoSlice::new);
    same("written", done("writev", file.write_vectored(&parts))?, 13)?;
    let mut file = done("open", File::open(path))?;
    let (mut first, mut second, mut third) = ([0; 4], [0; 4], [b'-'; 9]);
    let mut parts = [
        IoSliceMut::new(&mut first),
        IoSliceMut::new(&mut second),
        IoSliceMut::new(&mut third),
    ];
    same("read", done("readv", file.read_vectored(&mut parts))?, 13)?;
    same("bytes", (&first, &second), (b"one ", b"two "))?;
    same("rest", &third, b"three----")?;
    done("remove", fs::remove_file(path))
}

/// A duplicate has the position and the flags of what it was made from.
fn shared_position() -> Result<(), String> {
    let path = "/tmp/shared";
    done("write", fs::write(path, "abcdef"))?;
    let mut file = done("open", File::options().read(true).write(true).open(path))?;
    // SAFETY: the calls take no address.
    let duplicate = unsafe { hermit_abi::fcntl(file.as_raw_fd(), F_DUPFD, 50) };
    same("the lowest from 50 on", duplicate, 50)?;
    done("seek", file.seek(SeekFrom::Start(2)))?;
    let mut byte = [0_u8; 1];
    // SAFETY: the buffer has one byte.
    same(
        "read",
        unsafe { hermit_abi::read(duplicate, byte.as_mut_ptr(), 1) },
        1,
    )?;
    same("byte", &byte, b"c")?;
    same("position", done("position", file.stream_position())?, 3)?;
    // SAFETY: as above.
    unsafe {
        same("set", hermit_abi::fcntl(duplicate, F_SETFL, O_APPEND), 0)?;
        let flags = hermit_abi::fcntl(file.as_raw_fd(), F_GETFL, 0);
        same("flags", flags, O_RDWR | O_APPEND)?;
    }
    done("write", file.write_all(b"g"))?;
    same("appended", done("read", fs::read(path))?, b"abcdefg".into())?;
    drop(file);
    // SAFETY: as above.
    same(
        "still open",
        unsafe { hermit_abi::lseek(duplicate, 0, 0) },
        0,
    )?;
    same("close", close(duplicate), 0)?;
    same("close twice", close(duplicate), -9)?;
    done("remove", fs::remove_file(path))
}
