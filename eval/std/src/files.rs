//! Reading and writing files.

use std::fs::{self, File};
use std::io::{Read, Result, Seek, Write};
use std::path::Path;

use crate::count::{Table, each};

/// What one call transfers.
pub const PIECE: usize = 64 << 10;

/// Makes a file in `folder`, and then reads or writes its one piece so many
/// times.
pub fn transfer(how: &str, folder: &Path, pieces: usize) -> Result<()> {
    let path = folder.join("bench.bin");
    let mut file = anew(&path)?;
    let mut piece = vec![1; PIECE];
    file.write_all(&piece)?;
    for _ in 0..pieces {
        file.rewind()?;
        match how {
            "read" => file.read_exact(&mut piece)?,
            _ => file.write_all(&piece)?,
        }
    }
    fs::remove_file(&path)
}

/// What calls for a file in `folder` cost.
pub fn measure(folder: &Path, table: &mut Table) -> Result<()> {
    let path = folder.join("bench.bin");
    let mut file = anew(&path)?;
    file.write_all(b"some")?;
    let byte = each(|| {
        let _ = file.rewind();
        let _ = file.read(&mut [0]);
    });
    table.shown("file-rewind-and-read-byte", byte);
    table.shown("file-open-and-close", each(|| drop(File::open(&path))));
    table.shown("file-metadata", each(|| drop(fs::metadata(&path))));
    fs::remove_file(&path)
}

fn anew(path: &Path) -> Result<File> {
    let mut options = File::options();
    let options = options.read(true).write(true).create(true).truncate(true);
    options.open(path)
}
