//! TCP: connections of `smoltcp`, a demultiplexer before them, and sockets above.
//!
//! ```text
//! desk ── calls ─▶ bind, connect, listen, ending, rings       what sockets ask for
//! packets ───────▶ input ─▶ segment ─▶ edge ─▶ connection     to a connection
//!                       ├──▶ handshake ─▶ half_open, secrets   a connection comes
//!                       └──▶ time_wait, own                    answers without one
//! time, budget ──▶ work ─▶ connection ─▶ device ─▶ carrier     what leaves
//! connection ────▶ view                                        what is told
//! ```
//!
//! Each connection is an interface of `smoltcp` with one socket, found by a hash that
//! nobody outside can aim at. Nothing that comes in makes memory grow without a bound,
//! and what memory there is not for is refused or dropped. What is half open or past
//! (TIME-WAIT) is a record; a window is held while somebody owns it, and after that for
//! minutes at most. Nothing is said to have arrived before its owner can have it.
//!
//! Rejected: one interface with all sockets, which looks through all of them for each
//! packet (70 microseconds among 1,000), and whose errors silence all for a second.

mod alone;
mod bind;
mod connect;
mod connection;
mod device;
mod edge;
mod ending;
mod half_open;
mod handshake;
mod input;
mod kept;
mod later;
mod listener;
mod names;
mod own;
mod path;
mod queue;
mod reports;
mod rings;
mod secrets;
mod seed;
mod segment;
mod socket;
mod standing;
mod targets;
mod time_wait;
mod timers;
mod times;
mod view;
mod work;

#[cfg(test)]
mod disarmed;
#[cfg(test)]
#[path = "../../tests/fuzz/harness.rs"]
mod harness;

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use domains::errno;
use domains::network::option;

use self::half_open::HalfOpens;
use self::kept::Kept;
use self::later::Later;
use self::listener::Listeners;
use self::queue::Queue;
pub use self::reports::Quoted;
use self::secrets::Secrets;
use self::socket::{Options, Rings, Role, Socket, Sockets};
use self::targets::Targets;
use self::time_wait::TimeWaits;
use self::timers::Timers;
use self::view::View;
use crate::carrier::Errno;
use crate::hash::{Keyed, Table};
use crate::lent::Window;

/// A second, in nanoseconds.
const SECOND: u64 = 1_000_000_000;

/// Spares that are always wanted while somebody listens.
const SPARES_LEAST: usize = 2;
/// The most that are wanted because connections are half open.
const SPARES_MOST: usize = 32;

/// The window that is promised as long as no spare was ever there.
const WINDOW_LEAST: usize = 3_968;

/// What a stream is opened for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Whatever its owner makes of it.
    Stream,
    /// A connection that comes in.
    Spare,
}

/// Of which versions of the Internet protocol a socket is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum V6 {
    /// Of IPv4.
    No,
    /// Of both: addresses of IPv4 are told mapped.
    Dual,
    /// Of IPv6.
    Only,
}

/// Which directions of a connection end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum How {
    /// Nothing more is read.
    Read,
    /// Nothing more is written.
    Write,
    /// Neither.
    Both,
}

impl How {
    /// By the number that the ABI has.
    pub fn from_number(number: u32) -> Option<How> {
        [How::Read, How::Write, How::Both]
            .get(number as usize)
            .copied()
    }
}

/// How a socket is closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Close {
    /// What was written still arrives.
    Orderly,
    /// The peer is told that something was lost.
    Reset,
}

/// Whether an address may be bound that old connections still have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reuse {
    /// It may not.
    No,
    /// It may.
    Yes,
}

/// TCP.
pub struct Tcp {
    sockets: Sockets,
    targets: Targets,
    listeners: Listeners,
    /// How many sockets are bound to a port.
    bound: Table<u16, u32>,
    half_open: HalfOpens,
    kept: Kept,
    time_wait: TimeWaits,
    /// Connections that may have something to send.
    ready: Queue,
    /// Connections that will have, or will be asked then.
    later: Later,
    /// Sockets of which something new was told.
    changed: Queue,
    timers: Timers,
    /// Windows for connections that come in.
    spares: VecDeque<u32>,
    /// How large the rings of the last spare were, to receive and to send.
    spare: (usize, usize),
    secrets: Secrets,
    resets: own::Limiter,
    /// Where a packet is put together that did not come in one piece.
    packet: Vec<u8>,
    /// Where packets are written for which there is no room.
    spill: Vec<u8>,
    /// Whether the carrier had no room for a packet.
    is_stuck: bool,
    /// Whether there may be room for a connection that waits for some.
    has_room: bool,
}

impl Tcp {
    /// TCP without sockets. `keys` are words that nobody else knows.
    pub fn new(keys: [u64; 4]) -> Tcp {
        let [first, second, third, fourth] = keys;
        let key = Keyed::new([first, second]);
        Tcp {
            sockets: Sockets::default(),
            targets: Targets::new(key),
            listeners: Listeners::new(key),
            bound: Table::with_hasher(key),
            half_open: HalfOpens::default(),
            kept: Kept::default(),
            time_wait: TimeWaits::default(),
            ready: Queue::default(),
            later: Later::default(),
            changed: Queue::default(),
            timers: Timers::default(),
            spares: VecDeque::new(),
            spare: (WINDOW_LEAST, WINDOW_LEAST),
            secrets: Secrets::new([third, fourth]),
            resets: own::Limiter::default(),
            packet: Vec::new(),
            spill: Vec::new(),
            is_stuck: false,
            has_room: false,
        }
    }

    /// Whether a socket of this number is open.
    pub fn has(&self, socket: u32) -> bool {
        self.sockets.get(socket).is_some()
    }

    /// Opens a socket, and tells all of its control block anew.
    ///
    /// # Errors
    ///
    /// The number is in use (EINVAL), or memory is used up (ENOBUFS).
    pub fn open(
        &mut self,
        socket: u32,
        window: Window,
        kind: Kind,
        v6: V6,
    ) -> Result<(), Errno> {
        self.reserve(socket)?;
        let rings = Rings {
            received: window.received,
            sent: window.sent,
        };
        let sizes = (rings.received.len(), rings.sent.len());
        let opened = Socket {
            view: View::new(window.control, &rings),
            v6,
            bound: None,
            reuse: Reuse::No,
            options: Options::USUAL,
            rings: Some(rings),
            role: match kind {
                Kind::Stream => Role::Idle,
                Kind::Spare => Role::Spare,
            },
            queued_at: None,
        };
        self.sockets.put(socket, opened)?;
        if kind == Kind::Spare {
            self.spares.push_back(socket);
            self.spare = sizes;
            self.has_room = true;
        }
        Ok(())
    }

    fn reserve(&mut self, socket: u32) -> Result<(), Errno> {
        let count = self.sockets.reserve(socket)?;
        let spares = count.saturating_sub(self.spares.len());
        let reserved = self
            .ready
            .reserve(count)
            .and_then(|()| self.later.reserve(count))
            .and_then(|()| self.changed.reserve(count))
            .and_then(|()| self.timers.reserve(count))
            .and_then(|()| self.spares.try_reserve(spares));
        reserved.map_err(|_| errno::ENOBUFS)
    }

    /// Sets an option of `domains::network::option`.
    ///
    /// # Errors
    ///
    /// It is none of TCP's (ENOPROTOOPT), or cannot be set to that now (EINVAL).
    pub fn option(&mut self, socket: u32, option: u32, value: u64) -> Result<(), Errno> {
        let it = self.sockets.find(socket)?;
        match option {
            option::NO_DELAY => it.options.is_prompt = value != 0,
            option::KEEP_ALIVE => it.options.keeps_alive = value != 0,
            option::HOP_LIMIT if (1..=255).contains(&value) => {
                it.options.hop_limit = value as u8;
            }
            option::REUSE_ADDRESS if value != 0 => it.reuse = Reuse::Yes,
            option::REUSE_ADDRESS => it.reuse = Reuse::No,
            option::V6_ONLY if it.v6 != V6::No && it.bound.is_none() => {
                it.v6 = if value != 0 { V6::Only } else { V6::Dual };
            }
            option::HOP_LIMIT | option::V6_ONLY => return Err(errno::EINVAL),
            _ => return Err(errno::ENOPROTOOPT),
        }
        let options = it.options;
        if let Some(connection) = it.connection() {
            connection.reconfigure(&options);
            // What has waited for others may go now, and a timer may be wanted.
            self.ready.put(socket);
        }
        Ok(())
    }

    /// Takes the error of a socket: its number, or zero.
    ///
    /// # Errors
    ///
    /// There is no such socket (EBADF).
    pub fn error(&mut self, socket: u32) -> Result<Errno, Errno> {
        Ok(self.sockets.find(socket)?.view.take_error())
    }

    /// A socket of which something new was told; each comes once for all that is new.
    pub fn next_changed(&mut self) -> Option<u32> {
        self.changed.take()
    }

    /// Whether more windows are wanted for connections that come in.
    pub fn is_short_of_spares(&self) -> bool {
        let wanted = (self.half_open.count() + SPARES_LEAST).min(SPARES_MOST);
        !self.listeners.is_empty() && self.spares.len() < wanted
    }
}
