//! Channels: requests to servers of the host, while other threads run.
//!
//! A [`Window`] is what one thread has for a request and its reply. The thread
//! sleeps until the reply has come. Size and slot of a reply are what the cell
//! alleges: one that was not asked for, or that is longer than there is room, has
//! the cell started anew. A server that does not answer in time, or whose messages
//! mean nothing, breaks the channel. When the cell is started anew, a reply that is in its window by then counts; a request
//! without one gets none. Who uses a broken channel gets [`Errno::Device`];
//! windows that the device may still write to are used no more.

#[cfg(test)]
mod orders;
mod slots;
mod window;

use domains::Cell;
use domains::boot::VOLUMES_MAX;
use domains::device::{Kind, Roles};
use domains::windows::REQUESTS;
use gate::cell::{hostfs, with_slot};
use gate::info;
use gate::view::View;

use self::slots::{Halt, Room, Slots};
use super::handle::Held;
use super::{DriverError, handle};
use crate::errno::Errno;
use crate::sync::{AtomicU32, Mutex, Ordering};
use crate::wait::Place;

pub use self::slots::Trouble;
pub use self::window::{REPLY_MAX, Window};

/// How many channels there can be.
pub const CHANNELS: usize = VOLUMES_MAX;

/// What the server behind a channel speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Language {
    /// 9P2000.L.
    Ninep,
    /// FUSE.
    Fuse,
}

/// A way to a server of the host.
#[derive(Debug)]
pub struct Channel {
    number: u32,
    slots: Mutex<Slots>,
    /// How many messages meant nothing.
    lies: AtomicU32,
    /// Where the replies to what each slot sent are waited for.
    replies: [Place; REQUESTS],
    /// Where a free window is waited for.
    windows: Place,
}

/// How many messages of a server may mean nothing before it is given up.
const LIES_MAX: u32 = 8;

static TABLE: [Channel; CHANNELS] = {
    let mut table = [const { Channel::new(0) }; CHANNELS];
    let mut number = 0;
    while number < CHANNELS {
        table[number].number = number as u32;
        number += 1;
    }
    table
};

/// Which channels are in use, a bit for each.
static IN_USE: AtomicU32 = AtomicU32::new(0);

/// The channel number `number`, in the order of the host's command line.
pub fn get(number: usize) -> Option<&'static Channel> {
    TABLE.get(number)
}

/// Takes the replies that have come from `devices`, a bit for each, and wakes who
/// waits for them.
pub(super) fn on_devices(devices: u64, held: &mut Held<'_>) {
    let roles = Roles::new(&info::boot().devices);
    let is_among = |device: usize| devices >> (device & 63) & 1 != 0;
    for (channel, device) in TABLE.iter().zip(roles.volumes) {
        if channel.is_in_use() && device.is_some_and(is_among) {
            channel.collect(held);
        }
    }
}

/// The cell has failed: gives all channels up if it was given up, or takes what had
/// come when it was started anew.
pub(super) fn on_failure() {
    let has_failed = handle(Cell::Hostfs).has_failed();
    for channel in TABLE.iter().filter(|channel| channel.is_in_use()) {
        match has_failed {
            true => channel.give_up(),
            // DEFENCE: restart-told
            false => channel.on_restart(),
        }
    }
}

/// The cell has stopped: how many requests have no reply in their window.
pub(super) fn under_way() -> u32 {
    let of = |channel: &Channel| {
        let slots = channel.slots.lock();
        slots.unanswered(|slot, room| channel.reply(slot, room))
    };
    TABLE.iter().filter(|it| it.is_in_use()).map(of).sum()
}

impl Channel {
    const fn new(number: u32) -> Channel {
        Channel {
            number,
            slots: Mutex::new(Slots::new()),
            lies: AtomicU32::new(0),
            replies: [const { Place::new() }; REQUESTS],
            windows: Place::new(),
        }
    }

    /// Makes the channel ready for use; what its server speaks.
    ///
    /// # Errors
    ///
    /// There is no such device, or it did not start.
    pub fn open(&self) -> Result<Language, Errno> {
        let language = self.language().ok_or(Errno::Device)?;
        let check = handle(Cell::Hostfs).lock().check(self.number);
        check.map_err(|_| Errno::Device)?;
        IN_USE.fetch_or(self.bit(), Ordering::Release);
        Ok(language)
    }

    /// What the server speaks; none if there is no device.
    fn language(&self) -> Option<Language> {
        let kinds = &info::boot().devices;
        let roles = Roles::new(kinds);
        let device = (*roles.volumes.get(self.number as usize)?)?;
        match Kind::from_number(*kinds.get(device)?)? {
            Kind::Ninep => Some(Language::Ninep),
            Kind::FileSystem => Some(Language::Fuse),
            Kind::Network | Kind::Console | Kind::Entropy => None,
        }
    }

    /// Its number.
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// Gives the channel up: whoever waits or comes gets an error.
    #[cold]
    #[inline(never)]
    pub fn give_up(&self) {
        self.slots.lock().give_up();
        for place in &self.replies {
            place.wake(usize::MAX);
        }
        self.windows.wake(usize::MAX);
    }

    /// Has the cell give a request to the device. The cell is held from the look at
    /// its generation on: no request about an earlier session reaches a later one.
    fn send(
        &self,
        slot: usize,
        generation: u32,
        request: usize,
        room: Room,
    ) -> Result<(), Trouble> {
        let window = View::request(self.number as usize, slot).address();
        let place = with_slot(self.number, u32::try_from(slot).unwrap_or(0));
        let mut held = handle(Cell::Hostfs).lock();
        let now = held.generation();
        self.slots.lock().send(slot, room, generation, now)?;
        let given = held.check(self.number);
        let given = given
            .and_then(|()| held.call(|| hostfs::submit(place, window, request, room.size)));
        let given = given.and_then(|answer| held.taken(answer));
        drop(held);
        match given {
            // What has become of it is found out with all others.
            Ok(()) | Err(DriverError::Restarted) => Ok(()),
            Err(_) => {
                self.give_up();
                Err(Trouble::Failed(Errno::Device))
            }
        }
    }

    /// Takes the replies that have come, and wakes whoever waits for them. A reply
    /// that cannot be has the cell started anew.
    #[inline(never)]
    fn collect(&self, held: &mut Held<'_>) {
        let mut finished = 0;
        let come = slots::collect(&self.slots, &mut finished, || {
            held.look(self.number, || hostfs::poll(self.number))
        });
        self.wake(finished);
        match come {
            Ok(()) | Err(Halt::Failed(DriverError::Restarted)) => {}
            Err(Halt::Failed(_)) => self.give_up(),
            Err(Halt::Lie) => _ = held.convict("it brought a reply that cannot be"),
        }
    }

    /// What a cell of this generation brought means nothing: has it started anew. A
    /// server that is heard of so again and again is given up, and it alone.
    #[cold]
    #[inline(never)]
    pub fn convict(&self, generation: u32) {
        // DEFENCE: lies-have-an-end
        if self.lies.fetch_add(1, Ordering::Relaxed) >= LIES_MAX {
            return self.give_up();
        }
        let mut held = handle(Cell::Hostfs).lock();
        if held.generation() == generation {
            held.convict("it brought a message that means nothing");
        }
        drop(held);
        self.on_restart();
    }

    /// Takes what has come, for a thread that will not be told if that has the cell started anew.
    #[cold]
    #[inline(never)]
    fn look(&self) {
        self.collect(&mut handle(Cell::Hostfs).lock());
        self.on_restart();
    }

    /// Wakes whoever waits for the replies in these slots, a bit for each.
    fn wake(&self, finished: u32) {
        for (slot, place) in self.replies.iter().enumerate() {
            if finished >> slot & 1 != 0 {
                place.wake(usize::MAX);
            }
        }
    }

    /// Requests by an earlier generation of the cell have their reply in their window,
    /// or will get none. Which one it is now is asked while nobody can send by a later.
    #[cold]
    #[inline(never)]
    fn on_restart(&self) {
        let reply = |slot, room| self.reply(slot, room);
        let finished = {
            let mut slots = self.slots.lock();
            let generation = handle(Cell::Hostfs).generation();
            slots.restart(generation, reply)
        };
        self.wake(finished);
    }

    /// The size of the reply in the window of a slot.
    fn reply(&self, slot: usize, room: Room) -> Option<usize> {
        window::size_of_reply(View::request(self.number as usize, slot), room)
    }

    /// How often the cell was started anew: whatever a server knows of us is of one
    /// generation.
    pub fn generation(&self) -> u32 {
        handle(Cell::Hostfs).generation()
    }

    fn is_in_use(&self) -> bool {
        IN_USE.load(Ordering::Acquire) & self.bit() != 0
    }

    const fn bit(&self) -> u32 {
        1 << (self.number & 31)
    }
}
