//! Ends: a direction is shut, an owner goes, a connection is over.

use domains::errno;
use domains::network::window::state;
use smoltcp::socket::tcp::State;

use super::connection::{Connection, Phase};
use super::names::Tuple;
use super::socket::{Role, Socket};
use super::standing::Standing;
use super::targets::Target;
use super::view::View;
use super::{Close, How, Tcp};
use crate::carrier::Errno;

impl Tcp {
    /// Ends one direction of a connection, or both; or that a socket listens.
    ///
    /// # Errors
    ///
    /// It is not connected (ENOTCONN).
    pub fn shutdown(&mut self, now: u64, socket: u32, how: How) -> Result<(), Errno> {
        let it = self.sockets.find(socket)?;
        match &mut it.role {
            Role::Listener(_) if how == How::Write => return Ok(()),
            Role::Listener(_) => {
                self.stop_listening(now, socket);
                return Ok(());
            }
            Role::Idle | Role::Spare => return Err(errno::ENOTCONN),
            Role::Connection(connection) => match connection.phase {
                Phase::Opening => connection.abort(Some(errno::ECONNRESET), true),
                Phase::Open => {
                    it.view.is_deaf |= how != How::Write;
                    if how != How::Read && !it.view.is_done {
                        it.view.is_done = true;
                        connection.socket_mut().close();
                    }
                }
                Phase::Failed | Phase::Over => return Err(errno::ENOTCONN),
            },
        }
        self.ready.put(socket);
        self.settle(now, socket);
        Ok(())
    }

    /// Closes a socket: its number may be used again once it is told released.
    ///
    /// # Errors
    ///
    /// There is no such socket (EBADF).
    pub fn close(&mut self, now: u64, socket: u32, how: Close) -> Result<(), Errno> {
        let it = self.sockets.find(socket)?;
        match &it.role {
            Role::Spare => self.spares.retain(|spare| *spare != socket),
            Role::Listener(_) => self.stop_listening(now, socket),
            Role::Idle | Role::Connection(_) => {}
        }
        self.disown(now, socket, how);
        Ok(())
    }

    /// Ends a socket that nobody owns any more: at once, or when its connection is over.
    pub(super) fn disown(&mut self, now: u64, socket: u32, how: Close) {
        let Some(it) = self.sockets.get_mut(socket) else {
            return;
        };
        let queued_at = it.queued_at.take();
        let Some(connection) = it.connection().filter(|it| it.lasts()) else {
            self.release(socket);
            return;
        };
        connection.times.orphan(now);
        match how {
            Close::Reset => connection.abort(None, false),
            Close::Orderly => connection.socket_mut().close(),
        }
        connection.is_mute |= connection.phase == Phase::Opening;
        // DEFENCE: closed-is-not-accepted
        self.unqueue(queued_at, socket);
        self.ready.put(socket);
        self.settle(now, socket);
    }

    /// Takes a connection out of the queue of a listener.
    fn unqueue(&mut self, listener: Option<u32>, socket: u32) {
        if let Some(it) = listener.and_then(|listener| self.sockets.get_mut(listener))
            && let Role::Listener(role) = &mut it.role
        {
            role.remove(socket);
            it.view.tell_waiting(role.count());
        }
    }

    /// Draws the consequences of what a connection has become, and tells them.
    pub(super) fn settle(&mut self, now: u64, socket: u32) {
        let Some(it) = self.sockets.get_mut(socket) else {
            return;
        };
        let Socket { view, role, .. } = it;
        let Role::Connection(connection) = role else {
            return;
        };
        if connection.lasts() {
            let news = news(now, view, connection);
            self.heed(now, socket, news);
        }
    }

    /// Does what follows from news of a connection.
    pub(super) fn heed(&mut self, now: u64, socket: u32, news: News) {
        match news {
            News::End(end) => self.finish(now, socket, end),
            News::Change => self.changed.put(socket),
            News::None => {}
        }
    }

    /// Tells how a connection is.
    pub(super) fn tell(&mut self, socket: u32) {
        if let Some(it) = self.sockets.get_mut(socket)
            && let Role::Connection(connection) = &mut it.role
            && it.view.tell(connection, connection.standing())
        {
            self.changed.put(socket);
        }
    }

    /// Ends a connection: its name is free, or goes to a record.
    fn finish(&mut self, now: u64, socket: u32, end: End) {
        let Some(it) = self.sockets.get_mut(socket) else {
            return;
        };
        let Some(connection) = it.connection() else {
            return;
        };
        let tuple = connection.tuple;
        connection.phase = match connection.phase {
            Phase::Opening => Phase::Failed,
            _ => Phase::Over,
        };
        let (expected, next) = (connection.expected(), connection.edge.next);
        let is_orphan = connection.times.is_orphan();
        let cause = connection.cause;
        if let Some(cause) = cause {
            it.view.tell_error(cause);
        }
        self.timers.set(socket, None);
        self.targets.remove(&tuple);
        if end == End::TimeWait {
            self.remember(now, tuple, expected, next);
        }
        if is_orphan {
            self.release(socket);
        } else {
            self.tell(socket);
        }
    }

    /// Keeps a record of a connection in TIME-WAIT.
    fn remember(&mut self, now: u64, tuple: Tuple, expected: u32, next: u32) {
        let (number, gone) = self.time_wait.put(now, tuple, expected, next);
        if let Some((number, tuple)) = gone {
            self.targets.remove_of(&tuple, Target::TimeWait(number));
        }
        match number {
            Some(number) if self.targets.reserve_one().is_ok() => {
                self.targets.put(tuple, Target::TimeWait(number));
            }
            Some(number) => self.time_wait.remove(number),
            None => {}
        }
    }

    /// Forgets a socket, and tells that its number may be used again.
    pub(super) fn release(&mut self, socket: u32) {
        self.timers.set(socket, None);
        if let Some(mut it) = self.sockets.take(socket) {
            if let Some(bound) = it.bound {
                // DEFENCE: ports-come-back
                self.uncount_bound(bound.port);
            }
            it.view.tell_state(state::RELEASED);
            self.changed.put(socket);
        }
    }
}

/// How a connection ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum End {
    /// It is gone.
    Gone,
    /// Its name stays for a while.
    TimeWait,
}

/// What has become of a connection, if anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum News {
    /// Nothing that would wake anybody.
    None,
    /// It was told that something has changed.
    Change,
    /// It is over.
    End(End),
}

/// Finds out what has become of a connection that lasts, and tells it.
pub(super) fn news(now: u64, view: &mut View, connection: &mut Connection) -> News {
    let standing = progress(now, connection);
    match end_of(connection, standing) {
        Some(end) => News::End(end),
        None if connection.times.is_orphan() => News::None,
        None if view.tell(connection, standing) => News::Change,
        None => News::None,
    }
}

/// Whether a connection is over: the last that it has to say has been said. The last of
/// one in TIME-WAIT was said as it came there, and will be said again by its record;
/// `smoltcp` would forget after ten seconds what nobody has read yet.
fn end_of(connection: &Connection, now: Standing) -> Option<End> {
    match now.state {
        State::Closed => {
            let has_reset = connection.socket().local_endpoint().is_some();
            (connection.is_mute || !has_reset).then_some(End::Gone)
        }
        State::TimeWait => Some(End::TimeWait),
        _ => None,
    }
}

/// Notes how far a connection is; how it stands then.
fn progress(now: u64, connection: &mut Connection) -> Standing {
    let standing = connection.standing();
    if standing.is_made() && connection.phase == Phase::Opening {
        connection.phase = Phase::Open;
        connection.times.establish();
    }
    connection.times.wait(now, standing.waits());
    let has_unread = standing.unread > 0 && standing.state != State::Closed;
    // DEFENCE: unread-bytes-end-with-a-reset
    if connection.times.is_orphan() && has_unread {
        connection.abort(None, false);
        return connection.standing();
    }
    standing
}
