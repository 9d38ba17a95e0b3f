//! Whether a console's output passes a socket in whole pieces.
//!
//! When the guest's console is started anew, its device forgets how much of a piece it
//! has sent, and sends all of it once more. QEMU does not wait for a reader: of what it
//! writes to a stream socket, the system takes as much as there is room for. Linux
//! takes a piece of ours whole or not at all, unless it was told to keep less for each
//! socket, and then no piece is sent in part.

use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::OnceLock;

use domains::windows::OUTPUT_SIZE;

/// How many pieces are tried at once: what they take is the system's memory.
const PIECES_MAX: usize = 1024;

/// What to say where they may not.
pub(super) const DOUBLED: &str = "output of which a part was read already may come twice: this \
     system's sockets have little room (net.core.wmem_default)";

/// Whether they do here.
pub(super) fn are_whole() -> bool {
    static ARE_WHOLE: OnceLock<bool> = OnceLock::new();
    *ARE_WHOLE.get_or_init(|| try_out(OUTPUT_SIZE).unwrap_or(false))
}

/// Fills a socket with pieces of this size, and makes a little room again and again.
fn try_out(size: usize) -> io::Result<bool> {
    let (mut writer, mut reader) = UnixStream::pair()?;
    writer.set_nonblocking(true)?;
    let piece = vec![b'x'; size];
    for room in [0, 1, size / 3, size, 2 * size + 1] {
        reader.read_exact(&mut vec![0; room])?;
        if !fill(&mut writer, &piece)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Writes until there is no room, or so much that nobody will ever fill it; whether each
/// piece was taken whole.
fn fill(writer: &mut UnixStream, piece: &[u8]) -> io::Result<bool> {
    for _ in 0..PIECES_MAX {
        match writer.write(piece) {
            Ok(taken) if taken == piece.len() => {}
            Ok(_) => return Ok(false),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A piece as large as all the room is taken in part.
    #[test]
    fn small_pieces_are_taken_whole_and_large_ones_are_not() {
        assert!(try_out(512).expect("sockets work"));
        assert!(!try_out(1 << 22).expect("sockets work"));
    }
}
