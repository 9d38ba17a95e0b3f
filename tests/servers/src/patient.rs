//! A connection of std as hyper wants one.
//!
//! A task that can neither read nor write looks again a moment later: that is enough
//! where nobody measures.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::rt::ReadBufCursor;
use tokio::time::{Sleep, sleep};

/// How long such a moment is.
const MOMENT: Duration = Duration::from_millis(1);

/// A connection that is looked at again and again.
pub struct Patient {
    stream: TcpStream,
    until: Pin<Box<Sleep>>,
}

impl Patient {
    /// The same connection; a runtime with time is needed.
    pub fn new(stream: TcpStream) -> io::Result<Patient> {
        stream.set_nonblocking(true)?;
        let until = Box::pin(sleep(MOMENT));
        Ok(Patient { stream, until })
    }

    fn repeat<T>(
        &mut self,
        context: &mut Context<'_>,
        mut attempt: impl FnMut(&mut TcpStream) -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        loop {
            match attempt(&mut self.stream) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                done => return Poll::Ready(done),
            }
            self.until = Box::pin(sleep(MOMENT));
            ready!(self.until.as_mut().poll(context));
        }
    }
}

impl hyper::rt::Read for Patient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let mut piece = [0; 4096];
        let room = buffer.remaining().min(piece.len());
        let read = self.repeat(context, |stream| stream.read(&mut piece[..room]));
        read.map_ok(|size| buffer.put_slice(&piece[..size]))
    }
}

impl hyper::rt::Write for Patient {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.repeat(context, |stream| stream.write(bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.stream.shutdown(Shutdown::Write))
    }
}
