//! The entries of directories, as servers list them.

use super::bytes::{Malformed, Reply, is_name, zeros};
use crate::errno::Errno;
use crate::files::system::{Entries, Entry, Kind};

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

/// Gives the entries of a directory from `cookie` on to `entries`. What `part`
/// does is to ask for some of them, with room for the reply, and to say where
/// the list goes on, if it does.
///
/// # Errors
///
/// Memory is short, `part` failed, or the list would never end.
pub fn all(
    cookie: u64,
    entries: &mut dyn Entries,
    part: impl Fn(u64, &mut [u8], &mut dyn Entries) -> Result<Option<u64>, Errno>,
) -> Result<(), Errno> {
    let mut bytes = zeros(SIZE)?;
    let mut course = Course::new(cookie);
    let mut next = Some(cookie);
    while let Some(cookie) = next {
        let mut counted = Counted { entries, count: 0 };
        next = part(cookie, &mut bytes, &mut counted)?;
        let count = counted.count;
        next.map_or(Ok(()), |next| course.go_on(next, count))?;
    }
    Ok(())
}

/// Where a list has been, so that it ends whatever its server says.
#[derive(Clone, Copy, Debug)]
struct Course {
    /// Where it was some parts ago. Coming there again, it goes in a circle.
    mark: u64,
    /// The parts since then.
    steps: u64,
    /// How many parts the mark stays: twice as many each time, so that a circle
    /// of any size is found.
    patience: u64,
    /// The last parts that brought nothing.
    idle: u32,
}

impl Course {
    const fn new(cookie: u64) -> Course {
        Course {
            mark: cookie,
            steps: 0,
            patience: 1,
            idle: 0,
        }
    }

    /// Notes that a part has brought `count` entries and that the list goes on
    /// at `next`.
    ///
    /// # Errors
    ///
    /// It would never end.
    fn go_on(&mut self, next: u64, count: usize) -> Result<(), Errno> {
        self.idle = if count > 0 {
            0
        } else {
            self.idle.saturating_add(1)
        };
        // DEFENCE: listing-idle
        if self.idle > IDLE_MAX {
            return Err(Errno::Device);
        }
        // DEFENCE: listing-circle
        if next == self.mark {
            return Err(Errno::Device);
        }
        self.steps = self.steps.saturating_add(1);
        if self.steps >= self.patience {
            self.mark = next;
            self.steps = 0;
            self.patience = self.patience.saturating_mul(2);
        }
        Ok(())
    }
}

/// Entries on their way, and how many there were.
struct Counted<'e> {
    entries: &'e mut dyn Entries,
    count: usize,
}

impl Entries for Counted<'_> {
    fn add(&mut self, entry: &Entry<'_>) -> Result<bool, Errno> {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// More parts than any of these lists needs.
    const MANY: u64 = 1000;

    /// Has room for so many entries.
    struct Room(usize);

    impl Entries for Room {
        fn add(&mut self, _: &Entry<'_>) -> Result<bool, Errno> {
            self.0 = self.0.checked_sub(1).ok_or(Errno::Invalid)?;
            Ok(true)
        }
    }

    /// What listing comes to by a server that answers the part number `step`
    /// with a name, or none, and where to go on.
    fn end(server: impl Fn(u64) -> (bool, Option<u64>)) -> Result<(), Errno> {
        let step = core::cell::Cell::new(0);
        all(0, &mut Room(500), |_, _, entries| {
            let (has_name, next) = server(step.get());
            step.set(step.get() + 1);
            assert!(step.get() < MANY, "a list that never ends");
            let entry = Entry {
                name: b"a",
                inode: 1,
                kind: Kind::File,
                next: 0,
            };
            if has_name {
                entries.add(&entry)?;
            }
            Ok(next)
        })
    }

    #[test]
    fn a_list_in_a_circle_is_an_error() {
        for size in [1, 2, 3, 7, 100] {
            let circle = |step: u64| (true, Some(1 + step % size));
            assert_eq!(end(circle), Err(Errno::Device), "{size}");
            // The circle may begin later, and where the list did.
            let late = |step: u64| (true, Some((step + 1).max(20) % (20 + size)));
            assert_eq!(end(late), Err(Errno::Device), "{size}");
        }
    }

    #[test]
    fn a_list_that_brings_nothing_is_an_error() {
        assert_eq!(end(|step| (false, Some(step + 1))), Err(Errno::Device));
        let seldom = |step| (step % 4 == 0, Some(step + 1));
        assert_eq!(end(seldom), Err(Errno::Device));
    }

    #[test]
    fn a_list_that_is_too_long_ends_with_the_room() {
        assert_eq!(end(|step| (true, Some(step + 1))), Err(Errno::Invalid));
    }

    #[test]
    fn honest_lists_come_to_their_end() {
        // Numbers of places need not grow; two parts may hold dots alone.
        for size in [1, 2, 3, 400] {
            let honest = |step| (step > 1, (step < size).then_some(u64::MAX - step * 3));
            assert_eq!(end(honest), Ok(()), "{size}");
        }
    }
}
