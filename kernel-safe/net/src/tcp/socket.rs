//! Sockets: what they were opened for, what they have become, and where they stand.

use alloc::vec::Vec;

use domains::errno;
use smoltcp::wire::IpAddress;

use super::alone::Alone;
use super::connection::Connection;
use super::listener::Listener;
use super::view::View;
use super::{Reuse, V6, own};
use crate::carrier::Errno;

/// The rings of a window.
#[derive(Debug)]
pub(super) struct Rings {
    pub(super) received: &'static mut [u8],
    pub(super) sent: &'static mut [u8],
}

/// What an owner can choose of a connection. One that comes in begins with what its
/// listener has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Options {
    /// Small pieces are sent at once.
    pub(super) is_prompt: bool,
    /// The peer is asked now and then whether it is there.
    pub(super) keeps_alive: bool,
    /// How many routers a packet passes.
    pub(super) hop_limit: u8,
}

impl Options {
    /// What a new socket has.
    pub(super) const USUAL: Options = Options {
        is_prompt: false,
        keeps_alive: false,
        hop_limit: own::HOP_LIMIT,
    };
}

/// The address of a socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Local {
    /// None for all that this machine has.
    pub(super) address: Option<IpAddress>,
    pub(super) port: u16,
}

/// What a socket has become.
#[expect(
    clippy::large_enum_variant,
    reason = "most are connections, and each packet would take one step more to them"
)]
pub(super) enum Role {
    /// Nothing yet, or nothing any more.
    Idle,
    /// It waits for a connection that comes in.
    Spare,
    /// It takes connections.
    Listener(Listener),
    /// It is one.
    Connection(Connection),
}

/// A socket.
pub(super) struct Socket {
    pub(super) view: View,
    pub(super) v6: V6,
    /// The address that it was bound to.
    pub(super) bound: Option<Local>,
    pub(super) reuse: Reuse,
    pub(super) options: Options,
    /// Unless a connection has them.
    pub(super) rings: Option<Rings>,
    pub(super) role: Role,
    /// Of which listener's queue it is.
    pub(super) queued_at: Option<u32>,
}

impl Socket {
    /// Its connection.
    pub(super) fn connection(&mut self) -> Option<&mut Connection> {
        match &mut self.role {
            Role::Connection(connection) => Some(connection),
            _ => None,
        }
    }
}

/// All sockets, by their numbers.
#[derive(Default)]
pub(super) struct Sockets(Vec<Option<Alone<Socket>>>);

impl Sockets {
    /// Puts a socket at a number that is free; how many numbers there are then.
    ///
    /// # Errors
    ///
    /// The number is in use (EINVAL), or there is no memory (ENOBUFS).
    pub(super) fn put(&mut self, number: u32, socket: Socket) -> Result<(), Errno> {
        let place = self.0.get_mut(number as usize).ok_or(errno::EINVAL)?;
        if place.is_some() {
            return Err(errno::EINVAL);
        }
        *place = Some(Alone::new(socket).map_err(|_| errno::ENOBUFS)?);
        Ok(())
    }

    /// Makes room for a number; how many there are then.
    pub(super) fn reserve(&mut self, number: u32) -> Result<usize, Errno> {
        let count = number as usize + 1;
        if number as usize >= domains::network::window::SOCKETS_MAX {
            return Err(errno::EINVAL);
        }
        let more = count.saturating_sub(self.0.len());
        self.0.try_reserve(more).map_err(|_| errno::ENOBUFS)?;
        while self.0.len() < count {
            self.0.push(None);
        }
        Ok(self.0.len())
    }

    /// A socket.
    pub(super) fn get(&self, number: u32) -> Option<&Socket> {
        self.0.get(number as usize)?.as_deref()
    }

    /// A socket, to change it.
    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut Socket> {
        self.0.get_mut(number as usize)?.as_deref_mut()
    }

    /// A socket that a call is about.
    pub(super) fn find(&mut self, number: u32) -> Result<&mut Socket, Errno> {
        self.get_mut(number).ok_or(errno::EBADF)
    }

    /// The connection of a socket.
    pub(super) fn connection(&mut self, number: u32) -> Option<&mut Connection> {
        self.get_mut(number)?.connection()
    }

    /// Takes a socket away.
    pub(super) fn take(&mut self, number: u32) -> Option<Alone<Socket>> {
        self.0.get_mut(number as usize)?.take()
    }

    /// All sockets, with their numbers.
    pub(super) fn all(&self) -> impl Iterator<Item = (u32, &Socket)> {
        let numbered = self.0.iter().enumerate();
        numbered.filter_map(|(number, socket)| Some((number as u32, socket.as_deref()?)))
    }
}
