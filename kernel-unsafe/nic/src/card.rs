//! The card: two queues, and what a call does with them.
//!
//! A call takes what it was given, takes what has come and what was sent, and tells
//! the device of all that is new, once for each queue. If interrupts are wanted it
//! looks behind that: what comes before the device has heard so makes no interrupt. Then
//! it looks before, too, only if something has come, or has waited for room.
//!
//! Interrupts of the queue to send by are never wanted unless somebody asks: what was
//! sent is seen by the next call.
//!
//! A card whose link changes interrupts without anything to take, where it can do so
//! at all: on virtio-mmio, since the core has one reason for all interrupts, and on
//! PCI not, since it gives a device one message for each queue and none for this. So
//! the status is read when a call found nothing though interrupts were wanted: by the
//! next one that wants them, because whoever was interrupted looks first without. And
//! every so many calls that want them read it.

use core::mem;

use domains::network::desk::{self, ARMED, CHANGED, FRAMES, MORE};
use domains::network::packets;
use virtio_drivers::transport::Transport;

use crate::facts::Facts;
use crate::lists::Lists;
use crate::merge::Merge;
use crate::reach::Reach;
use crate::ring::{Broken, In, Out, Ring};

#[cfg(test)]
mod tests;

/// Bits of what shall interrupt: when something has come, and when something was sent.
pub(crate) const WHEN_COME: u32 = 1 << 0;
pub(crate) const WHEN_SENT: u32 = 1 << 1;

/// Every so many calls that want interrupts the status is read.
const TURNS: u32 = 64;

/// Where in a header the number of buffers stands.
const BUFFERS_AT: u64 = 10;

/// Why a call did not do what it should.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Refused {
    /// A list says what makes no sense.
    Lists,
    /// The device does what it must not do.
    Device,
}

/// A card.
#[derive(Debug)]
pub(crate) struct Card<R: Reach, T: Transport> {
    transport: Option<T>,
    facts: Facts,
    pub(crate) receive: Ring<R, In>,
    pub(crate) transmit: Ring<R, Out>,
    merge: Merge,
    /// Whether the last call left it interrupting.
    is_armed: bool,
    /// Whether it may have interrupted for nothing that one can take.
    is_riddle: bool,
    /// How many calls wanted interrupts.
    turns: u32,
}

impl From<Broken> for Refused {
    fn from(_: Broken) -> Refused {
        Refused::Device
    }
}

impl<R: Reach, T: Transport> Card<R, T> {
    /// None yet.
    pub(crate) const fn new() -> Card<R, T> {
        Card {
            transport: None,
            facts: Facts::NONE,
            receive: Ring::new(),
            transmit: Ring::new(),
            merge: Merge::new(),
            is_armed: false,
            is_riddle: false,
            turns: 0,
        }
    }

    /// Starts device number `device`, which has agreed to `features`; false if it is of
    /// no use. In place, because rings are large and stacks are not.
    pub(crate) fn open(&mut self, mut transport: T, device: usize, features: u64) -> bool {
        let Some(facts) = Facts::read(&transport, features) else {
            return false;
        };
        let has_queues = self.receive.open(&mut transport, device)
            && self.transmit.open(&mut transport, device);
        // DEFENCE: nic-opens-whole
        if has_queues {
            transport.finish_init();
            facts.tell::<R>();
            self.facts = facts;
            self.transport = Some(transport);
        }
        has_queues
    }

    /// Whether it was started.
    pub(crate) const fn is_open(&self) -> bool {
        self.transport.is_some()
    }

    /// Takes so many buffers and frames from the desk and puts there what has come and
    /// what was sent; `arm` says what shall interrupt from now on.
    pub(crate) fn exchange(
        &mut self,
        posts: usize,
        sends: usize,
        arm: u32,
    ) -> Result<u64, Refused> {
        let was_armed = mem::take(&mut self.is_armed);
        let mut lists = Lists::new();
        self.give(posts, sends, &mut lists)?;
        // DEFENCE: nic-waited-before
        if arm == 0 || self.receive.has_used() || self.merge.whole().is_some() {
            self.take(&mut lists)?;
        }
        self.tell(arm, &lists)?;
        if arm != 0 {
            self.turns = self.turns.wrapping_add(1);
            // DEFENCE: nic-second-look
            self.take(&mut lists)?;
        }
        let mut answer = lists.counts();
        if self.is_more(&lists) {
            answer |= MORE;
        } else if arm != 0 {
            self.is_armed = true;
            answer |= ARMED;
        }
        self.is_riddle |= was_armed && sends == 0 && lists.are_empty();
        if arm != 0 && self.is_status_due() && self.has_changed()? {
            answer |= CHANGED;
        }
        Ok(answer)
    }

    /// Gives the device what is on the desk. What it has no room for comes back.
    fn give(
        &mut self,
        posts: usize,
        sends: usize,
        lists: &mut Lists<R>,
    ) -> Result<(), Refused> {
        // DEFENCE: nic-counts
        if posts > FRAMES || sends > FRAMES {
            return Err(Refused::Lists);
        }
        for index in 0..posts {
            let frame = Lists::<R>::post(index).ok_or(Refused::Lists)?;
            if !self.receive.give(frame) {
                lists.tell_came(frame);
            }
        }
        for index in 0..sends {
            let frame = Lists::<R>::send(index).ok_or(Refused::Lists)?;
            if !self.transmit.give(frame) {
                lists.tell_sent(frame);
            }
        }
        Ok(())
    }

    /// Takes what has come and what was sent, as far as there is room for it.
    fn take(&mut self, lists: &mut Lists<R>) -> Result<(), Refused> {
        while lists.room_for_sent() > 0
            && let Some((frame, _)) = self.transmit.take()?
        {
            lists.tell_sent(frame);
        }
        while self.tell_merged(lists)
            && lists.room_for_came() > 0
            && let Some((frame, size)) = self.receive.take()?
        {
            let (buffer, _) = desk::buffer_and_size(frame);
            let are_merged = self.facts.are_merged();
            let alone = self.merge.add(buffer, size, || match are_merged {
                true => R::load_half(packets::buffer(buffer).start.wrapping_add(BUFFERS_AT)),
                false => 1,
            });
            if let Some(frame) = alone {
                lists.tell_came(frame);
            }
        }
        Ok(())
    }

    /// Tells of a packet in several buffers, if it is whole; false if there is no room
    /// for it.
    fn tell_merged(&mut self, lists: &mut Lists<R>) -> bool {
        match self.merge.whole() {
            Some(buffers) if buffers > lists.room_for_came() => return false,
            Some(_) => self.merge.take(|frame| lists.tell_came(frame)),
            None => {}
        }
        true
    }

    /// Tells the device of what is new, and of what shall interrupt: nothing, if there
    /// is more to take.
    fn tell(&mut self, arm: u32, lists: &Lists<R>) -> Result<(), Refused> {
        let arm = if arm != 0 && self.is_more(lists) {
            0
        } else {
            arm
        };
        self.receive.want_interrupts(arm & WHEN_COME != 0);
        self.transmit.want_interrupts(arm & WHEN_SENT != 0);
        self.receive.tell()?;
        self.transmit.tell()?;
        Ok(())
    }

    /// Whether there is something for which the lists have no room.
    fn is_more(&self, lists: &Lists<R>) -> bool {
        self.merge.whole().is_some()
            || lists.room_for_sent() == 0 && self.transmit.has_used()
            // DEFENCE: nic-more-has-come
            || lists.room_for_came() == 0 && self.receive.has_used()
    }

    /// Whether the status is to be read: nobody else would find out.
    fn is_status_due(&mut self) -> bool {
        let is_riddle = mem::take(&mut self.is_riddle);
        is_riddle || self.turns.is_multiple_of(TURNS)
    }

    /// Whether the card is another than it was; then it is on the desk.
    fn has_changed(&mut self) -> Result<bool, Refused> {
        let Some(transport) = &self.transport else {
            return Ok(false);
        };
        let now = self.facts.now(transport).ok_or(Refused::Device)?;
        let has_changed = now != self.facts;
        if has_changed {
            self.facts = now;
            now.tell::<R>();
        }
        Ok(has_changed)
    }
}
