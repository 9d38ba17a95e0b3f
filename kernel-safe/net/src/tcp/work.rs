//! What is done when there is time: timers, and what is to be sent.
//!
//! Each connection that may have something to send stands in a row once, gets a turn of
//! some packets, and goes to the end of the row if there is more. A connection for whose
//! packet there is no room stays the first, and nobody sends before it.

use domains::errno;

use super::Tcp;
use super::connection::{Connection, Sent};
use super::targets::Target;
use super::times::Limit;
use crate::carrier::Carrier;

/// How many packets a connection sends in a turn.
const TURN: usize = 8;

/// How long after a connection has sent it is asked when it wants to send again, at the
/// latest: well before `smoltcp` repeats anything, which is after a second.
const ASKED_BY: u64 = super::SECOND / 2;

/// How many timers are looked at in a call.
const TIMERS: usize = 256;

/// What becomes of a connection after its turn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Turn {
    /// It has sent what it had.
    Done,
    /// It has more.
    Again,
    /// There is no room for its packets.
    Stuck,
}

/// When a connection wants to send again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Wants {
    /// Then, or never by itself.
    At(Option<u64>),
    /// It was not asked: it has just sent all that it had.
    Unasked,
}

impl Tcp {
    /// Does what time asks for, and sends: each packet takes one from `budget`.
    pub fn work(&mut self, now: u64, budget: &mut usize, carrier: &mut dyn Carrier) {
        self.is_stuck = false;
        if core::mem::take(&mut self.has_room) {
            self.complete_waiting(now, carrier);
        }
        self.expire(now, budget, carrier);
        while *budget > 0
            && let Some(socket) = self.ready.take()
        {
            match self.turn(now, socket, budget, carrier) {
                Turn::Done => {}
                Turn::Again => self.ready.put(socket),
                Turn::Stuck => {
                    self.ready.put_first(socket);
                    self.is_stuck = true;
                    break;
                }
            }
        }
    }

    /// Whether something could be sent now that the budget has kept back. What only
    /// waits for room does not count: the carrier knows when there is some.
    pub fn is_waiting(&self) -> bool {
        !self.ready.is_empty() && !self.is_stuck || self.has_room
    }

    /// When it is time to work, if nothing happens before.
    pub fn deadline(&self) -> Option<u64> {
        let first = earliest(self.timers.first(), self.half_open.timers.first());
        // DEFENCE: what-is-later-is-done
        earliest(first, self.later.first())
    }

    /// Has those whose time has come stand in the row, repeats answers to SYNs, and
    /// drops what has been in TIME-WAIT for long enough.
    fn expire(&mut self, now: u64, budget: &mut usize, carrier: &mut dyn Carrier) {
        for _ in 0..TIMERS {
            match self.timers.take_due(now) {
                Some(socket) => self.is_due(now, socket),
                None => break,
            }
        }
        while let Some(socket) = self.later.take_due(now) {
            self.ready.put(socket);
        }
        for _ in 0..TIMERS.min(*budget) {
            let Some(number) = self.half_open.timers.take_due(now) else {
                break;
            };
            self.repeat(now, number, carrier);
            *budget -= 1;
        }
        for _ in 0..TIMERS {
            match self.time_wait.expire(now) {
                Some((number, tuple)) => {
                    self.targets.remove_of(&tuple, Target::TimeWait(number));
                }
                None => break,
            }
        }
    }

    /// The time of a connection has come.
    fn is_due(&mut self, now: u64, socket: u32) {
        let Some(it) = self.sockets.get_mut(socket) else {
            return;
        };
        let keeps_alive = it.options.keeps_alive;
        if let Some(connection) = it.connection() {
            heed(now, connection, keeps_alive);
        }
        self.ready.put(socket);
        self.settle(now, socket);
    }

    /// Repeats the answer to a SYN, or forgets that it came.
    fn repeat(&mut self, now: u64, number: u32, carrier: &mut dyn Carrier) {
        match self.half_open.repeat(now, number) {
            Some(record) => self.answer_syn(now, number, &record, carrier),
            None => self.forget_half_open(number),
        }
    }

    /// Has a connection send.
    fn turn(
        &mut self,
        now: u64,
        socket: u32,
        budget: &mut usize,
        carrier: &mut dyn Carrier,
    ) -> Turn {
        let Some(it) = self.sockets.get_mut(socket) else {
            return Turn::Done;
        };
        let keeps_alive = it.options.keeps_alive;
        let Some(connection) = it.connection().filter(|it| it.lasts() && !it.is_mute) else {
            return Turn::Done;
        };
        self.later.note_look(socket);
        let (turn, wants) = send(now, connection, budget, carrier, &mut self.spill);
        let Wants::At(wants) = wants else {
            self.timers.set_by(socket, now + ASKED_BY);
            return turn;
        };
        let limit = connection.times.limit(connection.state(), keeps_alive);
        let limit = limit.map(|(at, _)| at);
        let may_be_over = connection.may_be_over();
        let next = [wants, limit].into_iter().flatten().min();
        self.timers.set(socket, next);
        if may_be_over {
            self.settle(now, socket);
        }
        turn
    }
}

/// The earlier of two times, of which there may be none.
fn earliest(first: Option<u64>, second: Option<u64>) -> Option<u64> {
    match (first, second) {
        (Some(first), Some(second)) => Some(first.min(second)),
        (first, second) => first.or(second),
    }
}

/// Has a connection send as much as a turn allows: what becomes of it, and when it wants
/// to send again.
fn send(
    now: u64,
    connection: &mut Connection,
    budget: &mut usize,
    carrier: &mut dyn Carrier,
    spill: &mut [u8],
) -> (Turn, Wants) {
    // Whoever has just written has something to send as a rule, and is not asked first.
    let mut is_asked = !core::mem::take(&mut connection.has_written);
    for _ in 0..TURN {
        if is_asked {
            let wants = connection.wants_at(now);
            if wants.is_none_or(|at| at > now) {
                return (Turn::Done, Wants::At(wants));
            }
        }
        if *budget == 0 {
            break;
        }
        match connection.send(now, Some(carrier), spill) {
            Sent::One => {
                *budget -= 1;
                if !is_asked && connection.is_sent() {
                    return (Turn::Done, Wants::Unasked);
                }
            }
            Sent::NoRoom => return (Turn::Stuck, Wants::At(None)),
            // Whoever wants to send now, and has nothing to send, is asked again later:
            // that is not known to happen, and would otherwise be a loop.
            Sent::Nothing if is_asked => {
                return (Turn::Done, Wants::At(Some(now + super::SECOND)));
            }
            Sent::Nothing => {}
        }
        is_asked = true;
    }
    (Turn::Again, Wants::At(None))
}

/// Does what a limit asks for that is reached.
fn heed(now: u64, connection: &mut Connection, keeps_alive: bool) {
    let limit = connection.times.limit(connection.state(), keeps_alive);
    match limit {
        Some((at, limit)) if at <= now && connection.lasts() => match limit {
            Limit::Probe => connection.probe(now, true),
            // Whoever still speaks afterwards learns that there is nobody.
            Limit::GiveUp => connection.abort(Some(errno::ETIMEDOUT), true),
        },
        _ => {}
    }
}
