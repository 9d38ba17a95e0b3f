//! What an unused word of a stack holds in images for tests.

/// A word that nothing computes, and no address.
pub const PAINT: u64 = 0x5ca1_ab1e_0ddb_a115;
