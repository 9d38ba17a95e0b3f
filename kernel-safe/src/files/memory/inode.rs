//! A file in memory.
//!
//! It lives while it has a name or somebody holds its number. Its slot is used
//! again afterwards, so a number is only good while it is held.

use spin::Mutex;

use super::device::Device;
use super::names::Names;
use super::pages::Pages;
use super::room::Room;
use crate::errno::Errno;
use crate::files::system::{Kind, Metadata};

/// What a file costs besides its pages: its slot, and its name in a directory.
pub const COST: u64 = 512;

/// What a file is and holds.
#[derive(Debug)]
pub enum Content {
    /// Nothing: the slot is free.
    Free,
    /// Bytes that can be written.
    File(Pages),
    /// Bytes of the image, for good.
    Archived(&'static [u8]),
    /// Names.
    Directory(Names),
    /// A path, of the image.
    Link(&'static [u8]),
    /// A device.
    Device(Device),
}

impl Content {
    /// What it is.
    pub const fn kind(&self) -> Kind {
        match self {
            Content::Free => Kind::Other,
            Content::File(_) | Content::Archived(_) => Kind::File,
            Content::Directory(_) => Kind::Directory,
            Content::Link(_) => Kind::Link,
            Content::Device(_) => Kind::Device,
        }
    }

    /// Its size in bytes, and how many blocks of memory that takes.
    fn size(&self) -> (u64, u64) {
        match self {
            Content::File(pages) => (pages.size(), pages.blocks()),
            Content::Archived(bytes) => (bytes.len() as u64, 0),
            Content::Link(path) => (path.len() as u64, 0),
            Content::Free | Content::Directory(_) | Content::Device(_) => (0, 0),
        }
    }

    /// Gives its memory back.
    pub fn clear(&mut self, room: &Room) {
        if let Content::File(pages) = self {
            pages.clear(room);
        }
        *self = Content::Free;
    }
}

/// A slot for a file.
#[derive(Debug)]
pub struct Inode {
    /// Its number.
    pub number: u32,
    /// What can change.
    pub body: Mutex<Body>,
}

/// What can change of a file.
#[derive(Debug)]
pub struct Body {
    /// What it holds.
    pub content: Content,
    /// The lower twelve bits of its mode.
    pub mode: u32,
    /// How many names it has, those inside a directory included.
    pub links: u64,
    /// How many hold its number.
    pub holders: u64,
    /// When it was read.
    pub accessed: u64,
    /// When it was written.
    pub modified: u64,
    /// When it or its metadata changed.
    pub changed: u64,
    /// Whether it came with the image and stays.
    pub is_fixed: bool,
}

impl Inode {
    /// A free slot.
    pub const fn new(number: u32) -> Inode {
        let body = Body {
            content: Content::Free,
            mode: 0,
            links: 0,
            holders: 0,
            accessed: 0,
            modified: 0,
            changed: 0,
            is_fixed: false,
        };
        Inode {
            number,
            body: Mutex::new(body),
        }
    }
}

impl Body {
    /// What is known of it.
    pub fn metadata(&self, number: u32) -> Metadata {
        let (size, blocks) = self.content.size();
        Metadata {
            kind: self.content.kind(),
            mode: self.mode,
            inode: u64::from(number),
            links: self.links,
            size,
            blocks,
            accessed: self.accessed,
            modified: self.modified,
            changed: self.changed,
            device: 1,
        }
    }

    /// Its names, to be looked at.
    ///
    /// # Errors
    ///
    /// It is no directory.
    pub fn names(&self) -> Result<&Names, Errno> {
        match &self.content {
            Content::Directory(names) => Ok(names),
            _ => Err(Errno::NotDirectory),
        }
    }

    /// Its names, to be changed.
    ///
    /// # Errors
    ///
    /// It is no directory, or one that was removed.
    pub fn names_mut(&mut self) -> Result<&mut Names, Errno> {
        match &mut self.content {
            Content::Directory(_) if self.links == 0 => Err(Errno::NotFound),
            Content::Directory(names) => Ok(names),
            _ => Err(Errno::NotDirectory),
        }
    }

    /// Its bytes, to be written.
    ///
    /// # Errors
    ///
    /// It is not a file in memory.
    pub fn pages_mut(&mut self) -> Result<&mut Pages, Errno> {
        match &mut self.content {
            Content::File(pages) => Ok(pages),
            Content::Archived(_) => Err(Errno::ReadOnly),
            Content::Directory(_) => Err(Errno::IsDirectory),
            _ => Err(Errno::Invalid),
        }
    }

    /// Notes that it was read: once after each change, which is enough to tell
    /// whether anybody has.
    pub fn note_read(&mut self, now: fn() -> u64) {
        if self.accessed <= self.modified {
            self.accessed = now().max(self.modified.saturating_add(1));
        }
    }

    /// Notes that it was written.
    pub fn note_written(&mut self, now: u64) {
        self.modified = now;
        self.changed = now;
    }
}
