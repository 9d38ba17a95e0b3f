//! The groups that this machine is in, and when routers are told.
//!
//! Whoever joins is told about twice, a second apart; a router that asks gets an answer
//! within the time it says, at random (RFC 3376, RFC 3810). Routers that speak the older
//! version, IGMPv2 or MLDv1, are answered in that for as long as they may be there.

use alloc::vec::Vec;

use smoltcp::wire::IpAddress;

use crate::desk::NEVER;
use crate::random::Random;

/// The most groups.
const GROUPS: usize = 64;
/// The most groups that were left and of which no router was told yet.
const LEFT: usize = 16;
/// How long after the first report the second is sent.
const AGAIN: u64 = 1_000_000_000;
/// How long a router that speaks an older version is remembered (RFC 3376, 8.12).
const OLD_FOR: u64 = 260_000_000_000;

/// What routers have to be told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Message {
    /// This machine has joined.
    Joined(IpAddress),
    /// It is in it still.
    Member(IpAddress),
    /// It has left.
    Left(IpAddress),
}

/// All groups.
#[derive(Default, Debug)]
pub struct Groups {
    list: Vec<Group>,
    left: Vec<IpAddress>,
    /// Until when routers of IPv4, and of IPv6, are spoken to as they were.
    old_until: [u64; 2],
}

#[derive(Debug)]
struct Group {
    address: IpAddress,
    members: u32,
    /// When it has to be reported.
    at: u64,
    /// How often it has to be reported as new.
    is_new: u8,
}

impl Groups {
    /// Somebody joins; false if there is no room.
    #[must_use]
    pub fn join(&mut self, address: IpAddress, now: u64) -> bool {
        if let Some(group) = self.find(address) {
            group.members = group.members.saturating_add(1);
            return true;
        }
        if self.list.len() >= GROUPS || self.list.try_reserve(1).is_err() {
            return false;
        }
        self.list.push(Group {
            address,
            members: 1,
            at: if is_told(address) { now } else { NEVER },
            is_new: 2,
        });
        true
    }

    /// Somebody leaves who had joined.
    pub fn leave(&mut self, address: IpAddress) {
        let Some(group) = self.find(address) else {
            return;
        };
        group.members = group.members.saturating_sub(1);
        if group.members != 0 {
            return;
        }
        self.list.retain(|group| group.members != 0);
        let has_room = self.left.len() < LEFT && self.left.try_reserve(1).is_ok();
        if is_told(address) && has_room {
            self.left.push(address);
        }
    }

    /// Whether this machine is in a group.
    pub fn has(&self, address: IpAddress) -> bool {
        let is_everybodys = !is_told(address);
        is_everybodys || self.list.iter().any(|group| group.address == address)
    }

    /// All groups have to be told anew: the link is another.
    pub fn begin_anew(&mut self, now: u64) {
        self.old_until = [0; 2];
        self.left.clear();
        for group in self.list.iter_mut().filter(|group| is_told(group.address)) {
            group.at = now;
            group.is_new = 2;
        }
    }

    /// A router asks for a group, or for all of a family, and wants answers within
    /// `delay`.
    pub fn asked(
        &mut self,
        about: IpAddress,
        is_old: bool,
        delay: u64,
        now: u64,
        random: &mut Random,
    ) {
        if is_old && let Some(until) = self.old_until.get_mut(family(about)) {
            *until = now.saturating_add(OLD_FOR);
        }
        for group in &mut self.list {
            let is_of_kind = about.is_unspecified() && family(about) == family(group.address);
            if is_told(group.address) && (is_of_kind || group.address == about) {
                let at = now.saturating_add(random.below(delay));
                group.at = group.at.min(at);
            }
        }
    }

    /// Whether routers of the family of an address are spoken to as they were.
    pub fn is_old(&self, address: IpAddress, now: u64) -> bool {
        let until = self.old_until.get(family(address));
        until.is_some_and(|until| *until > now)
    }

    /// What routers have to be told now.
    pub fn next_message(&mut self, now: u64) -> Option<Message> {
        if let Some(address) = self.left.pop() {
            return Some(Message::Left(address));
        }
        let group = self.list.iter_mut().find(|group| group.at <= now)?;
        let message = if group.is_new == 0 {
            Message::Member(group.address)
        } else {
            Message::Joined(group.address)
        };
        group.is_new = group.is_new.saturating_sub(1);
        group.at = match group.is_new {
            0 => NEVER,
            _ => now.saturating_add(AGAIN),
        };
        Some(message)
    }

    /// When that is next.
    pub fn deadline(&self) -> u64 {
        if !self.left.is_empty() {
            return 0;
        }
        let times = self.list.iter().map(|group| group.at);
        times.min().unwrap_or(NEVER)
    }

    fn find(&mut self, address: IpAddress) -> Option<&mut Group> {
        self.list.iter_mut().find(|group| group.address == address)
    }
}

const fn family(address: IpAddress) -> usize {
    match address {
        IpAddress::Ipv4(_) => 0,
        IpAddress::Ipv6(_) => 1,
    }
}

/// Whether routers are told of a group: not of that of all machines, nor of what does
/// not leave this one.
fn is_told(address: IpAddress) -> bool {
    match address {
        IpAddress::Ipv4(address) => address.octets() != [224, 0, 0, 1],
        IpAddress::Ipv6(address) => {
            let [_, second, .., last] = address.octets();
            let is_all = address.segments() == [0xff02, 0, 0, 0, 0, 0, 0, last.into()];
            second & 0xf > 1 && !(is_all && last == 1)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: IpAddress = IpAddress::v4(239, 1, 2, 3);

    fn random() -> Random {
        Random::new([1; 32])
    }

    #[test]
    fn a_group_is_told_twice_and_again_when_asked() {
        let mut groups = Groups::default();
        assert!(groups.join(GROUP, 5) && groups.join(GROUP, 6));
        assert_eq!(groups.next_message(5), Some(Message::Joined(GROUP)));
        assert_eq!(groups.next_message(5), None);
        assert_eq!(groups.deadline(), 5 + AGAIN);
        assert_eq!(groups.next_message(5 + AGAIN), Some(Message::Joined(GROUP)));
        assert_eq!(groups.deadline(), NEVER);
        let all = IpAddress::v4(0, 0, 0, 0);
        groups.asked(all, true, 1000, 7 * AGAIN, &mut random());
        assert!(groups.deadline() < 7 * AGAIN + 1000);
        let later = 8 * AGAIN;
        assert_eq!(groups.next_message(later), Some(Message::Member(GROUP)));
        assert!(groups.is_old(GROUP, later));
        groups.leave(GROUP);
        assert!(groups.has(GROUP));
        groups.leave(GROUP);
        assert!(!groups.has(GROUP));
        assert_eq!(groups.next_message(later), Some(Message::Left(GROUP)));
        assert_eq!(groups.deadline(), NEVER);
    }

    #[test]
    fn the_group_of_all_is_everybodys_and_nobody_is_told() {
        let mut groups = Groups::default();
        for all in [
            IpAddress::v4(224, 0, 0, 1),
            IpAddress::v6(0xff02, 0, 0, 0, 0, 0, 0, 1),
        ] {
            assert!(groups.has(all) && groups.join(all, 0));
        }
        assert_eq!(groups.next_message(1), None);
        assert!(!groups.has(IpAddress::v6(0xff02, 0, 0, 0, 0, 0, 0, 2)));
    }

    #[test]
    fn there_are_only_so_many() {
        let mut groups = Groups::default();
        let joined =
            (0..200).filter(|number| groups.join(IpAddress::v4(239, 0, 0, *number), 0));
        assert_eq!(joined.count(), GROUPS);
        for number in 0..200 {
            groups.leave(IpAddress::v4(239, 0, 0, number));
        }
        let mut count = 0;
        while groups.next_message(0).is_some() {
            count += 1;
        }
        assert_eq!(count, LEFT);
    }
}
