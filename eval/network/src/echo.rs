//! Says back what it hears.

use std::io::{Read, Result, Write};
use std::net::TcpStream;

/// The most that is read at once.
const BUFFER: usize = 64 << 10;

/// Says back all that comes, in the pieces in which it comes.
pub fn serve(mut stream: TcpStream) -> Result<()> {
    let mut buffer = vec![0; BUFFER];
    loop {
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            size => stream.write_all(&buffer[..size])?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listen::tests::client;

    #[test]
    fn every_byte_comes_back() {
        let mut stream = client(serve);
        let said: Vec<u8> = (0..200_000_u32).map(|n| n as u8).collect();
        let mut heard = Vec::new();
        for piece in said.chunks(BUFFER) {
            stream.write_all(piece).expect("it is heard");
            let mut back = vec![0; piece.len()];
            stream.read_exact(&mut back).expect("it is said back");
            heard.extend(back);
        }
        assert!(heard == said);
    }
}
