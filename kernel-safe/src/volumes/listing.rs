//! The entries of directories, as servers list them.

use super::bytes::{Malformed, Reply, is_name, zeros};
use crate::errno::Errno;
use crate::files::system::{Entries, Entry, Kind};

/// How many bytes of a directory are asked for at once.
const SIZE: usize = 8 << 10;

/// An entry, as a server tells of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Listing<'a> {
    /// Its name, which may be none that a directory can hold.
    pub name: &'a [u8],
    /// What it is.
    pub kind: Kind,
    /// Its number.
    pub inode: u64,
    /// Where the list goes on.
    pub next: u64,
}

/// How a language's entry is read.
pub type ReadOne<'a> = fn(&mut Reply<'a>) -> Result<Listing<'a>, Malformed>;

/// The entries that a reply holds.
#[derive(Clone, Copy, Debug)]
pub struct Listed<'a> {
    rest: Reply<'a>,
    read_one: ReadOne<'a>,
}

/// Gives the entries of a directory from `cookie` on to `entries`. What `part`
/// does is to ask for some of them, with room for the reply, and to say where
/// the list goes on, if it does.
///
/// # Errors
///
/// Memory is short, or `part` failed.
pub fn all(
    cookie: u64,
    entries: &mut dyn Entries,
    part: impl Fn(u64, &mut [u8], &mut dyn Entries) -> Result<Option<u64>, Errno>,
) -> Result<(), Errno> {
    let mut bytes = zeros(SIZE)?;
    let mut next = Some(cookie);
    while let Some(cookie) = next {
        next = part(cookie, &mut bytes, entries)?;
        // A list that goes on where it began would do so for ever.
        next = next.filter(|next| *next != cookie);
    }
    Ok(())
}

impl<'a> Listed<'a> {
    /// The entries in `reply`.
    pub const fn new(reply: Reply<'a>, read_one: ReadOne<'a>) -> Listed<'a> {
        Listed {
            rest: reply,
            read_one,
        }
    }

    /// Gives them to `entries`; where the list goes on, if it does, or why
    /// `entries` failed.
    ///
    /// # Errors
    ///
    /// One of them is not as its language says.
    pub fn give_to(
        self,
        entries: &mut dyn Entries,
    ) -> Result<Result<Option<u64>, Errno>, Malformed> {
        let mut next = None;
        for listing in self {
            let listing = listing?;
            match listing.give_to(entries) {
                Ok(true) => next = Some(listing.next),
                Ok(false) => return Ok(Ok(None)),
                Err(errno) => return Ok(Err(errno)),
            }
        }
        Ok(Ok(next))
    }
}

impl<'a> Iterator for Listed<'a> {
    type Item = Result<Listing<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        Some((self.read_one)(&mut self.rest))
    }
}

impl Listing<'_> {
    /// Whether a directory can hold it.
    pub fn is_entry(&self) -> bool {
        is_name(self.name)
    }

    /// Passes it on, if a directory can hold it; false if there is no room.
    fn give_to(&self, entries: &mut dyn Entries) -> Result<bool, Errno> {
        if !self.is_entry() {
            return Ok(true);
        }
        entries.add(&Entry {
            name: self.name,
            inode: self.inode,
            kind: self.kind,
            next: self.next,
        })
    }
}
