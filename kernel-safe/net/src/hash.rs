//! Hash tables that nobody outside can fill one bucket of.
//!
//! What strangers choose (addresses, ports) is a key here, so the hash has a key too
//! (SipHash 1-3), which is random and never told.

use core::hash::BuildHasher;

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
    type Hasher = SipHasher13;

    fn build_hasher(&self) -> SipHasher13 {
        let [first, second] = self.0;
        SipHasher13::new_with_keys(first, second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_key_makes_another_hash() {
        let hash = |key| Keyed::new(key).hash_one(80_u16);
        assert_eq!(hash([1, 2]), hash([1, 2]));
        assert_ne!(hash([1, 2]), hash([1, 3]));
    }
}
