//! Exchanges with a 9P server.

use spin::Mutex;

use super::fids::{Fids, ROOT};
use super::message::{self, DATA_HEADER, REPLY_MAX, WRITE_HEADER, kind};
use crate::drivers::channel::Trouble;
use crate::errno::Errno;
use crate::files::transfer::{Source, Target};
use crate::volumes::bytes::{Malformed, Reply, Request};
use crate::volumes::line::{Line, Post};
use crate::volumes::server::{self, DATA_MAX, Server, Session};

/// What a message has besides data, as 9P counts it.
const AROUND_DATA: usize = 24;

const _: () = assert!(server::fits(DATA_HEADER, WRITE_HEADER, REPLY_MAX));

/// What we know of a server.
#[derive(Debug)]
pub struct Client<L> {
    /// What does not depend on its language.
    pub server: Server<L>,
    fids: Mutex<Fids>,
}

impl<L> Client<L> {
    /// A client that has said nothing yet.
    pub const fn new(line: L) -> Client<L> {
        Client {
            server: Server::new(line),
            fids: Mutex::new(Fids::new()),
        }
    }
}

impl<L: Line> Client<L> {
    /// The session that holds now; begins one if there is none.
    ///
    /// # Errors
    ///
    /// The server cannot be reached, or speaks another language.
    pub fn begin(&self) -> Result<Session, Trouble> {
        self.server.begin(|generation| {
            let most = u32::try_from(DATA_MAX.saturating_add(AROUND_DATA)).unwrap_or(u32::MAX);
            let version = |_| message::version(most);
            let size = self.ask(generation, kind::VERSION, version, message::agreed)?;
            let size = usize::try_from(size).map_err(|_| Errno::Device)?;
            let data = server::bounded(size.saturating_sub(AROUND_DATA))?;
            let attach = |tag| message::attach(tag, ROOT);
            self.tell(generation, kind::ATTACH, attach)?;
            Ok(data)
        })
    }

    /// Takes a number that is not in use, which `make` then makes the server
    /// know.
    ///
    /// # Errors
    ///
    /// Memory is short, or `make` failed.
    pub fn new_fid<T>(
        &self,
        make: impl FnOnce(u32) -> Result<T, Trouble>,
    ) -> Result<(u32, T), Trouble> {
        let fid = self.fids.lock().take()?;
        let made = make(fid);
        if made.is_err() {
            self.fids.lock().give_back(fid);
        }
        made.map(|made| (fid, made))
    }

    /// Has the server forget a number that it knows in a generation of the cell.
    pub fn forget(&self, generation: u32, fid: u32) {
        // Whatever it answers, it knows the number no more; nor does it if the cell
        // was started anew.
        let forget = |tag| message::forget(tag, fid);
        let _ = self.tell(generation, kind::FORGET, forget);
    }

    /// Has the server forget a number for good.
    pub fn give_back(&self, generation: u32, fid: u32) {
        self.forget(generation, fid);
        self.fids.lock().give_back(fid);
    }

    /// Sends a request whose reply says nothing but that it was done.
    ///
    /// # Errors
    ///
    /// It was not.
    pub fn tell(
        &self,
        generation: u32,
        kind: u8,
        build: impl FnOnce(u16) -> Request,
    ) -> Result<(), Trouble> {
        self.ask(generation, kind, build, |_| Ok(()))
    }

    /// Sends a request and reads its reply.
    ///
    /// # Errors
    ///
    /// The server refused, what came is no reply, or the session is over.
    pub fn ask<T>(
        &self,
        generation: u32,
        kind: u8,
        build: impl FnOnce(u16) -> Request,
        read: impl FnOnce(Reply<'_>) -> Result<T, Malformed>,
    ) -> Result<T, Trouble> {
        let mut bytes = [0; REPLY_MAX];
        self.ask_into(generation, kind, build, &mut bytes, read)
    }

    /// Sends a request and reads its reply, which is copied to `bytes` first.
    ///
    /// # Errors
    ///
    /// As [`Client::ask`].
    pub fn ask_into<T>(
        &self,
        generation: u32,
        kind: u8,
        build: impl FnOnce(u16) -> Request,
        bytes: &mut [u8],
        read: impl FnOnce(Reply<'_>) -> Result<T, Malformed>,
    ) -> Result<T, Trouble> {
        let mut window = self.server.window(generation)?;
        let tag = match kind {
            kind::VERSION => message::NO_TAG,
            _ => window.tag(),
        };
        let most = bytes.len();
        let (size, bytes) = server::exchange(&mut window, &mut build(tag), most, bytes)?;
        let body = message::body(bytes, size, kind, tag);
        let read = body.and_then(|body| Ok(read(body)?));
        self.server.judge(generation, read)
    }

    /// Reads at most `size` bytes of one message to the place `at`; how many.
    ///
    /// # Errors
    ///
    /// As [`Client::ask`], or the target is not as its owner said.
    pub fn read(
        &self,
        generation: u32,
        fid: u32,
        offset: u64,
        target: &mut dyn Target,
        at: usize,
        size: usize,
    ) -> Result<usize, Trouble> {
        let mut window = self.server.window(generation)?;
        let tag = window.tag();
        let count = u32::try_from(size).map_err(|_| Errno::Invalid)?;
        let mut request = message::read(tag, fid, offset, count);
        let most = size.saturating_add(DATA_HEADER);
        let mut head = [0; DATA_HEADER];
        let (answered, head) = server::exchange(&mut window, &mut request, most, &mut head)?;
        let body = message::body(head, answered, kind::READ, tag);
        let most = size.min(answered.saturating_sub(DATA_HEADER));
        let count = body.and_then(|mut body| Ok(body.count(most)?));
        let count = self.server.judge(generation, count)?;
        window.give(DATA_HEADER, target, at, count)?;
        Ok(count)
    }

    /// Writes `size` bytes from the place `at` by one message; how many.
    ///
    /// # Errors
    ///
    /// As [`Client::read`].
    pub fn write(
        &self,
        generation: u32,
        fid: u32,
        offset: u64,
        source: &dyn Source,
        at: usize,
        size: usize,
    ) -> Result<usize, Trouble> {
        let mut window = self.server.window(generation)?;
        let tag = window.tag();
        let count = u32::try_from(size).map_err(|_| Errno::Invalid)?;
        let mut request = message::write(tag, fid, offset, count);
        window.put(request.finish(size)?)?;
        window.take(WRITE_HEADER, source, at, size)?;
        let all = size.saturating_add(WRITE_HEADER);
        let answered = window.exchange(all, DATA_HEADER)?;
        let mut reply = [0; DATA_HEADER];
        let reply = reply.get_mut(..answered).ok_or(Errno::Device)?;
        window.get(reply)?;
        let body = message::body(reply, answered, kind::WRITE, tag);
        let count = body.and_then(|mut body| Ok(body.count(size)?));
        self.server.judge(generation, count)
    }
}
