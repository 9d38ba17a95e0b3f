//! A file in memory.
//!
//! It lives while it has a name or somebody holds its number. Its slot, which is
//! small and stays for good, is used again afterwards, so a number is only good
//! while it is held.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::{Deref, DerefMut};

use spin::{Mutex, MutexGuard};

use super::device::Device;
use super::names::{self, Names};
use super::pages::{Pages, Remains};
use super::room::Room;
use crate::errno::Errno;
use crate::files::system::{Kind, Metadata};
use crate::heap;

/// What a file with a name of `size` bytes costs besides its pages: its body,
/// its name, its slot, and its places in the tables of the pool and of its
/// directory, which may be twice as large as they need be.
pub const fn cost(size: usize) -> u64 {
    const SLOT: u64 = size_of::<Inode>() as u64 + size_of::<(&Inode, u32)>() as u64;
    heap::cost(size_of::<Body>())
        .saturating_add(heap::cost(size))
        .saturating_add(2 * (SLOT + names::PLACE))
}

/// What a file is and holds.
#[derive(Debug)]
pub enum Content {
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
            Content::Directory(_) | Content::Device(_) => (0, 0),
        }
    }

    /// Gives its memory back, when what remains is dropped.
    fn clear(&mut self, room: &Room) -> Remains {
        match self {
            Content::File(pages) => pages.clear(room),
            _ => Remains::default(),
        }
    }
}

/// A slot for a file.
#[derive(Debug)]
pub struct Inode {
    /// Its number.
    pub number: u32,
    /// What can change; none if the slot is free.
    body: Mutex<Option<Box<[Body; 1]>>>,
}

/// A file that nobody else looks at meanwhile.
#[derive(Debug)]
pub struct Held<'i>(MutexGuard<'i, Option<Box<[Body; 1]>>>);

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
    /// What it costs besides its pages.
    pub cost: u64,
}

impl Inode {
    /// A free slot.
    pub const fn new(number: u32) -> Inode {
        Inode {
            number,
            body: Mutex::new(None),
        }
    }

    /// Puts a file into the slot.
    ///
    /// # Errors
    ///
    /// Memory is short.
    pub fn fill(&self, body: Body) -> Result<(), Errno> {
        // A box has no way to fail, and a vector has.
        let mut place = Vec::new();
        place.try_reserve_exact(1)?;
        place.push(body);
        *self.body.lock() = place.into_boxed_slice().try_into().ok();
        Ok(())
    }

    /// The file, for as long as nobody else may look at it.
    ///
    /// # Errors
    ///
    /// The slot is free.
    pub fn lock(&self) -> Result<Held<'_>, Errno> {
        let body = self.body.lock();
        match *body {
            Some(_) => Ok(Held(body)),
            None => Err(Errno::NotFound),
        }
    }
}

impl Held<'_> {
    /// Ends the file: its slot is free.
    pub fn end(mut self) {
        *self.0 = None;
    }
}

impl Deref for Held<'_> {
    type Target = Body;

    fn deref(&self) -> &Body {
        let [body] = self.0.as_deref().expect("who holds a file has seen it");
        body
    }
}

impl DerefMut for Held<'_> {
    fn deref_mut(&mut self) -> &mut Body {
        let [body] = self.0.as_deref_mut().expect("who holds a file has seen it");
        body
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

    /// Gives its memory back, for it ends, when what remains is dropped.
    pub fn clear(&mut self, room: &Room) -> Remains {
        room.give_back(self.cost);
        self.content.clear(room)
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
