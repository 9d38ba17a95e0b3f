//! Bytes of connections.

use domains::network::window::{state, told};
use gate::user::UserSlice;

use super::cursor::PIECE;
use super::waiting::Rounds;
use super::{Cursor, Look, Patience, Socket, names, patience, push, push_with_others};
use crate::errno::{Answer, Errno, count};
use crate::events;
use crate::network;
use crate::network::side::Outside;
use crate::object::Description;

use domains::network::option;

/// Receives what there is, or waits for something.
pub(super) fn receive(
    socket: Socket,
    buffers: &[UserSlice],
    look: Look,
    patience: Patience,
    name: usize,
) -> Answer {
    let mut cursor = Cursor::new(buffers);
    if cursor.is_done() {
        return Ok(0);
    }
    let received = socket.repeat(
        patience,
        || take(socket, &mut cursor, look),
        || socket.0.has_nothing_to_read(),
    )?;
    if name != 0 {
        names::tell(&socket.0.name(told::PEER), name)?;
    }
    count(received)
}

/// Takes what there is; how many bytes, zero at the end.
fn take(socket: Socket, cursor: &mut Cursor<'_>, look: Look) -> Result<usize, Errno> {
    let before = cursor.total();
    loop {
        let mut copied = Ok(0);
        let read = socket.0.read(|view, _| {
            copied = cursor.fill(view);
            match look {
                Look::Take => Ok(copied.unwrap_or(0) as u32),
                Look::Peek => Ok(0),
            }
        });
        let is_due = judge(read)?;
        if is_due {
            push();
        }
        let taken = cursor.total().saturating_sub(before);
        match copied {
            Err(errno) if taken == 0 => return Err(errno),
            Ok(copied) if copied > 0 && goes_on(cursor, look, copied, is_due) => {
                events::let_others_run();
            }
            // Behind the end of the ring there may be more, at its front.
            Ok(0) if taken == 0 && is_due => {}
            _ if taken > 0 => return Ok(taken),
            _ => return end(socket),
        }
    }
}

/// Whether there may be more behind what was copied.
fn goes_on(cursor: &Cursor<'_>, look: Look, copied: usize, is_due: bool) -> bool {
    look == Look::Take && !cursor.is_done() && (is_due || copied >= PIECE)
}

/// What a reader is told who finds nothing.
fn end(socket: Socket) -> Result<usize, Errno> {
    if let Some(errno) = socket.take_error()? {
        return Err(errno);
    }
    let now = socket.0.state();
    match now {
        _ if now & (state::READ_END | state::CLOSED) != 0 => Ok(0),
        _ if now & (state::CONNECTED | state::CONNECTING) != 0 => Err(Errno::Again),
        _ => Err(Errno::NotConnected),
    }
}

/// Sends all of it, or as much as there is room for if the caller does not wait.
pub(super) fn send(
    socket: Socket,
    description: &Description,
    buffers: &[UserSlice],
    name: usize,
) -> Answer {
    if name != 0 && socket.0.state() & state::CONNECTED != 0 {
        return Err(Errno::Connected);
    }
    let patience = patience(description, option::SEND_TIMEOUT);
    let mut cursor = Cursor::new(buffers);
    let sent = send_all(socket, &mut cursor, patience);
    match (cursor.total(), sent) {
        (0, Err(errno)) => Err(errno),
        (total, _) => count(total),
    }
}

fn send_all(socket: Socket, cursor: &mut Cursor<'_>, patience: Patience) -> Result<(), Errno> {
    let (mut deadline, mut rounds) = (None, Rounds::NONE);
    while !cursor.is_done() {
        if put(socket, cursor)? {
            events::let_others_run();
            continue;
        }
        if network::attend_to_room() && put(socket, cursor)? {
            continue;
        }
        let Patience::ByOption(option) = patience else {
            return Err(Errno::Again);
        };
        let deadline = *deadline.get_or_insert_with(|| socket.deadline(option));
        socket.sleep(deadline, &|| is_full(socket), &mut rounds)?;
    }
    Ok(())
}

/// Puts what there is room for into the window, and has it sent; whether there was some.
fn put(socket: Socket, cursor: &mut Cursor<'_>) -> Result<bool, Errno> {
    let now = socket.0.state();
    if now & (state::WRITE_END | state::CLOSED) != 0 || socket.0.has_error() {
        return Err(socket.take_error()?.unwrap_or(Errno::BrokenPipe));
    }
    if now & state::CONNECTED == 0 {
        return match now & state::CONNECTING {
            0 => Err(Errno::BrokenPipe),
            _ => Ok(false),
        };
    }
    let mut copied = Ok(0);
    let written = socket.0.write(|view| {
        copied = cursor.empty(view);
        Ok(copied.unwrap_or(0) as u32)
    });
    judge(written)?;
    if copied? == 0 {
        return Ok(false);
    }
    push_with_others();
    Ok(true)
}

/// Whether a writer finds no room, and no reason why.
fn is_full(socket: Socket) -> bool {
    let now = socket.0.state();
    let is_over = now & (state::WRITE_END | state::CLOSED) != 0 || socket.0.has_error();
    let is_waiting = now & state::CONNECTED == 0 && now & state::CONNECTING != 0;
    !is_over && (is_waiting || !socket.0.is_writable())
}

/// What is told of a window, if it can be. Else `net` is started anew.
pub(super) fn judge<T>(told: Result<T, Outside>) -> Result<T, Errno> {
    told.map_err(|Outside| {
        network::convict();
        Errno::Reset
    })
}
