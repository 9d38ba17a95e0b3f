//! The machine that names are looked up on: the safe kernel's calls.

use alloc::vec::Vec;
use core::ffi::CStr;

use domains::network::{Name, Setting, option};
use gate::{clock, safe};
use hermit_abi::{
    AF_INET, AF_INET6, EINPROGRESS, O_RDONLY, POLLIN, POLLOUT, SOCK_DGRAM, SOCK_NONBLOCK,
    SOCK_STREAM, pollfd,
};

use super::system::{Event, System, Transport};

/// The most bytes that are read of a file, and how many at a time.
const FILE_MAX: usize = 64 << 10;
const PART: usize = 4 << 10;
/// The most sockets that are waited for at a time.
const SOCKETS_MAX: usize = domains::network::setting::SERVERS;

/// The safe kernel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kernel;

/// A descriptor, which is closed when it goes.
#[derive(Debug)]
pub(super) struct Descriptor(i32);

impl Drop for Descriptor {
    fn drop(&mut self) {
        // SAFETY: the call takes no address.
        unsafe { safe::close(self.0) };
    }
}

impl System for Kernel {
    type Socket = Descriptor;

    fn now(&self) -> u64 {
        clock::monotonic_ns()
    }

    fn random(&self) -> Result<u16, i32> {
        let mut number = 0_u16;
        let (place, size) = ((&raw mut number).expose_provenance(), size_of::<u16>());
        // SAFETY: the number is a variable of this function.
        match result(unsafe { safe::entropy(place, size, 0) })? == size {
            true => Ok(number),
            false => Err(hermit_abi::EIO),
        }
    }

    fn file(&self, path: &CStr) -> Option<Vec<u8>> {
        let path = path.as_ptr().expose_provenance();
        // SAFETY: the path is a string that has its end.
        let file = descriptor(unsafe { safe::open(path, O_RDONLY as u32, 0) }).ok()?;
        let mut bytes = Vec::new();
        while bytes.len() < FILE_MAX && read_part(&file, &mut bytes)? > 0 {}
        Some(bytes)
    }

    fn setting(&self, limit: u64) -> Result<Setting, i32> {
        let mut setting = Setting::default();
        let place = (&raw mut setting).expose_provenance();
        // SAFETY: the setting is a variable of this function.
        result(unsafe { safe::network(place, limit) })?;
        Ok(setting)
    }

    fn open(&self, transport: Transport, server: &Name) -> Result<Descriptor, i32> {
        let family = match server.version {
            Name::V4 => AF_INET,
            _ => AF_INET6,
        };
        let kind = match transport {
            Transport::Datagrams => SOCK_DGRAM,
            Transport::Stream => SOCK_STREAM,
        };
        // SAFETY: the call takes no address.
        let socket = descriptor(unsafe { safe::socket(family, kind | SOCK_NONBLOCK) })?;
        let name = (&raw const *server).expose_provenance();
        // SAFETY: the name is borrowed.
        match result(unsafe { safe::connect(socket.0, name) }) {
            Ok(_) | Err(EINPROGRESS) => Ok(socket),
            Err(error) => Err(error),
        }
    }

    fn wait(
        &self,
        sockets: &[Option<Descriptor>],
        event: Event,
        deadline: u64,
    ) -> Option<usize> {
        let events = match event {
            Event::Readable => POLLIN,
            Event::Writable => POLLOUT,
        };
        // What is not open is not looked at: its number is negative.
        let mut list = [pollfd {
            fd: -1,
            events,
            revents: 0,
        }; SOCKETS_MAX];
        for (entry, socket) in list.iter_mut().zip(sockets) {
            entry.fd = socket.as_ref().map_or(-1, |socket| socket.0);
        }
        let limit = deadline.saturating_sub(self.now());
        let place = list.as_mut_ptr().expose_provenance();
        // SAFETY: the list is a variable of this function.
        let ready = result(unsafe { safe::poll(place, SOCKETS_MAX, limit) });
        let is_ready = |entry: &pollfd| entry.fd >= 0 && entry.revents != 0;
        ready.ok().and_then(|_| list.iter().position(is_ready))
    }

    fn connected(&self, socket: &Descriptor) -> Result<(), i32> {
        // SAFETY: the call takes no address.
        match result(unsafe { safe::option(socket.0, option::ERROR) })? {
            0 => Ok(()),
            error => Err(error as i32),
        }
    }

    fn send(&self, socket: &Descriptor, bytes: &[u8]) -> Result<usize, i32> {
        let place = bytes.as_ptr().expose_provenance();
        // SAFETY: the bytes are borrowed.
        result(unsafe { safe::send(socket.0, place, bytes.len(), 0, 0) })
    }

    fn receive(&self, socket: &Descriptor, bytes: &mut [u8]) -> Result<(usize, Name), i32> {
        let mut from = Name::NONE;
        let place = bytes.as_mut_ptr().expose_provenance();
        let name = (&raw mut from).expose_provenance();
        // SAFETY: the bytes are borrowed for this; the name is a variable of this
        // function.
        let size = result(unsafe { safe::receive(socket.0, place, bytes.len(), 0, name) })?;
        Ok((size, from))
    }
}

/// Reads a part of a file behind what was read; how many bytes that was.
fn read_part(file: &Descriptor, bytes: &mut Vec<u8>) -> Option<usize> {
    let start = bytes.len();
    bytes.try_reserve(PART).ok()?;
    bytes.resize(start + PART, 0);
    let room = bytes.get_mut(start..)?;
    let place = room.as_mut_ptr().expose_provenance();
    // SAFETY: the room is borrowed for this.
    let size = result(unsafe { safe::read(file.0, place, room.len()) }).unwrap_or(0);
    bytes.truncate(start + size);
    Some(size)
}

/// What a call has said.
fn result(reply: i64) -> Result<usize, i32> {
    usize::try_from(reply).map_err(|_| reply.wrapping_neg() as i32)
}

fn descriptor(reply: i64) -> Result<Descriptor, i32> {
    result(reply).map(|descriptor| Descriptor(descriptor as i32))
}
