//! The slots of a channel: who has which window, and whose reply has come.

use domains::windows::REQUESTS;

use crate::drivers::DriverError;
use crate::errno::Errno;
use crate::sync::Mutex;

#[cfg(test)]
mod tests;

/// What becomes of a window.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Holder {
    /// Nobody has it.
    Free,
    /// A thread has it.
    Held,
    /// The device has it, by a cell of this generation.
    Sent(Room, u32),
    /// The reply has come, of so many bytes.
    Answered(usize),
    /// The cell was started anew, and there is no reply.
    Lost,
}

/// Room for a reply.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Room {
    /// Where in the window it begins.
    pub(super) at: usize,
    /// How many bytes it has.
    pub(super) size: usize,
}

/// What has become of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Outcome {
    /// The reply has come, of so many bytes.
    Answered(usize),
    /// Not yet.
    Waiting,
    /// The cell was started anew, and it will not come.
    Lost,
    /// It will not come, and no other will.
    Broken,
}

/// Why a request brought no reply.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trouble {
    /// The cell was started anew since the window was taken: the request would have
    /// spoken of what the server has forgotten, and was not sent.
    Unsent,
    /// The request was sent, and the cell was started anew before a reply came.
    Unanswered,
    /// The request was sent, and what came means nothing: it was done, or not.
    Garbled,
    /// There is no point in asking again.
    Failed(Errno),
}

impl From<Errno> for Trouble {
    fn from(errno: Errno) -> Trouble {
        Trouble::Failed(errno)
    }
}

impl From<Trouble> for Errno {
    fn from(trouble: Trouble) -> Errno {
        match trouble {
            Trouble::Unsent | Trouble::Unanswered | Trouble::Garbled => Errno::Device,
            Trouble::Failed(errno) => errno,
        }
    }
}

/// Why no more replies are taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Halt {
    /// The cell has failed.
    Failed(DriverError),
    /// It has brought a reply that cannot be.
    Lie,
}

/// The slots of a channel.
#[derive(Debug)]
pub(super) struct Slots {
    slots: [Holder; REQUESTS],
    is_broken: bool,
}

impl Slots {
    /// Nobody has any.
    pub(super) const fn new() -> Slots {
        Slots {
            slots: [Holder::Free; REQUESTS],
            is_broken: false,
        }
    }

    /// Takes a free slot; none if all are taken.
    ///
    /// # Errors
    ///
    /// The channel is broken.
    pub(super) fn take(&mut self) -> Result<Option<usize>, Errno> {
        // DEFENCE: broken-channel-gives-none
        if self.is_broken {
            return Err(Errno::Device);
        }
        let mut slots = self.slots.iter_mut().enumerate();
        let free = slots.find(|(_, slot)| **slot == Holder::Free);
        Ok(free.map(|(number, slot)| {
            *slot = Holder::Held;
            number
        }))
    }

    /// Whether [`Slots::take`] would answer something.
    pub(super) fn is_ready(&self) -> bool {
        self.is_broken || self.slots.contains(&Holder::Free)
    }

    /// Notes that the device gets a slot, with `room` for a reply, by a cell of the
    /// generation `now`. The request speaks of what the server knew in `then`.
    ///
    /// # Errors
    ///
    /// The channel is broken, or the cell was started anew since `then`.
    pub(super) fn send(
        &mut self,
        slot: usize,
        room: Room,
        then: u32,
        now: u32,
    ) -> Result<(), Trouble> {
        let is_broken = self.is_broken;
        match self.slots.get_mut(slot) {
            // A number of an earlier session may be another file's by now.
            // DEFENCE: old-numbers-unsent
            Some(Holder::Held) if then != now && !is_broken => Err(Trouble::Unsent),
            // DEFENCE: broken-channel-sends-nothing
            Some(slot @ Holder::Held) if !is_broken => {
                *slot = Holder::Sent(room, now);
                Ok(())
            }
            _ => Err(Trouble::Failed(Errno::Device)),
        }
    }

    /// What has become of a slot's request.
    pub(super) fn outcome(&mut self, slot: usize) -> Outcome {
        match self.slots.get_mut(slot) {
            Some(slot @ Holder::Answered(_)) => {
                let Holder::Answered(size) = *slot else {
                    return Outcome::Broken;
                };
                *slot = Holder::Held;
                Outcome::Answered(size)
            }
            Some(Holder::Sent(..)) if !self.is_broken => Outcome::Waiting,
            Some(slot @ Holder::Lost) => {
                *slot = Holder::Held;
                Outcome::Lost
            }
            _ => Outcome::Broken,
        }
    }

    /// Whether a slot's request has no outcome yet.
    pub(super) fn is_waiting(&self, slot: usize) -> bool {
        let is_sent = matches!(self.slots.get(slot), Some(Holder::Sent(..)));
        is_sent && !self.is_broken
    }

    /// Gives a slot back, unless the device has it.
    pub(super) fn give_back(&mut self, slot: usize) {
        // DEFENCE: slot-of-device
        if let Some(slot @ (Holder::Held | Holder::Answered(_) | Holder::Lost)) =
            self.slots.get_mut(slot)
        {
            *slot = Holder::Free;
        }
    }

    /// The cell is of this generation now, and its devices were reset before: what
    /// was sent by an earlier one has the size that `reply` finds in its window, or
    /// is lost. Which slots that finished, a bit for each.
    pub(super) fn restart(
        &mut self,
        generation: u32,
        reply: impl Fn(usize, Room) -> Option<usize>,
    ) -> u32 {
        let mut finished = 0;
        for (number, slot) in self.slots.iter_mut().enumerate() {
            match *slot {
                Holder::Sent(room, by) if by != generation => {
                    *slot = reply(number, room).map_or(Holder::Lost, Holder::Answered);
                    finished |= 1 << (number & 31);
                }
                _ => {}
            }
        }
        finished
    }

    /// Nothing more will come.
    pub(super) fn give_up(&mut self) {
        self.is_broken = true;
    }

    /// How many requests the device has, to which `reply` finds none in their window.
    pub(super) fn unanswered(&self, reply: impl Fn(usize, Room) -> Option<usize>) -> u32 {
        let slots = self.slots.iter().enumerate();
        let is_unanswered = |(number, slot): &(usize, &Holder)| match **slot {
            Holder::Sent(room, _) => reply(*number, room).is_none(),
            _ => false,
        };
        slots.filter(is_unanswered).map(|_| 1).sum()
    }

    /// Whether a reply is to come.
    fn is_expecting(&self) -> bool {
        let mut slots = self.slots.iter();
        // DEFENCE: broken-channel-unasked
        !self.is_broken && slots.any(|slot| matches!(slot, Holder::Sent(..)))
    }

    /// Takes a reply as it is alleged; whether it can be true.
    fn finish(&mut self, number: usize, size: usize) -> bool {
        match self.slots.get_mut(number) {
            // DEFENCE: slot-size
            Some(slot) if matches!(*slot, Holder::Sent(room, _) if size <= room.size) => {
                *slot = Holder::Answered(size);
                true
            }
            _ => false,
        }
    }
}

impl Default for Slots {
    fn default() -> Self {
        Slots::new()
    }
}

/// Takes the replies that `poll` says have come; which slots that finished, a bit for
/// each in `finished`. `poll` tells what the cell alleges: a slot and a size, or that
/// nothing has come. Nobody waits for the slots while it looks.
///
/// # Errors
///
/// `poll` fails, or what it says cannot be.
pub(super) fn collect(
    slots: &Mutex<Slots>,
    finished: &mut u32,
    mut poll: impl FnMut() -> Result<Option<(usize, usize)>, DriverError>,
) -> Result<(), Halt> {
    // Each turn ends a request that was sent, or the loop.
    while slots.lock().is_expecting() {
        let Some((slot, size)) = poll().map_err(Halt::Failed)? else {
            break;
        };
        if !slots.lock().finish(slot, size) {
            return Err(Halt::Lie);
        }
        *finished |= 1 << (slot & 31);
    }
    Ok(())
}
