//! The TCP/IP stack: its entries, and its desk.
//!
//! Which sockets there are and who has which buffer is not known here; what is refused
//! is what no list can hold and no entry can answer.

use core::mem::offset_of;

use domains::Cell;
use domains::network::desk::{self, net as place};
use domains::network::window::{Pages, SOCKETS_MAX};
use domains::network::{Name, Setting};
use gate::cell::Faulted;
use gate::cell::net;
use gate::user::UserSlice;
use gate::view::View;
use zerocopy::{FromBytes, FromZeros, IntoBytes};

use super::entries::{Trouble, read};
use super::handle;
use super::handle::Held;
use crate::errno::Errno;

/// The cell `net`, which the caller holds.
#[derive(Debug)]
pub struct Net(Held<'static>);

/// Bytes of what nobody can guess.
pub const SEED: usize = 32;

/// What a pump has brought. The lists are on the desk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pumped {
    /// How many frames are to be sent.
    pub frames: usize,
    /// Of how many sockets there is something new.
    pub changed: usize,
    /// Bits: [`desk::MORE`], [`desk::SHORT`], [`desk::POOR`].
    pub flags: u64,
}

impl Pumped {
    /// What a word alleges; none if it cannot be.
    pub(super) fn read(word: i64) -> Option<Pumped> {
        const COUNTS: u64 = 0xffff_ffff;
        let word = u64::try_from(word).ok()?;
        let [frames, changed, _] = desk::counts_of(word);
        let flags = word & !COUNTS;
        let is_known = flags & !(desk::MORE | desk::SHORT | desk::POOR) == 0;
        // DEFENCE: pump-fits
        let fits = frames <= desk::FRAMES && changed <= place::CHANGED_MAX && is_known;
        fits.then_some(Pumped {
            frames,
            changed,
            flags,
        })
    }
}

/// Who holds it.
impl Net {
    /// Holds the cell; waits while another does.
    pub fn lock() -> Net {
        Net(handle(Cell::Net).lock())
    }

    /// Holds the cell if nobody does.
    pub fn try_lock() -> Option<Net> {
        handle(Cell::Net).try_lock(0).map(Net)
    }

    /// Whether the image has it, and it was not given up.
    pub fn is_there() -> bool {
        !handle(Cell::Net).has_failed()
    }

    /// How often the cell was started anew.
    pub fn generation() -> u32 {
        handle(Cell::Net).generation()
    }

    /// It has said what cannot be: it is started anew.
    #[cold]
    #[inline(never)]
    pub fn convict(&mut self, why: &str) -> Trouble {
        self.0.convict(why).into()
    }

    /// Makes a call that answers a number up to `most`.
    fn ask(
        &mut self,
        most: u64,
        call: impl FnOnce() -> Result<i64, Faulted>,
    ) -> Result<u64, Trouble> {
        match read(self.0.call(call)?, most) {
            Some(answer) => answer.map_err(Trouble::Refused),
            None => Err(self.convict("it answered what cannot be")),
        }
    }
}

/// Its entries.
impl Net {
    /// Has it take part in the network as the desk says.
    ///
    /// # Errors
    ///
    /// It cannot, or has failed; as of all entries.
    pub fn configure(&mut self) -> Result<(), Trouble> {
        self.ask(0, net::configure).map(drop)
    }

    /// Tells it that its heap has `size` bytes.
    ///
    /// # Errors
    ///
    /// See [`Net::configure`].
    pub fn grant(&mut self, size: usize) -> Result<(), Trouble> {
        self.ask(0, || net::grant(size)).map(drop)
    }

    /// Opens a socket of this kind with so many pages.
    ///
    /// # Errors
    ///
    /// See [`Net::configure`].
    pub fn open(&mut self, socket: u32, kind: u32, pages: Pages) -> Result<(), Trouble> {
        self.ask(0, || net::open(socket, kind, pages.word()))
            .map(drop)
    }

    /// Gives a socket an address.
    ///
    /// # Errors
    ///
    /// See [`Net::configure`].
    pub fn bind(&mut self, socket: u32, name: &Name, reuses: bool) -> Result<(), Trouble> {
        self.set_name(name);
        self.ask(0, || net::bind(socket, reuses.into())).map(drop)
    }

    /// Connects a socket; that of a stream goes on when this has refused with
    /// [`Errno::InProgress`].
    ///
    /// # Errors
    ///
    /// See [`Net::configure`].
    pub fn connect(&mut self, socket: u32, name: &Name) -> Result<(), Trouble> {
        self.set_name(name);
        self.ask(0, || net::connect(socket)).map(drop)
    }

    /// Has a socket take connections.
    ///
    /// # Errors
    ///
    /// See [`Net::configure`].
    pub fn listen(&mut self, socket: u32, backlog: u32) -> Result<(), Trouble> {
        self.ask(0, || net::listen(socket, backlog)).map(drop)
    }

    /// Takes a connection that waits; the number of its socket, which may be any.
    ///
    /// # Errors
    ///
    /// None waits ([`Errno::Again`]); see [`Net::configure`].
    pub fn accept(&mut self, socket: u32) -> Result<u32, Trouble> {
        let most = SOCKETS_MAX as u64 - 1;
        let number = self.ask(most, || net::accept(socket))?;
        Ok(number as u32)
    }

    /// Ends one direction of a connection, or both.
    ///
    /// # Errors
    ///
    /// See [`Net::configure`].
    pub fn shutdown(&mut self, socket: u32, how: u32) -> Result<(), Trouble> {
        self.ask(0, || net::shutdown(socket, how)).map(drop)
    }

    /// Ends a socket, at once if `aborts`.
    ///
    /// # Errors
    ///
    /// See [`Net::configure`].
    pub fn close(&mut self, socket: u32, aborts: bool) -> Result<(), Trouble> {
        self.ask(0, || net::close(socket, aborts.into())).map(drop)
    }

    /// Sets an option.
    ///
    /// # Errors
    ///
    /// See [`Net::configure`].
    pub fn option(&mut self, socket: u32, option: u32, value: u64) -> Result<(), Trouble> {
        self.ask(0, || net::option(socket, option, value)).map(drop)
    }

    /// Joins or leaves a group on an interface.
    ///
    /// # Errors
    ///
    /// See [`Net::configure`].
    pub fn group(
        &mut self,
        socket: u32,
        option: u32,
        group: &Name,
        interface: &Name,
    ) -> Result<(), Trouble> {
        self.set_name(group);
        set(place::OTHER_NAME, interface);
        self.option(socket, option, 0)
    }

    /// Takes the error of a socket.
    ///
    /// # Errors
    ///
    /// See [`Net::configure`].
    pub fn error(&mut self, socket: u32) -> Result<Option<Errno>, Trouble> {
        match self.ask(i32::MAX as u64, || net::error(socket))? {
            0 => Ok(None),
            number => match Errno::of_network(number as i64) {
                Some(errno) => Ok(Some(errno)),
                None => Err(self.convict("it told an error that there is not")),
            },
        }
    }

    /// Sends what is on the desk as a datagram.
    ///
    /// # Errors
    ///
    /// See [`Net::configure`].
    pub fn datagram(
        &mut self,
        socket: u32,
        size: usize,
        name: Option<&Name>,
    ) -> Result<(), Trouble> {
        if let Some(name) = name {
            self.set_name(name);
        }
        let has_name = name.is_some().into();
        let most = place::DATAGRAM_MAX as u64;
        self.ask(most, || net::datagram(socket, size, has_name))
            .map(drop)
    }

    /// Has it work: takes what the lists on the desk hold, so much of each.
    ///
    /// # Errors
    ///
    /// See [`Net::configure`].
    pub fn pump(
        &mut self,
        counts: [usize; 3],
        flags: u32,
        budget: u32,
        now: u64,
    ) -> Result<Pumped, Trouble> {
        let counts = desk::counts(counts);
        let word = self.0.call(|| net::pump(counts, flags, budget, now))?;
        match Pumped::read(word) {
            Some(pumped) => Ok(pumped),
            None => Err(self.convict("it brought more than there is room for")),
        }
    }
}

/// Its desk.
impl Net {
    fn set_name(&self, name: &Name) {
        set(place::NAME, name);
    }

    /// What it says of the network.
    pub fn told(&self) -> Setting {
        get(place::TOLD)
    }

    /// The flags of that.
    pub fn told_flags(&self) -> u32 {
        View::net().word(place::TOLD).unwrap_or(0) as u32
    }

    /// The address of IPv4 of that; zero for none.
    pub fn told_address(&self) -> [u8; 4] {
        let at = place::TOLD.saturating_add(offset_of!(Setting, address_v4));
        (View::net().word(at).unwrap_or(0) as u32).to_le_bytes()
    }

    /// Puts there what is given for the network, what card there is, and what nobody can
    /// guess.
    pub fn give(
        &self,
        setting: &Setting,
        card: &[u8; desk::nic::CARD_SIZE],
        seed: &[u8; SEED],
    ) {
        set(place::SEED, seed);
        set(place::GIVEN, setting);
        set(place::CARD, card);
    }

    /// When it wants to be called again.
    pub fn deadline(&self) -> u64 {
        View::net().word(place::DEADLINE).unwrap_or(u64::MAX)
    }

    /// Puts a frame on the list of those that have come.
    pub fn set_frame_in(&self, number: usize, frame: u64) {
        set_word(place::FRAMES_IN, number, frame);
    }

    /// Puts a buffer on the list of those to send from.
    pub fn set_spare(&self, number: usize, buffer: usize) {
        set_word(place::SPARES, number, desk::frame(buffer, 0));
    }

    /// Puts a socket on the list of those that were read and written.
    pub fn set_dirty(&self, number: usize, words: [u64; 2]) {
        let [first, second] = words;
        let number = number.saturating_mul(2);
        set_word(place::DIRTY, number, first);
        set_word(place::DIRTY, number.saturating_add(1), second);
    }

    /// A frame that it alleges to send: its buffer, and its size.
    pub fn frame_out(&self, number: usize) -> (usize, usize) {
        let at = place::FRAMES_OUT.saturating_add(number.saturating_mul(8));
        desk::buffer_and_size(View::net().word(at).unwrap_or(u64::MAX))
    }

    /// A socket of which there is alleged to be something new.
    pub fn changed(&self, number: usize) -> u32 {
        let at = place::CHANGED.saturating_add(number / 2 * 8);
        let pair = View::net().word(at).unwrap_or(u64::MAX);
        match number % 2 {
            0 => pair as u32,
            _ => (pair >> 32) as u32,
        }
    }

    /// Puts bytes of the application where a datagram begins, behind the first `at`.
    ///
    /// # Errors
    ///
    /// They are not the application's, or too many.
    pub fn put_datagram(&self, at: usize, bytes: UserSlice) -> Result<(), Errno> {
        let room = View::net().part(place::DATAGRAM, place::DATAGRAM_MAX);
        let room = room.and_then(|room| room.part(at, bytes.size()));
        match bytes.size() {
            0 => Ok(()),
            _ => Ok(bytes.read_to(room.ok_or(Errno::TooLong)?)?),
        }
    }
}

fn set<T: IntoBytes + zerocopy::Immutable>(at: usize, value: &T) {
    View::net().from(at).write(value.as_bytes());
}

fn get<T: FromBytes + FromZeros + IntoBytes>(at: usize) -> T {
    let mut value = T::new_zeroed();
    View::net().from(at).read(value.as_mut_bytes());
    value
}

fn set_word(list: usize, number: usize, word: u64) {
    View::net().set_word(list.saturating_add(number.saturating_mul(8)), word);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pump_brings_no_more_than_the_lists_hold() {
        let read = |word: u64| Pumped::read(word as i64);
        let most = Pumped {
            frames: 64,
            changed: 256,
            flags: desk::MORE | desk::SHORT | desk::POOR,
        };
        assert_eq!(read(256 << 16 | 64 | most.flags), Some(most));
        for word in [65, 257 << 16, 1 << 35, 1 << 62, u64::MAX] {
            assert_eq!(read(word), None, "{word:#x}");
        }
    }
}
