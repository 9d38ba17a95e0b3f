//! Where the guest's network card leads to, as people write it.

use std::fmt;
use std::str::FromStr;

use super::tap::NAME_MAX;
use super::{Socket, Tap};
use crate::plain::Plain;

/// Where the guest's network card leads to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Backend {
    /// Nowhere: there is no card.
    #[default]
    None,
    /// To a network that QEMU plays, and from there to whatever this machine reaches.
    User,
    /// To an interface of this machine.
    Tap(Tap),
    /// To a socket of this machine, where somebody plays the network.
    Socket(Socket),
}

/// A text that names nothing of the kind.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "`{0}` is no network: write `user`, `none`, `tap:` and an interface, as in tap:tap0 (at most \
     {NAME_MAX} bytes, none of them a blank or one of `/:%`), or `dgram:` and the path of a \
     socket, as in dgram:/tmp/net"
)]
pub struct InvalidBackend(String);

impl Backend {
    /// The address of the guest's card; none where it is QEMU's usual one, because no
    /// other guest is on the link.
    pub(super) fn card(&self) -> Option<[u8; 6]> {
        match self {
            Backend::Tap(tap) => Some(tap.card),
            Backend::Socket(socket) => Some(socket.card),
            Backend::None | Backend::User => None,
        }
    }

    /// Whether the guest has an address of its own in a network that is not QEMU's.
    pub(super) fn is_open(&self) -> bool {
        matches!(self, Backend::Tap(_) | Backend::Socket(_))
    }
}

impl FromStr for Backend {
    type Err = InvalidBackend;

    fn from_str(text: &str) -> Result<Backend, InvalidBackend> {
        let found = match text.split_once(':') {
            None if text == "user" => Some(Backend::User),
            None if text == "none" => Some(Backend::None),
            Some(("tap", interface)) => Tap::named(interface).map(Backend::Tap),
            Some(("dgram", path)) => Socket::at(path).map(Backend::Socket),
            _ => None,
        };
        found.ok_or_else(|| InvalidBackend(text.to_owned()))
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Backend::None => f.write_str("none"),
            Backend::User => f.write_str("user"),
            Backend::Tap(tap) => write!(f, "tap:{}", Plain::line(&tap.interface)),
            Backend::Socket(socket) => {
                write!(f, "dgram:{}", Plain::line(&socket.peer.to_string_lossy()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_said_as_it_is_read() {
        for text in [
            "none",
            "user",
            "tap:tap0",
            "tap:vm-7.2_x",
            "dgram:/a b/c:d",
            "dgram:x",
        ] {
            let backend: Backend = text.parse().expect(text);
            assert_eq!(backend.to_string(), text);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "User",
            "user:",
            "tap",
            "tap:",
            "bridge:br0",
            "tap:a/b",
            "tap:..",
            "tap:a b",
            "tap:sixteen-letters-",
            "tap:a:b",
            "dgram",
            "dgram:",
            "socket:/tmp/x",
        ] {
            assert!(text.parse::<Backend>().is_err(), "{text}");
        }
    }
}
