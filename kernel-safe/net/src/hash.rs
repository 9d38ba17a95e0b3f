//! Hash tables that nobody outside can fill one bucket of.
//!
//! What strangers choose (addresses, ports) is a key here, so the hash has a key too
//! (SipHash 1-3), which is random and never told.

use core::hash::{BuildHasher, Hasher};

use siphasher::sip::SipHasher13;

/// A table whose hash has a key.
pub type Table<K, V> = hashbrown::HashMap<K, V, Keyed>;

/// Makes hashes by a key of its own.
#[derive(Clone, Copy, Debug)]
pub struct Keyed([u64; 2]);

impl Keyed {
    /// By this key.
    pub const fn new(key: [u64; 2]) -> Keyed {
        Keyed(key)
    }
}

impl BuildHasher for Keyed {
    type Hasher = Pieces;

    fn build_hasher(&self) -> Pieces {
        Pieces {
            key: self.0,
            hash: 0,
        }
    }
}

/// The hash of pieces, each of which is hashed whole, and by a key that the one before it
/// has changed: keys here are one piece, or a few, and that takes half as long as to
/// gather them.
#[derive(Clone, Copy, Debug)]
pub struct Pieces {
    key: [u64; 2],
    hash: u64,
}

impl Hasher for Pieces {
    fn write(&mut self, bytes: &[u8]) {
        let [first, second] = self.key;
        self.hash = SipHasher13::new_with_keys(first ^ self.hash, second).hash(bytes);
    }

    fn finish(&self) -> u64 {
        self.hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_counts_and_so_does_their_order() {
        let hash = |pieces: &[u16]| Keyed::new([1, 2]).hash_one(pieces);
        assert_ne!(hash(&[1, 2]), hash(&[2, 1]));
        assert_ne!(hash(&[1, 2]), hash(&[3, 2]));
        assert_ne!(hash(&[1, 2]), hash(&[1, 3]));
        assert_ne!(hash(&[1]), hash(&[1, 0]));
    }

    #[test]
    fn another_key_makes_another_hash() {
        let hash = |key| Keyed::new(key).hash_one(80_u16);
        assert_eq!(hash([1, 2]), hash([1, 2]));
        assert_ne!(hash([1, 2]), hash([1, 3]));
    }
}
