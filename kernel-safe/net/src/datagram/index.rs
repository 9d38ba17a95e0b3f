//! Which socket a datagram is for, by a hash with a key.

use alloc::vec::Vec;

use domains::errno::ENOBUFS;
use smoltcp::wire::IpAddress;

use crate::carrier::Errno;
use crate::hash::{Keyed, Table};

/// By what a datagram finds a socket.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Key {
    /// The port.
    pub port: u16,
    /// The address; the unspecified one for all.
    pub local: IpAddress,
    /// Whom the socket is connected to.
    pub peer: Option<(IpAddress, u16)>,
}

/// The sockets by what finds them, and by their ports.
#[derive(Debug)]
pub struct Index {
    keys: Table<Key, Vec<u32>>,
    ports: Table<u16, Vec<u32>>,
}

impl Index {
    /// An empty one.
    pub const fn new(key: Keyed) -> Index {
        Index {
            keys: Table::with_hasher(key),
            ports: Table::with_hasher(key),
        }
    }

    /// Adds a socket.
    ///
    /// # Errors
    ///
    /// There is no memory (ENOBUFS); nothing was added.
    pub fn add(&mut self, socket: u32, keys: [Option<Key>; 2]) -> Result<(), Errno> {
        let added = keys.into_iter().flatten().try_for_each(|key| {
            push(&mut self.keys, key, socket)?;
            push(&mut self.ports, key.port, socket)
        });
        added.inspect_err(|_| self.remove(socket, keys))
    }

    /// Removes a socket that has these keys.
    pub fn remove(&mut self, socket: u32, keys: [Option<Key>; 2]) {
        for key in keys.into_iter().flatten() {
            pull(&mut self.keys, key, socket);
            pull(&mut self.ports, key.port, socket);
        }
    }

    /// The socket that a datagram to one machine is for: the one that is connected to
    /// whoever sent it, else one at that address, else one at all addresses; of
    /// several the last.
    pub fn find(&self, target: (IpAddress, u16), source: (IpAddress, u16)) -> Option<u32> {
        let (address, port) = target;
        let all = match address {
            IpAddress::Ipv4(_) => IpAddress::v4(0, 0, 0, 0),
            IpAddress::Ipv6(_) => IpAddress::v6(0, 0, 0, 0, 0, 0, 0, 0),
        };
        let keys = [(address, Some(source)), (address, None), (all, None)];
        keys.into_iter().find_map(|(local, peer)| {
            let key = Key { port, local, peer };
            self.keys.get(&key)?.last().copied()
        })
    }

    /// The socket that has exactly this key.
    pub fn find_exactly(&self, key: &Key) -> Option<u32> {
        self.keys.get(key)?.last().copied()
    }

    /// The sockets at a port; one may be there twice, one after the other.
    pub fn at(&self, port: u16) -> &[u32] {
        self.ports.get(&port).map_or(&[], |sockets| sockets)
    }
}

fn push<K: Copy + Eq + core::hash::Hash>(
    table: &mut Table<K, Vec<u32>>,
    key: K,
    socket: u32,
) -> Result<(), Errno> {
    table.try_reserve(1).map_err(|_| ENOBUFS)?;
    let sockets = table.entry(key).or_default();
    sockets.try_reserve(1).map_err(|_| ENOBUFS)?;
    sockets.push(socket);
    Ok(())
}

fn pull<K: Copy + Eq + core::hash::Hash>(table: &mut Table<K, Vec<u32>>, key: K, socket: u32) {
    let Some(sockets) = table.get_mut(&key) else {
        return;
    };
    if let Some(place) = sockets.iter().position(|it| *it == socket) {
        sockets.remove(place);
    }
    if sockets.is_empty() {
        table.remove(&key);
    }
}
