//! Calls on sockets that tell or take an address.
//!
//! The safe kernel writes a name to a variable of ours, and only what was made of
//! that goes to the caller, whose place is tried before anything is taken.

use core::ffi::c_void;

use domains::network::{Name, option};
use gate::safe;
use hermit_abi::{EBADF, ENOTSOCK};

use super::addresses::Place;
use super::kinds;
use crate::errno::{fail, reply, reply32};

/// Why a call on `descriptor` fails whose arguments are wrong by `error`.
pub(super) fn error_of(descriptor: i32, error: i32) -> i32 {
    // Any option that every socket has: to read it changes nothing.
    // SAFETY: the call takes no address.
    let reply = unsafe { safe::option(descriptor, option::REUSE_ADDRESS) };
    match reply.wrapping_neg() as i32 {
        first @ (EBADF | ENOTSOCK) => first,
        _ => error,
    }
}

/// Takes a connection, and says whose it is if that is wanted.
pub(super) fn accept(socket: i32, place: Option<Place>) -> i32 {
    let mut peer = Name::NONE;
    // SAFETY: the name is a variable of this function.
    let descriptor = unsafe { safe::accept(socket, address_of(&mut peer, place.as_ref())) };
    if descriptor >= 0
        && let Err(error) = tell(place, &peer)
    {
        // SAFETY: the call takes no address; nobody was told of the descriptor.
        unsafe { safe::close(descriptor as i32) };
        return fail(error);
    }
    reply32(descriptor)
}

/// Receives, and says from whom if that is wanted.
pub(super) fn receive(
    socket: i32,
    (buffer, size): (*mut u8, usize),
    flags: u32,
    place: Option<Place>,
) -> isize {
    let mut peer = Name::NONE;
    let name = address_of(&mut peer, place.as_ref());
    // SAFETY: the caller gave a buffer of that size; the name is a variable of this
    // function.
    let received =
        unsafe { safe::receive(socket, buffer.expose_provenance(), size, flags, name) };
    if received >= 0
        && let Err(error) = tell(place, &peer)
    {
        return fail(error) as isize;
    }
    reply(received)
}

/// Sends, to `name` if there is one.
pub(super) fn send(
    socket: i32,
    (buffer, size): (*const c_void, usize),
    flags: i32,
    name: Option<&Name>,
) -> isize {
    if let Err(error) = kinds::send_flags(flags) {
        return fail(error_of(socket, error)) as isize;
    }
    let name = name.map_or(0, |name| (&raw const *name).expose_provenance());
    // SAFETY: the caller gave a buffer of that size; the name is a variable of whoever
    // calls this function.
    reply(unsafe { safe::send(socket, buffer.expose_provenance(), size, 0, name) })
}

/// Ends one direction of a connection, or both.
pub(super) fn shutdown(socket: i32, how: i32) -> i32 {
    match kinds::check_direction(how) {
        // SAFETY: the call takes no address.
        Ok(()) => reply32(unsafe { safe::shutdown(socket, how) }),
        Err(error) => fail(error_of(socket, error)),
    }
}

/// Whose address is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Whose {
    /// The socket's own.
    Own = 0,
    /// That of whom it is connected to.
    Peer = 1,
}

/// Says what address a socket has, or its peer.
pub(super) fn tell_name(socket: i32, whose: Whose, place: Result<Place, i32>) -> i32 {
    let place = match place {
        Ok(place) => place,
        Err(error) => return fail(error_of(socket, error)),
    };
    let mut name = Name::NONE;
    let address = (&raw mut name).expose_provenance();
    // SAFETY: the name is a variable of this function.
    let told = unsafe { safe::socket_name(socket, whose as u32, address) };
    if told >= 0
        && let Err(error) = place.write(&name)
    {
        return fail(error);
    }
    reply32(told)
}

/// Where the safe kernel is to write a name; nowhere if there is no place for it.
fn address_of(name: &mut Name, place: Option<&Place>) -> usize {
    place.map_or(0, |_| (&raw mut *name).expose_provenance())
}

/// Gives a name to whoever wants it.
fn tell(place: Option<Place>, name: &Name) -> Result<(), i32> {
    place.map_or(Ok(()), |place| place.write(name))
}
