//! How long a connection is waited for, in each of its states.
//!
//! `smoltcp` sends again for ever. Whatever a peer does or leaves undone, a connection
//! ends some time: one that is being made after as many tries as Linux makes, one whose
//! segments nobody acknowledges after about fifteen, one that nobody owns any more when
//! it gets nowhere. Only a connection that somebody owns, and that waits for nothing,
//! stays for ever, unless keep-alive was asked for.

use smoltcp::socket::tcp::State;

use super::SECOND;

/// How long a SYN is repeated: 1, 2, 4, 8, 16, 32 and 64 seconds, as Linux does.
const CONNECT: u64 = 127 * SECOND;
/// How long segments are repeated: fifteen tries, of which the longest wait a minute.
const ANSWER: u64 = 603 * SECOND;
/// How long a connection without an owner may make no progress.
const ORPHAN: u64 = 120 * SECOND;
/// How long it may last at all.
const ORPHAN_AT_ALL: u64 = 900 * SECOND;
/// How long the end of a peer is waited for when nobody would read what it sends.
const FIN_WAIT: u64 = 60 * SECOND;
/// After how long without a word a peer is asked whether it is there.
const KEEP_ALIVE: u64 = 7200 * SECOND;
/// How often it is asked then.
pub(super) const PROBE: u64 = 75 * SECOND;
/// How long: nine times.
const PROBES: u64 = 9 * PROBE;

/// Points in time of a connection.
#[derive(Debug)]
pub(super) struct Times {
    /// When it began to be made; none once it is.
    opened: Option<u64>,
    /// When the peer was last heard.
    heard: u64,
    /// When it last acknowledged something new.
    progress: u64,
    /// Since when an answer is waited for.
    waits: Option<u64>,
    /// Since when nobody owns it.
    orphaned: Option<u64>,
    /// Since when the peer is asked whether it is there.
    probes: Option<u64>,
    /// When an answer of ours left last.
    answered: u64,
}

/// What is to be done when a time has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Limit {
    /// The connection is given up.
    GiveUp,
    /// The peer is asked whether it is there.
    Probe,
}

impl Times {
    /// Of a connection that is made from now on.
    pub(super) const fn new(now: u64) -> Times {
        Times {
            opened: Some(now),
            heard: now,
            progress: now,
            waits: None,
            orphaned: None,
            probes: None,
            answered: 0,
        }
    }

    /// Notes that it is made.
    pub(super) fn establish(&mut self) {
        self.opened = None;
    }

    /// Notes that the peer was heard; whether it was being asked if it is there.
    pub(super) fn hear(&mut self, now: u64) -> bool {
        self.heard = now;
        if self.waits.is_some() {
            self.waits = Some(now);
        }
        self.probes.take().is_some()
    }

    /// Notes that something new was acknowledged.
    pub(super) fn advance(&mut self, now: u64) {
        self.progress = now;
    }

    /// Notes whether an answer is waited for.
    pub(super) fn wait(&mut self, now: u64, waits: bool) {
        self.waits = waits.then(|| self.waits.unwrap_or(now));
    }

    /// Notes that nobody owns it any more.
    pub(super) fn orphan(&mut self, now: u64) {
        self.orphaned = Some(now);
        self.progress = now;
    }

    /// Whether nobody owns it.
    pub(super) fn is_orphan(&self) -> bool {
        self.orphaned.is_some()
    }

    /// Notes that the peer is asked from now on.
    pub(super) fn probe(&mut self, now: u64) {
        self.probes = Some(now);
    }

    /// Notes that it is not asked any more.
    pub(super) fn stop_probing(&mut self) {
        self.probes = None;
    }

    /// Whether an answer of ours may leave: twenty in a second at most.
    pub(super) fn may_answer(&mut self, now: u64) -> bool {
        // DEFENCE: answers-of-a-connection-are-counted
        let may = now >= self.answered;
        if may {
            self.answered = now + SECOND / 20;
        }
        may
    }

    /// The next of the limits.
    pub(super) fn limit(&self, state: State, keeps_alive: bool) -> Option<(u64, Limit)> {
        let mut give_up = None;
        let mut limit =
            |at: u64| give_up = Some(give_up.map_or(at, |first: u64| first.min(at)));
        if let Some(opened) = self.opened {
            limit(opened + CONNECT);
        }
        if let Some(waits) = self.waits {
            limit(waits + ANSWER);
        }
        if let Some(orphaned) = self.orphaned {
            let patience = if state == State::FinWait2 {
                FIN_WAIT
            } else {
                ORPHAN
            };
            // DEFENCE: no-orphan-stays
            limit(self.progress + patience);
            limit(orphaned + ORPHAN_AT_ALL);
        }
        if let Some(probes) = self.probes {
            limit(probes + PROBES);
        }
        let is_idle = self.probes.is_none() && self.opened.is_none() && self.waits.is_none();
        let probe = (keeps_alive && is_idle).then_some(self.heard + KEEP_ALIVE);
        match (give_up, probe) {
            (Some(at), Some(probe)) if probe < at => Some((probe, Limit::Probe)),
            (Some(at), _) => Some((at, Limit::GiveUp)),
            (None, probe) => probe.map(|at| (at, Limit::Probe)),
        }
    }
}
