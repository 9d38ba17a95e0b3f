//! FUSE, version 7.31, as far as it is spoken here.
//!
//! A request begins with its size, what it asks for, a number by which the reply
//! names it, and the node that it is about. Servers count how often they told
//! us of a node, and want to hear when we forget it. The structures are those
//! of Linux' `fuse.h`.

use crate::files::system::{Kind, Metadata};
use crate::volumes::bytes::{Failure, Malformed, Reply, Request};
use crate::volumes::codes;
use crate::volumes::kinds;
use crate::volumes::listing::{Listed, Listing};
use crate::volumes::recovery::Identity;

/// What a request asks for.
pub mod code {
    /// Find a name.
    pub const LOOKUP: u32 = 1;
    /// Forget a node. There is no reply.
    pub const FORGET: u32 = 2;
    /// Ask for metadata.
    pub const GET_ATTRIBUTES: u32 = 3;
    /// Change metadata.
    pub const SET_ATTRIBUTES: u32 = 4;
    /// Read a symbolic link.
    pub const READ_LINK: u32 = 5;
    /// Make a directory.
    pub const MAKE_DIRECTORY: u32 = 9;
    /// Remove the name of a file.
    pub const REMOVE_FILE: u32 = 10;
    /// Remove a directory.
    pub const REMOVE_DIRECTORY: u32 = 11;
    /// Open a file.
    pub const OPEN: u32 = 14;
    /// Read.
    pub const READ: u32 = 15;
    /// Write.
    pub const WRITE: u32 = 16;
    /// Close a file.
    pub const RELEASE: u32 = 18;
    /// Write to the disk.
    pub const SYNC: u32 = 20;
    /// Agree on a version.
    pub const BEGIN: u32 = 26;
    /// Open a directory.
    pub const OPEN_DIRECTORY: u32 = 27;
    /// List a directory.
    pub const LIST: u32 = 28;
    /// Close a directory.
    pub const RELEASE_DIRECTORY: u32 = 29;
    /// Write a directory to the disk.
    pub const SYNC_DIRECTORY: u32 = 30;
    /// Make a file and open it.
    pub const CREATE: u32 = 35;
}

/// The node of the root.
pub const ROOT: u64 = 1;
/// Bytes in front of every request.
pub const REQUEST_HEADER: usize = 40;
/// Bytes in front of the data of a request to write.
pub const WRITE_HEADER: usize = REQUEST_HEADER + 40;
/// Bytes in front of every reply.
pub const HEADER: usize = 16;
/// Bytes of the longest reply without data: what a creation brings.
pub const REPLY_MAX: usize = HEADER + 144;

const MAJOR: u32 = 7;
const MINOR: u32 = 31;
/// Of metadata that is set, the size and by which handle.
const SIZE_BY_HANDLE: u32 = 1 << 3 | 1 << 6;

/// What a request is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Subject {
    /// What it asks for.
    pub code: u32,
    /// Names the request.
    pub tag: u64,
    /// The node.
    pub node: u64,
}

/// The beginning of every request. Nobody asks: user, group and process are
/// zero.
pub fn request(subject: Subject) -> Request {
    let Subject { code, tag, node } = subject;
    let request = Request::new().u32(0).u32(code).u64(tag).u64(node);
    request.u32(0).u32(0).u32(0).u32(0)
}

/// A request about a name in a directory.
pub fn named(subject: Subject, name: &[u8]) -> Request {
    request(subject).bytes(name).u8(0)
}

/// Proposes a version.
pub fn begin(subject: Subject) -> Request {
    request(subject).u32(MAJOR).u32(MINOR).u32(0).u32(0)
}

/// Asks for metadata.
pub fn get_attributes(subject: Subject) -> Request {
    request(subject).u32(0).u32(0).u64(0)
}

/// Sets the size of the file that `handle` is open to.
pub fn set_size(subject: Subject, handle: u64, size: u64) -> Request {
    let request = request(subject).u32(SIZE_BY_HANDLE).u32(0);
    // Owner of locks, times, mode, user and group stay what they are.
    request.u64(handle).u64(size).bytes(&[0; 64])
}

/// Makes a directory.
pub fn make_directory(subject: Subject, name: &[u8], mode: u32) -> Request {
    request(subject).u32(mode).u32(0).bytes(name).u8(0)
}

/// Opens a file or a directory.
pub fn open(subject: Subject, flags: u32) -> Request {
    request(subject).u32(flags).u32(0)
}

/// Makes a file and opens it.
pub fn create(subject: Subject, name: &[u8], flags: u32, mode: u32) -> Request {
    let request = request(subject).u32(flags).u32(mode).u32(0).u32(0);
    request.bytes(name).u8(0)
}

/// Reads or lists at most `size` bytes at `offset`.
pub fn read(subject: Subject, handle: u64, offset: u64, size: u32) -> Request {
    transfer(subject, handle, offset, size)
}

/// Writes the `size` bytes behind the request at `offset`.
pub fn write(subject: Subject, handle: u64, offset: u64, size: u32) -> Request {
    transfer(subject, handle, offset, size)
}

fn transfer(subject: Subject, handle: u64, offset: u64, size: u32) -> Request {
    let request = request(subject).u64(handle).u64(offset).u32(size);
    request.u32(0).u64(0).u32(0).u32(0)
}

/// Closes.
pub fn release(subject: Subject, handle: u64) -> Request {
    request(subject).u64(handle).u32(0).u32(0).u64(0)
}

/// Has a file written to the disk.
pub fn sync(subject: Subject, handle: u64) -> Request {
    request(subject).u64(handle).u32(0).u32(0)
}

/// Forgets that we were told of a node so many times.
pub fn forget(subject: Subject, times: u64) -> Request {
    request(subject).u64(times)
}

/// What follows the header of a reply of `size` bytes, of which `bytes` are the
/// first, to the request with this tag.
///
/// # Errors
///
/// It is none, or the server says that the request failed.
pub fn body(bytes: &[u8], size: usize, tag: u64) -> Result<Reply<'_>, Failure> {
    let mut reply = Reply::new(bytes);
    let is_whole = usize::try_from(reply.u32()?) == Ok(size);
    let (error, its_tag) = (reply.u32()?, reply.u64()?);
    if !is_whole || its_tag != tag {
        return Err(Failure::Malformed);
    }
    match error {
        0 => Ok(reply),
        error => Err(Failure::Refused(codes::from_linux(error.wrapping_neg()))),
    }
}

/// The most bytes of a write that the server agrees to.
///
/// # Errors
///
/// It speaks another version.
pub fn agreed(mut reply: Reply<'_>) -> Result<u32, Malformed> {
    let (major, minor) = (reply.u32()?, reply.u32()?);
    let (_read_ahead, _flags, _background) = (reply.u32()?, reply.u32()?, reply.u32()?);
    let most = reply.u32()?;
    // What we send is as version 7.9 and later have it.
    if major == MAJOR && minor >= 9 {
        Ok(most)
    } else {
        Err(Malformed)
    }
}

/// The node that a name leads to, and what it is.
///
/// # Errors
///
/// There is none in it.
pub fn found(reply: &mut Reply<'_>) -> Result<(u64, Identity), Malformed> {
    let (node, generation) = (reply.u64()?, reply.u64()?);
    // How long this may be believed: not at all, here.
    reply.bytes(24)?;
    let Metadata { kind, inode, .. } = attributes(reply, 0)?;
    let identity = Identity {
        kind,
        inode,
        generation,
    };
    Ok((node, identity))
}

/// The handle of what was opened.
///
/// # Errors
///
/// There is none in it.
pub fn opened(reply: &mut Reply<'_>) -> Result<u64, Malformed> {
    reply.u64()
}

/// The metadata that a reply holds; `device` is the number of its volume.
///
/// # Errors
///
/// It holds none.
pub fn metadata(mut reply: Reply<'_>, device: u64) -> Result<Metadata, Malformed> {
    reply.bytes(16)?;
    attributes(&mut reply, device)
}

/// The entries that a reply holds.
pub fn listed(reply: Reply<'_>) -> Listed<'_> {
    Listed::new(reply, listing)
}

fn listing<'a>(reply: &mut Reply<'a>) -> Result<Listing<'a>, Malformed> {
    let (inode, next) = (reply.u64()?, reply.u64()?);
    let size = usize::try_from(reply.u32()?).map_err(|_| Malformed)?;
    let kind = reply.u32()?;
    let name = reply.bytes(size)?;
    // Padded to eight bytes; the last one may do without.
    let padding = size.wrapping_neg() & 7;
    let _ = reply.bytes(padding);
    Ok(Listing {
        name,
        kind: kinds::of_entry(kind).unwrap_or(Kind::Other),
        inode,
        next,
    })
}

fn attributes(reply: &mut Reply<'_>, device: u64) -> Result<Metadata, Malformed> {
    let (inode, size, blocks) = (reply.u64()?, reply.u64()?, reply.u64()?);
    let seconds = [reply.u64()?, reply.u64()?, reply.u64()?];
    let nanoseconds = [reply.u32()?, reply.u32()?, reply.u32()?];
    let (mode, links) = (reply.u32()?, reply.u32()?);
    // User, group, number of a device, size of a block, and flags.
    reply.bytes(20)?;
    let [accessed, modified, changed] = core::array::from_fn(|time| {
        let whole = seconds
            .get(time)
            .map_or(0, |s| s.saturating_mul(1_000_000_000));
        let rest = nanoseconds.get(time).map_or(0, |rest| u64::from(*rest));
        whole.saturating_add(rest)
    });
    Ok(Metadata {
        kind: kinds::of_mode(mode),
        mode: mode & 0o7777,
        inode,
        links: u64::from(links),
        size,
        blocks,
        accessed,
        modified,
        changed,
        device,
    })
}

#[cfg(test)]
mod tests;
