//! Sockets by their descriptors.

use domains::network::Name;
use gate::safe::receive_flags;
use gate::user::UserSlice;

use super::any::AnyObject;
use super::open::Open;
use super::{TABLE, add, find};
use crate::errno::{Answer, Errno};
use crate::object::Object;
use crate::object::flags::READ_WRITE;
use crate::sockets::{self, Look, Socket};

/// The socket that `descriptor` is open to, and the share in it.
fn socket(descriptor: i32) -> Result<(Open, Socket), Errno> {
    let open = find(descriptor)?;
    match open.object()? {
        AnyObject::Socket(socket) => Ok((open, socket)),
        _ => Err(Errno::NotSocket),
    }
}

/// Opens a socket; its descriptor.
///
/// # Errors
///
/// There are no such sockets, there is no network, or something is used up.
pub fn open(family: i32, kind: i32) -> Answer {
    let (socket, flags) = sockets::open(family, kind)?;
    add(socket, flags)
}

/// Gives a socket the address at `name`.
///
/// # Errors
///
/// See [`Socket::bind`]; as all of these, it is no socket.
pub fn bind(descriptor: i32, name: usize) -> Answer {
    socket(descriptor)?.1.bind(name)
}

/// Has a socket take connections.
///
/// # Errors
///
/// See [`Socket::listen`].
pub fn listen(descriptor: i32, backlog: i32) -> Answer {
    socket(descriptor)?.1.listen(backlog)
}

/// Takes a connection; its descriptor.
///
/// # Errors
///
/// See [`Socket::accept`]; no descriptor is free: then the connection waits on.
pub fn accept(descriptor: i32, name: usize) -> Answer {
    let (open, listener) = socket(descriptor)?;
    if name != 0 {
        UserSlice::new(name, Name::SIZE).check()?;
    }
    // Else it would be taken and lost.
    TABLE.lock().check_room()?;
    let accepted = listener.accept(open.description())?;
    // Told before others can find it, and close it.
    if let Err(errno) = accepted.tell_guest(name) {
        accepted.close();
        return Err(errno);
    }
    add(accepted, READ_WRITE)
}

/// Connects a socket to the address at `name`.
///
/// # Errors
///
/// See [`Socket::connect`].
pub fn connect(descriptor: i32, name: usize) -> Answer {
    let (open, socket) = socket(descriptor)?;
    socket.connect(open.description(), name)
}

/// Receives to `buffer`; how many bytes.
///
/// # Errors
///
/// There is no such flag; see [`Socket::receive`].
pub fn receive(descriptor: i32, buffer: UserSlice, flags: u32, name: usize) -> Answer {
    let (open, socket) = socket(descriptor)?;
    let look = match flags {
        0 => Look::Take,
        receive_flags::PEEK => Look::Peek,
        _ => return Err(Errno::Unsupported),
    };
    socket.receive(open.description(), &[buffer], look, name)
}

/// Sends from `buffer`; how many bytes.
///
/// # Errors
///
/// There are flags; see [`Socket::send`].
pub fn send(descriptor: i32, buffer: UserSlice, flags: u32, name: usize) -> Answer {
    let (open, socket) = socket(descriptor)?;
    match flags {
        0 => socket.send(open.description(), &[buffer], name),
        _ => Err(Errno::Unsupported),
    }
}

/// Ends directions of a connection.
///
/// # Errors
///
/// See [`Socket::shutdown`].
pub fn shutdown(descriptor: i32, how: i32) -> Answer {
    socket(descriptor)?.1.shutdown(how)
}

/// Writes an address of a socket, or of its peer, to `name`.
///
/// # Errors
///
/// See [`Socket::tell_name`].
pub fn tell_name(descriptor: i32, peer: u32, name: usize) -> Answer {
    socket(descriptor)?.1.tell_name(peer != 0, name)
}

/// The value of an option.
///
/// # Errors
///
/// See [`Socket::option`].
pub fn option(descriptor: i32, option: u32) -> Answer {
    socket(descriptor)?.1.option(option)
}

/// Sets an option.
///
/// # Errors
///
/// See [`Socket::set_option`].
pub fn set_option(descriptor: i32, option: u32, value: u64, name: usize) -> Answer {
    socket(descriptor)?.1.set_option(option, value, name)
}
