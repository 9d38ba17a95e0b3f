//! What routers report: ways that do not lead on, and ways that are narrow.
//!
//! Anybody can send such a report. It counts only if it quotes a number that is in
//! flight, and ends only a connection that is yet to be made (RFC 5927).

use smoltcp::wire::IpAddress;

use super::Tcp;
use super::connection::{Connection, Phase};
use super::names::{self, Tuple};
use super::targets::Target;
use crate::carrier::Errno;

/// The least packet that every way of IPv4 is taken to carry, as Linux has it.
const LEAST_V4: usize = 552;
/// The least packet that every way of IPv6 carries (RFC 8200).
const LEAST_V6: usize = 1280;

/// What a report quotes of a segment that we have sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quoted {
    /// From which address of ours.
    pub local: IpAddress,
    /// And which port.
    pub local_port: u16,
    /// To whom.
    pub peer: IpAddress,
    /// And to which port.
    pub peer_port: u16,
    /// Its sequence number.
    pub sequence: u32,
}

impl Tcp {
    /// A peer cannot be reached, for the reason that `errno` says.
    pub fn unreachable(&mut self, now: u64, quoted: &Quoted, errno: Errno) {
        let Some((socket, connection)) = self.quoted(quoted) else {
            return;
        };
        if connection.phase == Phase::Opening {
            connection.abort(Some(errno), true);
            self.settle(now, socket);
        }
    }

    /// The way to a peer carries packets of `mtu` bytes at most.
    pub fn shrink(&mut self, now: u64, quoted: &Quoted, mtu: usize) {
        let least = match quoted.peer {
            IpAddress::Ipv4(_) => LEAST_V4,
            IpAddress::Ipv6(_) => LEAST_V6,
        };
        if let Some((_, connection)) = self.quoted(quoted) {
            // DEFENCE: no-report-makes-packets-tiny
            connection.shrink(now, mtu.max(least));
        }
    }

    /// The connection that a report is about, if that quotes what is in flight.
    fn quoted(&mut self, quoted: &Quoted) -> Option<(u32, &mut Connection)> {
        let tuple = Tuple {
            local: names::number(quoted.local),
            peer: names::number(quoted.peer),
            local_port: quoted.local_port,
            peer_port: quoted.peer_port,
        };
        let Some(Target::Connection(socket)) = self.targets.get(&tuple) else {
            return None;
        };
        let connection = self.sockets.connection(socket)?;
        // DEFENCE: a-report-quotes-what-is-in-flight
        let is_ours = connection.edge.is_in_flight(quoted.sequence);
        is_ours.then_some((socket, connection))
    }

    /// An address is no longer this machine's: its connections end with `errno`.
    pub fn lost(&mut self, now: u64, address: IpAddress, errno: Errno) {
        let number = names::number(address);
        for socket in 0..domains::network::window::SOCKETS_MAX as u32 {
            if let Some(connection) = self.sockets.connection(socket)
                && connection.tuple.local == number
                && connection.lasts()
            {
                connection.abort(Some(errno), true);
                self.settle(now, socket);
            }
        }
        for record in 0..super::half_open::MOST as u32 {
            let tuple = self.half_open.get(record).map(|record| record.tuple);
            if tuple.is_some_and(|tuple| tuple.local == number) {
                self.forget_half_open(record);
            }
        }
    }
}
