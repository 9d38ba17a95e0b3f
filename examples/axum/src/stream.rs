//! A connection, as hyper wants one.

use std::io::{self, Read, Write};
use std::net;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::rt::ReadBufCursor;
use mio::net::TcpStream;

use crate::reactor::{Direction, Reactor};

/// The most bytes that are read at once.
const PIECE: usize = 16 << 10;

/// A connection whose task waits without its thread.
pub struct Stream {
    socket: TcpStream,
    number: usize,
    reactor: Arc<Reactor>,
}

impl Stream {
    /// The same socket, watched.
    pub fn new(socket: net::TcpStream, reactor: Arc<Reactor>) -> io::Result<Stream> {
        socket.set_nonblocking(true)?;
        socket.set_nodelay(true)?;
        let mut socket = TcpStream::from_std(socket);
        let number = reactor.add(&mut socket)?;
        Ok(Stream {
            socket,
            number,
            reactor,
        })
    }

    fn attempt<T>(
        &mut self,
        context: &Context<'_>,
        direction: Direction,
        mut attempt: impl FnMut(&mut TcpStream) -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        self.reactor.wait(self.number, direction, context.waker());
        loop {
            match attempt(&mut self.socket) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Poll::Pending;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                done => return Poll::Ready(done),
            }
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.reactor.remove(&mut self.socket, self.number);
    }
}

impl hyper::rt::Read for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let mut piece = [0; PIECE];
        let room = buffer.remaining().min(PIECE);
        let read = self.attempt(context, Direction::Read, |socket| {
            socket.read(&mut piece[..room])
        });
        read.map_ok(|size| buffer.put_slice(&piece[..size]))
    }
}

impl hyper::rt::Write for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.attempt(context, Direction::Write, |socket| socket.write(bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.socket.shutdown(net::Shutdown::Write))
    }
}
