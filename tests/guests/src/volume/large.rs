//! A file of a gibibyte, mostly of holes, and one that is full.

use std::fs;
use std::io::{Read, Seek, SeekFrom, Write};

use super::{empty, pattern};
use crate::checks::{done, same};

const GIB: u64 = 1 << 30;
const PART: usize = 1 << 20;
/// What a full file holds.
const FULL: usize = 24 << 20;

pub fn run(folder: &str) -> Result<(), String> {
    let path = format!("{folder}/large");
    let mut file = empty(&path)?;
    let places = [GIB - PART as u64, 0, GIB / 2 + 12_345];
    for place in places {
        done("seek", file.seek(SeekFrom::Start(place)))?;
        done("write", file.write_all(&pattern(place, PART)))?;
    }
    same("size", done("look", fs::metadata(&path))?.len(), GIB)?;
    let mut read = vec![0; PART];
    for place in places {
        done("seek", file.seek(SeekFrom::Start(place)))?;
        done("read", file.read_exact(&mut read))?;
        same("content", read == pattern(place, PART), true)?;
    }
    done("seek", file.seek(SeekFrom::Start(GIB / 4)))?;
    done("read", file.read_exact(&mut read))?;
    same("a hole", read.iter().all(|byte| *byte == 0), true)?;
    same("the end", file.seek(SeekFrom::End(0)).ok(), Some(GIB))?;
    same("behind it", file.read(&mut read).ok(), Some(0))?;
    done("seek", file.seek(SeekFrom::Start(4 * GIB)))?;
    done("write", file.write_all(b"x"))?;
    same(
        "four more",
        file.seek(SeekFrom::End(0)).ok(),
        Some(4 * GIB + 1),
    )?;
    done("remove", fs::remove_file(&path))?;
    full(&path)
}

fn full(path: &str) -> Result<(), String> {
    let bytes = pattern(1, FULL);
    done("write", fs::write(path, &bytes))?;
    same("content", done("read", fs::read(path))? == bytes, true)?;
    done("remove", fs::remove_file(path))
}
