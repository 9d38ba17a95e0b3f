//! The address of a guest's card, where several guests may be on one link.

use std::fs;

use sha2::{Digest, Sha256};

/// That of the card at `place` on this machine: the same at each start, and another at
/// another place.
pub(super) fn address(place: &str) -> [u8; 6] {
    of(&fs::read("/etc/machine-id").unwrap_or_default(), place)
}

/// An address that is nobody's by the standard's rules, with the prefix that QEMU's
/// cards have.
fn of(machine: &[u8], place: &str) -> [u8; 6] {
    let digest = Sha256::digest([machine, b"/", place.as_bytes()].concat());
    let [a, b, c, ..]: [u8; 32] = digest.into();
    [0x52, 0x54, 0, a, b, c]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_of_each_machine_has_a_card_of_its_own() {
        let cards = [("a", "tap0"), ("a", "tap1"), ("b", "tap0")]
            .map(|(machine, place)| of(machine.as_bytes(), place));
        assert!(cards[0] != cards[1] && cards[0] != cards[2] && cards[1] != cards[2]);
        assert_eq!(cards[0], of(b"a", "tap0"));
        for card in cards {
            assert_eq!(card[..3], [0x52, 0x54, 0], "local, and not a group's");
        }
    }
}
