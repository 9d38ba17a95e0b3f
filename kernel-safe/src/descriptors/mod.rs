//! Descriptors: numbers for what is open.
//!
//! | module | holds |
//! |---|---|
//! | [`numbers`] | which numbers are free |
//! | [`table`] | what each number is open to |
//! | [`open`] | what several numbers may share |
//! | [`any`] | the kinds of objects |
//! | [`sockets`] | calls that only sockets have |
//! | [`vector`] | requests with several buffers |
//!
//! The lock of the table is held for a look only. What is found is counted, so
//! that another thread's close takes nothing away from a request that runs.

pub mod any;
pub mod numbers;
pub mod open;
pub mod sockets;
pub mod table;
pub mod vector;

use gate::user::UserSlice;
use spin::Mutex;

use self::any::AnyObject;
use self::open::Open;
use self::table::Table;
use crate::errno::{Answer, Errno};
use crate::object::Object;
use crate::object::status::tell;
use crate::stdio::Stream;

static TABLE: Mutex<Table> = Mutex::new(Table::new());

/// Opens what a program starts with.
///
/// # Errors
///
/// Memory is short.
pub fn start() -> Result<(), Errno> {
    for stream in [Stream::Input, Stream::Output, Stream::Error] {
        add(stream, stream.flags())?;
    }
    Ok(())
}

/// What `descriptor` is open to.
///
/// # Errors
///
/// It is not open.
#[inline]
pub fn find(descriptor: i32) -> Result<Open, Errno> {
    TABLE.lock().get(descriptor).cloned()
}

/// Opens the lowest free descriptor to `object`.
///
/// # Errors
///
/// None is free, or memory is short.
pub fn add(object: impl Into<AnyObject>, flags: u32) -> Answer {
    add_from(0, Open::new(object.into(), flags)?)
}

/// Opens the lowest free descriptor, from `lowest` on, to what is open.
fn add_from(lowest: usize, open: Open) -> Answer {
    let added = TABLE.lock().add(lowest, open);
    // On failure what is open is dropped here, after the lock.
    added.map(i64::from).map_err(|(errno, _)| errno)
}

/// Writes from the application's `buffers`, one behind the other; how many
/// bytes.
///
/// # Errors
///
/// The descriptor is not open for writing, or the bytes are not the caller's.
pub fn write(descriptor: i32, buffers: &[UserSlice]) -> Answer {
    let open = find(descriptor)?;
    let object = open.object_for(|access| access.write)?;
    object.write(open.description(), buffers)
}

/// Reads to the application's `buffers`; how many bytes, zero at the end of the
/// file.
///
/// # Errors
///
/// The descriptor is not open for reading, the bytes are not the caller's, or
/// the device failed.
pub fn read(descriptor: i32, buffers: &[UserSlice]) -> Answer {
    let open = find(descriptor)?;
    let object = open.object_for(|access| access.read)?;
    object.read(open.description(), buffers)
}

/// Writes from the `count` buffers described at `address`; how many bytes.
///
/// # Errors
///
/// As [`write`]; or the descriptions make no sense, which counts only of what
/// is open.
pub fn write_vector(descriptor: i32, address: usize, count: usize) -> Answer {
    find(descriptor)?;
    write(descriptor, &vector::buffers(address, count)?)
}

/// Reads to the `count` buffers described at `address`; how many bytes.
///
/// # Errors
///
/// As [`read`]; or the descriptions make no sense, which counts only of what is
/// open.
pub fn read_vector(descriptor: i32, address: usize, count: usize) -> Answer {
    find(descriptor)?;
    read(descriptor, &vector::buffers(address, count)?)
}

/// Closes a descriptor.
///
/// # Errors
///
/// It is not open.
pub fn close(descriptor: i32) -> Answer {
    let open = TABLE.lock().close(descriptor)?;
    // It may have been the last share: closing can take a while.
    drop(open);
    Ok(0)
}

/// Duplicates a descriptor to the lowest free one from `lowest` on.
///
/// # Errors
///
/// It is not open, or none is free.
pub fn duplicate(descriptor: i32, lowest: i32) -> Answer {
    let open = find(descriptor)?;
    let lowest = usize::try_from(lowest).map_err(|_| Errno::Invalid)?;
    if lowest >= numbers::LIMIT {
        return Err(Errno::Invalid);
    }
    add_from(lowest, open)
}

/// What a descriptor is: 0 if a character device, 1 if anything else.
///
/// # Errors
///
/// It is not open.
pub fn describe(descriptor: i32) -> Answer {
    let is_device = find(descriptor)?.object()?.is_device();
    Ok(i64::from(!is_device))
}

/// Writes what is known of a descriptor's file to `address`.
///
/// # Errors
///
/// It is not open, or the address is not the caller's.
pub fn status(descriptor: i32, address: usize) -> Answer {
    let status = find(descriptor)?.object()?.status()?;
    tell(&status, address)
}

/// Moves the position of a descriptor; where it is then.
///
/// # Errors
///
/// It has none, or it cannot be there.
pub fn seek(descriptor: i32, offset: i64, whence: i32) -> Answer {
    let open = find(descriptor)?;
    open.object()?.seek(open.description(), offset, whence)
}

/// Writes the entries of a directory that are next to `address`; how many bytes.
///
/// # Errors
///
/// It is no directory, or the entries do not fit.
pub fn list(descriptor: i32, address: usize, size: usize) -> Answer {
    let open = find(descriptor)?;
    let target = UserSlice::new(address, size);
    open.object()?.list(open.description(), target)
}

/// Waits until a file is on its disk.
///
/// # Errors
///
/// It has no disk, or the disk failed.
pub fn sync(descriptor: i32) -> Answer {
    find(descriptor)?.object()?.sync().map(|()| 0)
}

/// The flags of a descriptor.
///
/// # Errors
///
/// It is not open.
pub fn flags(descriptor: i32) -> Answer {
    Ok(i64::from(find(descriptor)?.description().flags()))
}

/// Sets those flags of a descriptor that can be changed.
///
/// # Errors
///
/// It is not open.
pub fn set_flags(descriptor: i32, flags: u32) -> Answer {
    find(descriptor)?.description().set_flags(flags);
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::flags::{READ_ONLY, READ_WRITE, WRITE_ONLY};

    #[test]
    fn what_is_open_for_one_thing_is_not_open_for_another() {
        let no = Err(Errno::BadDescriptor);
        for (flags, read, written) in [
            (READ_ONLY, Ok(0), no),
            (WRITE_ONLY, no, Ok(0)),
            (READ_WRITE, Ok(0), Ok(0)),
        ] {
            let number = add(Stream::Output, flags).expect("there is memory");
            let number = i32::try_from(number).expect("it is small");
            assert_eq!(
                [super::read(number, &[]), read_vector(number, 0, 0)],
                [read; 2]
            );
            assert_eq!(
                [write(number, &[]), write_vector(number, 0, 0)],
                [written; 2]
            );
            assert_eq!(close(number), Ok(0));
        }
    }
}
