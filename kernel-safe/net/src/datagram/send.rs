//! From sockets of datagrams.

use domains::errno::{EACCES, EBADF, EDESTADDRREQ, EINVAL, EMSGSIZE, ENOBUFS, EPIPE};
use domains::network::Name;
use smoltcp::wire::{IpAddress, IpProtocol, UDP_HEADER_LEN};

use super::Datagrams;
use super::bind::source;
use super::members::interface_from;
use crate::bytes;
use crate::carrier::{Carrier, Checksum, Errno, Full, Outgoing};
use crate::desk::Desk;
use crate::ip::addresses::loopback_like;
use crate::lent::Lender;
use crate::node::{CARD, LOOPBACK, Node};

/// Where the checksum is in a header of UDP.
const CHECKSUM_AT: usize = 6;
/// The most bytes of a datagram over IPv4.
const MOST_V4: usize = 65_507;
/// The most bytes of a datagram over IPv6.
const MOST_V6: usize = 65_527;

/// A datagram that lies on the desk.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// To whom; none if whoever the socket is connected to.
    pub name: Option<&'a Name>,
    /// How many bytes it has.
    pub size: usize,
    /// Where they lie.
    pub desk: Desk,
}

impl Datagrams {
    /// Sends a datagram.
    ///
    /// # Errors
    ///
    /// As Linux has them: EMSGSIZE, EDESTADDRREQ, ENETUNREACH, EACCES, EINVAL, EPIPE, what
    /// has gone wrong before, and ENOBUFS if there is no room.
    pub fn send<L: Lender>(
        &mut self,
        number: u32,
        message: Message<'_>,
        node: &mut Node<L>,
    ) -> Result<(), Errno> {
        let socket = self.sockets.get_mut(&number).ok_or(EBADF)?;
        if socket.ended.1 {
            return Err(EPIPE);
        }
        if socket.error != 0 {
            return Err(socket.take_error());
        }
        let (target, port) = match message.name {
            Some(name) => (socket.family.address(name)?, name.port),
            None => socket.peer.ok_or(EDESTADDRREQ)?,
        };
        let most = match target {
            IpAddress::Ipv4(_) => MOST_V4,
            IpAddress::Ipv6(_) => MOST_V6,
        };
        if message.size > most {
            return Err(EMSGSIZE);
        }
        if port == 0 {
            return Err(EINVAL);
        }
        let target = if target.is_unspecified() {
            loopback_like(target)
        } else {
            target
        };
        if node.addresses.is_everybody(target) && !socket.may_broadcast {
            return Err(EACCES);
        }
        self.bind_somewhere(number, node)?;
        self.send_to(number, (target, port), message, node)
    }

    fn send_to<L: Lender>(
        &self,
        number: u32,
        (target, port): (IpAddress, u16),
        message: Message<'_>,
        node: &mut Node<L>,
    ) -> Result<(), Errno> {
        let socket = self.sockets.get(&number).ok_or(EBADF)?;
        let local = socket.local.ok_or(EINVAL)?;
        let is_group = target.is_multicast();
        let packet = Outgoing {
            source: source(socket.bound, target, node)?,
            target,
            protocol: IpProtocol::Udp,
            hop_limit: if is_group {
                socket.group_hops
            } else {
                socket.hops
            },
            segment: None,
            header: 0,
        };
        let mut fill = |place: &mut [u8]| {
            let size = place.len() as u16;
            bytes::put_half(place, 0, local.port);
            bytes::put_half(place, 2, port);
            bytes::put_half(place, 4, size);
            bytes::put_half(place, CHECKSUM_AT, 0);
            message
                .desk
                .datagram(place.get_mut(UDP_HEADER_LEN..).unwrap_or(&mut []));
        };
        let size = message.size.saturating_add(UDP_HEADER_LEN);
        if is_group {
            let [back_v4, back_v6] = socket.comes_back;
            let comes_back = match target {
                IpAddress::Ipv4(_) => back_v4,
                IpAddress::Ipv6(_) => back_v6,
            };
            self.send_to_group(&packet, size, comes_back, node, &mut fill)
        } else {
            if node.addresses.is_everybody(target) {
                // This machine is one of all. What it loses of that, others do, too.
                let _ = node.send_home(&packet, size, &mut fill);
            }
            node.send(&packet, size, Checksum::At(CHECKSUM_AT), &mut fill)
                .map_err(|Full| ENOBUFS)
        }
    }

    fn send_to_group<L: Lender>(
        &self,
        packet: &Outgoing,
        size: usize,
        comes_back: bool,
        node: &mut Node<L>,
        fill: &mut dyn FnMut(&mut [u8]),
    ) -> Result<(), Errno> {
        let interface = interface_from(packet.source, node);
        let groups = match interface {
            LOOPBACK => &self.home,
            _ => &self.groups,
        };
        if comes_back && groups.has(packet.target) {
            // As above.
            let _ = node.send_home(packet, size, fill);
        }
        if interface == CARD && packet.hop_limit != 0 {
            let sent = node.send(packet, size, Checksum::At(CHECKSUM_AT), fill);
            sent.map_err(|Full| ENOBUFS)?;
        }
        Ok(())
    }
}
