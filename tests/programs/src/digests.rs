//! `sha2` and `blake3`, against the vectors that were published with them.

use std::fmt::Write;

use sha2::{Digest, Sha256, Sha512};

/// FIPS 180: one block, and a million letters in pieces.
pub fn sha2_vectors() -> bool {
    let mut million = Sha256::new();
    (0..1000).for_each(|_| million.update([b'a'; 1000]));
    hex(&Sha256::digest(b"abc"))
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        && hex(&million.finalize())
            == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        && hex(&Sha512::digest(b"abc")).starts_with("ddaf35a193617abacc417349ae204131")
}

/// BLAKE3's own: nothing at all, and a whole chunk of its pattern.
pub fn blake3_vectors() -> bool {
    let pattern: Vec<u8> = (0..1024_u32).map(|n| (n % 251) as u8).collect();
    let hash = |data: &[u8]| blake3::hash(data).to_hex().to_string();
    hash(b"") == "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"
        && hash(&pattern) == "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7"
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes everything");
        text
    })
}
