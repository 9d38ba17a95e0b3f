//! Sockets, as a program has them.
//!
//! | module | holds |
//! |---|---|
//! | [`connecting`], [`accepting`] | connections: begun, taken, ended |
//! | [`streams`], [`datagrams`], [`cursor`] | bytes |
//! | [`events`] | what poll says |
//! | [`names`], [`address`] | names, and waiting for an address |
//! | `waiting` | trying until there is something |
//! | [`options`] | options |
//!
//! A socket is a number of [`network`](crate::network) and what its owner may do with it.
//! Whoever reads or writes needs no call of a cell: he finds the bytes, or room for some,
//! in the window. Whoever has to wait sees first to it that the network goes on without
//! him, looks once more, and sleeps at the place of the socket.

pub mod accepting;
pub mod address;
pub mod connecting;
pub mod cursor;
pub mod datagrams;
pub mod events;
pub mod names;
pub mod options;
pub mod streams;
mod waiting;

use domains::network::window::state;
use gate::clock;
use gate::user::UserSlice;

use self::cursor::Cursor;
use self::waiting::Rounds;
use crate::errno::{Answer, Errno};
use crate::network::hold::Hold;
use crate::network::pump::Begin;
use crate::network::record::{Family, Kind, Role};
use crate::network::slot::Slot;
use crate::network::sockets::Ending;
use crate::network::{self};
use crate::object::flags::{NONBLOCK, READ_WRITE};
use crate::object::source::{Key, Source};
use crate::object::{Description, Object};
use crate::schedule;
use crate::schedule::alarm::NEVER;

use domains::network::option;

/// Families and kinds of the ABI.
mod abi {
    pub(super) const INTERNET_V6: i32 = 1;
    pub(super) const INTERNET_V4: i32 = 3;
    pub(super) const STREAM: i32 = 1;
    pub(super) const DATAGRAM: i32 = 2;
    /// Without a meaning, as nothing executes other programs.
    pub(super) const CLOSE_ON_EXEC: i32 = 0o4_0000;
}

/// A socket.
#[derive(Clone, Copy, Debug)]
pub struct Socket(&'static Slot);

/// Whether what is received stays there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Look {
    /// It is taken.
    Take,
    /// It stays.
    Peek,
}

/// Until when a request waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Patience {
    /// It does not.
    None,
    /// As long as an option says.
    ByOption(u32),
}

/// A socket of a family and a kind of the ABI, and the flags of its description.
///
/// # Errors
///
/// There are no such sockets, there is no network, or no number for one.
pub fn open(family: i32, kind: i32) -> Result<(Socket, u32), Errno> {
    let family = match family {
        abi::INTERNET_V4 => Family::V4,
        abi::INTERNET_V6 => Family::V6,
        _ => return Err(Errno::NoFamily),
    };
    let nonblock = NONBLOCK.cast_signed();
    let flags = READ_WRITE | (kind & nonblock).cast_unsigned();
    let kind = match kind & !(nonblock | abi::CLOSE_ON_EXEC) {
        abi::STREAM => Kind::Stream,
        abi::DATAGRAM => Kind::Datagram,
        _ => return Err(Errno::Invalid),
    };
    let slot = Hold::lock().open(kind, family)?;
    Ok((Socket(slot), flags))
}

/// Receiving and sending.
impl Socket {
    /// Receives to buffers of the application; how many bytes. Where `name` is not null,
    /// whose they are is written there.
    ///
    /// # Errors
    ///
    /// Nothing is there and the caller does not wait, or not so long; the socket has an
    /// error or is not connected; the memory is not the caller's.
    pub fn receive(
        self,
        description: &Description,
        buffers: &[UserSlice],
        look: Look,
        name: usize,
    ) -> Answer {
        let patience = patience(description, option::RECEIVE_TIMEOUT);
        match self.0.carries_datagrams() {
            true => datagrams::receive(self, buffers, look, patience, name),
            false => streams::receive(self, buffers, look, patience, name),
        }
    }

    /// Sends bytes of the application, to the name at `name` unless that is null; how
    /// many.
    ///
    /// # Errors
    ///
    /// There is no room and the caller does not wait, or not so long; the socket has an
    /// error or is not connected; the memory is not the caller's.
    pub fn send(self, description: &Description, buffers: &[UserSlice], name: usize) -> Answer {
        match self.0.carries_datagrams() {
            true => datagrams::send(self, description, buffers, name),
            false => streams::send(self, description, buffers, name),
        }
    }

    /// Takes the error that the socket has, if it has one.
    fn take_error(self) -> Result<Option<Errno>, Errno> {
        match self.0.has_error() {
            true => Hold::lock().take_error(self.0),
            false => Ok(None),
        }
    }

    /// Until when a request waits, which begins now.
    fn deadline(self, option: u32) -> u64 {
        match self.0.with(|record| record.settings.get(option)) {
            0 => NEVER,
            limit => clock::monotonic_ns().saturating_add(limit),
        }
    }
}

impl Object for Socket {
    fn read(&self, description: &Description, buffers: &[UserSlice]) -> Answer {
        self.receive(description, buffers, Look::Take, 0)
    }

    fn write(&self, description: &Description, buffers: &[UserSlice]) -> Answer {
        self.send(description, buffers, 0)
    }

    fn events(&self) -> u32 {
        events::of(self.0)
    }

    fn source(&self) -> Option<Source> {
        Some(Source {
            place: self.0.place(),
            key: Key::Socket(self.0.number()),
        })
    }

    /// Ends it. With the option the caller waits until what was written has arrived.
    fn close(&self) {
        let lingers = self.0.with(|record| match record.kind {
            Kind::Stream => record.settings.get(option::LINGER),
            Kind::Datagram => 0,
        });
        let is_connection = matches!(self.0.role(), Role::Connected | Role::Connecting);
        match lingers.checked_sub(1).filter(|_| is_connection) {
            None => end(self.0, Ending::Orderly),
            Some(0) => end(self.0, Ending::Abrupt),
            Some(seconds) => {
                linger(*self, seconds);
                end(self.0, Ending::Orderly);
            }
        }
    }
}

/// Has `net` close a socket, and tells it to go on.
fn end(slot: &'static Slot, how: Ending) {
    let woken = {
        let mut hold = Hold::lock();
        let known = slot.is_known();
        hold.close(slot, how);
        match known {
            true => hold.work(Begin::Stack),
            false => 0,
        }
    };
    give_way_to(woken);
}

/// Waits until what was written has arrived, or so many seconds are over.
fn linger(socket: Socket, seconds: u64) {
    let slot = socket.0;
    // Linux ends the direction first, too: whoever waits there gets the end.
    if slot.state() & state::CONNECTED == 0 || connecting::shutdown_writing(slot).is_err() {
        return;
    }
    let is_waiting = || slot.state() & (state::DRAINED | state::CLOSED) == 0;
    let ns = seconds.saturating_mul(1_000_000_000);
    let deadline = clock::monotonic_ns().saturating_add(ns);
    let mut rounds = Rounds::NONE;
    while is_waiting() {
        network::attend();
        if socket.sleep(deadline, &is_waiting, &mut rounds).is_err() {
            return;
        }
    }
}

/// How long a request waits.
fn patience(description: &Description, option: u32) -> Patience {
    match description.waits() {
        true => Patience::ByOption(option),
        false => Patience::None,
    }
}

/// Has `net` hear of what was written, and the card send it.
fn push() {
    let woken = Hold::lock().work(Begin::Stack);
    give_way_to(woken);
}

/// The same, for which others who will write soon are waited for.
fn push_with_others() {
    if !network::leave() {
        push();
    }
}

/// Lets threads run that were woken, if they are more urgent.
fn give_way_to(woken: usize) {
    if woken > 0 {
        schedule::give_way();
    }
}

#[cfg(test)]
mod tests;
