//! What sockets are asked to do.
//!
//! A number is that of a connection or of datagrams; TCP knows the ones, the sockets of
//! datagrams the others.

use domains::errno::{EBADF, EINPROGRESS, EINVAL, ENOBUFS, ENOPROTOOPT, EOPNOTSUPP};
use domains::network::desk::net::DATAGRAM_MAX;
use domains::network::option;
use domains::network::window::{Pages, SOCKETS_MAX};
use gate::cell::net::kind;

use super::{Stack, done, word};
use crate::carrier::Errno;
use crate::datagram::Message;
use crate::lent::{Lender, Window};
use crate::names::Family;
use crate::tcp::{Close, How, Kind, Reuse, V6};

/// How many packets of this machine are delivered to make room for another.
const HOME: usize = 256;
/// The bits of a kind that are no flags.
const KINDS: u32 = kind::V6 - 1;

impl<L: Lender> Stack<L> {
    /// Opens a socket of a kind; its window has so many pages.
    pub fn open(&mut self, socket: u32, kind: u32, pages: u32) -> i64 {
        done(self.try_open(socket, kind, pages))
    }

    fn try_open(&mut self, socket: u32, kinds: u32, pages: u32) -> Result<(), Errno> {
        let number = usize::try_from(socket).map_err(|_| EINVAL)?;
        let pages = Pages::from_word(pages).ok_or(EINVAL)?;
        let is_in_use = self.tcp.has(socket) || self.datagrams.has(socket);
        if number >= SOCKETS_MAX || is_in_use {
            return Err(EINVAL);
        }
        let family = match (kinds & kind::V6, kinds & kind::V6_ONLY) {
            (0, _) => Family::V4,
            (_, 0) => Family::Dual,
            _ => Family::V6,
        };
        match kinds & KINDS {
            kind::DATAGRAM => {
                let window = self.window(number, pages)?;
                self.datagrams.open(socket, window, family)
            }
            kind::STREAM => self.open_stream(socket, pages, Kind::Stream, family),
            kind::SPARE => self.open_stream(socket, pages, Kind::Spare, family),
            _ => Err(EINVAL),
        }
    }

    fn open_stream(
        &mut self,
        socket: u32,
        pages: Pages,
        kind: Kind,
        family: Family,
    ) -> Result<(), Errno> {
        let v6 = match family {
            Family::V4 => V6::No,
            Family::Dual => V6::Dual,
            Family::V6 => V6::Only,
        };
        let window = self.window(socket as usize, pages)?;
        self.tcp.open(socket, window, kind, v6)
    }

    fn window(&mut self, socket: usize, pages: Pages) -> Result<Window, Errno> {
        let window = self.node.frames.lender.window(socket, pages);
        window.ok_or(ENOBUFS)
    }

    /// Gives a socket the name on the desk.
    pub fn bind(&mut self, socket: u32, reuse: u32) -> i64 {
        let name = self.desk.name();
        let bound = if self.datagrams.has(socket) {
            self.datagrams
                .bind(socket, &name, reuse != 0, &mut self.node)
        } else {
            let reuse = if reuse == 0 { Reuse::No } else { Reuse::Yes };
            self.tcp.bind(socket, &name, reuse, &mut self.node)
        };
        done(bound)
    }

    /// Connects a socket to the name on the desk.
    pub fn connect(&mut self, socket: u32) -> i64 {
        let name = self.desk.name();
        if self.datagrams.has(socket) {
            return done(self.datagrams.connect(socket, &name, &mut self.node));
        }
        let now = self.node.now;
        let begun = self.tcp.connect(now, socket, &name, &mut self.node);
        done(begun.and(Err(EINPROGRESS)))
    }

    /// Has a socket take connections; so many may wait.
    pub fn listen(&mut self, socket: u32, backlog: u32) -> i64 {
        if self.datagrams.has(socket) {
            return done(Err(EOPNOTSUPP));
        }
        done(self.tcp.listen(socket, backlog, &mut self.node))
    }

    /// Takes a connection that waits: the number of its socket.
    pub fn accept(&mut self, socket: u32) -> i64 {
        if self.datagrams.has(socket) {
            return done(Err(EOPNOTSUPP));
        }
        word(self.tcp.accept(self.node.now, socket).map(i64::from))
    }

    /// Ends one direction or both.
    pub fn shutdown(&mut self, socket: u32, how: u32) -> i64 {
        let Some(how) = How::from_number(how) else {
            return done(Err(EINVAL));
        };
        if self.datagrams.has(socket) {
            let how = (how != How::Write, how != How::Read);
            return done(self.datagrams.shutdown(socket, how));
        }
        done(self.tcp.shutdown(self.node.now, socket, how))
    }

    /// Ends a socket; its connection at once if `abort` is not zero.
    pub fn close(&mut self, socket: u32, abort: u32) -> i64 {
        if self.datagrams.has(socket) {
            return done(self.datagrams.close(socket));
        }
        let how = if abort == 0 {
            Close::Orderly
        } else {
            Close::Reset
        };
        done(self.tcp.close(self.node.now, socket, how))
    }

    /// Sets an option; a group is on the desk, and the interface.
    pub fn option(&mut self, socket: u32, option: u32, value: u64) -> i64 {
        let is_group = matches!(option, option::JOIN | option::LEAVE);
        let set = match (self.datagrams.has(socket), is_group) {
            (true, true) => self.set_group(socket, option),
            (true, false) => self.datagrams.option(socket, option, value),
            (false, true) => Err(ENOPROTOOPT),
            (false, false) => self.tcp.option(socket, option, value),
        };
        done(set)
    }

    fn set_group(&mut self, socket: u32, option: u32) -> Result<(), Errno> {
        let (group, by) = (self.desk.name(), self.desk.other_name());
        if option == option::JOIN {
            self.datagrams.join(socket, &group, &by, &self.node)
        } else {
            self.datagrams.leave(socket, &group, &by, &self.node)
        }
    }

    /// Takes the error of a socket: its number, or zero.
    pub fn error(&mut self, socket: u32) -> i64 {
        if self.datagrams.has(socket) {
            return word(self.datagrams.error(socket));
        }
        word(self.tcp.error(socket))
    }

    /// Sends the `size` bytes on the desk as a datagram, to the name on the desk if
    /// `has_name` is not zero.
    pub fn datagram(&mut self, socket: u32, size: usize, has_name: u32) -> i64 {
        if !self.datagrams.has(socket) {
            let is_stream = self.tcp.has(socket);
            return done(Err(if is_stream { EOPNOTSUPP } else { EBADF }));
        }
        let name = self.desk.name();
        let message = Message {
            name: (has_name != 0).then_some(&name),
            // What is longer is refused for its length.
            size: size.min(DATAGRAM_MAX),
            desk: self.desk,
        };
        let mut sent = self.datagrams.send(socket, message, &mut self.node);
        if sent == Err(ENOBUFS) && !self.node.loopback.is_empty() {
            // What waits for this machine itself makes room.
            self.deliver_home(&mut { HOME });
            sent = self.datagrams.send(socket, message, &mut self.node);
        }
        let size = i64::try_from(message.size).unwrap_or(0);
        word(sent.map(|()| size))
    }
}
