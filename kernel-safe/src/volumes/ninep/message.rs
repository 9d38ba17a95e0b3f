//! 9P2000.L, as far as it is spoken here.
//!
//! A message begins with its size, its kind and a tag by which a reply names
//! its request. A server's file is known by a number that we choose, the fid.
//! See Linux' documentation of 9P2000.L, and `diod`'s for the messages.

use crate::files::system::{Kind, Metadata};
use crate::volumes::bytes::{Failure, Malformed, Reply, Request};
use crate::volumes::codes;
use crate::volumes::kinds;
use crate::volumes::listing::{Listed, Listing};

/// Kinds of requests. The reply's is one higher.
pub mod kind {
    /// The only reply to any request that failed.
    pub const ERROR_REPLY: u8 = 7;
    /// Open a fid.
    pub const OPEN: u8 = 12;
    /// Make a file in a directory and turn its fid into one of the file.
    pub const CREATE: u8 = 14;
    /// Read a symbolic link.
    pub const READ_LINK: u8 = 22;
    /// Ask for metadata.
    pub const GET_ATTRIBUTES: u8 = 24;
    /// Change metadata.
    pub const SET_ATTRIBUTES: u8 = 26;
    /// List a directory.
    pub const LIST: u8 = 40;
    /// Write to the disk.
    pub const SYNC: u8 = 50;
    /// Make a directory.
    pub const MAKE_DIRECTORY: u8 = 72;
    /// Remove a name.
    pub const REMOVE: u8 = 76;
    /// Agree on version and size.
    pub const VERSION: u8 = 100;
    /// Make a fid of the root.
    pub const ATTACH: u8 = 104;
    /// Make a fid of a name in a directory, or a second one.
    pub const WALK: u8 = 110;
    /// Read.
    pub const READ: u8 = 116;
    /// Write.
    pub const WRITE: u8 = 118;
    /// Forget a fid.
    pub const FORGET: u8 = 120;
}

/// What [`remove`] takes for a directory.
pub const REMOVE_DIRECTORY: u32 = 0x200;

/// Bytes of size, kind and tag.
pub const HEADER: usize = 7;
/// Bytes in front of the data of a reply that carries some.
pub const DATA_HEADER: usize = HEADER + 4;
/// Bytes in front of the data of a request to write.
pub const WRITE_HEADER: usize = HEADER + 4 + 8 + 4;
/// Bytes of the longest reply without data: metadata.
pub const REPLY_MAX: usize = 160;

/// The tag of a request for which there is no session yet.
pub const NO_TAG: u16 = 0xffff;
/// The fid of nothing.
pub const NO_FID: u32 = u32::MAX;
/// Nobody: whoever serves us keeps what it makes.
const NOBODY: u32 = u32::MAX;
/// The version that is spoken.
const VERSION: &[u8] = b"9P2000.L";
/// All metadata that every file has.
const BASIC: u64 = 0x7ff;
/// Of metadata that is set, the size.
const SIZE: u32 = 8;

/// A file of the server: what it is, and its number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Qid {
    /// What it is, as far as this says.
    pub kind: Kind,
    /// Its number.
    pub inode: u64,
}

/// The beginning of every request.
fn request(kind: u8, tag: u16) -> Request {
    Request::new().u32(0).u8(kind).u16(tag)
}

fn text(request: Request, text: &[u8]) -> Request {
    // Who writes a longer one fails for its length.
    let size = u16::try_from(text.len()).unwrap_or(u16::MAX);
    request.u16(size).bytes(text)
}

/// Proposes version and size of messages.
pub fn version(message_size: u32) -> Request {
    text(request(kind::VERSION, NO_TAG).u32(message_size), VERSION)
}

/// Makes `fid` the root.
pub fn attach(tag: u16, fid: u32) -> Request {
    let request = request(kind::ATTACH, tag).u32(fid).u32(NO_FID);
    text(text(request, b""), b"").u32(NOBODY)
}

/// Makes `new` what `name` leads to in `fid`, or the same as `fid`.
pub fn walk(tag: u16, fid: u32, new: u32, name: Option<&[u8]>) -> Request {
    let request = request(kind::WALK, tag).u32(fid).u32(new);
    match name {
        Some(name) => text(request.u16(1), name),
        None => request.u16(0),
    }
}

/// Opens `fid`.
pub fn open(tag: u16, fid: u32, flags: u32) -> Request {
    request(kind::OPEN, tag).u32(fid).u32(flags)
}

/// Makes a file in the directory `fid`, which becomes the file, opened.
pub fn create(tag: u16, fid: u32, name: &[u8], flags: u32, mode: u32) -> Request {
    text(request(kind::CREATE, tag).u32(fid), name)
        .u32(flags)
        .u32(mode)
        .u32(NOBODY)
}

/// Asks where a symbolic link leads.
pub fn read_link(tag: u16, fid: u32) -> Request {
    request(kind::READ_LINK, tag).u32(fid)
}

/// Asks for metadata.
pub fn get_attributes(tag: u16, fid: u32) -> Request {
    request(kind::GET_ATTRIBUTES, tag).u32(fid).u64(BASIC)
}

/// Sets the size of a file.
pub fn set_size(tag: u16, fid: u32, size: u64) -> Request {
    let request = request(kind::SET_ATTRIBUTES, tag).u32(fid).u32(SIZE);
    let request = request.u32(0).u32(NOBODY).u32(NOBODY).u64(size);
    request.u64(0).u64(0).u64(0).u64(0)
}

/// Lists an open directory from `cookie` on, with at most `size` bytes.
pub fn list(tag: u16, fid: u32, cookie: u64, size: u32) -> Request {
    request(kind::LIST, tag).u32(fid).u64(cookie).u32(size)
}

/// Has a file written to the disk.
pub fn sync(tag: u16, fid: u32) -> Request {
    request(kind::SYNC, tag).u32(fid).u32(0)
}

/// Makes a directory in the directory `fid`.
pub fn make_directory(tag: u16, fid: u32, name: &[u8], mode: u32) -> Request {
    text(request(kind::MAKE_DIRECTORY, tag).u32(fid), name)
        .u32(mode)
        .u32(NOBODY)
}

/// Removes a name from the directory `fid`.
pub fn remove(tag: u16, fid: u32, name: &[u8], flags: u32) -> Request {
    text(request(kind::REMOVE, tag).u32(fid), name).u32(flags)
}

/// Reads at most `size` bytes at `offset`.
pub fn read(tag: u16, fid: u32, offset: u64, size: u32) -> Request {
    request(kind::READ, tag).u32(fid).u64(offset).u32(size)
}

/// Writes the `size` bytes behind the request at `offset`.
pub fn write(tag: u16, fid: u32, offset: u64, size: u32) -> Request {
    request(kind::WRITE, tag).u32(fid).u64(offset).u32(size)
}

/// Forgets `fid`.
pub fn forget(tag: u16, fid: u32) -> Request {
    request(kind::FORGET, tag).u32(fid)
}

/// What follows the header of a reply of `size` bytes, of which `bytes` are the
/// first, to a request of this kind and tag.
///
/// # Errors
///
/// It is none, or the server says that the request failed.
pub fn body(bytes: &[u8], size: usize, kind: u8, tag: u16) -> Result<Reply<'_>, Failure> {
    let mut reply = Reply::new(bytes);
    let is_whole = usize::try_from(reply.u32()?) == Ok(size);
    let (found, its_tag) = (reply.u8()?, reply.u16()?);
    if !is_whole || its_tag != tag {
        return Err(Failure::Malformed);
    }
    match found {
        kind::ERROR_REPLY => Err(Failure::Refused(codes::from_linux(reply.u32()?))),
        found if found == kind.wrapping_add(1) => Ok(reply),
        _ => Err(Failure::Malformed),
    }
}

/// The size of messages that the server agrees to.
///
/// # Errors
///
/// It speaks another version.
pub fn agreed(mut reply: Reply<'_>) -> Result<u32, Malformed> {
    let size = reply.u32()?;
    if read_text(&mut reply)? == VERSION {
        Ok(size)
    } else {
        Err(Malformed)
    }
}

/// What a walk of one name has come to.
///
/// # Errors
///
/// It has not walked one name.
pub fn walked(mut reply: Reply<'_>) -> Result<Qid, Malformed> {
    match reply.u16()? {
        1 => qid(&mut reply),
        _ => Err(Malformed),
    }
}

/// A text that is all of a reply.
///
/// # Errors
///
/// There is none.
pub fn read_text<'a>(reply: &mut Reply<'a>) -> Result<&'a [u8], Malformed> {
    let size = reply.u16()?;
    reply.bytes(usize::from(size))
}

/// The metadata that a reply holds; `device` is the number of its volume.
///
/// # Errors
///
/// It holds none.
pub fn metadata(mut reply: Reply<'_>, device: u64) -> Result<Metadata, Malformed> {
    let _valid = reply.u64()?;
    let Qid { inode, .. } = qid(&mut reply)?;
    let mode = reply.u32()?;
    let (_user, _group) = (reply.u32()?, reply.u32()?);
    let links = reply.u64()?;
    let _device_number = reply.u64()?;
    let size = reply.u64()?;
    let _block_size = reply.u64()?;
    let blocks = reply.u64()?;
    Ok(Metadata {
        kind: kinds::of_mode(mode),
        mode: mode & 0o7777,
        inode,
        links,
        size,
        blocks,
        accessed: time(&mut reply)?,
        modified: time(&mut reply)?,
        changed: time(&mut reply)?,
        device,
    })
}

/// The entries that a reply holds.
pub fn listed(data: &[u8]) -> Listed<'_> {
    Listed::new(Reply::new(data), listing)
}

fn listing<'a>(reply: &mut Reply<'a>) -> Result<Listing<'a>, Malformed> {
    let Qid { kind, inode } = qid(reply)?;
    let next = reply.u64()?;
    let of_entry = kinds::of_entry(u32::from(reply.u8()?));
    Ok(Listing {
        kind: of_entry.unwrap_or(kind),
        inode,
        next,
        name: read_text(reply)?,
    })
}

/// What was opened or made.
///
/// # Errors
///
/// It is not said.
pub fn opened(mut reply: Reply<'_>) -> Result<Qid, Malformed> {
    qid(&mut reply)
}

fn qid(reply: &mut Reply<'_>) -> Result<Qid, Malformed> {
    const DIRECTORY: u8 = 0x80;
    const LINK: u8 = 0x02;
    let kind = reply.u8()?;
    let _version = reply.u32()?;
    let inode = reply.u64()?;
    let kind = if kind & DIRECTORY != 0 {
        Kind::Directory
    } else if kind & LINK != 0 {
        Kind::Link
    } else {
        Kind::File
    };
    Ok(Qid { kind, inode })
}

/// Seconds and nanoseconds as nanoseconds.
fn time(reply: &mut Reply<'_>) -> Result<u64, Malformed> {
    let (seconds, nanoseconds) = (reply.u64()?, reply.u64()?);
    Ok(seconds
        .saturating_mul(1_000_000_000)
        .saturating_add(nanoseconds))
}

#[cfg(test)]
mod tests;
