//! What the trusted core reads that others wrote.

use super::seen;
use crate::target::Seen;

/// What a boot loader leaves in memory: the first bytes of it.
pub fn pvh(bytes: &[u8]) -> Seen {
    seen(trusted_core::fuzzed::pvh(bytes))
}

/// Records of a manifest.
pub fn segments(bytes: &[u8]) -> Seen {
    seen(trusted_core::fuzzed::segments(bytes))
}

/// The boot options.
pub fn options(bytes: &[u8]) -> Seen {
    seen(trusted_core::fuzzed::options(bytes))
}

/// Rings that a driver and a device have written to.
pub fn queue(bytes: &[u8]) -> Seen {
    seen(trusted_core::fuzzed::queue(bytes))
}
