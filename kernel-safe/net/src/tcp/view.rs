//! What is told of a socket, in its control block.
//!
//! A copy of what was told stays here: the block itself is only written. A word is told
//! when it changes, and a socket counts as changed when that may wake somebody: there is
//! more to read, room where there was none, or another state.

use domains::network::window::{state, told};
use smoltcp::socket::tcp::State;

use super::V6;
use super::connection::{Connection, Phase};
use super::names;
use super::socket::{Local, Rings};
use super::standing::Standing;
use crate::carrier::Errno;
use crate::lent::Control;

/// What is told.
#[derive(Debug)]
pub(super) struct View {
    control: Control,
    /// Where the rings lie.
    received: usize,
    sent: usize,
    readable: (usize, usize),
    writable: (usize, usize),
    /// How much was on its way, and in which state, when that was told.
    sending: Option<(usize, State, bool)>,
    state: u64,
    error: Errno,
    /// How many bytes there were to read, all pieces together.
    unread: usize,
    /// Whether the owner reads no more.
    pub(super) is_deaf: bool,
    /// Whether the owner writes no more.
    pub(super) is_done: bool,
}

impl View {
    /// Tells nothing yet.
    pub(super) fn new(control: Control, rings: &Rings) -> View {
        control.clear();
        View {
            control,
            received: rings.received.as_ptr().addr(),
            sent: rings.sent.as_ptr().addr(),
            readable: (0, 0),
            writable: (0, 0),
            sending: None,
            state: 0,
            error: 0,
            unread: 0,
            is_deaf: false,
            is_done: false,
        }
    }

    /// Tells the socket's address.
    pub(super) fn tell_local(&mut self, local: Local, v6: V6) {
        let name = match local.address {
            Some(address) => names::name(address, local.port, v6),
            None => names::unspecified(local.port, v6),
        };
        self.control.tell_name(told::LOCAL, &name);
    }

    /// Tells both addresses of a connection.
    pub(super) fn tell_names(&mut self, tuple: &names::Tuple, v6: V6) {
        let (local, peer) = (tuple.local_address(), tuple.peer_address());
        let local = names::name(local, tuple.local_port, v6);
        let peer = names::name(peer, tuple.peer_port, v6);
        self.control.tell_name(told::LOCAL, &local);
        self.control.tell_name(told::PEER, &peer);
    }

    /// Tells how many connections wait.
    pub(super) fn tell_waiting(&mut self, count: usize) {
        self.control.tell(told::WAITING, count as u64);
    }

    /// Tells another state; whether that may wake somebody.
    pub(super) fn tell_state(&mut self, state: u64) -> bool {
        let (before, relevant) = (self.state, !quiet(state));
        if before != state {
            self.state = state;
            self.control.tell(told::STATE, state);
        }
        (before ^ state) & relevant != 0
    }

    /// Tells an error.
    pub(super) fn tell_error(&mut self, error: Errno) {
        if self.error != error {
            self.error = error;
            self.control.tell(told::ERROR, error as u64);
        }
    }

    /// Takes the error that was told.
    pub(super) fn take_error(&mut self) -> Errno {
        let error = self.error;
        self.tell_error(0);
        error
    }

    /// How many bytes can be read, as was told.
    pub(super) fn told_readable(&self) -> usize {
        self.readable.1
    }

    /// Where in the ring of what is to be sent a place is.
    pub(super) fn place_in_sent(&self, place: &[u8]) -> usize {
        place.as_ptr().addr().wrapping_sub(self.sent)
    }

    /// Notes that bytes were taken.
    pub(super) fn note_taken(&mut self, count: usize) {
        self.unread = self.unread.saturating_sub(count);
        let (at, size) = self.readable;
        let piece = (at.saturating_add(count), size.saturating_sub(count));
        self.tell_piece_readable(piece);
    }

    /// Notes that bytes were written, behind which there is room in one piece.
    pub(super) fn note_written(&mut self, now: Standing, room: (usize, usize)) {
        // What is behind its end is at the front, and is asked for.
        if room.1 > 0 {
            self.sending = Some((now.queued, now.state, self.is_done));
            self.tell_piece_writable(room);
        }
    }

    /// Tells how a connection is; whether that may wake somebody.
    pub(super) fn tell(&mut self, connection: &mut Connection, standing: Standing) -> bool {
        let has_more = self.tell_readable(connection, standing);
        let has_room = self.tell_writable(connection, standing);
        let state = self.state_of(connection.phase, standing);
        self.tell_state(state) || has_more || has_room
    }

    fn tell_readable(&mut self, connection: &mut Connection, now: Standing) -> bool {
        if self.is_deaf {
            self.discard(connection);
            return false;
        }
        let is_told = (now.unread == 0) == (self.readable.1 == 0);
        if now.unread == self.unread && is_told {
            return false;
        }
        let piece = connection.socket_mut().peek(usize::MAX).unwrap_or(&[]);
        let at = piece.as_ptr().addr().wrapping_sub(self.received);
        let piece = (if piece.is_empty() { 0 } else { at }, piece.len());
        let has_more = now.unread > self.unread;
        self.unread = now.unread;
        self.tell_piece_readable(piece);
        has_more
    }

    fn tell_piece_readable(&mut self, piece: (usize, usize)) {
        if piece != self.readable {
            self.readable = piece;
            self.control.tell_piece(told::READABLE, piece.0, piece.1);
        }
    }

    /// Throws away what comes in, once nothing that was told is left to read.
    fn discard(&mut self, connection: &mut Connection) {
        if self.readable.1 != 0 {
            return;
        }
        // What a ring holds is two pieces at most.
        for _ in 0..2 {
            let taken = connection
                .socket_mut()
                .recv(|piece| (piece.len(), piece.len()))
                .unwrap_or(0);
            connection.front = connection.front.wrapping_add(taken as u32);
        }
    }

    fn tell_writable(&mut self, connection: &mut Connection, now: Standing) -> bool {
        let sending = Some((now.queued, now.state, self.is_done));
        if sending == self.sending {
            return false;
        }
        self.sending = sending;
        let piece = match now.state {
            _ if self.is_done => (0, 0),
            // An empty ring begins anew.
            State::Established if now.queued == 0 => (0, connection.socket().send_capacity()),
            _ => self.room(connection),
        };
        let has_room = piece.1 > 0 && self.writable.1 == 0;
        self.tell_piece_writable(piece);
        has_room
    }

    fn tell_piece_writable(&mut self, piece: (usize, usize)) {
        if piece != self.writable {
            self.writable = piece;
            self.control.tell_piece(told::WRITABLE, piece.0, piece.1);
        }
    }

    /// Where there is room.
    fn room(&self, connection: &mut Connection) -> (usize, usize) {
        let place = connection
            .socket_mut()
            .send(|place| (0, (place.as_ptr().addr(), place.len())));
        match place {
            Ok((at, size)) if size > 0 => (at.wrapping_sub(self.sent), size),
            _ => (0, 0),
        }
    }

    fn state_of(&self, phase: Phase, now: Standing) -> u64 {
        let mut told = state::BOUND;
        told |= match phase {
            Phase::Opening => state::CONNECTING,
            Phase::Open => state::CONNECTED,
            Phase::Failed => state::CLOSED,
            Phase::Over => state::CONNECTED | state::CLOSED,
        };
        // The end is told when what stands before it can be read at once: a ring that
        // wraps has a second piece.
        let is_last = self.unread == self.readable.1;
        let has_ended = phase == Phase::Over || now.has_ended();
        if has_ended && is_last || self.is_deaf {
            told |= state::READ_END;
        }
        let is_over = matches!(phase, Phase::Over | Phase::Failed);
        if is_over || self.is_done {
            told |= state::WRITE_END;
        }
        if phase == Phase::Open && now.queued == 0 || now.state == State::TimeWait {
            told |= state::DRAINED;
        }
        told
    }
}

/// Bits whose change wakes nobody: whether all that was written has arrived, while more
/// may be written.
fn quiet(told: u64) -> u64 {
    if told & state::WRITE_END == 0 {
        state::DRAINED
    } else {
        0
    }
}
