//! `redb` in a file, by a backend that asks std for no more than there is.
//!
//! The crate's own file backend wants to lock, to cut and to sync its file.
//! For this target std refuses all three before it asks the kernel, so files
//! need these lines, which use nothing but reading and writing.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use redb::{Database, Error, ReadableDatabase, ReadableTableMetadata, StorageBackend};
use redb::{DatabaseError, TableDefinition};

const NAMES: TableDefinition<'_, &str, u64> = TableDefinition::new("names");

/// What one opening of the database committed the next one finds.
pub fn persistence() -> bool {
    let path = std::env::temp_dir().join("programs.redb");
    let kept = keeps(&path);
    fs::remove_file(&path).is_ok() && kept.unwrap()
}

fn keeps(path: &PathBuf) -> Result<bool, Error> {
    let database = open(path, true)?;
    let write = database.begin_write()?;
    for number in 0..1000 {
        let name = format!("brother {number}");
        write.open_table(NAMES)?.insert(name.as_str(), number)?;
    }
    write.commit()?;
    drop(database);

    let database = open(path, false)?;
    let table = database.begin_read()?.open_table(NAMES)?;
    let last = table.get("brother 999")?.map(|number| number.value());
    Ok(table.len()? == 1000 && last == Some(999))
}

fn open(path: &PathBuf, anew: bool) -> Result<Database, DatabaseError> {
    let mut options = File::options();
    let options = options.read(true).write(true).create(anew).truncate(anew);
    let file = Mutex::new(options.open(path).map_err(redb::StorageError::from)?);
    Database::builder().create_with_backend(InFile(file))
}

/// A file that only grows.
#[derive(Debug)]
struct InFile(Mutex<File>);

impl InFile {
    fn at<R>(
        &self,
        offset: u64,
        act: impl FnOnce(&mut File) -> io::Result<R>,
    ) -> io::Result<R> {
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(offset))?;
        act(&mut file)
    }
}

impl StorageBackend for InFile {
    fn len(&self) -> io::Result<u64> {
        self.at(0, |file| file.seek(SeekFrom::End(0)))
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.at(offset, |file| file.read_exact(out))
    }

    fn set_len(&self, new: u64) -> io::Result<()> {
        let old = self.len()?;
        let grows = new.checked_sub(old).ok_or(io::ErrorKind::Unsupported)?;
        self.at(old, |file| {
            io::copy(&mut io::repeat(0).take(grows), file).map(drop)
        })
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.at(offset, |file| file.write_all(data))
    }
}
