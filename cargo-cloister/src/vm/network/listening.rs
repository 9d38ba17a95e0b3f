//! A socket of the guest that waits for others, and how they get there.

use std::net::{Ipv4Addr, SocketAddrV4};

use domains::notice::{Listener, Protocol, Versions};

use super::Publish;

/// A socket that waits, and the ways to it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listening {
    /// The socket.
    pub listener: Listener,
    /// The ports of this machine that lead to it.
    pub published: Vec<Publish>,
    /// The guest's address of IPv4, as far as it has told.
    pub guest: Option<Ipv4Addr>,
    /// Whether others reach that address: the guest is on an interface of ours.
    pub is_reachable: bool,
}

impl Listening {
    /// What people are told in any case: where to go.
    pub fn ways(&self) -> Vec<String> {
        if self.obstacle().is_some() {
            return Vec::new();
        }
        let published = self.published.iter();
        let mut ways: Vec<String> = published
            .map(|publish| format!("listening on {publish}"))
            .collect();
        if self.is_reachable && !self.listener.is_local {
            ways.push(format!("listening on {}", self.place()));
        }
        ways
    }

    /// Why a port was published that leads nowhere.
    pub fn obstacle(&self) -> Option<String> {
        let publish = self.published.first()?;
        let port = self.listener.port;
        if self.listener.is_local {
            return Some(format!(
                "the program listens on port {port} for itself alone, so {publish} leads nowhere: \
                 have it listen on 0.0.0.0"
            ));
        }
        (self.listener.versions == Versions::V6).then(|| {
            format!(
                "the program listens on port {port} by IPv6 alone, so {publish} leads nowhere: \
                 have it listen on 0.0.0.0, or on :: for both"
            )
        })
    }

    /// What is told of one to which nothing leads, and what would.
    pub fn aside(&self) -> Option<String> {
        let place = self.place();
        match (
            self.listener.is_local,
            self.published.is_empty(),
            self.is_reachable,
        ) {
            (true, true, _) => {
                Some(format!("listening on {place}, for the guest itself alone"))
            }
            (false, true, false) => {
                let (port, by) = (self.listener.port, self.suffix());
                Some(format!(
                    "listening on {place}, not published: --publish HOST:{port}{by} leads there"
                ))
            }
            _ => None,
        }
    }

    /// How the protocol is named in what is published.
    const fn suffix(&self) -> &'static str {
        match self.listener.protocol {
            Protocol::Tcp => "",
            Protocol::Udp => "/udp",
        }
    }

    /// The place in the guest.
    fn place(&self) -> String {
        let Listener {
            port,
            protocol,
            versions,
            is_local,
        } = self.listener;
        let address = match (is_local, versions, self.guest) {
            (true, Versions::V6, _) => "[::1]".to_owned(),
            (true, ..) => Ipv4Addr::LOCALHOST.to_string(),
            (false, Versions::V6, _) => "[guest]".to_owned(),
            (false, _, Some(address)) => address.to_string(),
            (false, _, None) => String::new(),
        };
        let by = match protocol {
            Protocol::Tcp => "",
            Protocol::Udp => " by UDP",
        };
        format!("{address}:{port}{by}")
    }

    /// Where this machine takes what goes there.
    pub fn host_addresses(&self) -> impl Iterator<Item = SocketAddrV4> + '_ {
        let is_open = self.obstacle().is_none();
        let published = self.published.iter().filter(move |_| is_open);
        published.map(Publish::host_address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEB: Listener = Listener {
        port: 80,
        protocol: Protocol::Tcp,
        versions: Versions::Both,
        is_local: false,
    };

    fn listening(listener: Listener, published: &[&str]) -> Listening {
        Listening {
            listener,
            published: published.iter().map(|it| it.parse().expect(it)).collect(),
            guest: Some(Ipv4Addr::new(10, 0, 2, 15)),
            is_reachable: false,
        }
    }

    #[test]
    fn a_published_socket_is_found_at_its_ports() {
        let web = listening(WEB, &["8080:80", "0.0.0.0:8081:80"]);
        let ways = [
            "listening on 127.0.0.1:8080 → :80",
            "listening on 0.0.0.0:8081 → :80",
        ];
        assert_eq!(web.ways(), ways);
        assert_eq!((web.obstacle(), web.aside()), (None, None));
        assert_eq!(web.host_addresses().count(), 2);
        let udp = Listener {
            protocol: Protocol::Udp,
            port: 53,
            ..WEB
        };
        let names = listening(udp, &["5353:53/udp"]);
        assert_eq!(names.ways(), ["listening on 127.0.0.1:5353 → :53 by UDP"]);
    }

    #[test]
    fn what_is_not_published_is_told_aside() {
        let web = listening(WEB, &[]);
        assert!(web.ways().is_empty());
        let aside = "listening on 10.0.2.15:80, not published: --publish HOST:80 leads there";
        assert_eq!(web.aside().as_deref(), Some(aside));
        let own = listening(
            Listener {
                is_local: true,
                ..WEB
            },
            &[],
        );
        let aside = "listening on 127.0.0.1:80, for the guest itself alone";
        assert_eq!(own.aside().as_deref(), Some(aside));
    }

    #[test]
    fn on_an_interface_of_ours_the_guest_is_reached_itself() {
        let web = Listening {
            is_reachable: true,
            ..listening(WEB, &[])
        };
        assert_eq!(web.ways(), ["listening on 10.0.2.15:80"]);
        assert_eq!(web.aside(), None);
        let unknown = Listening { guest: None, ..web };
        assert_eq!(unknown.ways(), ["listening on :80"]);
    }

    /// As in containers: whoever listens on the loopback is not found from outside.
    #[test]
    fn a_port_that_leads_nowhere_is_told_with_the_reason() {
        for (listener, why) in [
            (
                Listener {
                    is_local: true,
                    ..WEB
                },
                "for itself alone",
            ),
            (
                Listener {
                    versions: Versions::V6,
                    ..WEB
                },
                "by IPv6 alone",
            ),
        ] {
            let web = listening(listener, &["8080:80"]);
            let obstacle = web.obstacle().expect("it leads nowhere");
            assert!(
                obstacle.contains(why) && obstacle.contains("0.0.0.0"),
                "{obstacle}"
            );
            assert!(web.ways().is_empty());
            assert_eq!(web.host_addresses().count(), 0);
        }
    }
}
