//! Requests and answers on one connection.
//!
//! Whoever sends many requests at once gets their answers at once.

use std::io::{Error, Read, Result, Write};

/// The most that is read at once.
const PIECE: usize = 4 << 10;
/// The longest request, with whatever came behind it.
const WAITING_MAX: usize = 2 << 20;

/// What became of the bytes that wait.
pub enum Step {
    /// So many of them were a request, which is answered.
    Answered(usize),
    /// A request was answered, and the connection is over.
    Last,
    /// They are no whole request yet.
    More,
}

/// Has `answer` look at what comes and append its answers, until the input ends.
pub fn until_end(
    stream: &mut (impl Read + Write),
    mut answer: impl FnMut(&[u8], &mut Vec<u8>) -> Step,
) -> Result<()> {
    let (mut waiting, mut output) = (Vec::new(), Vec::new());
    let mut piece = [0; PIECE];
    loop {
        let size = stream.read(&mut piece)?;
        if size == 0 {
            return Ok(());
        }
        waiting.extend_from_slice(&piece[..size]);
        let is_over = answer_all(&mut waiting, &mut output, &mut answer);
        stream.write_all(&output)?;
        output.clear();
        if is_over {
            return Ok(());
        }
        if waiting.len() > WAITING_MAX {
            return Err(Error::other("a request has no end"));
        }
    }
}

/// Answers all whole requests; whether the connection is over.
fn answer_all(
    waiting: &mut Vec<u8>,
    output: &mut Vec<u8>,
    answer: &mut impl FnMut(&[u8], &mut Vec<u8>) -> Step,
) -> bool {
    let mut done = 0;
    let is_over = loop {
        match answer(&waiting[done..], output) {
            Step::Answered(size) => done += size,
            Step::Last => break true,
            Step::More => break false,
        }
    };
    waiting.drain(..done);
    is_over
}

#[cfg(test)]
pub mod tests {
    use std::io::Cursor;

    use super::*;

    /// A connection on which all of `input` comes; what was written is kept.
    pub struct Both {
        pub input: Cursor<Vec<u8>>,
        pub output: Vec<u8>,
    }

    impl Both {
        pub fn of(input: &[u8]) -> Both {
            let input = Cursor::new(input.to_vec());
            let output = Vec::new();
            Both { input, output }
        }
    }

    impl Read for Both {
        /// A few bytes at a time, so that requests come in pieces.
        fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
            let most = buffer.len().min(7);
            self.input.read(&mut buffer[..most])
        }
    }

    impl Write for Both {
        fn write(&mut self, bytes: &[u8]) -> Result<usize> {
            self.output.write(bytes)
        }

        fn flush(&mut self) -> Result<()> {
            Ok(())
        }
    }
}
