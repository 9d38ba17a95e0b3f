//! Reading and writing files.

use std::fs::{self, File};
use std::io::{Read, Result, Seek, Write};
use std::path::Path;

use crate::count::{Figure, each, now};

/// What one call transfers.
const PIECE: usize = 64 << 10;
const PIECES: usize = 16;
/// How often the whole file is read and written; the best counts.
const GOES: u32 = 4;

/// Measures a file in `folder`, which the figures call `name`.
///
/// A call's instructions are spread over its KiB, less one for each byte:
/// that is what QEMU counts for the copy, by a string instruction, between the
/// application and the kernel.
pub fn measure(name: &str, folder: &Path) -> Result<()> {
    let path = folder.join("bench.bin");
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(&path)?;
    let mut piece = vec![1; PIECE];
    // The first time the file grows, which is another matter.
    all_pieces(&mut file, |file| file.write_all(&piece))?;
    let write = per_kib(&mut file, |file| file.write_all(&piece))?;
    let read = per_kib(&mut file, |file| file.read_exact(&mut piece))?;
    show(name, "read-KiB", read);
    show(name, "write-KiB", write);

    let byte = each(|| {
        let _ = file.rewind();
        let _ = file.read(&mut piece[..1]);
    });
    show(name, "rewind-and-read-byte", byte);
    show(name, "open-and-close", each(|| drop(File::open(&path))));
    show(name, "metadata", each(|| drop(fs::metadata(&path))));
    fs::remove_file(&path)
}

fn show(name: &str, what: &str, value: f64) {
    Figure::shown(&format!("{name}-{what}")).is(value);
}

/// Instructions for one KiB, beyond the copy.
fn per_kib(file: &mut File, mut transfer: impl FnMut(&mut File) -> Result<()>) -> Result<f64> {
    let mut best = u64::MAX;
    for _ in 0..GOES {
        best = best.min(all_pieces(file, &mut transfer)?);
    }
    let bytes = PIECE * PIECES;
    Ok((best as f64 - bytes as f64) / (bytes >> 10) as f64)
}

fn all_pieces(
    file: &mut File,
    mut transfer: impl FnMut(&mut File) -> Result<()>,
) -> Result<u64> {
    file.rewind()?;
    let start = now();
    for _ in 0..PIECES {
        transfer(file)?;
    }
    Ok(now() - start)
}
