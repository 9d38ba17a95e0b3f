//! The protocol: RESP, version 2.

use std::io::{self, BufRead, Read, Write};

/// The most words of a command.
const WORDS_MAX: usize = 1 << 16;
/// The most bytes of a word.
const WORD_MAX: usize = 64 << 20;
/// The most bytes of a line.
const LINE_MAX: u64 = 64 << 10;
/// How much is read of a word before more memory is taken for it.
const PIECE: usize = 1 << 20;

/// Why there is no command.
pub enum Fault {
    /// The client is gone.
    Io(io::Error),
    /// It says what the protocol does not know.
    Protocol(&'static str),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Fault {
        Fault::Io(error)
    }
}

/// What a client is told.
pub enum Reply {
    /// A word of the protocol's own.
    Simple(&'static str),
    /// What went wrong.
    Error(String),
    /// A number.
    Integer(i64),
    /// Bytes; none if there is nothing.
    Bulk(Option<Vec<u8>>),
    /// Several replies.
    Array(Vec<Reply>),
}

/// Reads a command: its words, one at least.
pub fn read(reader: &mut impl BufRead) -> Result<Vec<Vec<u8>>, Fault> {
    loop {
        let line = line(reader)?;
        let words = match line.strip_prefix(b"*") {
            Some(count) => array(reader, number(count, WORDS_MAX)?)?,
            // As a person types it.
            None => line
                .split(u8::is_ascii_whitespace)
                .filter(|word| !word.is_empty())
                .map(<[u8]>::to_vec)
                .collect(),
        };
        if !words.is_empty() {
            return Ok(words);
        }
    }
}

fn array(reader: &mut impl BufRead, count: usize) -> Result<Vec<Vec<u8>>, Fault> {
    let mut words = Vec::new();
    for _ in 0..count {
        let line = line(reader)?;
        let size = line
            .strip_prefix(b"$")
            .ok_or(Fault::Protocol("expected '$'"))?;
        words.push(word(reader, number(size, WORD_MAX)?)?);
    }
    Ok(words)
}

/// Reads a word of `size` bytes, and what ends it.
fn word(reader: &mut impl BufRead, size: usize) -> Result<Vec<u8>, Fault> {
    let mut word = Vec::with_capacity(size.min(PIECE));
    let read = reader.take(size as u64).read_to_end(&mut word)?;
    let mut end = [0; 2];
    reader.read_exact(&mut end)?;
    match read == size && end == *b"\r\n" {
        true => Ok(word),
        false => Err(Fault::Protocol("a word is not as long as it says")),
    }
}

fn line(reader: &mut impl BufRead) -> Result<Vec<u8>, Fault> {
    let mut line = Vec::new();
    reader.take(LINE_MAX).read_until(b'\n', &mut line)?;
    match line.pop() {
        Some(b'\n') => {}
        Some(_) if line.len() as u64 + 1 == LINE_MAX => {
            return Err(Fault::Protocol("too big inline request"));
        }
        _ => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(line)
}

fn number(text: &[u8], most: usize) -> Result<usize, Fault> {
    let number = str::from_utf8(text).ok().and_then(|text| text.parse().ok());
    number
        .filter(|number| *number <= most)
        .ok_or(Fault::Protocol("invalid length"))
}

impl Reply {
    /// Writes it.
    pub fn write(&self, writer: &mut impl Write) -> io::Result<()> {
        match self {
            Reply::Simple(word) => write!(writer, "+{word}\r\n"),
            Reply::Error(why) => write!(writer, "-{why}\r\n"),
            Reply::Integer(number) => write!(writer, ":{number}\r\n"),
            Reply::Bulk(None) => writer.write_all(b"$-1\r\n"),
            Reply::Bulk(Some(bytes)) => {
                write!(writer, "${}\r\n", bytes.len())?;
                writer.write_all(bytes)?;
                writer.write_all(b"\r\n")
            }
            Reply::Array(replies) => {
                write!(writer, "*{}\r\n", replies.len())?;
                replies.iter().try_for_each(|reply| reply.write(writer))
            }
        }
    }
}
