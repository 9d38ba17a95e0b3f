//! Groups that sockets have joined.

use domains::errno::{EADDRINUSE, EADDRNOTAVAIL, EBADF, EINVAL, ENOBUFS, ENODEV};
use domains::network::Name;
use smoltcp::wire::IpAddress;

use super::Datagrams;
use super::socket::Member;
use crate::carrier::{Carrier, Errno};
use crate::ip::addresses::is_loopback;
use crate::ip::groups::Groups;
use crate::lent::Lender;
use crate::names::{Family, unmapped};
use crate::node::{CARD, LOOPBACK, Node};

/// The most groups of one socket, as Linux has it.
const MEMBERS: usize = 20;

impl Datagrams {
    /// Has a socket join a group by an interface.
    ///
    /// # Errors
    ///
    /// It is no group (EINVAL), there is no such interface (ENODEV), it is a member
    /// already (EADDRINUSE), or there are too many (ENOBUFS).
    pub fn join<L: Lender>(
        &mut self,
        number: u32,
        group: &Name,
        by: &Name,
        node: &Node<L>,
    ) -> Result<(), Errno> {
        let member = self.member(number, group, by, node)?;
        let socket = self.sockets.get_mut(&number).ok_or(EBADF)?;
        if socket.members.contains(&member) {
            return Err(EADDRINUSE);
        }
        let has_room = socket.members.len() < MEMBERS && socket.members.try_reserve(1).is_ok();
        if !has_room
            || !self
                .groups_of(member.interface)
                .join(member.group, node.now)
        {
            return Err(ENOBUFS);
        }
        let socket = self.sockets.get_mut(&number).ok_or(EBADF)?;
        socket.members.push(member);
        Ok(())
    }

    /// Has a socket leave a group that it has joined.
    ///
    /// # Errors
    ///
    /// It is no member (EADDRNOTAVAIL).
    pub fn leave<L: Lender>(
        &mut self,
        number: u32,
        group: &Name,
        by: &Name,
        node: &Node<L>,
    ) -> Result<(), Errno> {
        let member = self.member(number, group, by, node)?;
        let socket = self.sockets.get_mut(&number).ok_or(EBADF)?;
        let place = socket.members.iter().position(|it| *it == member);
        let place = place.ok_or(EADDRNOTAVAIL)?;
        socket.members.swap_remove(place);
        self.groups_of(member.interface).leave(member.group);
        Ok(())
    }

    /// The groups that are joined by an interface.
    pub(super) const fn groups_of(&mut self, interface: u32) -> &mut Groups {
        match interface {
            CARD => &mut self.groups,
            _ => &mut self.home,
        }
    }

    fn member<L: Lender>(
        &self,
        number: u32,
        group: &Name,
        by: &Name,
        node: &Node<L>,
    ) -> Result<Member, Errno> {
        let socket = self.sockets.get(&number).ok_or(EBADF)?;
        // A socket of IPv6 can be in groups of IPv4, too, as it can speak to them.
        let group = match socket.family {
            Family::V4 => Family::V4.address(group)?,
            Family::Dual | Family::V6 if group.version == Name::V6 => unmapped(group.address),
            Family::Dual | Family::V6 => Family::Dual.address(group)?,
        };
        if !group.is_multicast() {
            return Err(EINVAL);
        }
        let interface = interface(by, node)?;
        Ok(Member { group, interface })
    }
}

/// The interface that is named by its number, or by an address; the card, if there is
/// one, for nothing.
fn interface<L: Lender>(by: &Name, node: &Node<L>) -> Result<u32, Errno> {
    let has_card = node.addresses.has_card;
    let address = match by.version {
        Name::V4 => Family::V4.address(by)?,
        _ => unmapped(by.address),
    };
    match by.scope {
        0 => {}
        LOOPBACK => return Ok(LOOPBACK),
        CARD if has_card => return Ok(CARD),
        _ => return Err(ENODEV),
    }
    if address.is_unspecified() {
        return Ok(if has_card { CARD } else { LOOPBACK });
    }
    match address {
        address if is_loopback(address) => Ok(LOOPBACK),
        address if node.is_own(address) => Ok(CARD),
        _ => Err(ENODEV),
    }
}

/// By which interface a datagram to a group leaves that comes from `source`.
pub(super) fn interface_from<L: Lender>(source: IpAddress, node: &Node<L>) -> u32 {
    if is_loopback(source) || !node.addresses.has_card {
        LOOPBACK
    } else {
        CARD
    }
}
