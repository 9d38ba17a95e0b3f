//! Names of hosts: answers of servers, and two files.

use super::seen;
use crate::target::Seen;

/// An answer to the question for `www.example`, of either kind.
pub fn dns(bytes: &[u8]) -> Seen {
    seen(app_abi::fuzzed::dns(bytes))
}

/// The file of hosts.
pub fn hosts(bytes: &[u8]) -> Seen {
    seen(app_abi::fuzzed::hosts(bytes))
}

/// The file of the resolver.
pub fn resolv(bytes: &[u8]) -> Seen {
    seen(app_abi::fuzzed::settings(bytes))
}
