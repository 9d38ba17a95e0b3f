//! `mio` and `polling`: many sockets in one thread.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use mio::{Events, Interest, Poll, Token};

use crate::Answer;

/// How many clients there are.
const CLIENTS: usize = 20;
/// What each sends; more than what one read takes.
const SIZE: usize = 10_000;
const LIMIT: Option<Duration> = Some(Duration::from_secs(20));

/// Clients that each send something of their own and want it back.
fn clients(address: SocketAddr) -> thread::JoinHandle<bool> {
    let one = move |number: usize| -> io::Result<bool> {
        let sent: Vec<u8> = (0..SIZE).map(|at| (at * (number + 7)) as u8).collect();
        let mut stream = TcpStream::connect(address)?;
        stream.write_all(&sent)?;
        let mut got = vec![0; SIZE];
        stream.read_exact(&mut got)?;
        Ok(got == sent)
    };
    thread::spawn(move || {
        let threads: Vec<_> = (0..CLIENTS)
            .map(|it| thread::spawn(move || one(it)))
            .collect();
        threads
            .into_iter()
            .all(|it| it.join().is_ok_and(|it| it.is_ok_and(|good| good)))
    })
}

/// Says back what can be read; whether the client has ended.
fn say_back(stream: &mut (impl Read + Write), rest: &mut Vec<u8>) -> io::Result<bool> {
    let mut piece = [0; 1024];
    loop {
        while !rest.is_empty() {
            match stream.write(rest) {
                Ok(size) => drop(rest.drain(..size)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        match stream.read(&mut piece) {
            Ok(0) => return Ok(true),
            Ok(size) => rest.extend_from_slice(&piece[..size]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(true),
            Err(error) => return Err(error),
        }
    }
}

/// One thread serves all clients.
pub fn mio_echo() -> Answer {
    let mut poll = Poll::new()?;
    let mut listener = mio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0).into())?;
    poll.registry()
        .register(&mut listener, Token(0), Interest::READABLE)?;
    let clients = clients(listener.local_addr()?);
    let mut streams: Vec<Option<(mio::net::TcpStream, Vec<u8>)>> = Vec::new();
    let (mut events, mut ended) = (Events::with_capacity(8), 0);
    while ended < CLIENTS {
        poll.poll(&mut events, LIMIT)?;
        if events.is_empty() {
            return Err("nothing happens".into());
        }
        for event in &events {
            if event.token() == Token(0) {
                while let Ok((mut stream, _)) = listener.accept() {
                    let token = Token(streams.len() + 1);
                    let both = Interest::READABLE | Interest::WRITABLE;
                    poll.registry().register(&mut stream, token, both)?;
                    streams.push(Some((stream, Vec::new())));
                }
            } else if let Some(place) = streams.get_mut(event.token().0 - 1)
                && let Some((stream, rest)) = place
                && say_back(stream, rest)?
            {
                poll.registry().deregister(stream)?;
                *place = None;
                ended += 1;
            }
        }
    }
    Ok(clients.join().is_ok_and(|good| good))
}

/// Where nobody listens, the event says so, and the error is taken from the socket.
pub fn mio_refused() -> Answer {
    let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
    let mut poll = Poll::new()?;
    let mut stream = match mio::net::TcpStream::connect(nobody) {
        Ok(stream) => stream,
        Err(error) => return Ok(error.kind() == ErrorKind::ConnectionRefused),
    };
    poll.registry()
        .register(&mut stream, Token(3), Interest::WRITABLE)?;
    let mut events = Events::with_capacity(8);
    poll.poll(&mut events, LIMIT)?;
    let is_told = events.iter().any(|event| event.token() == Token(3));
    let error = stream.take_error()?.map(|error| error.kind());
    Ok(is_told && error == Some(ErrorKind::ConnectionRefused))
}

/// The same by another crate.
pub fn polling_echo() -> Answer {
    use polling::{Event, Events, Poller};
    use std::os::fd::AsFd;

    let poller = Poller::new()?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    // SAFETY: each is deleted before it is closed.
    unsafe { poller.add(&listener, Event::readable(0))? };
    let clients = clients(listener.local_addr()?);
    let mut streams: Vec<Option<(TcpStream, Vec<u8>)>> = Vec::new();
    let (mut events, mut ended) = (Events::new(), 0);
    while ended < CLIENTS {
        events.clear();
        if poller.wait(&mut events, LIMIT)? == 0 {
            return Err("nothing happens".into());
        }
        for event in events.iter() {
            if event.key == 0 {
                while let Ok((stream, _)) = listener.accept() {
                    stream.set_nonblocking(true)?;
                    // SAFETY: as above.
                    unsafe { poller.add(&stream, Event::readable(streams.len() + 1))? };
                    streams.push(Some((stream, Vec::new())));
                }
                poller.modify(&listener, Event::readable(0))?;
            } else if let Some(place) = streams.get_mut(event.key - 1)
                && let Some((stream, rest)) = place
            {
                if say_back(stream, rest)? {
                    poller.delete(stream.as_fd())?;
                    *place = None;
                    ended += 1;
                } else {
                    let wanted = Event::new(event.key, true, !rest.is_empty());
                    poller.modify(stream.as_fd(), wanted)?;
                }
            }
        }
    }
    poller.delete(listener.as_fd())?;
    Ok(clients.join().is_ok_and(|good| good))
}
