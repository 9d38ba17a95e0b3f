//! Numbers in bytes, as packets have them: the highest byte first.
//!
//! No place is believed to be there: whoever reads gets nothing if it is not, and
//! whoever writes beyond the end writes nothing.

/// The `N` bytes at `at`.
pub fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

/// The byte at `at`.
pub fn byte(bytes: &[u8], at: usize) -> Option<u8> {
    bytes.get(at).copied()
}

/// The 16 bits at `at`.
pub fn half(bytes: &[u8], at: usize) -> Option<u16> {
    array(bytes, at).map(u16::from_be_bytes)
}

/// The 32 bits at `at`.
pub fn word(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(u32::from_be_bytes)
}

/// Writes `what` at `at`, if there is room.
pub fn put(bytes: &mut [u8], at: usize, what: &[u8]) {
    let place = bytes.get_mut(at..).and_then(|it| it.get_mut(..what.len()));
    if let Some(place) = place {
        place.copy_from_slice(what);
    }
}

/// Writes 16 bits at `at`, if there is room.
pub fn put_half(bytes: &mut [u8], at: usize, what: u16) {
    put(bytes, at, &what.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_read_or_written_beyond_the_end() {
        let mut bytes = [1, 2, 3, 4];
        assert_eq!(half(&bytes, 2), Some(0x0304));
        assert_eq!(half(&bytes, 3), None);
        assert_eq!(word(&bytes, usize::MAX), None);
        put_half(&mut bytes, 3, 7);
        put_half(&mut bytes, usize::MAX, 7);
        assert_eq!(bytes, [1, 2, 3, 4]);
        put_half(&mut bytes, 2, 0x0708);
        assert_eq!(bytes, [1, 2, 7, 8]);
    }
}
