//! Bad weather: frames that are lost, late, doubled, out of order and changed.

use std::time::Duration;

use domains::Isolation;

use super::client::ECHO;
use super::lan::Lan;
use super::weather::Chances;
use crate::Verdict;

/// What is said on each connection, and on how many.
const SAID: usize = 150_000;
const CONNECTIONS: usize = 3;

/// Each alone, then all together.
const STORMS: [Chances; 5] = [
    Chances { lost: 50, ..FINE },
    Chances {
        doubled: 300,
        ..FINE
    },
    Chances { late: 300, ..FINE },
    Chances {
        changed: 50,
        ..FINE
    },
    Chances {
        lost: 30,
        doubled: 100,
        late: 100,
        changed: 30,
        ..FINE
    },
];
const FINE: Chances = Chances {
    lost: 0,
    doubled: 0,
    late: 0,
    delay: Duration::from_millis(30),
    changed: 0,
};

/// Every byte comes back as it was.
pub(super) fn changes_nothing(mode: Isolation) -> Verdict {
    let mut lan = Lan::serving("storm", mode)?;
    let bytes: Vec<u8> = (0..SAID as u32).map(|n| (n ^ n >> 8) as u8).collect();
    for storm in STORMS {
        (lan.wire.there.chances, lan.wire.back.chances) = (storm, storm);
        for _ in 0..CONNECTIONS {
            let handle = lan.connect(ECHO)?;
            let same = lan.exchange(handle, &bytes);
            same.map_err(|why| format!("in {storm:?}: {}", why.message().unwrap_or_default()))?;
            lan.close(handle)?;
        }
    }
    (lan.wire.there.chances, lan.wire.back.chances) = (FINE, FINE);
    lan.ends_well()
}
