//! What was taken from a window and written to it.
//!
//! `smoltcp` begins at the front of its ring when it fills one that is empty. So where
//! to write is told whenever it may have changed, and what was written elsewhere is
//! moved: the ring was empty then, and all of it is room. Whoever writes on meanwhile has
//! not seen that, and what he writes is moved, too: it lies behind what was moved before,
//! in the same room.

use domains::errno;

use super::ending::news;
use super::socket::{Role, Socket};
use super::view::View;
use super::{Tcp, connection::Connection};
use crate::carrier::Errno;

impl Tcp {
    /// Notes that `taken` bytes were taken of what can be read, and `written` bytes were
    /// written at `at`. What was written to a connection that has ended is dropped.
    ///
    /// # Errors
    ///
    /// That cannot be: the connection is reset (EINVAL), or there is none (EBADF).
    pub fn taken(
        &mut self,
        now: u64,
        socket: u32,
        taken: usize,
        at: usize,
        written: usize,
    ) -> Result<(), Errno> {
        let it = self.sockets.find(socket)?;
        let Socket { view, role, .. } = it;
        let Role::Connection(connection) = role else {
            return Err(errno::EBADF);
        };
        let is_taken = take(view, connection, taken);
        let is_written = written == 0 || view.is_done || write(view, connection, at, written);
        connection.has_written |= written != 0;
        // DEFENCE: no-one-takes-what-is-not-there
        let can_be = is_taken && is_written;
        if !can_be {
            connection.abort(Some(errno::ECONNRESET), false);
        }
        if connection.lasts() {
            let news = news(now, view, connection);
            self.ready.put(socket);
            self.heed(now, socket, news);
        } else {
            self.tell(socket);
        }
        can_be.then_some(()).ok_or(errno::EINVAL)
    }
}

/// Takes bytes out of the ring of what was received; whether they were there.
fn take(view: &mut View, connection: &mut Connection, taken: usize) -> bool {
    if taken == 0 {
        return true;
    }
    if taken > view.told_readable() {
        return false;
    }
    let there = connection
        .socket_mut()
        .recv(|piece| (piece.len().min(taken), piece.len().min(taken)));
    let there = there.unwrap_or(0);
    connection.front = connection.front.wrapping_add(there as u32);
    view.note_taken(there);
    there == taken
}

/// Puts bytes into the ring of what is to be sent; whether they can have been written
/// there.
fn write(view: &mut View, connection: &mut Connection, at: usize, written: usize) -> bool {
    let enqueued = connection.socket_mut().send(|place| {
        let start = view.place_in_sent(place);
        let end = at.checked_add(written);
        let from = at.checked_sub(start);
        let (Some(from), Some(end)) = (from, end) else {
            return (0, None);
        };
        if end > start.saturating_add(place.len()) {
            return (0, None);
        }
        // DEFENCE: written-on-is-moved-too
        if from != 0 {
            place.copy_within(from..from + written, 0);
        }
        (written, Some((start + written, place.len() - written)))
    });
    match enqueued {
        Ok(Some(room)) => view.note_written(connection.standing(), room),
        Ok(None) => return false,
        // A connection that takes no more bytes has ended, and its owner is told so.
        Err(_) => {}
    }
    true
}
