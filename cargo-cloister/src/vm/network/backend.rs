//! Where the guest's network card leads to: `user`, `tap:IF` or `none`.

use std::fmt;
use std::str::FromStr;

use super::Tap;
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
}

/// A text that names nothing of the kind.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "`{0}` is no network: write `user`, `none`, or `tap:` and an interface, as in tap:tap0"
)]
pub struct InvalidBackend(String);

impl FromStr for Backend {
    type Err = InvalidBackend;

    fn from_str(text: &str) -> Result<Backend, InvalidBackend> {
        let found = match text.split_once(':') {
            None if text == "user" => Some(Backend::User),
            None if text == "none" => Some(Backend::None),
            Some(("tap", interface)) => Tap::named(interface).map(Backend::Tap),
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
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_said_as_it_is_read() {
        for text in ["none", "user", "tap:tap0", "tap:vm-7.2_x"] {
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
        ] {
            assert!(text.parse::<Backend>().is_err(), "{text}");
        }
    }
}
