//! The machines that QEMU plays in a network of its own: a router and a server.
//!
//! Where nobody says otherwise they have the second and the third address of the
//! network, as QEMU has it; where somebody does, the next that is free.

use std::net::IpAddr;

use super::Prefixed;
use super::error::NetworkError;

/// The longest prefix that leaves room for a guest and both.
const PREFIX_V4_MAX: u8 = 29;

/// Who is beside the guest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Neighbours {
    pub(super) router: IpAddr,
    pub(super) server: IpAddr,
}

impl Neighbours {
    /// Those of a guest at `own`, the router at `router` if that is given.
    pub(super) fn of(own: Prefixed, router: Option<IpAddr>) -> Neighbours {
        let router = router.unwrap_or_else(|| free(own, 2, &[own.address()]));
        let server = free(own, 3, &[own.address(), router]);
        Neighbours { router, server }
    }

    /// Refuses networks in which there is no room, or whose router QEMU cannot play.
    pub(super) fn judge(own: Prefixed, router: Option<IpAddr>) -> Result<(), NetworkError> {
        if own.address().is_ipv4() && own.prefix() > PREFIX_V4_MAX {
            return Err(NetworkError::SmallNetwork(own, PREFIX_V4_MAX));
        }
        match router {
            Some(router) if !own.is_beside(router) => Err(NetworkError::Outside(own, router)),
            _ => Ok(()),
        }
    }
}

/// The first host from `number` on that is none of `taken`.
fn free(own: Prefixed, number: u128, taken: &[IpAddr]) -> IpAddr {
    let mut hosts = (number..).map(|number| own.host(number));
    let found = hosts.find(|host| !taken.contains(host));
    found.expect("there are more numbers than are taken")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn neighbours(own: &str, router: Option<&str>) -> [String; 2] {
        let router = router.map(|text| text.parse().expect(text));
        let found = Neighbours::of(own.parse().expect(own), router);
        [found.router.to_string(), found.server.to_string()]
    }

    #[test]
    fn they_are_where_qemu_has_them() {
        assert_eq!(neighbours("10.0.2.15/24", None), ["10.0.2.2", "10.0.2.3"]);
        assert_eq!(neighbours("fec0::9/64", None), ["fec0::2", "fec0::3"]);
    }

    #[test]
    fn no_two_have_one_address() {
        assert_eq!(neighbours("10.0.2.2/24", None), ["10.0.2.3", "10.0.2.4"]);
        assert_eq!(neighbours("10.0.2.3/24", None), ["10.0.2.2", "10.0.2.4"]);
        let by_hand = neighbours("10.0.2.4/24", Some("10.0.2.3"));
        assert_eq!(by_hand, ["10.0.2.3", "10.0.2.5"]);
        for host in 1..7 {
            let own = format!("192.168.7.{host}/29");
            let [router, server] = neighbours(&own, None);
            for one in [&router, &server] {
                assert!(
                    !own.starts_with(one.as_str()) && !one.ends_with(".7"),
                    "{own} {one}"
                );
            }
            assert_ne!(router, server);
        }
    }

    #[test]
    fn there_must_be_room_for_them() {
        let judge = |own: &str, router: Option<&str>| {
            let router = router.map(|text| text.parse().expect(text));
            Neighbours::judge(own.parse().expect(own), router).is_ok()
        };
        assert!(judge("192.168.7.1/29", Some("192.168.7.6")));
        assert!(judge("fd00::1/126", None));
        assert!(!judge("192.168.7.1/30", None));
        assert!(
            !judge("fd00::1/64", Some("fe80::1")),
            "QEMU has no such router"
        );
    }
}
