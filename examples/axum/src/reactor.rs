//! Wakes tasks whose sockets are ready.
//!
//! A thread waits for all sockets at once. A task that could neither read nor write has
//! left its waker here before it tried, so that no event is missed.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::thread;

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Registry, Token};
use slab::Slab;

/// How many events are taken at once.
const EVENTS: usize = 256;

/// The tasks that wait for a socket.
#[derive(Default)]
struct Waiting {
    reader: Option<Waker>,
    writer: Option<Waker>,
}

type Table = Arc<Mutex<Slab<Waiting>>>;

/// What a task waits for.
#[derive(Clone, Copy)]
pub enum Direction {
    /// Something to read.
    Read,
    /// Room to write.
    Write,
}

/// The sockets that are watched.
pub struct Reactor {
    registry: Registry,
    table: Table,
}

impl Reactor {
    /// One with a thread of its own.
    pub fn start() -> io::Result<Reactor> {
        let poll = Poll::new()?;
        let table = Table::default();
        let registry = poll.registry().try_clone()?;
        let of_thread = Arc::clone(&table);
        thread::Builder::new()
            .name("reactor".into())
            .spawn(move || watch(poll, &of_thread))?;
        Ok(Reactor { registry, table })
    }

    /// Watches a socket from now on; its number.
    pub fn add(&self, socket: &mut TcpStream) -> io::Result<usize> {
        let number = lock(&self.table).insert(Waiting::default());
        let interest = Interest::READABLE | Interest::WRITABLE;
        let added = self.registry.register(socket, Token(number), interest);
        if added.is_err() {
            lock(&self.table).remove(number);
        }
        added.map(|()| number)
    }

    /// Watches it no longer.
    pub fn remove(&self, socket: &mut TcpStream, number: usize) {
        // It goes with its descriptor otherwise.
        let _ = self.registry.deregister(socket);
        lock(&self.table).remove(number);
    }

    /// Has `waker` woken when the socket becomes ready.
    pub fn wait(&self, number: usize, direction: Direction, waker: &Waker) {
        if let Some(waiting) = lock(&self.table).get_mut(number) {
            let place = match direction {
                Direction::Read => &mut waiting.reader,
                Direction::Write => &mut waiting.writer,
            };
            place.get_or_insert_with(|| waker.clone()).clone_from(waker);
        }
    }
}

fn watch(mut poll: Poll, table: &Table) {
    let mut events = Events::with_capacity(EVENTS);
    loop {
        match poll.poll(&mut events, None) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => panic!("sockets cannot be watched: {error}"),
        }
        for event in &events {
            let mut table = lock(table);
            let Some(waiting) = table.get_mut(event.token().0) else {
                continue;
            };
            let ends = event.is_error() || event.is_read_closed() || event.is_write_closed();
            let reader = waiting.reader.take_if(|_| event.is_readable() || ends);
            let writer = waiting.writer.take_if(|_| event.is_writable() || ends);
            drop(table);
            [reader, writer].into_iter().flatten().for_each(Waker::wake);
        }
    }
}

fn lock(table: &Table) -> MutexGuard<'_, Slab<Waiting>> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}
