//! What is due: addresses that have to be asked for again, or are given up.

use smoltcp::wire::{EthernetAddress, IpAddress};

use super::entry::{Entry, Key, State};
use super::{ASK_EVERY, ASK_TIMES, Neighbours, WAITING, Waiting};
use crate::desk::NEVER;

/// The most that is done at once.
pub(super) const BATCH: usize = 16;

/// Something that is due.
#[derive(PartialEq, Eq, Debug)]
pub enum Due {
    /// The address has to be asked for: everybody, or whoever was at that place.
    Ask(IpAddress, Option<EthernetAddress>),
    /// Nobody has answered; these packets go nowhere.
    GivenUp([Option<Waiting>; WAITING]),
}

impl Neighbours {
    /// Something that is due; none if there is no more. What is found has been noted
    /// as done.
    pub fn due(&mut self, now: u64, batch: &mut [Option<Due>; BATCH]) {
        if self.next_at > now {
            return;
        }
        let mut places = batch.iter_mut();
        let mut given_up = [None; BATCH];
        let mut gone = given_up.iter_mut();
        let mut next_at = NEVER;
        for (Key(address), entry) in &mut self.table {
            let Some(next) = entry.next() else { continue };
            if next > now {
                next_at = next_at.min(next);
            } else if !entry.has_tries() {
                match gone.next() {
                    Some(place) => *place = Some(*address),
                    None => next_at = now,
                }
            } else if let Some(place) = places.next() {
                let next = now.saturating_add(ASK_EVERY);
                *place = Some(Due::Ask(*address, entry.ask(next)));
                next_at = next_at.min(next);
            } else {
                next_at = now;
            }
        }
        for (address, place) in given_up.into_iter().flatten().zip(places.by_ref()) {
            *place = Some(Due::GivenUp(self.forget(address)));
        }
        self.next_at = next_at;
    }
}

impl Entry {
    const fn has_tries(&self) -> bool {
        match self.state {
            State::Unanswered { times, .. } | State::Asking { times, .. } => times < ASK_TIMES,
            _ => true,
        }
    }

    /// Notes that it is asked for, and says whom.
    fn ask(&mut self, at: u64) -> Option<EthernetAddress> {
        let place = self.place();
        if let State::Unanswered { times, next, .. } | State::Asking { times, next } =
            &mut self.state
        {
            *times = times.saturating_add(1);
            *next = at;
        }
        place
    }
}
