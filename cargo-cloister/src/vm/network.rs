//! The guest's network: where its card leads to, and what the host adds.
//!
//! | module | what it is about |
//! |---|---|
//! | `backend`, `tap`, `socket` | where the card leads to |
//! | `hardware` | the address of a card that is not alone on its link |
//! | `given`, `prefixed`, `host_name` | what the guest is told of addresses and names |
//! | `neighbours` | the machines that QEMU plays in a network of its own |
//! | `publish`, `port`, `holder` | ports of this machine that lead into the guest |
//! | `capture` | the file with what was sent and received |
//! | `arguments` | all of that for QEMU |
//! | `heard`, `listening` | what the guest says of its sockets |
//! | `error`, `trouble`, `blame` | what goes wrong, by our own look and by what QEMU says |

mod arguments;
mod backend;
mod blame;
mod capture;
mod error;
mod given;
mod hardware;
mod heard;
mod holder;
mod host_name;
mod listening;
mod neighbours;
mod port;
mod prefixed;
mod publish;
mod socket;
mod tap;
mod trouble;

use std::path::PathBuf;

use domains::network::Setting;

pub use backend::{Backend, InvalidBackend};
pub use error::NetworkError;
pub use given::Given;
pub use holder::Holder;
pub use host_name::{HostName, InvalidHostName};
pub use listening::Listening;
pub use prefixed::{InvalidAddress, Prefixed};
pub use publish::{InvalidPublish, Publish};
pub use socket::Socket;
pub use tap::Tap;
pub use trouble::{PortTrouble, SocketTrouble, TapTrouble};

pub(super) use arguments::{Arguments, arguments};
pub(super) use heard::Heard;

/// The shortest longest packet: IPv6 wants as much of every link (RFC 8200, 5).
pub const MTU_LEAST: u16 = 1280;
/// The longest that is of use: jumbo frames of Ethernet.
pub const MTU_MOST: u16 = 9000;
/// The longest packet of user networking, which is Ethernet's.
const MTU_USER: u16 = 1500;

/// The guest's network.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Network {
    /// Where its card leads to.
    pub backend: Backend,
    /// Ports of this machine that lead into the guest.
    pub publish: Vec<Publish>,
    /// The file that gets what is sent and received.
    pub capture: Option<PathBuf>,
    /// How long a packet may be, if the card is to say so.
    pub mtu: Option<u16>,
}

impl Network {
    /// Whether the guest gets a card.
    pub fn has_card(&self) -> bool {
        self.backend != Backend::None
    }

    /// Looks for what cannot be, by itself and on this machine as it is now.
    pub fn check(&self) -> Result<(), NetworkError> {
        self.check_choices()?;
        self.publish.iter().try_for_each(port::try_out)?;
        match &self.backend {
            Backend::Tap(tap) => tap.try_out()?,
            Backend::Socket(socket) => socket.try_out()?,
            Backend::User | Backend::None => {}
        }
        self.capture.as_deref().map_or(Ok(()), capture::try_out)
    }

    /// Looks for choices that contradict each other.
    pub fn check_choices(&self) -> Result<(), NetworkError> {
        if !self.publish.is_empty() && self.backend != Backend::User {
            return Err(NetworkError::NothingToPublish(self.backend.clone()));
        }
        if let Backend::Socket(socket) = &self.backend
            && !socket.is_short()
        {
            return Err(NetworkError::LongSocket(socket.peer.clone()));
        }
        let is_too_long = |mtu: &u16| self.backend == Backend::User && *mtu > MTU_USER;
        if let Some(mtu) = self.mtu.filter(is_too_long) {
            return Err(NetworkError::LongPackets(mtu));
        }
        for (place, publish) in self.publish.iter().enumerate() {
            let mut before = self.publish[..place].iter();
            if let Some(first) = before.find(|first| first.collides_with(publish)) {
                return Err(NetworkError::SamePort(*first, *publish));
            }
        }
        Ok(())
    }

    /// What QEMU's last `words` say of it, if it is to blame; `setting` is what the guest
    /// was given.
    pub fn blame(&self, words: &str, setting: &Setting) -> Option<NetworkError> {
        blame::blame(words, self, setting)
    }

    /// What to say before a run: what goes on, and not as one would think.
    pub fn warning(&self) -> Option<String> {
        match &self.backend {
            Backend::Tap(tap) => tap.warning(),
            Backend::User | Backend::Socket(_) | Backend::None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(backend: &str, publish: &[&str]) -> Network {
        let publish = publish.iter().map(|text| text.parse().expect(text));
        Network {
            backend: backend.parse().expect(backend),
            publish: publish.collect(),
            ..Network::default()
        }
    }

    #[test]
    fn ports_are_published_by_user_networking_alone() {
        assert!(network("user", &["8080:80"]).check_choices().is_ok());
        for backend in ["none", "tap:tap0", "dgram:/tmp/net"] {
            let checked = network(backend, &["8080:80"]).check_choices();
            let is_refused = matches!(checked, Err(NetworkError::NothingToPublish(_)));
            assert!(is_refused, "{backend}");
            assert!(network(backend, &[]).check_choices().is_ok());
        }
    }

    #[test]
    fn a_path_that_no_socket_can_have_is_refused() {
        let of_size = |size| network(&format!("dgram:{}", "x".repeat(size)), &[]);
        assert!(of_size(101).check_choices().is_ok());
        let refused = of_size(102).check_choices();
        assert!(matches!(refused, Err(NetworkError::LongSocket(_))));
    }

    #[test]
    fn a_port_of_the_host_leads_to_one_place() {
        for (ports, is_fine) in [
            (["8080:80", "8081:80"], true),
            (["8080:80", "8080:80/udp"], true),
            (["127.0.0.1:8080:80", "127.0.0.2:8080:81"], true),
            (["0:80", "0:81"], true),
            (["8080:80", "8080:81"], false),
            (["8080:80", "8080:80"], false),
            (["8080:80", "0.0.0.0:8080:81"], false),
            (["0.0.0.0:53:53/udp", "127.0.0.1:53:5353/udp"], false),
        ] {
            let checked = network("user", &ports).check_choices();
            assert_eq!(checked.is_ok(), is_fine, "{ports:?}: {checked:?}");
        }
    }

    #[test]
    fn user_networking_has_packets_of_ethernet() {
        let with = |backend: &str, mtu| {
            let network = Network {
                mtu: Some(mtu),
                ..network(backend, &[])
            };
            network.check_choices().is_ok()
        };
        assert!(with("user", 1500) && with("tap:tap0", 9000));
        assert!(!with("user", 1501));
    }
}
