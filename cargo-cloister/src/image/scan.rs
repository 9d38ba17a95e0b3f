//! Byte patterns at any offset of executable memory.
//!
//! A processor decodes from wherever it is sent, so an instruction that must
//! not exist must not exist at *any* byte offset, inside of immediates and
//! across the border of two pages alike. [`runs`] joins what lies next to each
//! other before [`find`] looks at it.

/// WRPKRU: `0F 01 EF`.
pub const WRPKRU: [u8; 3] = [0x0f, 0x01, 0xef];

/// Executable bytes without a gap.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Run {
    /// The address of the first byte.
    pub start: u64,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl Run {
    /// The addresses of every occurrence of `pattern`, overlapping ones too.
    pub fn find(&self, pattern: &[u8]) -> impl Iterator<Item = u64> {
        find(&self.bytes, pattern).map(|offset| self.start + offset as u64)
    }

    /// The bytes from `address` on.
    pub fn from(&self, address: u64) -> Option<&[u8]> {
        let offset = usize::try_from(address.checked_sub(self.start)?).ok()?;
        self.bytes.get(offset..)
    }

    /// The bytes before `address`.
    pub fn before(&self, address: u64) -> Option<&[u8]> {
        let offset = usize::try_from(address.checked_sub(self.start)?).ok()?;
        self.bytes.get(..offset)
    }
}

/// Joins ranges that touch.
pub fn runs(ranges: impl IntoIterator<Item = (u64, Vec<u8>)>) -> Vec<Run> {
    let mut ranges: Vec<(u64, Vec<u8>)> = ranges.into_iter().collect();
    ranges.sort_by_key(|(start, _)| *start);
    let mut runs: Vec<Run> = Vec::new();
    for (start, bytes) in ranges {
        match runs.last_mut() {
            Some(run) if run.start + run.bytes.len() as u64 == start => run.bytes.extend(bytes),
            _ => runs.push(Run { start, bytes }),
        }
    }
    runs
}

/// The offsets of every occurrence of `pattern` in `bytes`.
pub fn find(bytes: &[u8], pattern: &[u8]) -> impl Iterator<Item = usize> {
    let first = pattern.first().copied();
    let places = first.map(|first| memchr::memchr_iter(first, bytes));
    let places = places.into_iter().flatten();
    places.filter(move |place| bytes[*place..].starts_with(pattern))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_pattern_across_the_border_of_two_ranges_is_found() {
        let first = [vec![0x90; 4094], vec![0x0f, 0x01]].concat();
        let joined = runs([(0x2000, vec![0xef, 0x90]), (0x1000, first)]);
        assert_eq!(joined.len(), 1);
        assert_eq!(joined[0].find(&WRPKRU).collect::<Vec<_>>(), [0x1ffe]);
    }

    #[test]
    fn occurrences_that_overlap_are_all_found() {
        assert_eq!(find(b"aabaabaa", b"aabaa").collect::<Vec<_>>(), [0, 3]);
        assert_eq!(find(b"aab", b"aabaa").count(), 0);
    }

    #[test]
    fn ranges_with_a_gap_are_not_joined() {
        let apart = runs([(0x1000, vec![0x0f, 0x01]), (0x2000, vec![0xef])]);
        assert_eq!(apart.len(), 2);
        assert!(apart.iter().all(|run| run.find(&WRPKRU).next().is_none()));
    }

    proptest! {
        #[test]
        fn wherever_it_stands_it_is_found(
            mut bytes in proptest::collection::vec(any::<u8>(), 3..300),
            at: prop::sample::Index,
            cut: prop::sample::Index,
        ) {
            let at = at.index(bytes.len() - 2);
            bytes[at..at + 3].copy_from_slice(&WRPKRU);
            let tail = bytes.split_off(cut.index(bytes.len()));
            let middle = 0x4000 + bytes.len() as u64;
            let joined = runs([(0x4000, bytes), (middle, tail)]);
            let mut found = joined.iter().flat_map(|run| run.find(&WRPKRU));
            prop_assert!(found.any(|address| address == 0x4000 + at as u64));
        }
    }
}
