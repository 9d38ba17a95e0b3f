//! What servers have said lately, for as long as they said that it holds.
//!
//! It is the program's own memory, and a bounded amount of it. Without memory nothing is kept.

use alloc::vec::Vec;

use talc::lock_api::Mutex;

use super::dns::{Answer, Kind, Known};
use super::host::Host;
use crate::lock::FutexLock;

/// How many answers are kept.
const ENTRIES_MAX: usize = 64;
const SECOND: u64 = 1_000_000_000;

/// The answers that all threads share.
pub(super) type Shared = Mutex<FutexLock, Cache>;

/// Answers.
#[derive(Debug)]
pub(super) struct Cache(Vec<Entry>);

#[derive(Debug)]
struct Entry {
    host: Host,
    kind: Kind,
    known: Known,
    /// From then on it holds no more.
    end: u64,
}

impl Entry {
    fn is_of(&self, host: &Host, kind: Kind) -> bool {
        self.kind == kind && self.host == *host
    }
}

impl Cache {
    /// Nothing yet.
    pub(super) const fn new() -> Cache {
        Cache(Vec::new())
    }

    /// What is known of a host at this time.
    pub(super) fn find(&self, host: &Host, kind: Kind, now: u64) -> Option<Known> {
        let entry = self.0.iter().find(|entry| entry.is_of(host, kind))?;
        (now < entry.end).then(|| entry.known.clone())
    }

    /// Keeps an answer, in place of an older one or of that whose time ends first.
    pub(super) fn keep(&mut self, host: &Host, kind: Kind, answer: &Answer, now: u64) {
        if answer.ttl == 0 {
            return;
        }
        self.0
            .retain(|entry| now < entry.end && !entry.is_of(host, kind));
        if self.0.len() >= ENTRIES_MAX {
            self.drop_first();
        }
        if self.0.try_reserve(1).is_ok() {
            self.0.push(Entry {
                host: host.clone(),
                kind,
                known: answer.known.clone(),
                end: now.saturating_add(u64::from(answer.ttl).saturating_mul(SECOND)),
            });
        }
    }

    fn drop_first(&mut self) {
        let places = self.0.iter().enumerate();
        if let Some((place, _)) = places.min_by_key(|(_, entry)| entry.end) {
            self.0.swap_remove(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::format;

    use super::*;

    fn host(name: &str) -> Host {
        Host::new(name).expect("a name")
    }

    fn nothing(ttl: u32) -> Answer {
        let known = Known::NoName;
        Answer { known, ttl }
    }

    #[test]
    fn an_answer_holds_for_its_time() {
        let mut cache = Cache::new();
        cache.keep(&host("a"), Kind::A, &nothing(2), 7);
        assert_eq!(cache.find(&host("A"), Kind::A, 7), Some(Known::NoName));
        let end = 2 * SECOND + 7;
        assert!(cache.find(&host("a"), Kind::A, end - 1).is_some());
        assert_eq!(cache.find(&host("a"), Kind::A, end), None);
        assert_eq!(cache.find(&host("a"), Kind::Aaaa, 7), None);
        assert_eq!(cache.find(&host("b"), Kind::A, 7), None);
    }

    #[test]
    fn an_answer_for_just_now_is_not_kept_and_a_newer_one_counts() {
        let mut cache = Cache::new();
        cache.keep(&host("a"), Kind::A, &nothing(0), 0);
        assert_eq!(cache.find(&host("a"), Kind::A, 0), None);
        cache.keep(&host("a"), Kind::A, &nothing(9), 0);
        let known = Known::NoData;
        cache.keep(&host("a"), Kind::A, &Answer { known, ttl: 1 }, 0);
        assert_eq!(cache.find(&host("a"), Kind::A, 0), Some(Known::NoData));
        assert_eq!(cache.find(&host("a"), Kind::A, SECOND), None);
    }

    #[test]
    fn there_is_an_end_to_what_is_kept() {
        let mut cache = Cache::new();
        let mut ttl = 1000;
        for number in 0..ENTRIES_MAX + 20 {
            ttl += 1;
            cache.keep(&host(&format!("n{number}")), Kind::A, &nothing(ttl), 0);
            assert!(cache.0.len() <= ENTRIES_MAX);
        }
        assert_eq!(cache.find(&host("n19"), Kind::A, 0), None, "it ends first");
        assert!(cache.find(&host("n20"), Kind::A, 0).is_some());
        assert!(cache.find(&host("n83"), Kind::A, 0).is_some());
        cache.keep(&host("late"), Kind::A, &nothing(1), 9000 * SECOND);
        assert_eq!(cache.0.len(), 1, "those whose time is over go");
    }
}
