//! Channels: requests to servers of the host, while other threads run.
//!
//! A [`Window`] is what one thread has for a request and its reply. The thread
//! sleeps until the reply has come. Size and slot of a reply are what the cell
//! alleges: one that was not asked for, or that is longer than there is room,
//! breaks the channel, and so does a server that does not answer in time. When the
//! cell is started anew, a reply that is in its window by then counts; a request
//! without one gets none. Who uses a broken channel gets [`Errno::Device`];
//! windows that the device may still write to are used no more.

mod slots;
mod window;

use core::sync::atomic::{AtomicU32, Ordering};

use domains::Cell;
use domains::boot::VOLUMES_MAX;
use domains::device::{Kind, Roles};
use domains::windows::REQUESTS;
use gate::cell::{hostfs, with_slot};
use gate::info;
use gate::view::View;
use spin::Mutex;

use self::slots::{Room, Slots};
use super::{DriverError, handle};
use crate::errno::Errno;
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
    /// Where the replies to what each slot sent are waited for.
    replies: [Place; REQUESTS],
    /// Where a free window is waited for.
    windows: Place,
}

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
pub(super) fn on_devices(devices: u64) {
    let roles = Roles::new(&info::boot().devices);
    let is_among = |device: usize| devices >> (device & 63) & 1 != 0;
    for (channel, device) in TABLE.iter().zip(roles.volumes) {
        if channel.is_in_use() && device.is_some_and(is_among) {
            channel.collect();
        }
    }
}

/// The cell has failed: gives all channels up if it was given up, or takes what had
/// come when it was started anew.
pub(super) fn on_failure() {
    let has_failed = handle(Cell::Hostfs).lock().has_failed();
    for channel in TABLE.iter().filter(|channel| channel.is_in_use()) {
        match has_failed {
            true => channel.give_up(),
            false => channel.on_restart(),
        }
    }
}

impl Channel {
    const fn new(number: u32) -> Channel {
        Channel {
            number,
            slots: Mutex::new(Slots::new()),
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
            Kind::Console | Kind::Entropy => None,
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

    /// Has the cell give a request to the device. The generation is compared and the
    /// request given under one lock: no request about an earlier session reaches a
    /// later one. If the cell says that it has not given it, that may be a lie: then
    /// the window is the device's for good.
    fn send(
        &self,
        slot: usize,
        generation: u32,
        request: usize,
        room: Room,
    ) -> Result<(), Trouble> {
        let window = View::request(self.number as usize, slot).address();
        let place = with_slot(self.number, u32::try_from(slot).unwrap_or(0));
        let given = {
            let mut slots = self.slots.lock();
            let mut held = handle(Cell::Hostfs).lock();
            slots.send(slot, room, generation, held.generation())?;
            held.give(|| hostfs::submit(place, window, request, room.size))
        };
        match given {
            // What has become of it is found out with all others.
            Ok(()) | Err(DriverError::Restarted) => Ok(()),
            Err(_) => {
                self.give_up();
                Err(Trouble::Failed(Errno::Device))
            }
        }
    }

    /// Takes the replies that have come, and wakes whoever waits for them.
    #[inline(never)]
    fn collect(&self) {
        let (finished, is_broken) = {
            let slots = &mut *self.slots.lock();
            let poll = || hostfs::poll(self.number);
            slots.collect(|| handle(Cell::Hostfs).lock().look(self.number, poll))
        };
        self.wake(finished);
        if is_broken {
            self.give_up();
        }
    }

    /// The same for a thread that will not be told if that has the cell started anew.
    #[cold]
    #[inline(never)]
    fn look(&self) {
        self.collect();
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
    /// or will get none. Which one it is now is asked while nobody can send.
    #[cold]
    #[inline(never)]
    fn on_restart(&self) {
        let number = self.number as usize;
        let reply = |slot, room: Room| window::size_of_reply(View::request(number, slot), room);
        let finished = {
            let mut slots = self.slots.lock();
            let generation = handle(Cell::Hostfs).lock().generation();
            slots.restart(generation, reply)
        };
        self.wake(finished);
    }

    /// How often the cell was started anew: whatever a server knows of us is of one
    /// generation.
    pub fn generation(&self) -> u32 {
        handle(Cell::Hostfs).lock().generation()
    }

    fn is_in_use(&self) -> bool {
        IN_USE.load(Ordering::Acquire) & self.bit() != 0
    }

    const fn bit(&self) -> u32 {
        1 << (self.number & 31)
    }
}
