//! Ranges that were taken away, until no CPU knows them any more.
//!
//! Their entries give no right, but other CPUs may still use what they
//! remember. So the frames stay where they are until every CPU has been asked
//! *after* the range came here, and has answered: nobody gets them before. One
//! question does for all ranges that are here when it is put, and nobody holds
//! the core's lock while it is answered.

use crate::smp::shootdown::Pages;

/// How many ranges wait at most: then they are asked about.
pub(crate) const ROOM: usize = 64;

/// Ranges that wait.
#[derive(Clone)]
pub(crate) struct Quarantine {
    /// Each with the first question that includes it.
    ranges: [Question; ROOM],
    count: usize,
    /// The number of the next question.
    next: u64,
    /// Whether somebody wants the next question to be put at once.
    is_due: bool,
}

/// A range, and the number of a question to all CPUs about it: of the one that
/// is put, or for a range that waits, of the first that includes it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Question {
    pub(crate) pages: Pages,
    number: u64,
}

/// When a range is asked about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum When {
    /// Before the call that took it away returns.
    Now,
    /// With others.
    Later,
}

impl Quarantine {
    /// An empty one.
    pub(crate) const fn new() -> Quarantine {
        let (pages, number) = (Pages::ALL, 0);
        Quarantine {
            ranges: [Question { pages, number }; ROOM],
            count: 0,
            next: 0,
            is_due: false,
        }
    }

    /// Whether nothing waits.
    pub(crate) const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether there is no room for another range.
    pub(crate) const fn is_full(&self) -> bool {
        self.count == ROOM
    }

    /// Whether all CPUs must be asked before the CPU goes back to ring 3.
    pub(crate) const fn is_due(&self) -> bool {
        self.is_due
    }

    /// Adds a range; false if there is no room.
    pub(crate) fn add(&mut self, pages: Pages, when: When) -> bool {
        let number = self.next;
        let Some(range) = self.ranges.get_mut(self.count) else {
            return false;
        };
        *range = Question { pages, number };
        self.count += 1;
        self.is_due |= when == When::Now || self.is_full();
        true
    }

    /// Whether a part of `pages` waits.
    pub(crate) fn overlaps(&self, pages: Pages) -> bool {
        self.waiting().any(|range| range.pages.overlaps(pages))
    }

    /// A question about all that waits; none if nothing does.
    pub(crate) fn ask(&mut self) -> Option<Question> {
        self.is_due = false;
        let first = self.waiting().next()?.pages;
        let pages = if self.count == 1 { first } else { Pages::ALL };
        let number = self.next;
        self.next += 1;
        Some(Question { pages, number })
    }

    /// Takes a range out that the answered question included.
    pub(crate) fn take(&mut self, answered: Question) -> Option<Pages> {
        // DEFENCE: quarantine-answered
        let place = self
            .waiting()
            .position(|range| range.number <= answered.number)?;
        self.count -= 1;
        self.ranges.swap(place, self.count);
        Some(self.ranges[self.count].pages)
    }

    fn waiting(&self) -> impl Iterator<Item = &Question> {
        self.ranges[..self.count].iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn pages(start: u64, count: u64) -> Pages {
        Pages { start, count }
    }

    #[test]
    fn a_question_frees_what_was_there_before_it_and_nothing_else() {
        let mut quarantine = Quarantine::new();
        quarantine.add(pages(0x1000, 1), When::Later);
        let question = quarantine.ask().expect("something waits");
        assert_eq!(question.pages, pages(0x1000, 1));
        quarantine.add(pages(0x5000, 1), When::Later);
        assert_eq!(quarantine.take(question), Some(pages(0x1000, 1)));
        assert_eq!(quarantine.take(question), None, "nobody was asked about it");
        let later = quarantine.ask().expect("something waits");
        assert_eq!(quarantine.take(later), Some(pages(0x5000, 1)));
        assert!(quarantine.is_empty() && quarantine.ask().is_none());
    }

    #[test]
    fn one_question_does_for_many_ranges() {
        let mut quarantine = Quarantine::new();
        for number in 0..ROOM as u64 {
            assert!(!quarantine.is_due());
            assert!(quarantine.add(pages(number << 20, 2), When::Later));
        }
        assert!(quarantine.is_due() && quarantine.is_full());
        assert!(!quarantine.add(pages(0, 1), When::Later));
        let question = quarantine.ask().expect("many wait");
        assert_eq!(question.pages, Pages::ALL);
        assert!(!quarantine.is_due());
        let freed = core::iter::from_fn(|| quarantine.take(question)).count();
        assert_eq!(freed, ROOM);
    }

    #[test]
    fn what_is_to_be_gone_at_once_is_asked_about_at_once() {
        let mut quarantine = Quarantine::new();
        quarantine.add(pages(0x1000, 4), When::Later);
        assert!(!quarantine.is_due());
        quarantine.add(pages(0x8000, 1), When::Now);
        assert!(quarantine.is_due());
    }

    #[test]
    fn parts_of_ranges_overlap_and_neighbours_do_not() {
        let mut quarantine = Quarantine::new();
        quarantine.add(pages(0x4000, 4), When::Later);
        assert!(quarantine.overlaps(pages(0x7000, 3)));
        assert!(quarantine.overlaps(pages(0x1000, 99)));
        assert!(!quarantine.overlaps(pages(0x8000, 1)));
        assert!(!quarantine.overlaps(pages(0x1000, 3)));
    }
}
