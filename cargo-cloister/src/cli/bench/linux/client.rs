//! The client: connections that are used as a series says.
//!
//! Connections are made one by one, each used before the next is made, because
//! QEMU's network loses some of many that come at once. Every byte of an answer is
//! looked at.

use std::io::{self, Error, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use super::kinds::{Kind, Message};
use super::meter::{Meter, Reading};
use super::series::Series;

/// How long an answer may take.
const LIMIT: Duration = Duration::from_secs(30);
/// The same on a new connection, whose first packet may have been lost.
const LIMIT_FIRST: Duration = Duration::from_secs(5);
/// How often a connection is tried.
const TRIES: u32 = 4;

/// A connection on which answers come.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    heard: Vec<u8>,
}

/// What was counted before and after the requests of a series.
#[derive(Clone, Debug)]
pub(super) struct Spent {
    pub(super) before: Reading,
    pub(super) after: Reading,
}

impl Connection {
    /// A connection whose first request was answered.
    pub(super) fn open(address: SocketAddr, kind: Kind) -> io::Result<Connection> {
        let opening = kind.opening();
        again(|| Connection::try_open(address, &opening))
    }

    fn try_open(address: SocketAddr, opening: &Message) -> io::Result<Connection> {
        let stream = connect(address)?;
        stream.set_read_timeout(Some(LIMIT_FIRST))?;
        stream.set_write_timeout(Some(LIMIT))?;
        let mut connection = Connection {
            stream,
            heard: Vec::new(),
        };
        connection.exchange(opening)?;
        connection.stream.set_read_timeout(Some(LIMIT))?;
        Ok(connection)
    }

    /// Sends a message and reads its answer, which must be right.
    pub(super) fn exchange(&mut self, message: &Message) -> io::Result<()> {
        self.stream.write_all(&message.request)?;
        self.heard.resize(message.answer.len(), 0);
        self.stream.read_exact(&mut self.heard)?;
        match self.heard == message.answer {
            true => Ok(()),
            false => Err(Error::new(ErrorKind::InvalidData, "an answer is wrong")),
        }
    }
}

/// A connection that delays nothing. A neighbour on a tap may not be found at once.
pub(super) fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = again(|| TcpStream::connect(address))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Tries it again if it fails, unless an answer was wrong.
fn again<R>(attempt: impl Fn() -> io::Result<R>) -> io::Result<R> {
    for _ in 1..TRIES {
        match attempt() {
            Err(error) if error.kind() != ErrorKind::InvalidData => {}
            result => return result,
        }
    }
    attempt()
}

/// Sends the requests of a series, and counts.
pub(super) fn drive(
    address: SocketAddr,
    series: &Series,
    meter: &mut Meter,
) -> io::Result<Spent> {
    let open = |_| Connection::open(address, series.kind);
    let mut connections: Vec<Connection> = (0..series.connections)
        .map(open)
        .collect::<io::Result<_>>()?;
    let (used, _idle) = connections.split_at_mut(series.used as usize);
    let share = used.len().div_ceil(series.drivers as usize);
    let drivers = used.len().div_ceil(share);
    let together = Barrier::new(drivers + 1);
    thread::scope(|scope| {
        let start = |connections| scope.spawn(|| driver(connections, series, &together));
        let drivers: Vec<_> = used.chunks_mut(share).map(start).collect();
        together.wait();
        let before = meter.read();
        together.wait();
        together.wait();
        let after = meter.read();
        for driver in drivers {
            driver.join().expect("a driver does not panic")?;
        }
        Ok(Spent {
            before: before?,
            after: after?,
        })
    })
}

/// Warms up, waits for the count and sends. Whatever fails, everybody waits for it
/// as often as for the others.
fn driver(
    connections: &mut [Connection],
    series: &Series,
    together: &Barrier,
) -> io::Result<()> {
    let warm = send(connections, series, series.warm_up());
    together.wait();
    together.wait();
    let sent = warm.and_then(|()| send(connections, series, series.messages()));
    together.wait();
    sent
}

/// Sends so many messages, on one connection after the other.
fn send(connections: &mut [Connection], series: &Series, messages: u32) -> io::Result<()> {
    let count = connections.len().max(1);
    for n in 0..messages {
        if let Some(pause) = series.pause() {
            thread::sleep(pause);
        }
        let message = series.kind.message(n);
        if let Some(connection) = connections.get_mut(n as usize % count) {
            connection.exchange(&message)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
