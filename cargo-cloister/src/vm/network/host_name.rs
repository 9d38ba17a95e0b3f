//! What the guest is called: `NAME` or `NAME.DOMAIN`, as names in the DNS are.

use std::str::FromStr;

use domains::network::setting::{NAME_SIZE, Text};

/// The longest label (RFC 1035, 2.3.4).
const LABEL_MAX: usize = 63;
/// What a guest is called whose program's name has nothing of use.
const NAMELESS: &str = "cloister";

/// The name of a host, and of the domain that it is in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HostName {
    host: String,
    domain: String,
}

/// A text that is no name.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "`{0}` is no name of a host: write letters, digits and hyphens, none of these at an end, up \
     to {LABEL_MAX} of them, and behind a dot perhaps a domain of up to {NAME_SIZE}"
)]
pub struct InvalidHostName(String);

impl HostName {
    /// A name that is like that of a program.
    pub fn of_program(program: &str) -> HostName {
        let letters = program.chars().map(|letter| match letter {
            letter if letter.is_ascii_alphanumeric() => letter.to_ascii_lowercase(),
            _ => '-',
        });
        let letters: String = letters.collect();
        let name: String = letters.trim_matches('-').chars().take(LABEL_MAX).collect();
        let host = match name.trim_end_matches('-') {
            "" => NAMELESS,
            name => name,
        };
        HostName {
            host: host.to_owned(),
            domain: String::new(),
        }
    }

    /// The host and the domain, as the guest is told.
    pub(super) fn texts(&self) -> [Text; 2] {
        let text = |part: &str| Text::new(part.as_bytes()).unwrap_or_default();
        [text(&self.host), text(&self.domain)]
    }
}

impl FromStr for HostName {
    type Err = InvalidHostName;

    fn from_str(text: &str) -> Result<HostName, InvalidHostName> {
        let (host, domain) = text.split_once('.').unwrap_or((text, ""));
        let is_name = is_label(host)
            && domain.len() <= NAME_SIZE
            && (!text.contains('.') || domain.split('.').all(is_label));
        match is_name {
            true => Ok(HostName {
                host: host.to_owned(),
                domain: domain.to_owned(),
            }),
            false => Err(InvalidHostName(text.to_owned())),
        }
    }
}

fn is_label(text: &str) -> bool {
    let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=LABEL_MAX).contains(&text.len())
        && text.bytes().all(is_fine)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(name: &HostName) -> [String; 2] {
        name.texts()
            .map(|text| String::from_utf8_lossy(text.bytes()).into_owned())
    }

    #[test]
    fn a_name_may_have_a_domain() {
        let name: HostName = "web-1".parse().expect("a name");
        assert_eq!(told(&name), ["web-1", ""]);
        let name: HostName = "web.example.org".parse().expect("a name");
        assert_eq!(told(&name), ["web", "example.org"]);
        let long = ["a".repeat(63), "b".repeat(62), "c".to_owned()].join(".");
        let name: HostName = long.parse().expect("a name");
        assert_eq!(told(&name)[1].len(), 64);
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let long = "a".repeat(64);
        let far = ["a", &"b".repeat(63), "cc"].join(".");
        for text in [
            "", ".", "a.", ".a", "a..b", "-a", "a-", "a_b", "a b", "ä", &long, &far,
        ] {
            assert!(text.parse::<HostName>().is_err(), "{text}");
        }
    }

    #[test]
    fn every_program_makes_a_name() {
        let long = "x".repeat(70);
        for (program, name) in [
            ("hello", "hello"),
            ("My_Server", "my-server"),
            ("-odd-", "odd"),
            ("größe", "gr--e"),
            ("", "cloister"),
            ("___", "cloister"),
            (&long, &long[..63]),
        ] {
            let [host, domain] = told(&HostName::of_program(program));
            assert_eq!((host.as_str(), domain.as_str()), (name, ""), "{program}");
            assert!(host.parse::<HostName>().is_ok(), "{host}");
        }
        let cut = format!("{}-yy", "x".repeat(62));
        assert_eq!(told(&HostName::of_program(&cut))[0], "x".repeat(62));
    }
}
