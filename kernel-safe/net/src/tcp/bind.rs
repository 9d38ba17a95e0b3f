//! Addresses of sockets: bound, listened at, chosen.

use domains::errno;
use domains::network::Name;
use domains::network::window::state;
use smoltcp::wire::IpAddress;

use super::listener::Listener;
use super::names::{self, Tuple};
use super::socket::{Local, Role, Socket};
use super::targets::Target;
use super::{Reuse, Tcp, V6};
use crate::carrier::{Carrier, Errno};

/// The ports that are chosen: those that Linux chooses.
const PORTS: core::ops::RangeInclusive<u16> = 32_768..=60_999;
/// How many they are.
const PORT_COUNT: u16 = *PORTS.end() - *PORTS.start() + 1;

impl Tcp {
    /// Gives a socket an address.
    ///
    /// # Errors
    ///
    /// It has one (EINVAL), or can have none of that kind (EAFNOSUPPORT); the address is
    /// not this machine's (EADDRNOTAVAIL), or in use (EADDRINUSE).
    pub fn bind(
        &mut self,
        socket: u32,
        name: &Name,
        reuse: Reuse,
        carrier: &mut dyn Carrier,
    ) -> Result<(), Errno> {
        let it = self.sockets.find(socket)?;
        let v6 = it.v6;
        if it.bound.is_some() || !matches!(it.role, Role::Idle) {
            return Err(errno::EINVAL);
        }
        let address = names::address_of(name, v6);
        let address = address.map_err(|error| match error {
            errno::ENETUNREACH => errno::EADDRNOTAVAIL,
            other => other,
        })?;
        if address.is_some_and(|it| !names::is_of_one(it) || !carrier.is_own(it)) {
            return Err(errno::EADDRNOTAVAIL);
        }
        let local = self.place(address, name.port, v6, reuse, carrier)?;
        self.count_bound(local.port)?;
        let it = self.sockets.find(socket)?;
        (it.bound, it.reuse) = (Some(local), reuse);
        it.view.tell_local(local, v6);
        it.view.tell_state(state::BOUND);
        Ok(())
    }

    /// This address with this port, or with one that is free.
    fn place(
        &self,
        address: Option<IpAddress>,
        port: u16,
        v6: V6,
        reuse: Reuse,
        carrier: &mut dyn Carrier,
    ) -> Result<Local, Errno> {
        let local = Local { address, port };
        if port != 0 {
            let is_free = !self.is_bound(local, v6, reuse);
            let is_free = is_free && (reuse == Reuse::Yes || !self.is_connected(local, v6));
            return is_free.then_some(local).ok_or(errno::EADDRINUSE);
        }
        let mut ports = ports(carrier);
        let free = ports.find(|port| !self.bound.contains_key(port));
        let port = free.ok_or(errno::EADDRINUSE)?;
        Ok(Local { address, port })
    }

    /// Whether another socket has this address, in a way that does not go together.
    fn is_bound(&self, local: Local, v6: V6, reuse: Reuse) -> bool {
        if !self.bound.contains_key(&local.port) {
            return false;
        }
        self.sockets.all().any(|(_, it)| {
            // DEFENCE: both-share-an-address
            let shares = reuse == Reuse::Yes
                && it.reuse == Reuse::Yes
                && !matches!(it.role, Role::Listener(_));
            !shares
                && it
                    .bound
                    .is_some_and(|bound| overlaps((bound, it.v6), (local, v6)))
        })
    }

    /// Counts one socket more that is bound to a port.
    fn count_bound(&mut self, port: u16) -> Result<(), Errno> {
        self.bound.try_reserve(1).map_err(|_| errno::ENOBUFS)?;
        *self.bound.entry(port).or_insert(0) += 1;
        Ok(())
    }

    /// Counts one less.
    pub(super) fn uncount_bound(&mut self, port: u16) {
        if let Some(count) = self.bound.get_mut(&port) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.bound.remove(&port);
            }
        }
    }

    /// Whether a connection, or one in TIME-WAIT, has this address.
    fn is_connected(&self, local: Local, v6: V6) -> bool {
        self.targets.names().any(|tuple| {
            let its = Local {
                address: Some(tuple.local_address()),
                port: tuple.local_port,
            };
            overlaps((its, V6::Dual), (local, v6))
        })
    }

    /// Has a socket take connections, or changes how many may wait.
    ///
    /// # Errors
    ///
    /// The socket is something else (EINVAL), somebody listens there (EADDRINUSE), or
    /// memory is used up (ENOBUFS).
    pub fn listen(
        &mut self,
        socket: u32,
        backlog: u32,
        carrier: &mut dyn Carrier,
    ) -> Result<(), Errno> {
        let it = self.sockets.find(socket)?;
        match &mut it.role {
            Role::Listener(listener) => {
                listener.set_backlog(backlog);
                return Ok(());
            }
            Role::Idle => {}
            Role::Spare | Role::Connection(_) => return Err(errno::EINVAL),
        }
        let (v6, was_bound) = (it.v6, it.bound);
        let local = match was_bound {
            Some(local) => local,
            None => self.place(None, 0, v6, Reuse::No, carrier)?,
        };
        let is_new = self.listeners.put(local, v6, socket);
        is_new.ok_or(errno::EADDRINUSE)?;
        if was_bound.is_none() && self.count_bound(local.port).is_err() {
            self.listeners.remove(local, v6);
            return Err(errno::ENOBUFS);
        }
        let it = self.sockets.find(socket)?;
        it.bound = Some(local);
        it.role = Role::Listener(Listener::new(backlog));
        it.view.tell_local(local, v6);
        it.view.tell_state(state::BOUND | state::LISTENING);
        Ok(())
    }

    /// A port from which `tuple` is nobody's.
    pub(super) fn free_port(&self, mut tuple: Tuple, carrier: &mut dyn Carrier) -> Option<u16> {
        ports(carrier).find(|port| {
            tuple.local_port = *port;
            let is_bound = self.bound.contains_key(port);
            !is_bound && !tuple.is_with_itself() && !self.targets.has(&tuple)
        })
    }

    /// A connection that is accepted: the number of its window.
    ///
    /// # Errors
    ///
    /// None waits (EAGAIN), or the socket takes none (EINVAL).
    pub fn accept(&mut self, _now: u64, socket: u32) -> Result<u32, Errno> {
        let it = self.sockets.find(socket)?;
        let Role::Listener(listener) = &mut it.role else {
            return Err(errno::EINVAL);
        };
        let accepted = listener.take();
        // DEFENCE: accepted-is-not-told-again
        let count = listener.count();
        it.view.tell_waiting(count);
        let accepted = accepted.ok_or(errno::EAGAIN)?;
        self.has_room = true;
        if let Some(it) = self.sockets.get_mut(accepted) {
            it.queued_at = None;
        }
        Ok(accepted)
    }

    /// Ends that a socket takes connections. Those that nobody has accepted are reset.
    pub(super) fn stop_listening(&mut self, now: u64, socket: u32) {
        let Some(it) = self.sockets.get_mut(socket) else {
            return;
        };
        let (bound, v6) = (it.bound, it.v6);
        let Role::Listener(mut listener) = core::mem::replace(&mut it.role, Role::Idle) else {
            return;
        };
        it.view.tell_waiting(0);
        it.view.tell_state(state::BOUND);
        if let Some(local) = bound {
            self.listeners.remove(local, v6);
        }
        while let Some(waiting) = listener.take() {
            self.disown(now, waiting, super::Close::Reset);
        }
        for number in 0..super::half_open::MOST as u32 {
            let record = self.half_open.get(number).copied();
            // DEFENCE: half-open-ends-with-its-listener
            if record.is_some_and(|record| record.listener == socket) {
                self.forget_half_open(number);
            }
        }
    }

    /// Forgets a record of a connection that is half open.
    pub(super) fn forget_half_open(&mut self, number: u32) {
        self.kept.forget(number);
        if let Some(record) = self.half_open.remove(number) {
            let target = Target::HalfOpen(number);
            self.targets.remove_of(&record.tuple, target);
        }
    }
}

/// Whether two addresses with ports are one, or one of them holds the other.
fn overlaps((one, v6): (Local, V6), (other, other_v6): (Local, V6)) -> bool {
    one.port == other.port
        && match (one.address, other.address) {
            (Some(one), Some(other)) => one == other,
            (Some(one), None) => holds(other_v6, one),
            (None, Some(other)) => holds(v6, other),
            (None, None) => !matches!((v6, other_v6), (V6::No, V6::Only) | (V6::Only, V6::No)),
        }
}

/// Whether all addresses of a socket of this version hold one.
fn holds(v6: V6, address: IpAddress) -> bool {
    match address {
        IpAddress::Ipv4(_) => v6 != V6::Only,
        IpAddress::Ipv6(_) => v6 != V6::No,
    }
}

/// All ports that are chosen, from one on that nobody can guess.
fn ports(carrier: &mut dyn Carrier) -> impl Iterator<Item = u16> {
    let first = (carrier.random() % u64::from(PORT_COUNT)) as u16;
    let turn = move |step: u16| *PORTS.start() + (first + step) % PORT_COUNT;
    (0..PORT_COUNT).map(turn)
}

impl Socket {
    /// Whether it was bound to an address of its own, and which.
    pub(super) fn own_address(&self) -> Option<IpAddress> {
        self.bound.and_then(|bound| bound.address)
    }
}
