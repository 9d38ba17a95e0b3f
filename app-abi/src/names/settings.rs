//! How names are looked up: servers, domains to search, patience.
//!
//! If there is a file of the resolver, it says so, in the words of `resolv.conf`;
//! otherwise the network does, by what it was given or was told by DHCP. A file without
//! servers leaves those to the network.

use core::net::{IpAddr, Ipv6Addr};

use arrayvec::ArrayVec;
use domains::network::setting::SERVERS;
use domains::network::{Name, Setting};

use super::host::Host;
use super::text::{address_with, lines};
use crate::sockets::addresses::name;

/// The port of a server of names.
pub(super) const PORT: u16 = 53;
/// How many domains are searched.
const DOMAINS: usize = 6;
const SECOND: u64 = 1_000_000_000;
/// The most that the file may ask for: dots, seconds, attempts.
const DOTS_MAX: u64 = 15;
const TIMEOUT_MAX: u64 = 30;
const ATTEMPTS_MAX: u64 = 5;

/// How names are looked up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Settings {
    /// The servers, in the order in which they are asked.
    pub(super) servers: ArrayVec<Name, SERVERS>,
    /// The domains in which a short name is looked for.
    pub(super) domains: ArrayVec<Host, DOMAINS>,
    /// With so many dots a name is not short.
    pub(super) dots: u64,
    /// How many nanoseconds a server is waited for.
    pub(super) timeout: u64,
    /// How often each server is asked.
    pub(super) attempts: u64,
}

impl Settings {
    /// What the file says, if there is one, and else the network.
    pub(super) fn new(file: Option<&[u8]>, network: &Setting) -> Settings {
        let mut settings = Settings {
            servers: ArrayVec::new(),
            domains: ArrayVec::new(),
            dots: 1,
            timeout: 5 * SECOND,
            attempts: 2,
        };
        match file {
            Some(file) => lines(file, b"#;").for_each(|line| settings.read(line)),
            None => settings.search(text(network.domain.bytes())),
        }
        if settings.servers.is_empty() {
            settings.servers = servers(network);
        }
        settings
    }

    /// Heeds a line of the file.
    fn read(&mut self, line: &str) {
        // What is indented is no keyword.
        let (keyword, rest) = line.split_once([' ', '\t']).unwrap_or((line, ""));
        match keyword {
            "nameserver" => self.serve(rest),
            "domain" | "search" => self.search(rest),
            "options" => rest
                .split_ascii_whitespace()
                .for_each(|word| self.choose(word)),
            _ => (),
        }
    }

    fn serve(&mut self, rest: &str) {
        let word = rest.split_ascii_whitespace().next().unwrap_or("");
        if let Some(server) = address_with(word, PORT) {
            // Those behind the third do not count.
            let _full = self.servers.try_push(server);
        }
    }

    /// The last list of domains is the one that counts.
    fn search(&mut self, rest: &str) {
        let names = rest.split_ascii_whitespace();
        let names = names.map(|name| name.strip_suffix('.').unwrap_or(name));
        self.domains = names.filter_map(Host::new).take(DOMAINS).collect();
    }

    fn choose(&mut self, word: &str) {
        let Some((option, number)) = word.split_once(':') else {
            return;
        };
        let Ok(number) = number.parse::<u64>() else {
            return;
        };
        match option {
            "ndots" => self.dots = number.min(DOTS_MAX),
            "timeout" => self.timeout = number.clamp(1, TIMEOUT_MAX).saturating_mul(SECOND),
            "attempts" => self.attempts = number.clamp(1, ATTEMPTS_MAX),
            _ => (),
        }
    }
}

/// The servers that the network knows.
fn servers(network: &Setting) -> ArrayVec<Name, SERVERS> {
    let servers = network.servers.iter().map(|bytes| Ipv6Addr::from(*bytes));
    let servers = servers.filter(|address| !address.is_unspecified());
    servers
        .map(|address| {
            let four = address.to_ipv4_mapped().map(IpAddr::from);
            name(four.unwrap_or(address.into()), PORT)
        })
        .collect()
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use core::net::Ipv4Addr;

    use domains::network::setting::Text;
    use proptest::prelude::{any, prop_assert, proptest};

    use super::*;

    fn network() -> Setting {
        let slirp = Ipv4Addr::new(10, 0, 2, 3).to_ipv6_mapped().octets();
        Setting {
            servers: [[0; 16], slirp, [9; 16]],
            domain: Text::new(b"home.arpa").expect("short"),
            ..Setting::default()
        }
    }

    fn hosts(names: &[&str]) -> ArrayVec<Host, DOMAINS> {
        names.iter().filter_map(|name| Host::new(name)).collect()
    }

    #[test]
    fn without_a_file_the_network_says_it() {
        let settings = Settings::new(None, &network());
        let slirp = Name::v4([10, 0, 2, 3], 53);
        assert_eq!(settings.servers[..], [slirp, Name::v6([9; 16], 53)]);
        assert_eq!(settings.domains, hosts(&["home.arpa"]));
        let rest = (settings.dots, settings.timeout, settings.attempts);
        assert_eq!(rest, (1, 5 * SECOND, 2));
        let nothing = Settings::new(None, &Setting::default());
        assert!(nothing.servers.is_empty() && nothing.domains.is_empty());
    }

    #[test]
    fn a_file_says_it_all() {
        let file = b"# ours\n; theirs\nnameserver 1.1.1.1 # one\nnameserver\t2001:db8::1\n\
            nameserver nobody\nnameserver 9.9.9.9\nnameserver 8.8.8.8\ndomain first.org\n\
            search Second.org. third.org ..\noptions ndots:2 timeout:3 attempts:4 rotate\n";
        let settings = Settings::new(Some(file), &network());
        let addresses = ["1.1.1.1", "2001:db8::1", "9.9.9.9"];
        let servers = addresses.map(|word| address_with(word, 53).expect("an address"));
        assert_eq!(settings.servers[..], servers);
        assert_eq!(settings.domains, hosts(&["second.org", "third.org"]));
        let rest = (settings.dots, settings.timeout, settings.attempts);
        assert_eq!(rest, (2, 3 * SECOND, 4));
    }

    #[test]
    fn a_file_without_servers_leaves_them_to_the_network() {
        let settings = Settings::new(Some(b"search a.org"), &network());
        assert_eq!(settings.servers.len(), 2);
        assert_eq!(settings.domains, hosts(&["a.org"]));
        let settings = Settings::new(Some(b""), &network());
        assert!(settings.domains.is_empty());
    }

    #[test]
    fn nothing_is_without_bounds() {
        let file = b"options ndots:99 timeout:0 attempts:99999999999999999999 attempts:9\n\
            search a b c d e f g h\n nameserver 1.2.3.4\noptions timeout:31";
        let settings = Settings::new(Some(file), &Setting::default());
        let rest = (settings.dots, settings.timeout, settings.attempts);
        assert_eq!(rest, (15, 30 * SECOND, 5));
        assert_eq!(settings.domains, hosts(&["a", "b", "c", "d", "e", "f"]));
        assert!(settings.servers.is_empty(), "indented");
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_file(file in proptest::collection::vec(any::<u8>(), 0..300)) {
            let settings = Settings::new(Some(&file), &Setting::default());
            prop_assert!(settings.attempts >= 1);
        }
    }
}
