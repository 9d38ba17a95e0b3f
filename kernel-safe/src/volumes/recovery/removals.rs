//! Names that are being removed, or were a short while ago.
//!
//! A file can be looked up, opened or made while its name goes. Whoever began before
//! the removal had ended may have found what is gone since, and must not look for it
//! by that name when its server has forgotten it: another file may have the name then,
//! and even the inode.

use alloc::vec::Vec;

use super::origin::Origin;
use crate::errno::Errno;

/// How many that have ended are remembered. Whoever began before the oldest of them
/// is taken for one whose file has gone.
const REMEMBERED: usize = 16;

/// The number of no removal that can be called back.
const FORGOTTEN: u64 = 0;

/// The removals of a volume, in the order of their ends.
#[derive(Debug)]
pub(super) struct Removals {
    /// How many have begun or ended.
    now: u64,
    log: Vec<Removal>,
    /// When the last one ended that is not remembered any more.
    forgotten: u64,
}

#[derive(Debug)]
struct Removal {
    number: u64,
    path: Vec<u8>,
    /// When it ended; none if it is under way.
    ended: Option<u64>,
}

impl Removals {
    /// None.
    pub(super) const fn new() -> Removals {
        Removals {
            now: 0,
            log: Vec::new(),
            forgotten: 0,
        }
    }

    /// The time, which passes with every removal that begins or ends.
    pub(super) const fn now(&self) -> u64 {
        self.now
    }

    /// The removal of a name begins; its number.
    ///
    /// # Errors
    ///
    /// Memory is short.
    pub(super) fn begin(&mut self, path: Vec<u8>) -> Result<u64, Errno> {
        self.log.try_reserve(1)?;
        let number = self.tick();
        let ended = None;
        self.log.push(Removal {
            number,
            path,
            ended,
        });
        Ok(number)
    }

    /// The removal has ended: the name has gone, or may have.
    pub(super) fn end(&mut self, number: u64) {
        let now = self.tick();
        if let Some(mut removal) = self.take(number) {
            removal.ended = Some(now);
            // There is room, for it was there.
            self.log.push(removal);
        }
        self.forget_old();
    }

    /// The removal has ended, and the name is still there.
    pub(super) fn call_back(&mut self, number: u64) {
        self.take(number);
    }

    /// By which removal a file may have gone, of which the origin was read at a time.
    pub(super) fn of(&self, origin: &Origin, read: u64) -> Option<u64> {
        if origin.path.is_empty() {
            return None;
        }
        let may_be = |removal: &&Removal| {
            let is_late = removal.ended.is_none_or(|ended| ended > read);
            is_late && origin.is_at(&removal.path)
        };
        let known = self.log.iter().find(may_be).map(|removal| removal.number);
        known.or_else(|| (read < self.forgotten).then_some(FORGOTTEN))
    }

    const fn tick(&mut self) -> u64 {
        self.now = self.now.wrapping_add(1);
        self.now
    }

    fn take(&mut self, number: u64) -> Option<Removal> {
        let place = self.log.iter().position(|it| it.number == number)?;
        Some(self.log.remove(place))
    }

    fn forget_old(&mut self) {
        let ended = |log: &[Removal]| log.iter().filter(|it| it.ended.is_some()).count();
        while ended(&self.log) > REMEMBERED
            && let Some(oldest) = self.log.iter().position(|it| it.ended.is_some())
        {
            self.forgotten = self.log.remove(oldest).ended.unwrap_or(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str) -> Origin {
        let mut origin = Origin::root(0);
        origin.path = path.into();
        origin
    }

    #[test]
    fn who_began_before_the_end_may_have_lost_his_file() {
        let mut removals = Removals::new();
        let before = removals.now();
        let number = removals.begin("/a".into()).expect("memory");
        let during = removals.now();
        for read in [before, during] {
            assert_eq!(removals.of(&file("/a"), read), Some(number));
            assert_eq!(removals.of(&file("/a/b"), read), Some(number));
            assert_eq!(removals.of(&file("/ab"), read), None);
        }
        removals.end(number);
        for read in [before, during] {
            assert_eq!(removals.of(&file("/a"), read), Some(number));
        }
        assert_eq!(removals.of(&file("/a"), removals.now()), None);
    }

    #[test]
    fn what_was_refused_has_not_gone() {
        let mut removals = Removals::new();
        let number = removals.begin("/a".into()).expect("memory");
        removals.call_back(number);
        assert_eq!(removals.of(&file("/a"), 0), None);
    }

    #[test]
    fn who_began_too_long_ago_has_lost_his_file() {
        let mut removals = Removals::new();
        let read = removals.now();
        for _ in 0..=REMEMBERED {
            let number = removals.begin("/a".into()).expect("memory");
            removals.end(number);
        }
        assert_eq!(removals.log.len(), REMEMBERED);
        assert_eq!(removals.of(&file("/b"), read), Some(FORGOTTEN));
        assert_eq!(removals.of(&file("/b"), removals.now()), None);
        assert_eq!(removals.of(&Origin::root(0), read), None, "it cannot go");
    }
}
