//! One request and its reply.

use core::fmt;

use domains::windows::REQUEST_SIZE;
use gate::cell::REPLY_ALIGN;
use gate::view::View;
use gate::{clock, info};

use super::Channel;
use super::slots::{Outcome, Room, Trouble};
use crate::errno::Errno;
use crate::schedule::{self, alarm::NEVER};
use crate::thread;

/// The most bytes of a reply to the shortest request.
pub const REPLY_MAX: usize = REQUEST_SIZE - REPLY_ALIGN;

/// Bytes of the size that a reply begins with.
const SIZE: usize = 4;

/// How long the server is looked for once more when its time is over. If time
/// passes by instructions, it leaps to the end of every wait.
const LAST_LOOK_NS: u64 = 50_000_000;

/// What the holder has for a request and its reply.
pub struct Window {
    channel: &'static Channel,
    slot: usize,
    /// In which generation of the cell the server knows what the request is about.
    generation: u32,
    /// Where the reply lies in the window.
    reply: usize,
}

impl fmt::Debug for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Window({}, {})", self.channel.number, self.slot)
    }
}

impl Window {
    /// Takes a window of `channel` for a request about what the server knows in a
    /// generation of the cell; waits for one if all are taken.
    ///
    /// # Errors
    ///
    /// The channel is broken, or memory is short.
    pub fn take(channel: &'static Channel, generation: u32) -> Result<Window, Errno> {
        loop {
            if let Some(slot) = channel.slots.lock().take()? {
                return Ok(Window {
                    channel,
                    slot,
                    generation,
                    reply: 0,
                });
            }
            let is_none_free = || {
                if channel.slots.lock().is_ready() {
                    Err(Errno::Again)
                } else {
                    Ok(())
                }
            };
            match channel.windows.wait(NEVER, is_none_free) {
                Ok(_) | Err(Errno::Again) => {}
                Err(errno) => return Err(errno),
            }
        }
    }

    /// A number that no other request under way has.
    pub fn tag(&self) -> u16 {
        u16::try_from(self.slot).unwrap_or(0)
    }

    /// The request from its byte `at` on.
    pub const fn request_from(&self, at: usize) -> View {
        self.view().from(at)
    }

    /// The reply from its byte `at` on.
    pub const fn reply_from(&self, at: usize) -> View {
        self.view().from(self.reply).from(at)
    }

    /// Puts bytes at the start of the request.
    ///
    /// # Errors
    ///
    /// There is no room for them.
    pub fn put(&mut self, bytes: &[u8]) -> Result<(), Errno> {
        match self.view().write(bytes) {
            true => Ok(()),
            false => Err(Errno::Invalid),
        }
    }

    /// Copies bytes from the start of the reply. A second look may see others.
    ///
    /// # Errors
    ///
    /// There are not so many.
    pub fn get(&self, bytes: &mut [u8]) -> Result<(), Errno> {
        match self.reply_from(0).read(bytes) {
            true => Ok(()),
            false => Err(Errno::Device),
        }
    }

    /// Sends a request of `request` bytes and waits for a reply of at most
    /// `reply`; how many it has.
    ///
    /// # Errors
    ///
    /// Both together are too long, the server does not answer, or the cell was
    /// started anew.
    pub fn exchange(&mut self, request: usize, reply: usize) -> Result<usize, Trouble> {
        let at = place_of_reply(request, reply).ok_or(Errno::Invalid)?;
        self.reply = at;
        // So that a reply is known by its size, and none that came before.
        // DEFENCE: old-reply-cleared
        self.reply_from(0).write(&[0; SIZE]);
        let room = Room { at, size: reply };
        self.channel
            .send(self.slot, self.generation, request, room)?;
        let deadline = deadline();
        loop {
            match self.channel.slots.lock().outcome(self.slot) {
                Outcome::Answered(size) => return Ok(size),
                Outcome::Lost => return Err(Trouble::Unanswered),
                Outcome::Broken => return Err(Trouble::Failed(Errno::Device)),
                Outcome::Waiting => {}
            }
            self.sleep(deadline);
        }
    }

    /// Sleeps until there is an outcome; gives the channel up if there is none
    /// at `deadline`.
    fn sleep(&self, deadline: u64) {
        let Some(reply) = self.channel.replies.get(self.slot) else {
            return;
        };
        let is_waiting = || match self.channel.slots.lock().is_waiting(self.slot) {
            true => Ok(()),
            false => Err(Errno::Again),
        };
        match reply.wait(deadline, is_waiting) {
            Ok(thread::Outcome::Woken) | Err(Errno::Again) => {}
            Ok(thread::Outcome::TimedOut) => self.look_once_more(),
            // No memory to wait with: look again and again.
            Err(_) => {
                self.channel.look();
                schedule::yield_now();
            }
        }
    }

    #[cold]
    fn look_once_more(&self) {
        let end = clock::monotonic_ns().saturating_add(LAST_LOOK_NS);
        while self.channel.slots.lock().is_waiting(self.slot) {
            if clock::monotonic_ns() >= end {
                return self.channel.give_up();
            }
            self.channel.look();
            schedule::yield_now();
        }
    }

    const fn view(&self) -> View {
        View::request(self.channel.number as usize, self.slot)
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        self.channel.slots.lock().give_back(self.slot);
        self.channel.windows.wake(1);
    }
}

/// The size of a reply that is in its window, as the reply says it: both 9P and FUSE
/// begin with it, in four bytes. None if there is none.
pub(super) fn size_of_reply(window: View, room: Room) -> Option<usize> {
    let mut size = [0; SIZE];
    let is_read = window.from(room.at).read(&mut size);
    is_read.then(|| size_in(size, room))?
}

/// A size that a reply may have; zero is that of none.
fn size_in(bytes: [u8; SIZE], room: Room) -> Option<usize> {
    let size = u32::from_le_bytes(bytes) as usize;
    // DEFENCE: salvaged-size
    (SIZE..=room.size).contains(&size).then_some(size)
}

/// Where in a window a reply of `reply` bytes lies, behind a request of
/// `request` bytes; none if there is no room for both.
fn place_of_reply(request: usize, reply: usize) -> Option<usize> {
    let start = request.checked_next_multiple_of(REPLY_ALIGN)?;
    // DEFENCE: window-reply
    let fits = start.saturating_add(reply) <= REQUEST_SIZE;
    fits.then_some(start)
}

/// Until when a server may answer a request that is sent now.
fn deadline() -> u64 {
    let limit = info::options().map_or(0, |options| options.volume_limit_ms());
    match u64::from(limit).checked_mul(1_000_000) {
        None | Some(0) => NEVER,
        Some(limit) => clock::monotonic_ns().saturating_add(limit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: usize = REQUEST_SIZE;

    #[test]
    fn a_reply_in_a_window_has_a_size_that_fits() {
        let room = Room { at: 64, size: 100 };
        let of = |size: u32| size_in(size.to_le_bytes(), room);
        assert_eq!([0, 3, 4, 100].map(of), [None, None, Some(4), Some(100)]);
        assert_eq!([101, u32::MAX].map(of), [None, None]);
    }

    #[test]
    fn a_reply_lies_behind_its_request_in_the_window() {
        assert_eq!(place_of_reply(0, WINDOW), Some(0));
        assert_eq!(place_of_reply(1, REPLY_MAX), Some(REPLY_ALIGN));
        assert_eq!(place_of_reply(1, REPLY_MAX + 1), None);
        assert_eq!(place_of_reply(WINDOW, 0), Some(WINDOW));
        assert_eq!(place_of_reply(WINDOW + 1, 0), None);
        assert_eq!(place_of_reply(usize::MAX, 1), None);
        assert_eq!(place_of_reply(8, usize::MAX), None);
    }
}
