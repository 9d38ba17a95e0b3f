//! Datagrams: each received as a whole, or what of it there is room for.

use domains::network::window::record;
use domains::network::{Name, option};
use gate::user::UserSlice;
use gate::view::View;
use zerocopy::FromBytes;

use super::streams::judge;
use super::{Cursor, Look, Patience, Socket, address, give_way_to, names, patience};
use crate::errno::{Answer, Errno, count};
use crate::network::hold::Hold;
use crate::network::pump::Begin;
use crate::network::side::{Outside, Piece, record_size};
use crate::network::slot::ended;
use crate::object::Description;

/// Bytes in front of a datagram's own.
const HEAD: usize = record::BYTES_AT;

/// A datagram that was received.
#[derive(Clone, Copy, Debug)]
struct Received {
    /// How many bytes there was room for.
    size: usize,
    /// From whom.
    name: Name,
}

/// Receives a datagram, or waits for one.
pub(super) fn receive(
    socket: Socket,
    buffers: &[UserSlice],
    look: Look,
    patience: Patience,
    name: usize,
) -> Answer {
    if name != 0 {
        UserSlice::new(name, Name::SIZE).check()?;
    }
    let received = socket.repeat(
        patience,
        || take(socket, buffers, look),
        || {
            !socket.0.is_readable()
                && !socket.0.has_error()
                && socket.0.ended() & ended::READ == 0
        },
    )?;
    if name != 0 && received.name != Name::NONE {
        names::tell(&received.name, name)?;
    }
    count(received.size)
}

fn take(socket: Socket, buffers: &[UserSlice], look: Look) -> Result<Received, Errno> {
    if let Some(errno) = socket.take_error()? {
        return Err(errno);
    }
    let mut received = Ok(None);
    let read = socket.0.read(|view, piece| {
        if piece.size == 0 {
            return Ok(0);
        }
        let (size, name, taken) = head(view, piece)?;
        received = copy(view, size, buffers).map(|size| Some(Received { size, name }));
        match (&received, look) {
            (Ok(_), Look::Take) => Ok(taken),
            // What could not be given stays, as it does elsewhere.
            _ => Ok(0),
        }
    });
    if judge(read)? {
        super::push();
    }
    match received? {
        Some(received) => Ok(received),
        // DEFENCE: who-reads-no-more-waits-no-more
        None if socket.0.ended() & ended::READ != 0 => Ok(Received {
            size: 0,
            name: Name::NONE,
        }),
        None => Err(Errno::Again),
    }
}

/// The size of the first datagram of a piece, whose it is, and how much of the piece.
fn head(view: View, piece: Piece) -> Result<(usize, Name, u32), Outside> {
    let mut bytes = [0; HEAD];
    if !view.read(&mut bytes) {
        return Err(Outside);
    }
    let [a, b, c, d, _, _, _, _, name @ ..] = bytes;
    let size = u32::from_ne_bytes([a, b, c, d]);
    let name = Name::read_from_bytes(&name).map_err(|_| Outside)?;
    let taken = record_size(size, piece)?;
    Ok((size as usize, name, taken))
}

const _: () = assert!(record::SIZE_AT == 0 && record::NAME_AT == 8 && HEAD == 8 + Name::SIZE);

/// Copies a datagram's bytes; how many there was room for.
fn copy(view: View, size: usize, buffers: &[UserSlice]) -> Result<usize, Errno> {
    let bytes = view.part(HEAD, size).ok_or(Errno::Device)?;
    let mut cursor = Cursor::new(buffers);
    let mut copied: usize = 0;
    while copied < size && !cursor.is_done() {
        let more = cursor.fill(bytes.from(copied))?;
        copied = copied.saturating_add(more);
        if more == 0 {
            break;
        }
    }
    Ok(copied)
}

/// Sends a datagram, to the name at `name` or to the socket's peer.
pub(super) fn send(
    socket: Socket,
    description: &Description,
    buffers: &[UserSlice],
    name: usize,
) -> Answer {
    if socket.0.ended() & ended::WRITE != 0 {
        return Err(Errno::BrokenPipe);
    }
    let name = match name {
        0 => None,
        _ => Some(names::target(socket.0, name)?),
    };
    if let Some(name) = &name {
        address::wait_for(name, patience(description, option::SEND_TIMEOUT))?;
    }
    let (sent, woken) = {
        let mut hold = Hold::lock();
        let sent = hold.send(socket.0, buffers, name.as_ref());
        (sent, hold.work(Begin::Stack))
    };
    give_way_to(woken);
    count(sent?)
}
