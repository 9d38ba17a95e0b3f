//! A question over a stream, for an answer that is too long for a datagram.
//!
//! There each message has its size in front (RFC 1035, 4.2.2).

use alloc::vec::Vec;

use domains::network::Name;
use hermit_abi::EAGAIN;

use super::dns::{self, Kind, Reply};
use super::host::Host;
use super::system::{Event, System, Transport};

/// Asks a server, at most until `deadline`; none if nothing comes.
pub(super) fn ask<S: System>(
    system: &S,
    server: &Name,
    about: (&Host, Kind, u16),
    deadline: u64,
) -> Option<Reply> {
    let socket = system.open(Transport::Stream, server).ok()?;
    let mut stream = Stream {
        system,
        sockets: [Some(socket)],
        deadline,
    };
    stream.connect()?;
    let (host, kind, id) = about;
    let query = dns::write(host, kind, id);
    stream.write(&u16::try_from(query.len()).ok()?.to_be_bytes())?;
    stream.write(&query)?;
    dns::read(&stream.message()?, about)
}

struct Stream<'a, S: System> {
    system: &'a S,
    sockets: [Option<S::Socket>; 1],
    deadline: u64,
}

impl<S: System> Stream<'_, S> {
    fn connect(&mut self) -> Option<()> {
        self.wait(Event::Writable)?;
        let socket = self.sockets.first()?.as_ref()?;
        self.system.connected(socket).ok()
    }

    fn wait(&self, event: Event) -> Option<()> {
        if self.system.now() >= self.deadline {
            return None;
        }
        self.system.wait(&self.sockets, event, self.deadline)?;
        Some(())
    }

    fn write(&self, mut bytes: &[u8]) -> Option<()> {
        let socket = self.sockets.first()?.as_ref()?;
        while !bytes.is_empty() {
            match self.system.send(socket, bytes) {
                Ok(0) => return None,
                Ok(sent) => bytes = bytes.get(sent..)?,
                Err(EAGAIN) => self.wait(Event::Writable)?,
                Err(_) => return None,
            }
        }
        Some(())
    }

    fn read(&self, mut bytes: &mut [u8]) -> Option<()> {
        let socket = self.sockets.first()?.as_ref()?;
        while !bytes.is_empty() {
            match self.system.receive(socket, bytes) {
                Ok((0, _)) => return None,
                Ok((received, _)) => bytes = bytes.get_mut(received..)?,
                Err(EAGAIN) => self.wait(Event::Readable)?,
                Err(_) => return None,
            }
        }
        Some(())
    }

    fn message(&self) -> Option<Vec<u8>> {
        let mut size = [0; 2];
        self.read(&mut size)?;
        let size = usize::from(u16::from_be_bytes(size));
        let mut message = Vec::new();
        message.try_reserve_exact(size).ok()?;
        message.resize(size, 0);
        self.read(&mut message)?;
        Some(message)
    }
}
