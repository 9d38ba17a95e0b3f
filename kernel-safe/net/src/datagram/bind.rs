//! Where sockets of datagrams are: addresses, ports, peers.

use domains::errno::{EACCES, EADDRINUSE, EADDRNOTAVAIL, EBADF, EINVAL, ENETUNREACH};
use domains::network::Name;
use smoltcp::wire::IpAddress;

use super::Datagrams;
use super::socket::Local;
use crate::carrier::{Carrier, Errno};
use crate::ip::addresses::{is_loopback, loopback_like};
use crate::lent::Lender;
use crate::names::Family;
use crate::node::Node;

/// The first of the ports for who does not care, as Linux has it.
const FIRST: u16 = 32_768;
/// How many there are.
const COUNT: u16 = 28_232;

impl Datagrams {
    /// Gives a socket an address.
    ///
    /// # Errors
    ///
    /// It has one (EINVAL), the address is not this machine's (EADDRNOTAVAIL), another
    /// socket has it (EADDRINUSE), or there is no memory (ENOBUFS).
    pub fn bind<L: Lender>(
        &mut self,
        number: u32,
        name: &Name,
        reuses: bool,
        node: &mut Node<L>,
    ) -> Result<(), Errno> {
        let socket = self.sockets.get_mut(&number).ok_or(EBADF)?;
        if socket.local.is_some() {
            return Err(EINVAL);
        }
        let named = socket.family.address(name);
        let named = named.map_err(|errno| match errno {
            ENETUNREACH => EINVAL,
            other => other,
        })?;
        let is_all = named.is_unspecified();
        if !is_all && !node.is_own(named) && !node.is_broadcast(named) {
            return Err(EADDRNOTAVAIL);
        }
        socket.reuses |= reuses;
        let is_mapped = name.version == Name::V6 && matches!(named, IpAddress::Ipv4(_));
        let address = (!is_all || is_mapped).then_some(named);
        let family = socket.family;
        let port = self.port_for(number, family, address, name.port, node)?;
        let local = Local { address, port };
        self.place(number, Some(local), Some(local), None)
    }

    /// Gives a socket a port at all addresses, if it has none.
    pub(super) fn bind_somewhere<L: Lender>(
        &mut self,
        number: u32,
        node: &mut Node<L>,
    ) -> Result<(), Errno> {
        let socket = self.sockets.get(&number).ok_or(EBADF)?;
        if socket.local.is_some() {
            return Ok(());
        }
        let family = socket.family;
        let port = self.port_for(number, family, None, 0, node)?;
        let local = Local {
            address: None,
            port,
        };
        self.place(number, Some(local), Some(local), None)
    }

    /// Sets whom a socket speaks to.
    ///
    /// # Errors
    ///
    /// No way leads there (ENETUNREACH), or it would speak to everybody and
    /// may not (EACCES).
    pub fn connect<L: Lender>(
        &mut self,
        number: u32,
        name: &Name,
        node: &mut Node<L>,
    ) -> Result<(), Errno> {
        if name.version == 0 {
            return self.disconnect(number);
        }
        let socket = self.sockets.get(&number).ok_or(EBADF)?;
        let target = socket.family.address(name)?;
        let target = if target.is_unspecified() {
            loopback_like(target)
        } else {
            target
        };
        if node.addresses.is_everybody(target) && !socket.may_broadcast {
            return Err(EACCES);
        }
        self.bind_somewhere(number, node)?;
        let socket = self.sockets.get(&number).ok_or(EBADF)?;
        let (bound, port) = (socket.bound, socket.local.map_or(0, |local| local.port));
        let source = source(bound, target, node)?;
        let local = Local {
            address: Some(source),
            port,
        };
        self.place(number, bound, Some(local), Some((target, name.port)))
    }

    fn disconnect(&mut self, number: u32) -> Result<(), Errno> {
        let socket = self.sockets.get(&number).ok_or(EBADF)?;
        let bound = socket.bound;
        self.place(number, bound, bound, None)
    }

    /// Puts a socket somewhere, and tells so.
    fn place(
        &mut self,
        number: u32,
        bound: Option<Local>,
        local: Option<Local>,
        peer: Option<(IpAddress, u16)>,
    ) -> Result<(), Errno> {
        let socket = self.sockets.get_mut(&number).ok_or(EBADF)?;
        let before = (socket.bound, socket.local, socket.peer);
        self.index.remove(number, socket.keys());
        (socket.bound, socket.local, socket.peer) = (bound, local, peer);
        let added = self.index.add(number, socket.keys());
        if added.is_err() {
            (socket.bound, socket.local, socket.peer) = before;
            // It was there before; if there is no memory even for that, nothing finds
            // the socket any more.
            let _ = self.index.add(number, socket.keys());
        }
        socket.tell_names();
        added
    }

    /// The port that a socket gets which wants `port`, zero for any.
    fn port_for<L: Lender>(
        &self,
        number: u32,
        family: Family,
        address: Option<IpAddress>,
        port: u16,
        node: &mut Node<L>,
    ) -> Result<u16, Errno> {
        if port != 0 {
            let is_free = self.is_free(number, family, address, port);
            return is_free.then_some(port).ok_or(EADDRINUSE);
        }
        let start = node.random.below(COUNT.into()) as u16;
        let ports = (start..COUNT).chain(0..start);
        let mut ports = ports.map(|place| FIRST.saturating_add(place));
        // Nobody chose to share such a port.
        let free = ports.find(|port| {
            let mut sockets = self.index.at(*port).iter();
            !sockets.any(|socket| self.overlaps(*socket, family, address))
        });
        free.ok_or(EADDRINUSE)
    }

    fn overlaps(&self, other: u32, family: Family, address: Option<IpAddress>) -> bool {
        let other = self.sockets.get(&other);
        other.is_some_and(|other| other.overlaps(family, address))
    }

    fn is_free(
        &self,
        number: u32,
        family: Family,
        address: Option<IpAddress>,
        port: u16,
    ) -> bool {
        let reuses = self.sockets.get(&number).is_some_and(|it| it.reuses);
        self.index.at(port).iter().all(|other| {
            let shares = reuses && self.sockets.get(other).is_some_and(|it| it.reuses);
            shares || !self.overlaps(*other, family, address)
        })
    }
}

/// From which address a socket that was bound there speaks to `target`.
pub(super) fn source<L: Lender>(
    bound: Option<Local>,
    target: IpAddress,
    node: &Node<L>,
) -> Result<IpAddress, Errno> {
    let bound = bound.and_then(|bound| bound.address);
    let is_one = |it: &IpAddress| !it.is_unspecified() && !node.is_broadcast(*it);
    let Some(address) = bound.filter(is_one) else {
        return node.source_to(target);
    };
    if address.version() != target.version() {
        return Err(ENETUNREACH);
    }
    if is_loopback(address) && !node.is_own(target) && !target.is_multicast() {
        return Err(EINVAL);
    }
    let is_reached = node.is_own(target) || node.source_to(target).is_ok();
    let is_reached = is_reached || is_loopback(address);
    is_reached.then_some(address).ok_or(ENETUNREACH)
}
