//! Sockets of datagrams: UDP, by queues of our own.
//!
//! ```text
//! socket    one socket, and what is told of it
//! ring      what waits to be read
//! index     which socket a datagram is for
//! bind      where sockets are
//! members   groups that they have joined
//! send      from a socket
//! receive   to sockets
//! ```

use alloc::collections::VecDeque;

use domains::errno::{EBADF, EINVAL, ENOBUFS, ENOPROTOOPT, ENOTCONN};
use domains::network::option;
use domains::network::window::state;

use crate::carrier::Errno;
use crate::hash::{Keyed, Table};
use crate::ip::groups::Groups;
use crate::lent::{Lender, Window};
use crate::names::Family;
use crate::node::Node;

mod bind;
pub mod index;
mod members;
mod receive;
pub mod ring;
mod send;
pub mod socket;

pub use receive::{Heard, read};
pub use send::Message;

use index::Index;
use socket::Socket;

/// All sockets of datagrams.
#[derive(Debug)]
pub struct Datagrams {
    sockets: Table<u32, Socket>,
    index: Index,
    changed: VecDeque<u32>,
    /// Groups that sockets have joined by the card.
    pub groups: Groups,
    /// Groups that sockets have joined by loopback.
    home: Groups,
}

impl Datagrams {
    /// None yet.
    pub fn new(key: Keyed) -> Datagrams {
        Datagrams {
            sockets: Table::with_hasher(key),
            index: Index::new(key),
            changed: VecDeque::new(),
            groups: Groups::default(),
            home: Groups::default(),
        }
    }

    /// Whether a number is that of a socket of datagrams.
    pub fn has(&self, number: u32) -> bool {
        self.sockets.contains_key(&number)
    }

    /// Opens a socket.
    ///
    /// # Errors
    ///
    /// The number is in use (EINVAL), or there is no memory (ENOBUFS).
    pub fn open(&mut self, number: u32, window: Window, family: Family) -> Result<(), Errno> {
        if self.has(number) {
            return Err(EINVAL);
        }
        self.sockets.try_reserve(1).map_err(|_| ENOBUFS)?;
        // Each is listed once, and once more when it is closed.
        let places = self.sockets.len().saturating_add(1).saturating_mul(2);
        let missing = places.saturating_sub(self.changed.len());
        self.changed.try_reserve(missing).map_err(|_| ENOBUFS)?;
        self.sockets.insert(number, Socket::new(window, family));
        Ok(())
    }

    /// Closes a socket.
    ///
    /// # Errors
    ///
    /// There is none (EBADF).
    pub fn close(&mut self, number: u32) -> Result<(), Errno> {
        let socket = self.sockets.remove(&number).ok_or(EBADF)?;
        self.index.remove(number, socket.keys());
        for member in &socket.members {
            self.groups_of(member.interface).leave(member.group);
        }
        socket.tell_state(state::CLOSED | state::RELEASED);
        // Once it is released, whoever calls wants to hear no more of it.
        if !socket.is_listed {
            self.list(number);
        }
        Ok(())
    }

    /// Ends reading, or writing, or both.
    ///
    /// # Errors
    ///
    /// It is not connected (ENOTCONN), but it is done.
    pub fn shutdown(&mut self, number: u32, how: (bool, bool)) -> Result<(), Errno> {
        let socket = self.sockets.get_mut(&number).ok_or(EBADF)?;
        let (read, written) = socket.ended;
        socket.ended = (read || how.0, written || how.1);
        socket.tell_state(0);
        let is_connected = socket.peer.is_some();
        self.changed(number);
        is_connected.then_some(()).ok_or(ENOTCONN)
    }

    /// What went wrong, which is forgotten.
    ///
    /// # Errors
    ///
    /// There is no such socket (EBADF).
    pub fn error(&mut self, number: u32) -> Result<Errno, Errno> {
        let socket = self.sockets.get_mut(&number).ok_or(EBADF)?;
        Ok(socket.take_error())
    }

    /// Bytes were taken of what can be read.
    pub fn taken(&mut self, number: u32, size: usize) {
        if let Some(socket) = self.sockets.get_mut(&number) {
            socket.taken(size);
        }
    }

    /// Sets an option, but for those about groups.
    ///
    /// # Errors
    ///
    /// There is no such option (ENOPROTOOPT), or it has no such value (EINVAL).
    pub fn option(&mut self, number: u32, option: u32, value: u64) -> Result<(), Errno> {
        let socket = self.sockets.get_mut(&number).ok_or(EBADF)?;
        let is_on = value != 0;
        let hops = || u8::try_from(value).map_err(|_| EINVAL);
        let [back_v4, back_v6] = &mut socket.comes_back;
        match option {
            option::BROADCAST => socket.may_broadcast = is_on,
            option::REUSE_ADDRESS => socket.reuses = is_on,
            option::HOP_LIMIT if value == 0 => return Err(EINVAL),
            option::HOP_LIMIT => socket.hops = hops()?,
            option::MULTICAST_HOP_LIMIT => socket.group_hops = hops()?,
            option::MULTICAST_LOOP_V4 => *back_v4 = is_on,
            option::MULTICAST_LOOP_V6 => *back_v6 = is_on,
            option::V6_ONLY => return set_only(socket, is_on),
            _ => return Err(ENOPROTOOPT),
        }
        Ok(())
    }

    /// The number of a socket of which there is something new.
    pub fn next_changed(&mut self) -> Option<u32> {
        let number = self.changed.pop_front()?;
        if let Some(socket) = self.sockets.get_mut(&number) {
            socket.is_listed = false;
        }
        Some(number)
    }

    /// Groups have to be told anew, and none is joined that was not.
    pub fn begin_anew<L: Lender>(&mut self, node: &Node<L>) {
        self.groups.begin_anew(node.now);
    }

    /// There is something new of a socket.
    fn changed(&mut self, number: u32) {
        let socket = self.sockets.get_mut(&number);
        let is_listed = socket.map(|it| core::mem::replace(&mut it.is_listed, true));
        if is_listed == Some(false) {
            self.list(number);
        }
    }

    fn list(&mut self, number: u32) {
        if self.changed.try_reserve(1).is_ok() {
            self.changed.push_back(number);
        }
    }

    /// What can be read of a socket.
    #[cfg(test)]
    pub(crate) fn readable(&self, number: u32) -> &[u8] {
        self.sockets.get(&number).map_or(&[], Socket::readable)
    }
}

/// Has a socket of IPv6 be of that alone, or not. Once it is bound it is too late.
fn set_only(socket: &mut Socket, is_only: bool) -> Result<(), Errno> {
    if socket.family == Family::V4 {
        return Err(ENOPROTOOPT);
    }
    if socket.local.is_some() {
        return Err(EINVAL);
    }
    socket.family = if is_only { Family::V6 } else { Family::Dual };
    Ok(())
}
