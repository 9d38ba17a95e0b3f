//! Standard output and standard error, written by a thread of their own.
//!
//! A reader that stops reading stops whoever writes to it. That must not be
//! the thread that watches the time limit and the signals of a run, so this
//! process writes nothing but by its [`Outlet`]: what is given to it waits in a
//! queue, in order over both streams, until its writer gets rid of it. Who
//! gives looks whether there is room, and for no longer than it wants. A stream
//! whose reader has stopped for good can be given up: the writer that is stuck
//! in it is left behind, and another goes on with the rest.
//!
//! It is also where the tool's own words are told from the program's: the
//! latter pass as they are, the former are made [`Plain`].

use std::collections::VecDeque;
use std::fmt::Display;
use std::io::{self, Write};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::plain::Plain;
use crate::vm::Stream;

/// How many bytes may wait before there is no room.
const ROOM: usize = 256 * 1024;
/// How long a reader may take nothing, once the run is to end.
const GRACE: Duration = Duration::from_secs(1);

/// The two streams of a process.
pub struct Outlet {
    open: fn(Stream) -> Box<dyn Write>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    queue: VecDeque<(Stream, Vec<u8>)>,
    /// Bytes in the queue, and those that are being written.
    waiting: usize,
    /// Where the writer writes now.
    busy: Option<Stream>,
    /// How often bytes could be written.
    progress: u64,
    /// Which writer is the one; none before there was any.
    writer: u64,
    /// Why nothing can be written any more, to standard output and error.
    ended: [Option<io::ErrorKind>; 2],
    /// A failure that nobody has been told of.
    news: Option<io::Error>,
    is_hurried: bool,
}

static OF_PROCESS: Outlet = Outlet::new(|stream| match stream {
    Stream::Stdout => Box::new(io::stdout()),
    Stream::Stderr => Box::new(io::stderr()),
});

impl Outlet {
    /// This process's.
    pub fn of_process() -> &'static Outlet {
        &OF_PROCESS
    }

    const fn new(open: fn(Stream) -> Box<dyn Write>) -> Outlet {
        Outlet {
            open,
            state: Mutex::new(State {
                queue: VecDeque::new(),
                waiting: 0,
                busy: None,
                progress: 0,
                writer: 0,
                ended: [None; 2],
                news: None,
                is_hurried: false,
            }),
            changed: Condvar::new(),
        }
    }

    /// Passes bytes of the program on, as they are.
    pub fn pass(&'static self, to: Stream, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.lock();
        if let Some(why) = state.ended[to as usize] {
            return Err(why.into());
        }
        state.waiting += bytes.len();
        state.queue.push_back((to, bytes.to_vec()));
        if state.writer == 0 {
            self.start_writer(&mut state);
        }
        self.changed.notify_all();
        Ok(())
    }

    /// Says something of the tool's own, with whatever names of others.
    pub fn say(&'static self, to: Stream, words: impl Display) -> io::Result<()> {
        let words = words.to_string();
        self.pass(to, Plain::text(&words).to_string().as_bytes())
    }

    /// Waits until there is room for more, but no longer than `limit`; whether
    /// there is. The error is one that writing met in the meantime.
    pub fn wait_for_room(&self, limit: Duration) -> io::Result<bool> {
        self.wait(limit, |state| state.waiting <= ROOM)
    }

    /// Waits until everything is written, but no longer than `limit`; whether
    /// it is.
    pub fn wait_until_written(&self, limit: Duration) -> io::Result<bool> {
        self.wait(limit, |state| state.waiting == 0)
    }

    /// From now on readers that take nothing are not waited for.
    pub fn hurry(&self) {
        self.lock().is_hurried = true;
    }

    /// Readers are waited for again.
    pub fn take_time(&self) {
        self.lock().is_hurried = false;
    }

    /// Whether readers that take nothing are not waited for.
    pub fn is_hurried(&self) -> bool {
        self.lock().is_hurried
    }

    /// Waits until everything is written: for ever, or in a hurry only for
    /// readers that read.
    pub fn settle(&'static self) -> io::Result<()> {
        loop {
            let before = self.lock().progress;
            if self.wait_until_written(GRACE)? {
                return Ok(());
            }
            let mut state = self.lock();
            if state.is_hurried && state.progress == before {
                self.give_up(&mut state);
            }
        }
    }

    /// Leaves the writer and the stream behind in which it is stuck.
    fn give_up(&'static self, state: &mut State) {
        if let Some(stream) = state.busy {
            state.end(stream, io::ErrorKind::TimedOut);
            self.start_writer(state);
        }
    }

    fn wait(&self, limit: Duration, holds: impl Fn(&State) -> bool) -> io::Result<bool> {
        let end = Instant::now() + limit;
        let mut state = self.lock();
        loop {
            if let Some(error) = state.news.take() {
                return Err(error);
            }
            let left = end.saturating_duration_since(Instant::now());
            if holds(&state) || left.is_zero() {
                return Ok(holds(&state));
            }
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start_writer(&'static self, state: &mut State) {
        state.writer += 1;
        state.busy = None;
        let writer = state.writer;
        thread::spawn(move || self.write(writer));
    }

    /// Writes what there is, as long as it is the writer.
    fn write(&self, writer: u64) {
        let mut state = self.lock();
        // DEFENCE: writer-given-up
        while state.writer == writer {
            let Some((stream, bytes)) = state.queue.pop_front() else {
                let waited = self.changed.wait(state);
                state = waited.unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            state.busy = Some(stream);
            drop(state);
            let written = self.write_all(writer, stream, &bytes);
            state = self.lock();
            // DEFENCE: writer-given-up
            if state.writer == writer {
                state.busy = None;
                state.waiting -= bytes.len();
                if let Err(error) = written {
                    state.end(stream, error.kind());
                    state.news.get_or_insert(error);
                }
                self.changed.notify_all();
            }
        }
    }

    /// Writes these bytes piece by piece, so that a slow reader is told from
    /// one that stands still.
    fn write_all(&self, writer: u64, to: Stream, mut bytes: &[u8]) -> io::Result<()> {
        const PIECE: usize = 16 * 1024;
        let mut stream = (self.open)(to);
        while !bytes.is_empty() {
            let (piece, rest) = bytes.split_at(bytes.len().min(PIECE));
            stream.write_all(piece)?;
            stream.flush()?;
            bytes = rest;
            let mut state = self.lock();
            state.progress += 1;
            // DEFENCE: writer-given-up
            if state.writer != writer {
                return Ok(());
            }
        }
        Ok(())
    }
}

impl State {
    /// Takes note that nothing can be written there, and forgets what waits.
    fn end(&mut self, stream: Stream, why: io::ErrorKind) {
        self.ended[stream as usize].get_or_insert(why);
        self.queue.retain(|(to, _)| *to != stream);
        self.waiting = self.queue.iter().map(|(_, bytes)| bytes.len()).sum();
    }
}

/// Passes bytes on to one of the process's streams.
#[derive(Clone, Copy, Debug)]
pub struct Passed(pub Stream);

impl Write for Passed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Outlet::of_process().pass(self.0, bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Says a line on standard error, and waits until it is there.
pub fn tell(line: impl Display) {
    let outlet = Outlet::of_process();
    let said = outlet.say(Stream::Stderr, format_args!("{line}\n"));
    let _nobody_listens = said.and_then(|()| outlet.settle());
}

#[cfg(test)]
mod tests;
