//! What is measured: kinds of requests, connections, and the pause between.

use std::fmt;
use std::time::Duration;

use super::kinds::Kind;
use crate::cli::bench::rows;

/// How long somebody pauses who does.
const PAUSE: Duration = Duration::from_millis(1);
/// How many connections there are at once.
const CONNECTIONS: [u32; 3] = [1, 8, 32];
/// How many are open, to see what each of them costs all others.
pub(super) const MANY: u32 = 1000;
/// How many of them are used, and of how many something is under way at a time. Of one:
/// QEMU looks at all others between two requests, and the guest idles. Of 32, which keep
/// the guest at work: of all in turn, where each rests for so long that its peer
/// acknowledges by a packet of its own, or always of the same.
pub(super) const USES_OF_MANY: [(u32, u32); 3] = [(MANY, 1), (MANY, 32), (32, 32)];
/// Every kind of request.
pub(super) const KINDS: [Kind; 9] = [
    Kind::Echo(1),
    Kind::Echo(64),
    Kind::Echo(1024),
    Kind::Echo(4096),
    Kind::Echo(16_384),
    Kind::Echo(65_536),
    Kind::Http,
    Kind::Get,
    Kind::Set,
];

/// Requests of one kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Series {
    pub(super) kind: Kind,
    /// How many connections are open.
    pub(super) connections: u32,
    /// How many of them are used while is counted, one after the other.
    pub(super) used: u32,
    /// On how many of them something is under way at a time.
    pub(super) drivers: u32,
    /// Whether there is a pause between an answer and the next request.
    pub(super) pauses: bool,
}

/// Everything; or, if it must be quick, one connection only.
pub(super) fn all(is_quick: bool) -> Vec<Series> {
    let alone = |kind, pauses| Series {
        kind,
        connections: 1,
        used: 1,
        drivers: 1,
        pauses,
    };
    let mut all = Vec::new();
    for pauses in [false, true] {
        for count in CONNECTIONS {
            let together = |kind| Series {
                connections: count,
                used: count,
                drivers: count,
                ..alone(kind, pauses)
            };
            all.extend(KINDS.map(together));
        }
    }
    all.push(alone(Kind::Gets(16), false));
    // Last, since so many connections take their time to go away.
    all.extend(USES_OF_MANY.map(|(used, drivers)| Series {
        connections: MANY,
        used,
        drivers,
        ..alone(Kind::Http, false)
    }));
    all.retain(|series| !is_quick || series.connections == 1);
    all
}

impl Series {
    /// How many connections there are, and at how many something is under way.
    pub(super) fn how_many(&self) -> String {
        let count = rows::whole(self.connections.into());
        match (self.used, self.drivers) {
            (_, all) if all == self.connections => count,
            (used, drivers) if used == drivers => format!("{count}, {used} used"),
            (_, drivers) => format!("{count}, {drivers} at once"),
        }
    }

    /// Messages that each driver sends.
    pub(super) fn messages(&self) -> u32 {
        let all = match self.pauses {
            // A pause lasts longer than most requests.
            true => self.kind.messages().min(512),
            // Each connection must be used.
            false => self.kind.messages().max(self.used + self.drivers),
        };
        (all / self.drivers).max(4)
    }

    /// Messages before them, that warm up.
    pub(super) fn warm_up(&self) -> u32 {
        (self.messages() / 8).max(2)
    }

    /// Requests of all drivers.
    pub(super) fn requests(&self) -> u32 {
        self.messages() * self.drivers * self.kind.requests()
    }

    /// How long each driver waits before it sends.
    pub(super) fn pause(&self) -> Option<Duration> {
        self.pauses.then_some(PAUSE)
    }
}

/// What is being asked.
impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, count) = (self.kind.name(), self.how_many());
        let pause = if self.pauses { ", with pauses" } else { "" };
        write!(f, "{name}, connections: {count}{pause}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_measured_in_every_way() {
        let all = all(false);
        assert_eq!(all.len(), KINDS.len() * CONNECTIONS.len() * 2 + 4);
        for series in &all {
            assert!(series.requests() >= 128, "{series:?}");
        }
    }

    #[test]
    fn who_is_in_a_hurry_has_one_connection() {
        let quick = all(true);
        assert_eq!(quick.len(), KINDS.len() * 2 + 1);
        assert!(quick.iter().all(|series| series.connections == 1));
    }
}
