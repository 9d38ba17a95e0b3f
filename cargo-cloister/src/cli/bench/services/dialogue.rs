//! A client that waits for its answers.

use std::io::{self, PipeWriter, Write};
use std::sync::Arc;

use domains::report::Fault;

use super::Kind;
use crate::cli::bench::program::listen;
use crate::cli::failure::{Failure, report};
use crate::vm::{Ending, Input, Sink, Spec, Stream};

/// Boots `spec` and sends it so many requests of the kind; whether each was
/// answered as it must be, and nothing else was said.
pub(in crate::cli::bench) fn talk(
    spec: &Spec,
    kind: &Kind,
    count: u32,
) -> Result<bool, Failure> {
    let (reader, writer) = io::pipe().map_err(no_pipe)?;
    let spec = Spec {
        input: Input::Pipe(Arc::new(reader)),
        ..spec.clone()
    };
    let mut client = Client::new(kind, count, writer);
    let status = listen(&spec, &[kind.service], &mut client)?;
    Ok(status == 0 && client.is_satisfied())
}

/// The client's side of a connection.
struct Client<'a> {
    kind: &'a Kind,
    count: u32,
    sent: u32,
    /// What must still be answered to what was sent.
    awaited: Vec<u8>,
    is_wrong: bool,
    /// Dropped when all is answered: the server finds the end of its input.
    writer: Option<PipeWriter>,
}

impl Client<'_> {
    fn new(kind: &Kind, count: u32, writer: PipeWriter) -> Client<'_> {
        Client {
            kind,
            count,
            sent: 0,
            awaited: Vec::new(),
            is_wrong: false,
            writer: Some(writer),
        }
    }

    fn is_satisfied(&self) -> bool {
        !self.is_wrong && self.sent == self.count && self.awaited.is_empty()
    }

    /// Sends the next requests, as many as the kind has under way at once.
    fn send(&mut self) -> io::Result<()> {
        let next = self.sent..self.count.min(self.sent + self.kind.depth);
        self.sent = next.end;
        self.awaited = self.kind.answers(next.clone());
        match &mut self.writer {
            Some(writer) if !next.is_empty() => writer.write_all(&self.kind.requests(next)),
            _ => {
                self.writer = None;
                Ok(())
            }
        }
    }
}

impl Sink for Client<'_> {
    fn started(&mut self) -> io::Result<()> {
        self.send()
    }

    fn output(&mut self, stream: Stream, bytes: &[u8]) -> io::Result<()> {
        let is_right = stream == Stream::Stdout && self.awaited.starts_with(bytes);
        if !is_right {
            // A server that was misled is not waited for.
            self.is_wrong = true;
            self.writer = None;
            return Ok(());
        }
        self.awaited.drain(..bytes.len());
        match self.awaited.is_empty() && !self.is_wrong {
            true => self.send(),
            false => Ok(()),
        }
    }

    fn console(&mut self, _line: &str) -> io::Result<()> {
        Ok(())
    }

    fn fault(&mut self, _fault: &Fault) -> io::Result<()> {
        self.is_wrong = true;
        Ok(())
    }

    fn ended(&mut self, _ending: &Ending) -> io::Result<()> {
        Ok(())
    }
}

fn no_pipe(why: io::Error) -> Failure {
    let help = "has this process too many files open?";
    Failure::new(1, report(format!("there is no pipe: {why}"), help))
}

#[cfg(test)]
mod tests {
    use super::super::KINDS;
    use super::*;

    fn answer(bytes: &[u8]) -> bool {
        let (_reader, writer) = io::pipe().unwrap();
        let mut client = Client::new(&KINDS[1], 1, writer);
        client.started().unwrap();
        client.output(Stream::Stdout, bytes).unwrap();
        client.is_satisfied()
    }

    #[test]
    fn only_the_right_answer_satisfies() {
        assert!(answer(b"+OK\r\n"));
        assert!(!answer(b"+OK"));
        assert!(!answer(b"-OK\r\n"));
        assert!(!answer(b"+OK\r\n+OK\r\n"));
    }
}
