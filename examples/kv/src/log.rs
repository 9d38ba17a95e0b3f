//! The file: every change, one behind the other.
//!
//! An entry is the sizes of its key and its value, four bytes each, and both. A size
//! of all ones stands for a key that was removed. An entry that was not written
//! whole, because the machine ended, is blotted out when the file is opened: std cuts
//! no file on Hermit, and ones are no entry wherever a later one ends in them.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// The size that stands for no value.
const REMOVED: u32 = u32::MAX;

/// A change.
pub struct Entry {
    /// Of what.
    pub key: Vec<u8>,
    /// What it is now; none if it is gone.
    pub value: Option<Vec<u8>>,
}

/// The file, at its end.
pub struct Log(File);

impl Log {
    /// Opens it, and says what it holds.
    pub fn open(path: &Path, mut on_entry: impl FnMut(Entry)) -> io::Result<Log> {
        let mut options = OpenOptions::new();
        let mut file = options.read(true).write(true).create(true).open(path)?;
        let mut reader = BufReader::new(&file);
        let mut end = 0;
        while let Some(entry) = read(&mut reader)? {
            on_entry(entry);
            end = reader.stream_position()?;
        }
        let rest = file.seek(SeekFrom::End(0))?.saturating_sub(end);
        file.seek(SeekFrom::Start(end))?;
        io::copy(&mut io::repeat(0xff).take(rest), &mut file)?;
        file.seek(SeekFrom::Start(end))?;
        Ok(Log(file))
    }

    /// Writes a change behind the others.
    pub fn write(&mut self, entry: &Entry) -> io::Result<()> {
        let value = entry.value.as_deref().unwrap_or_default();
        let size = |bytes: &[u8]| u32::try_from(bytes.len()).map_err(io::Error::other);
        let value_size = match entry.value {
            Some(_) => size(value)?,
            None => REMOVED,
        };
        let sizes = [size(&entry.key)?.to_le_bytes(), value_size.to_le_bytes()];
        self.0
            .write_all(&[&sizes.concat(), &entry.key[..], value].concat())
    }
}

/// The next entry; none if it is not there as a whole.
fn read(reader: &mut impl Read) -> io::Result<Option<Entry>> {
    let Some(sizes) = bytes(reader, 8)? else {
        return Ok(None);
    };
    let size = |at: usize| {
        u32::from_le_bytes([sizes[at], sizes[at + 1], sizes[at + 2], sizes[at + 3]])
    };
    let Some(key) = bytes(reader, size(0))? else {
        return Ok(None);
    };
    if size(4) == REMOVED {
        return Ok(Some(Entry { key, value: None }));
    }
    let value = bytes(reader, size(4))?;
    Ok(value.map(|value| Entry {
        key,
        value: Some(value),
    }))
}

fn bytes(reader: &mut impl Read, size: u32) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let read = reader.take(size.into()).read_to_end(&mut bytes)?;
    Ok((read == size as usize).then_some(bytes))
}
