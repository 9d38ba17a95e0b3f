//! Channels: requests to servers of the host, while other threads run.
//!
//! A [`Window`] is a part of the frames that one thread has for a request and
//! its reply. The thread sleeps until the reply has come. Size and slot of a
//! reply are what the driver alleges: one that was not asked for, or that is
//! longer than there is room, breaks the channel, and so does a server that
//! does not answer in time. Who uses a broken channel gets [`Errno::Device`];
//! windows that the device may still write to are used no more.

mod slots;
mod window;

use core::sync::atomic::{AtomicU32, Ordering};

use gate::driver::{self, channel as names};
use gate::memory;
use spin::Mutex;

use self::slots::Slots;
use super::windows;
use super::{DRIVERS, DriverError};
use crate::errno::Errno;
use crate::wait::Place;

pub use self::window::{REPLY_MAX, Window};

/// How many channels there can be.
pub const CHANNELS: usize = names::CHANNELS;

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
    replies: [Place; names::SLOTS],
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

/// Takes the replies that have come and wakes who waits for them.
pub fn on_device() {
    for channel in in_use() {
        channel.collect();
    }
}

/// Gives all channels up: there is no driver any more.
pub fn on_failure() {
    in_use().for_each(Channel::give_up);
}

fn in_use() -> impl Iterator<Item = &'static Channel> {
    let used = IN_USE.load(Ordering::Acquire);
    TABLE
        .iter()
        .filter(move |channel| used & channel.bit() != 0)
}

impl Channel {
    const fn new(number: u32) -> Channel {
        Channel {
            number,
            slots: Mutex::new(Slots::new()),
            replies: [const { Place::new() }; names::SLOTS],
            windows: Place::new(),
        }
    }

    /// Makes the channel ready for use, once; what its server speaks.
    ///
    /// # Errors
    ///
    /// There is no such device, or no memory for its windows.
    pub fn open(&self) -> Result<Language, Errno> {
        let kind = self.call(|| driver::channel_kind(self.number));
        let language = match kind.map_err(|_| Errno::Device)? {
            names::NINEP => Language::Ninep,
            names::FUSE => Language::Fuse,
            _ => return Err(Errno::Device),
        };
        if IN_USE.load(Ordering::Acquire) & self.bit() == 0 {
            memory::map_more_frames(windows::channel(self.number), windows::CHANNEL)?;
            IN_USE.fetch_or(self.bit(), Ordering::Release);
        }
        Ok(language)
    }

    /// Its number.
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// Gives the channel up: whoever waits or comes gets an error.
    pub fn give_up(&self) {
        self.slots.lock().give_up();
        for place in &self.replies {
            place.wake(usize::MAX);
        }
        self.windows.wake(usize::MAX);
    }

    /// Hands a request to the driver.
    fn send(&self, slot: usize, request: usize, reply: usize) -> Result<(), Errno> {
        let mut slots = self.slots.lock();
        slots.send(slot, reply)?;
        let place = windows::window(self.number, slot);
        let word = names::with_slot(self.number, u32::try_from(slot).unwrap_or(0));
        let sent = self.call(|| driver::channel_submit(word, place, request, reply));
        match sent {
            Ok(0) => Ok(()),
            _ => {
                slots.take_back(slot);
                Err(Errno::Device)
            }
        }
    }

    /// Takes the replies that have come, and wakes who waits for them.
    fn collect(&self) {
        let (finished, is_broken) = {
            let slots = &mut *self.slots.lock();
            slots.collect(|| self.call(|| driver::channel_poll(self.number)).ok())
        };
        for (slot, place) in self.replies.iter().enumerate() {
            if finished >> slot & 1 != 0 {
                place.wake(usize::MAX);
            }
        }
        if is_broken {
            self.give_up();
        }
    }

    fn call(
        &self,
        call: impl FnOnce() -> Result<i64, driver::Faulted>,
    ) -> Result<i64, DriverError> {
        DRIVERS.lock().call(call)
    }

    const fn bit(&self) -> u32 {
        1 << (self.number & 31)
    }
}
