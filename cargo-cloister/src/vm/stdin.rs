//! Standard input on its way into the guest, in chunks with their length.
//!
//! A virtio console has no end of file. So each chunk says how long it is, and
//! one of length zero is the end.

use std::io::{self, Read, Write};

use domains::boot::STDIN_CHUNK_MAX;

/// Copies `input` to the guest, its end included.
///
/// Ends without a word when the guest is gone: it needs no more input.
pub(super) fn feed(mut input: impl Read, mut guest: impl Write) -> io::Result<()> {
    let mut buffer = [0; STDIN_CHUNK_MAX];
    loop {
        let length = match input.read(&mut buffer) {
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => 0,
        };
        guest.write_all(&chunk(&buffer[..length]))?;
        if length == 0 {
            return Ok(());
        }
    }
}

/// One chunk as it travels.
fn chunk(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).expect("a buffer of this size has a short length");
    [&length.to_le_bytes(), bytes].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_chunk_has_its_length_and_the_last_is_empty() {
        let mut sent = Vec::new();
        feed(&b"hello"[..], &mut sent).expect("a vector takes all");
        assert_eq!(sent, b"\x05\0hello\0\0");
    }

    #[test]
    fn long_input_is_cut_into_chunks() {
        let input = vec![7; STDIN_CHUNK_MAX + 1];
        let mut sent = Vec::new();
        feed(&input[..], &mut sent).expect("a vector takes all");
        assert_eq!(&sent[..2], (STDIN_CHUNK_MAX as u16).to_le_bytes());
        assert_eq!(&sent[2 + STDIN_CHUNK_MAX..], [1, 0, 7, 0, 0]);
    }
}
