//! The entries of directories, as servers list them.

use super::bytes::{Malformed, Reply, is_name, zeros};
use crate::errno::Errno;
use crate::files::system::{Dirent, Entries, Kind};

/// How many bytes of a directory are asked for at once.
const SIZE: usize = 8 << 10;
/// How many parts in a row may bring nothing: `.` and `..` can be alone in one.
const IDLE_MAX: u32 = 2;

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

/// Gives the next entries of a directory from `cookie` on to `entries`; where
/// the list goes on, if it does. What `part` does is to ask for some of them,
/// with room for the reply, and to say the same.
///
/// # Errors
///
/// Memory is short, `part` failed, or part after part brings nothing.
pub fn next(
    cookie: u64,
    entries: &mut dyn Entries,
    part: impl Fn(u64, &mut [u8], &mut dyn Entries) -> Result<Option<u64>, Errno>,
) -> Result<Option<u64>, Errno> {
    let mut bytes = zeros(SIZE)?;
    let mut cookie = cookie;
    // DEFENCE: listing-idle
    for _ in 0..=IDLE_MAX {
        let mut counted = Counted { entries, count: 0 };
        let next = part(cookie, &mut bytes, &mut counted)?;
        match next {
            Some(next) if counted.count == 0 => cookie = next,
            _ => return Ok(next),
        }
    }
    Err(Errno::Device)
}

/// Entries on their way, and how many there were.
struct Counted<'e> {
    entries: &'e mut dyn Entries,
    count: usize,
}

impl Entries for Counted<'_> {
    fn add(&mut self, entry: &Dirent<'_>) -> Result<(), Errno> {
        self.count = self.count.saturating_add(1);
        self.entries.add(entry)
    }
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
                Ok(()) => next = Some(listing.next),
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

    /// Passes it on, if a directory can hold it.
    fn give_to(&self, entries: &mut dyn Entries) -> Result<(), Errno> {
        if !self.is_entry() {
            return Ok(());
        }
        entries.add(&Dirent {
            name: self.name,
            inode: self.inode,
            kind: self.kind,
            next: self.next,
        })
    }
}

#[cfg(test)]
mod tests {
    use core::cell::Cell;

    use super::*;

    /// More parts than any of these lists needs.
    const MANY: u64 = 1000;

    /// How many entries there were.
    struct Count(usize);

    impl Entries for Count {
        fn add(&mut self, _: &Dirent<'_>) -> Result<(), Errno> {
            self.0 += 1;
            Ok(())
        }
    }

    /// What all of a list comes to by a server that answers the part number
    /// `step` with a name, or none, and where to go on; how many names.
    fn end(server: impl Fn(u64) -> (bool, Option<u64>)) -> Result<usize, Errno> {
        let step = Cell::new(0);
        let part = |_, _: &mut [u8], entries: &mut dyn Entries| {
            let (has_name, next) = server(step.get());
            step.set(step.get() + 1);
            assert!(step.get() < MANY, "a list that never ends");
            let entry = Dirent {
                name: b"a",
                inode: 1,
                kind: Kind::File,
                next: 0,
            };
            if has_name {
                entries.add(&entry)?;
            }
            Ok(next)
        };
        let (mut count, mut cookie) = (Count(0), Some(0));
        while let Some(from) = cookie {
            cookie = next(from, &mut count, part)?;
        }
        Ok(count.0)
    }

    #[test]
    fn a_list_that_brings_nothing_is_an_error() {
        assert_eq!(end(|step| (false, Some(step + 1))), Err(Errno::Device));
        let seldom = |step| (step % 4 == 0, Some(step + 1));
        assert_eq!(end(seldom), Err(Errno::Device));
    }

    #[test]
    fn honest_lists_come_to_their_end() {
        // Two parts may hold dots alone.
        for (size, names) in [(1, 0), (2, 0), (3, 1), (400, 398)] {
            let honest = |step| (step > 1, (step + 1 < size).then_some(step + 1));
            assert_eq!(end(honest), Ok(names), "{size}");
        }
    }
}
