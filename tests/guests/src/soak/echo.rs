//! Standard input, said back.

use std::io::{ErrorKind, Read, Write, stdin, stdout};

use super::level::Level;
use super::{NO_BYTES, digest};
use crate::checks::done;

/// Bytes of a read.
const PIECE: usize = 10_000;

/// Says back the `first` bytes of the input, and then all of it.
pub fn run(first: &str) -> Result<(), String> {
    let first = done(first, first.parse())?;
    let mut piece = vec![0; PIECE];
    let mut sum = NO_BYTES;
    let mut size = said_back(first, &mut piece, &mut sum)?;
    let before = Level::now();
    size += said_back(u64::MAX, &mut piece, &mut sum)?;
    let after = Level::now();
    eprintln!("{size} bytes, digest {sum:016x}");
    after.is_still(before)
}

/// Says back so much, or what there is; how much that was.
fn said_back(most: u64, piece: &mut [u8], sum: &mut u64) -> Result<u64, String> {
    let (mut input, mut output) = (stdin().lock().take(most), stdout().lock());
    let mut size = 0;
    loop {
        let read = match input.read(piece) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            read => done("read", read)?,
        };
        if read == 0 {
            done("flush", output.flush())?;
            return Ok(size);
        }
        *sum = digest(*sum, &piece[..read]);
        done("write", output.write_all(&piece[..read]))?;
        size += read as u64;
    }
}
