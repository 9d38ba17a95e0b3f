//! How large packets may be on the way to others, where a router has said so.
//!
//! The table is small: who is not in it gets packets as large as the link carries. What
//! a router says counts for ten minutes (RFC 8201, 4), never enlarges anything, and
//! never makes packets smaller than every network must carry.

use alloc::vec::Vec;

use smoltcp::wire::IpAddress;

/// The most that is remembered.
const PATHS: usize = 64;
/// How long it counts.
const PATIENCE: u64 = 600_000_000_000;
/// The least that is believed for IPv4, as Linux has it.
const LEAST_V4: usize = 552;
/// What every network carries of IPv6 (RFC 8200, 5).
pub const LEAST_V6: usize = 1280;

/// What routers have said.
#[derive(Default, Debug)]
pub struct Paths(Vec<Path>);

#[derive(Debug)]
struct Path {
    target: IpAddress,
    packet_max: usize,
    until: u64,
}

impl Paths {
    /// The most bytes of a packet to `target`, with the header of IP, where the link
    /// carries `link`.
    pub fn packet_max(&self, target: IpAddress, link: usize, now: u64) -> usize {
        if self.0.is_empty() {
            return link;
        }
        let path = self.0.iter().find(|path| path.target == target);
        let path = path.filter(|path| path.until > now);
        path.map_or(link, |path| path.packet_max.min(link))
    }

    /// Whether nothing was said.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A router says that packets to `target` may have so many bytes at most; whether
    /// that is less than was known.
    pub fn shrink(&mut self, target: IpAddress, said: usize, link: usize, now: u64) -> bool {
        let least = match target {
            IpAddress::Ipv4(_) => LEAST_V4,
            IpAddress::Ipv6(_) => LEAST_V6,
        };
        // DEFENCE: packets-not-too-small
        let packet_max = said.max(least);
        if packet_max >= self.packet_max(target, link, now) {
            return false;
        }
        self.0
            .retain(|path| path.until > now && path.target != target);
        if self.0.len() >= PATHS {
            self.forget_oldest();
        }
        if self.0.try_reserve(1).is_err() {
            return false;
        }
        let until = now.saturating_add(PATIENCE);
        self.0.push(Path {
            target,
            packet_max,
            until,
        });
        true
    }

    fn forget_oldest(&mut self) {
        let paths = self.0.iter().enumerate();
        let oldest = paths.min_by_key(|(_, path)| path.until);
        if let Some((place, _)) = oldest {
            self.0.swap_remove(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARGET: IpAddress = IpAddress::v4(1, 1, 1, 1);

    #[test]
    fn a_path_becomes_smaller_but_not_too_small_and_not_for_ever() {
        let mut paths = Paths::default();
        assert!(!paths.shrink(TARGET, 1500, 1500, 0));
        assert!(paths.shrink(TARGET, 1400, 1500, 0));
        assert!(!paths.shrink(TARGET, 1450, 1500, 0));
        assert_eq!(paths.packet_max(TARGET, 1500, 1), 1400);
        assert!(paths.shrink(TARGET, 20, 1500, 0));
        assert_eq!(paths.packet_max(TARGET, 1500, 1), LEAST_V4);
        assert_eq!(paths.packet_max(TARGET, 1500, PATIENCE), 1500);
        let other = IpAddress::v4(1, 1, 1, 2);
        assert_eq!(paths.packet_max(other, 1500, 1), 1500);
    }

    #[test]
    fn the_oldest_gives_way() {
        let mut paths = Paths::default();
        for number in 0..200_u8 {
            let target = IpAddress::v4(2, 2, 2, number);
            assert!(paths.shrink(target, 1000, 1500, number.into()));
        }
        assert_eq!(paths.0.len(), PATHS);
        let target = IpAddress::v4(2, 2, 2, 199);
        assert_eq!(paths.packet_max(target, 1500, 300), 1000);
    }
}
