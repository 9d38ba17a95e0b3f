//! Numbers that nobody outside can guess: sequence numbers, cookies, first ports.

use core::hash::BuildHasher;

use super::names::Tuple;
use crate::hash::Keyed;

/// The sizes of segments that fit into a cookie, by their number.
const SEGMENTS: [u16; 8] = [536, 1220, 1300, 1360, 1400, 1440, 1452, 1460];

/// The secret behind them.
#[derive(Debug)]
pub(super) struct Secrets(Keyed);

impl Secrets {
    /// Those of a key.
    pub(super) fn new(key: [u64; 2]) -> Secrets {
        Secrets(Keyed::new(key))
    }

    /// The first sequence number of a connection that begins now (RFC 6528): a clock
    /// that ticks about every four microseconds, and a secret of the connection.
    pub(super) fn sequence(&self, now: u64, tuple: &Tuple) -> u32 {
        let secret = self.0.hash_one(tuple) as u32;
        secret.wrapping_add((now >> 12) as u32)
    }

    /// A first sequence number that says what a record would have kept: the minute and
    /// the size of a segment, and a proof of 24 bits that it was made here.
    pub(super) fn cookie(&self, now: u64, tuple: &Tuple, first: u32, segment: u16) -> u32 {
        let number = SEGMENTS.iter().rposition(|size| *size <= segment);
        self.cookie_of(minute(now), tuple, first, number.unwrap_or(0) as u32)
    }

    /// The size of a segment, if this is a cookie of this minute or the last.
    pub(super) fn open(&self, now: u64, tuple: &Tuple, first: u32, cookie: u32) -> Option<u16> {
        let number = cookie >> 24 & 7;
        let segment = SEGMENTS.get(number as usize)?;
        let is_right = [0, 1].into_iter().any(|age| {
            let minute = minute(now).wrapping_sub(age) & 31;
            self.cookie_of(minute, tuple, first, number) == cookie
        });
        // DEFENCE: an-invented-cookie-opens-nothing
        is_right.then_some(*segment)
    }

    fn cookie_of(&self, minute: u32, tuple: &Tuple, first: u32, number: u32) -> u32 {
        // DEFENCE: a-cookie-proves-all-it-says
        let proof = self.0.hash_one((tuple, first, minute, number, "cookie")) as u32;
        minute << 27 | number << 24 | proof & 0xff_ffff
    }
}

/// The minute (of 68.7 seconds) that a time is in, as 5 bits.
fn minute(now: u64) -> u32 {
    (now >> 36) as u32 & 31
}

#[cfg(test)]
mod tests {
    use super::super::names::tuple;
    use super::*;

    const MINUTE: u64 = 1 << 36;

    #[test]
    fn sequence_numbers_follow_a_clock_and_differ_by_connection() {
        let secrets = Secrets::new([1, 2]);
        let first = secrets.sequence(0, &tuple(1));
        let later = secrets.sequence(1 << 32, &tuple(1));
        assert_eq!(later.wrapping_sub(first), 1 << 20);
        assert_ne!(first, secrets.sequence(0, &tuple(2)));
        assert_ne!(first, Secrets::new([1, 3]).sequence(0, &tuple(1)));
    }

    #[test]
    fn a_cookie_opens_for_whom_it_was_made_and_not_for_long() {
        let secrets = Secrets::new([1, 2]);
        for (asked, kept) in [(1460, 1460), (9000, 1460), (1459, 1452), (100, 536)] {
            let cookie = secrets.cookie(31 * MINUTE, &tuple(1), 7, asked);
            let open = |minutes, port, first| {
                secrets.open(minutes * MINUTE, &tuple(port), first, cookie)
            };
            assert_eq!(open(31, 1, 7), Some(kept));
            assert_eq!(open(32, 1, 7), Some(kept));
            assert_eq!(open(33, 1, 7), None);
            assert_eq!(open(31, 2, 7), None);
            assert_eq!(open(31, 1, 8), None);
            for bit in 0..32 {
                let other = cookie ^ 1 << bit;
                assert_eq!(secrets.open(31 * MINUTE, &tuple(1), 7, other), None);
            }
        }
    }
}
