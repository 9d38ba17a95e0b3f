//! Names of hosts, as they are looked up.

use core::fmt;

use arrayvec::ArrayString;

/// The most bytes of a name, without a dot at its end: with a byte for the length of
/// each label and one for the root they are 255 (RFC 1035, 2.3.4).
pub(super) const NAME_MAX: usize = 253;
/// The most bytes of a label.
const LABEL_MAX: usize = 63;

/// A name that can be looked up: labels of letters, digits, hyphens and underscores,
/// in lower case, from the root.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Host(ArrayString<NAME_MAX>);

impl Host {
    /// The host of this name, without a dot at its end; none if there can be none.
    pub(super) fn new(name: &str) -> Option<Host> {
        let is_good = name.split('.').all(is_label);
        let mut host = ArrayString::from(name).ok().filter(|_| is_good)?;
        host.make_ascii_lowercase();
        Some(Host(host))
    }

    /// The host of this name in `domain`; none if that is too long.
    pub(super) fn within(&self, domain: &Host) -> Option<Host> {
        let mut name = self.0;
        name.try_push('.').ok()?;
        name.try_push_str(&domain.0).ok()?;
        Some(Host(name))
    }

    /// Its labels.
    pub(super) fn labels(&self) -> impl Iterator<Item = &str> {
        self.0.split('.')
    }

    /// How many dots there are between them.
    pub(super) fn dots(&self) -> usize {
        self.labels().count().saturating_sub(1)
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

fn is_label(label: &str) -> bool {
    let is_good = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    (1..=LABEL_MAX).contains(&label.len()) && label.bytes().all(is_good)
}

#[cfg(test)]
mod tests {
    use std::string::String;

    use super::*;

    #[test]
    fn names_are_made_of_labels() {
        let host = Host::new("WWW.Example-1.org").expect("a name");
        assert!(host.labels().eq(["www", "example-1", "org"]));
        assert_eq!(host.dots(), 2);
        assert!(Host::new("_dmarc").is_some());
        for bad in ["", ".", "a..b", ".a", "a.", "a b", "ä.org", "a/b", "a\0"] {
            assert_eq!(Host::new(bad), None, "{bad}");
        }
    }

    #[test]
    fn names_and_labels_are_bounded() {
        let label = "x".repeat(63);
        assert!(Host::new(&label).is_some());
        assert!(Host::new(&"x".repeat(64)).is_none());
        let longest = [label.as_str(); 4].join(".");
        assert!(Host::new(&longest[..253]).is_some());
        assert!(Host::new(&longest[..254]).is_none());
    }

    #[test]
    fn a_name_in_a_domain_is_no_longer_than_any() {
        let name = Host::new("a").expect("a name");
        let domain = Host::new("example.org").expect("a name");
        assert_eq!(name.within(&domain), Host::new("a.example.org"));
        let label = "x".repeat(62);
        let full: String = [label.as_str(); 4].join(".");
        let full = Host::new(&full).expect("a name");
        assert_eq!(name.within(&full).map(|host| host.dots()), Some(4));
        assert_eq!(domain.within(&full), None);
    }
}
