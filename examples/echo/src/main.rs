//! Copies standard input to standard output until the end of the file.
//!
//! What was read is written at once, so that a person at a terminal sees every
//! line come back. The count of bytes goes to standard error, which is apart.

use std::io::{self, Read, Write};

fn main() -> io::Result<()> {
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    let mut buffer = [0; 4096];
    let mut total = 0;
    loop {
        match input.read(&mut buffer)? {
            0 => break,
            size => {
                output.write_all(&buffer[..size])?;
                output.flush()?;
                total += size;
            }
        }
    }
    eprintln!("echo: {total} bytes");
    Ok(())
}
