//! What the guest has said of its network: each thing once, and not without end.

use std::collections::HashSet;
use std::io;
use std::net::Ipv4Addr;

use domains::network::Setting;
use domains::notice::{Listener, NOTICES_MAX, Notice};

use super::{Listening, Network, NetworkError, given};
use crate::vm::Sink;

/// What was heard.
pub(in crate::vm) struct Heard {
    network: Network,
    setting: Setting,
    told: HashSet<Notice>,
    guest: Option<Ipv4Addr>,
}

impl Heard {
    /// Nothing yet, from a guest on `network` that was given this.
    pub(in crate::vm) fn new(network: &Network, setting: &Setting) -> Heard {
        Heard {
            network: network.clone(),
            setting: *setting,
            told: HashSet::new(),
            guest: given::address_v4(setting),
        }
    }

    /// Tells `sink` what is new.
    pub(in crate::vm) fn take(
        &mut self,
        notice: Notice,
        sink: &mut dyn Sink,
    ) -> io::Result<()> {
        // DEFENCE: notices-heard
        if self.told.len() >= NOTICES_MAX as usize || !self.told.insert(notice) {
            return Ok(());
        }
        match notice {
            Notice::Listens(listener) => sink.listening(&self.listening(listener)),
            Notice::Network(lease) => {
                self.guest = lease.address();
                sink.settled(&lease)
            }
        }
    }

    /// What QEMU's last `words` say of the network, if it is to blame.
    pub(in crate::vm) fn blame(&self, words: &str) -> Option<NetworkError> {
        self.network.blame(words, &self.setting)
    }

    fn listening(&self, listener: Listener) -> Listening {
        let published = self.network.publish.iter().filter(|publish| {
            (publish.protocol, publish.guest) == (listener.protocol, listener.port)
        });
        Listening {
            // Without a card nobody comes from outside.
            listener: Listener {
                is_local: listener.is_local || !self.network.has_card(),
                ..listener
            },
            published: published.copied().collect(),
            guest: self.guest,
            is_reachable: self.network.backend.is_open(),
        }
    }
}

#[cfg(test)]
mod tests {
    use domains::notice::{Lease, Origin, Protocol, Versions};

    use super::super::Backend;
    use super::*;
    use crate::vm::Capture;

    fn listens(port: u16) -> Notice {
        Notice::Listens(Listener {
            port,
            protocol: Protocol::Tcp,
            versions: Versions::V4,
            is_local: false,
        })
    }

    fn heard(notices: impl IntoIterator<Item = Notice>) -> Capture {
        let network = Network {
            backend: Backend::User,
            publish: vec!["8080:80".parse().expect("ports")],
            ..Network::default()
        };
        let mut heard = Heard::new(&network, &Setting::NONE);
        let mut capture = Capture::default();
        for notice in notices {
            heard.take(notice, &mut capture).expect("it keeps all");
        }
        capture
    }

    #[test]
    fn a_socket_is_told_with_the_ports_that_lead_to_it() {
        let lease = Lease {
            address: [10, 0, 2, 15],
            prefix: 24,
            origin: Origin::Dhcp,
        };
        let capture = heard([Notice::Network(lease), listens(80), listens(81)]);
        assert_eq!(capture.leases, [lease]);
        let [web, other] = &capture.listening[..] else {
            panic!("{:?}", capture.listening);
        };
        assert_eq!((web.published.len(), other.published.len()), (1, 0));
        assert_eq!(web.guest, Some(Ipv4Addr::new(10, 0, 2, 15)));
    }

    #[test]
    fn without_a_card_a_guest_listens_for_itself_alone() {
        let mut heard = Heard::new(&Network::default(), &Setting::NONE);
        let mut capture = Capture::default();
        heard.take(listens(80), &mut capture).expect("it keeps all");
        assert!(capture.listening[0].listener.is_local);
    }

    #[test]
    fn the_same_is_told_once() {
        let capture = heard([listens(80), listens(80), listens(81), listens(80)]);
        assert_eq!(capture.listening.len(), 2);
    }

    /// Whatever the guest lets out, the host keeps no more.
    #[test]
    fn notices_without_an_end_are_cut() {
        let capture = heard((1..=u16::MAX).map(listens));
        assert_eq!(capture.listening.len(), NOTICES_MAX as usize);
    }
}
