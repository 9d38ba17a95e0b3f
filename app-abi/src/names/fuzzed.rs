//! Answers of servers and files, as the fuzzer has them read.

use domains::network::Setting;

use super::dns::{self, Kind, Known, Reply};
use super::families::{ADDRESSES_MAX, Families};
use super::host::Host;
use super::{hosts as file, settings as resolv};

/// What an answer is, as the one to the question for `www.example` of each kind with the
/// number 7: the sort of reply, how many addresses, whether it may be kept.
pub fn dns(message: &[u8]) -> [Option<(usize, usize, bool)>; 2] {
    let host = Host::new("www.example").expect("it is a name");
    Kind::ALL.map(|kind| {
        Some(match dns::read(message, (&host, kind, 7))? {
            Reply::Truncated => (1, 0, false),
            Reply::Failure(failure) => (2, failure as usize, false),
            Reply::Answer(answer) => {
                assert!(answer.ttl <= 24 * 60 * 60, "it is kept for a day at most");
                let (sort, count) = match &answer.known {
                    Known::NoName => (3, 0),
                    Known::NoData => (4, 0),
                    Known::Addresses(all) => {
                        let is_four = kind == Kind::A;
                        assert!(all.iter().all(|address| address.is_ipv4() == is_four));
                        assert!(!all.is_empty(), "no addresses are no answer");
                        (5, all.len())
                    }
                };
                (sort, count, answer.ttl > 0)
            }
        })
    })
}

/// How many addresses the file of hosts has for `db`.
pub fn hosts(bytes: &[u8]) -> usize {
    let both = Families {
        four: true,
        six: true,
    };
    let found = file::look_up(bytes, "db", both);
    assert!(found.len() <= ADDRESSES_MAX);
    found.len()
}

/// What the file of the resolver says: servers, domains, and how patient one is.
pub fn settings(bytes: &[u8]) -> (usize, usize, [u64; 3]) {
    let said = resolv::Settings::new(Some(bytes), &Setting::default());
    let seconds = said.timeout / 1_000_000_000;
    assert!((1..=30).contains(&seconds) && (1..=5).contains(&said.attempts));
    assert!(said.dots <= 15);
    let numbers = [said.dots, seconds, said.attempts];
    (said.servers.len(), said.domains.len(), numbers)
}
