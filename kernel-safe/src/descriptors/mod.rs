//! Descriptors: numbers for what is open.
//!
//! | module | holds |
//! |---|---|
//! | [`numbers`] | which numbers are free |
//! | [`table`] | what each number is open to |
//! | [`open`] | what several numbers may share: position, flags, the file |
//! | [`turn`] | one reader at a time, who may sleep |
//! | [`vector`] | requests with several buffers |
//!
//! The lock of the table is held for a look only. What is found is counted, so
//! that another thread's close takes nothing away from a request that runs.

pub mod numbers;
pub mod open;
pub mod table;
pub mod turn;
pub mod vector;

use gate::user::UserSlice;
use spin::Mutex;

use self::open::{Object, Open};
use self::table::{Entry, Table};
use crate::counter::Patience;
use crate::errno::{Answer, Errno, count};
use crate::files::flags;
use crate::files::status::{self, Status};
use crate::stdio::{self, Stream};
use crate::wait::many::Source;

/// Bits of poll, as Hermit's ABI numbers them.
pub mod poll_bits {
    /// There is something to read.
    pub const INPUT: u32 = 0x01 | 0x40;
    /// There is room to write.
    pub const OUTPUT: u32 = 0x04 | 0x100;
    /// Something has failed.
    pub const ERROR: u32 = 0x08;
    /// The other side is gone.
    pub const HANG_UP: u32 = 0x10;
    /// The descriptor is not open.
    pub const NOT_OPEN: u32 = 0x20;
}

/// The flags that can be changed while something is open.
const CHANGEABLE: u32 = flags::APPEND | flags::NONBLOCK;

static TABLE: Mutex<Table> = Mutex::new(Table::new());

/// Opens what a program starts with.
///
/// # Errors
///
/// Memory is short.
pub fn start() -> Result<(), Errno> {
    for stream in [Stream::Input, Stream::Output, Stream::Error] {
        add(0, Entry::Stream(stream))?;
    }
    Ok(())
}

/// What `descriptor` is open to.
///
/// # Errors
///
/// It is not open.
#[inline]
pub fn find(descriptor: i32) -> Result<Entry, Errno> {
    TABLE.lock().get(descriptor).cloned()
}

/// Opens the lowest free descriptor, from `lowest` on, to `entry`.
///
/// # Errors
///
/// None is free, or memory is short.
pub fn add(lowest: usize, entry: Entry) -> Answer {
    let added = TABLE.lock().add(lowest, entry);
    // On failure the entry is dropped here, after the lock.
    added.map(i64::from).map_err(|(errno, _)| errno)
}

/// Writes the application's `size` bytes at `address`; how many.
///
/// # Errors
///
/// The descriptor is not open for writing, or the bytes are not the caller's.
#[inline]
pub fn write(descriptor: i32, address: usize, size: usize) -> Answer {
    let bytes = UserSlice::new(address, size);
    match find(descriptor)? {
        Entry::Stream(stream) => stdio::write(stream, bytes),
        Entry::Open(open) => write_all(&open, &[bytes]),
    }
}

/// Reads at most `size` bytes to `address`; zero at the end of the file.
///
/// # Errors
///
/// The descriptor is not open for reading, the bytes are not the caller's, or
/// the device failed.
pub fn read(descriptor: i32, address: usize, size: usize) -> Answer {
    let target = UserSlice::new(address, size);
    match find(descriptor)? {
        Entry::Stream(stream) => stdio::read(stream, target),
        Entry::Open(open) => read_all(&open, &[target]),
    }
}

/// Writes buffers of the application to what is open; how many bytes.
fn write_all(open: &Open, buffers: &[UserSlice]) -> Answer {
    if !flags::access(open.flags()).write {
        return Err(Errno::BadDescriptor);
    }
    match open.object()? {
        Object::File(file) => count(file.write(open, buffers)?),
        Object::Counter(counter) => counter.write(first(buffers), patience(open)),
    }
}

/// Reads what is open to buffers of the application; how many bytes.
fn read_all(open: &Open, buffers: &[UserSlice]) -> Answer {
    if !flags::access(open.flags()).read {
        return Err(Errno::BadDescriptor);
    }
    match open.object()? {
        Object::File(file) => count(file.read(open, buffers)?),
        Object::Counter(counter) => counter.read(first(buffers), patience(open)),
    }
}

/// The one buffer of a request to what has only one value.
fn first(buffers: &[UserSlice]) -> UserSlice {
    buffers.first().copied().unwrap_or(UserSlice::new(0, 0))
}

/// Whether a request may wait.
fn patience(open: &Open) -> Patience {
    if open.flags() & flags::NONBLOCK != 0 {
        Patience::Fails
    } else {
        Patience::Waits
    }
}

/// Closes a descriptor.
///
/// # Errors
///
/// It is not open.
pub fn close(descriptor: i32) -> Answer {
    let entry = TABLE.lock().close(descriptor)?;
    // It may have been the last share: closing can take a while.
    drop(entry);
    Ok(0)
}

/// Duplicates a descriptor to the lowest free one from `lowest` on.
///
/// # Errors
///
/// It is not open, or none is free.
pub fn duplicate(descriptor: i32, lowest: i32) -> Answer {
    let entry = find(descriptor)?;
    let lowest = usize::try_from(lowest).map_err(|_| Errno::Invalid)?;
    if lowest >= numbers::LIMIT {
        return Err(Errno::Invalid);
    }
    add(lowest, entry)
}

/// What a descriptor is: 0 if a character device, 1 if anything else.
///
/// # Errors
///
/// It is not open.
pub fn describe(descriptor: i32) -> Answer {
    match find(descriptor)? {
        Entry::Stream(_) => Ok(0),
        Entry::Open(open) => match open.object()? {
            Object::File(file) => Ok(i64::from(!file.is_device())),
            Object::Counter(_) => Ok(1),
        },
    }
}

/// Writes what is known of a descriptor's file to `address`.
///
/// # Errors
///
/// It is not open, or the address is not the caller's.
pub fn status(descriptor: i32, address: usize) -> Answer {
    let status = match find(descriptor)? {
        Entry::Stream(_) => status::of_stream(),
        Entry::Open(open) => match open.object()? {
            Object::File(file) => Status::from(&file.metadata()?),
            Object::Counter(_) => status::of_stream(),
        },
    };
    status::write(&status, address)
}

/// Moves the position of a descriptor; where it is then.
///
/// # Errors
///
/// It has none, or it cannot be there.
pub fn seek(descriptor: i32, offset: i64, whence: i32) -> Answer {
    match find(descriptor)? {
        Entry::Stream(_) => Err(Errno::NoSeek),
        Entry::Open(open) => match open.object()? {
            Object::File(file) => file.seek(&open, offset, whence),
            Object::Counter(_) => Err(Errno::NoSeek),
        },
    }
}

/// Writes the entries of a directory that are next to `address`; how many bytes.
///
/// # Errors
///
/// It is no directory, or the entries do not fit.
pub fn list(descriptor: i32, address: usize, size: usize) -> Answer {
    match find(descriptor)? {
        Entry::Stream(_) => Err(Errno::NotDirectory),
        Entry::Open(open) => match open.object()? {
            Object::File(file) => file.list(&open, UserSlice::new(address, size)),
            Object::Counter(_) => Err(Errno::NotDirectory),
        },
    }
}

/// Waits until a file is on its disk.
///
/// # Errors
///
/// It has no disk, or the disk failed.
pub fn sync(descriptor: i32) -> Answer {
    match find(descriptor)? {
        Entry::Stream(_) => Err(Errno::Invalid),
        Entry::Open(open) => match open.object()? {
            Object::File(file) => file.sync().map(|()| 0),
            Object::Counter(_) => Err(Errno::Invalid),
        },
    }
}

/// The flags of a descriptor.
///
/// # Errors
///
/// It is not open.
pub fn flags(descriptor: i32) -> Answer {
    match find(descriptor)? {
        Entry::Stream(stream) => Ok(i64::from(stdio::flags(stream))),
        Entry::Open(open) => Ok(i64::from(open.flags())),
    }
}

/// Sets those flags of a descriptor that can be changed.
///
/// # Errors
///
/// It is not open.
pub fn set_flags(descriptor: i32, flags: u32) -> Answer {
    match find(descriptor)? {
        Entry::Stream(stream) => stdio::set_flags(stream, flags & CHANGEABLE),
        Entry::Open(open) => open.set_flags(CHANGEABLE, flags),
    }
    Ok(0)
}

/// Which events a descriptor has at the moment.
///
/// # Errors
///
/// None while it is open.
pub fn events(entry: &Entry) -> Result<u32, Errno> {
    Ok(match entry {
        Entry::Stream(stream) => stdio::poll(*stream),
        Entry::Open(open) => match open.object()? {
            // A file neither waits to be read nor to be written.
            Object::File(_) => poll_bits::INPUT | poll_bits::OUTPUT,
            Object::Counter(counter) => counter.events(),
        },
    })
}

/// What is woken when the events of a descriptor change; none if they do not.
pub fn source(entry: &Entry) -> Option<Source> {
    match entry {
        Entry::Stream(Stream::Input) => Some(stdio::source()),
        Entry::Stream(Stream::Output | Stream::Error) => None,
        Entry::Open(open) => match open.object() {
            Ok(Object::Counter(counter)) => Some(counter.source()),
            Ok(Object::File(_)) | Err(_) => None,
        },
    }
}
