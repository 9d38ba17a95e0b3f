//! What cells say.

use domains::network::desk;

use super::{Seed, words};

pub(super) fn all() -> Vec<Seed> {
    vec![
        ("answers", "some", answers()),
        (
            "framing",
            "two-chunks",
            b"\x05\0hello\x01\0!\0\0behind".into(),
        ),
        (
            "sides",
            "a-ring",
            words(&[
                4096,
                piece(0, 64),
                40,
                piece(64, 64),
                3 << 32 | 16,
                piece(4000, 96),
                9,
            ]),
        ),
        (
            "views",
            "edges",
            words(&[0, 1 << 16 | 1, 4096, 0, 64 << 16 | 64, 8, u64::MAX, 65_536]),
        ),
    ]
}

fn piece(at: u64, size: u64) -> u64 {
    size << 32 | at
}

fn answers() -> Vec<u8> {
    let most = desk::counts([64, 256, 0]);
    words(&[
        0,
        desk::counts([1, 2, 0]) | desk::MORE,
        most | desk::SHORT | desk::POOR,
        desk::counts([65, 0, 0]),
        domains::errno::EAGAIN.wrapping_neg().cast_unsigned(),
        i64::MIN.cast_unsigned(),
        8191,
    ])
}
