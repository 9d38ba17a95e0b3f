//! The targets, by what they are about.
//!
//! | module | whose bytes |
//! |---|---|
//! | `core` | the loader's, the packer's and drivers', as the trusted core reads them |
//! | `cells` | cells', as the safe kernel reads them |
//! | `volumes` | servers' of the host's files |
//! | `network` | strangers' on the network |
//! | `names` | servers' of names, and files that say how those are found |
//! | `guest` | the host tool's in the guest, and the guest's in the host tool |
//! | `host` | QEMU's and libtest's |
//! | `image` | whoever made an image, an application, a tar file or symbols |

pub mod cells;
pub mod core;
pub mod guest;
pub mod host;
pub mod image;
pub mod names;
pub mod network;
pub mod volumes;

mod lent;
mod rig;

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::target::Seen;

/// A word for what was seen of an input. It should tell kinds apart, and not numbers.
fn seen(what: impl Hash) -> Seen {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

/// How large a number is, more or less.
fn about(count: usize) -> u32 {
    usize::BITS - count.leading_zeros()
}

/// A message without its numbers and what it quotes: which one it is.
fn kind(message: &str) -> String {
    let letters = message.chars().filter(|letter| letter.is_ascii_lowercase());
    letters.take(48).collect()
}

/// The words of 64 bits that bytes are; those at the end that are none are left out.
fn words(bytes: &[u8]) -> impl Iterator<Item = u64> {
    bytes
        .as_chunks()
        .0
        .iter()
        .map(|word| u64::from_le_bytes(*word))
}
