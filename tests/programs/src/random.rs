//! `rand`: generators that must repeat, and one that must not.

use rand::seq::SliceRandom;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha20Rng;

/// ChaCha20's key stream for a key and a nonce of zero (RFC 8439).
pub fn vectors() -> bool {
    let mut bytes = [0; 16];
    ChaCha20Rng::from_seed([0; 32]).fill_bytes(&mut bytes);
    bytes
        == [
            0x76, 0xb8, 0xe0, 0xad, 0xa0, 0xf1, 0x3d, 0x90, 0x40, 0x5d, 0x6a, 0xe5, 0x53, 0x86,
            0xbd, 0x28,
        ]
}

/// Threads draw different numbers, evenly, and shuffle without loss.
pub fn entropy() -> bool {
    let draw = || rand::rng().random::<u128>();
    let other = std::thread::spawn(draw).join().unwrap();
    let mut generator = rand::rng();
    let heads = (0..10_000).filter(|_| generator.random_range(0..2) == 0);
    // Ten standard deviations: it fails once in 10^22 runs.
    let even = (4_500..=5_500).contains(&heads.count());

    let mut cards: Vec<u32> = (0..1000).collect();
    cards.shuffle(&mut generator);
    let shuffled = !cards.is_sorted();
    cards.sort_unstable();
    draw() != other && even && shuffled && cards.into_iter().eq(0..1000)
}
