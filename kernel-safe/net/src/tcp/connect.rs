//! Connections that this machine begins.

use domains::errno;
use domains::network::Name;
use smoltcp::wire::{IpAddress, Ipv4Address, Ipv6Address};

use super::connection::{Connection, Phase};
use super::names::{self, Tuple};
use super::path;
use super::socket::{Role, Socket};
use super::targets::Target;
use super::{Tcp, V6};
use crate::carrier::{Carrier, Errno};

impl Tcp {
    /// Begins to connect a socket. That it has begun is no error here: how it ends is
    /// told.
    ///
    /// # Errors
    ///
    /// It is being connected (EALREADY), is connected or listens (EISCONN); there is no
    /// way to that address (ENETUNREACH and what else the carrier says), no port is free
    /// (EADDRNOTAVAIL), or memory is used up (ENOBUFS).
    pub fn connect(
        &mut self,
        now: u64,
        socket: u32,
        name: &Name,
        carrier: &mut dyn Carrier,
    ) -> Result<(), Errno> {
        let it = self.sockets.find(socket)?;
        may_connect(it)?;
        let tuple = self.tuple_to(socket, name, carrier)?;
        self.targets.reserve_one()?;
        self.spill_for(most_to(tuple.peer_address(), carrier))?;
        let sequence = self.secrets.sequence(now, &tuple);
        let it = self.sockets.find(socket)?;
        begin(now, it, tuple, sequence, carrier)?;
        (it.view.is_deaf, it.view.is_done) = (false, false);
        it.view.tell_names(&tuple, it.v6);
        it.view.tell_error(0);
        self.targets.put(tuple, Target::Connection(socket));
        self.ready.put(socket);
        self.settle(now, socket);
        Ok(())
    }

    /// Makes the spill large enough for a packet.
    pub(super) fn spill_for(&mut self, size: usize) -> Result<(), Errno> {
        let more = size.saturating_sub(self.spill.len());
        let reserved = self.spill.try_reserve_exact(more);
        reserved.map_err(|_| errno::ENOBUFS)?;
        self.spill.resize(self.spill.len().max(size), 0);
        Ok(())
    }

    /// Between whom the connection will be.
    fn tuple_to(
        &mut self,
        socket: u32,
        name: &Name,
        carrier: &mut dyn Carrier,
    ) -> Result<Tuple, Errno> {
        let it = self.sockets.find(socket)?;
        let (bound, own, v6) = (it.bound, it.own_address(), it.v6);
        let peer = names::address_of(name, v6)?.unwrap_or(loopback(v6));
        if !names::is_of_one(peer) || carrier.is_broadcast(peer) {
            return Err(errno::ENETUNREACH);
        }
        if name.port == 0 {
            return Err(errno::ECONNREFUSED);
        }
        let local = match own {
            Some(local) => local,
            None => carrier.source_to(peer)?,
        };
        if local.version() != peer.version() || !names::is_of_one(local) {
            return Err(errno::ENETUNREACH);
        }
        let mut tuple = Tuple {
            local: names::number(local),
            peer: names::number(peer),
            local_port: bound.map_or(0, |bound| bound.port),
            peer_port: name.port,
        };
        if bound.is_none() {
            let port = self.free_port(tuple, carrier);
            tuple.local_port = port.ok_or(errno::EADDRNOTAVAIL)?;
        }
        let is_free = !self.targets.has(&tuple) && !tuple.is_with_itself();
        is_free.then_some(tuple).ok_or(errno::EADDRNOTAVAIL)
    }
}

/// Whether a socket can be connected.
fn may_connect(socket: &Socket) -> Result<(), Errno> {
    match &socket.role {
        Role::Idle => Ok(()),
        Role::Connection(connection) => match connection.phase {
            Phase::Failed => Ok(()),
            Phase::Opening => Err(errno::EALREADY),
            Phase::Open | Phase::Over => Err(errno::EISCONN),
        },
        Role::Listener(_) => Err(errno::EISCONN),
        Role::Spare => Err(errno::EINVAL),
    }
}

/// Makes the connection, or the one that came to nothing anew.
fn begin(
    now: u64,
    socket: &mut Socket,
    tuple: Tuple,
    sequence: u32,
    carrier: &dyn Carrier,
) -> Result<(), Errno> {
    if let Some(connection) = socket.connection() {
        let socket = connection.socket();
        let ring = socket.recv_capacity().min(socket.send_capacity());
        connection.renew(now, tuple, sequence, path::path(&tuple, ring, carrier));
    } else {
        let rings = socket.rings.take().ok_or(errno::EINVAL)?;
        let ring = rings.received.len().min(rings.sent.len());
        let path = path::path(&tuple, ring, carrier);
        match Connection::new(now, tuple, sequence, path, rings) {
            Ok(connection) => socket.role = Role::Connection(connection),
            Err(rings) => {
                socket.rings = Some(rings);
                return Err(errno::ENOBUFS);
            }
        }
    }
    let options = socket.options;
    let connection = socket.connection().ok_or(errno::EINVAL)?;
    let begun = connection.connect(&options);
    if begun.is_err() {
        connection.phase = Phase::Failed;
    }
    begun
}

/// Bytes of a packet than which none to `peer` is larger.
pub(super) fn most_to(peer: IpAddress, carrier: &dyn Carrier) -> usize {
    let most = carrier
        .largest_to(peer)
        .max(carrier.cuts_to(peer).unwrap_or(0));
    most.clamp(SPILL_LEAST, usize::from(u16::MAX))
}

/// No packet is larger, where even the least segments do not fit.
const SPILL_LEAST: usize = 256;

/// The address that no address means to whoever connects.
fn loopback(v6: V6) -> IpAddress {
    match v6 {
        V6::No => IpAddress::Ipv4(Ipv4Address::LOCALHOST),
        V6::Dual | V6::Only => IpAddress::Ipv6(Ipv6Address::LOCALHOST),
    }
}
