//! What both servers do with their streams.

use std::io::{BufRead, Read, Result, Write};

/// Sends what was answered, unless more requests are here already: who sends
/// many at once gets many answers at once.
pub fn flush_if_waiting(
    input: &std::io::BufReader<impl Read>,
    output: &mut impl Write,
) -> Result<()> {
    match input.buffer().is_empty() {
        true => output.flush(),
        false => Ok(()),
    }
}

/// Reads to the next line feed, at most `limit` bytes of it; false at the end
/// of the input.
pub fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>, limit: u64) -> Result<bool> {
    input.take(limit).read_until(b'\n', line)?;
    Ok(line.ends_with(b"\n"))
}
