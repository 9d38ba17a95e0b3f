//! Exchanges with a 9P server.

use spin::Mutex;

use super::fids::{Fids, ROOT};
use super::message::{self, DATA_HEADER, REPLY_MAX, WRITE_HEADER, kind};
use crate::errno::Errno;
use crate::files::transfer::{Source, Target};
use crate::volumes::bytes::{Malformed, Reply, Request};
use crate::volumes::server::{self, DATA_MAX, Server};

/// What a message has besides data, as 9P counts it.
const AROUND_DATA: usize = 24;

const _: () = assert!(server::fits(DATA_HEADER, WRITE_HEADER, REPLY_MAX));

/// What we know of a server.
#[derive(Debug)]
pub struct Client {
    /// What does not depend on its language.
    pub server: Server,
    fids: Mutex<Fids>,
}

impl Client {
    /// A client that has said nothing yet.
    pub const fn new(number: usize) -> Client {
        Client {
            server: Server::new(number),
            fids: Mutex::new(Fids::new()),
        }
    }

    /// Begins the session if there is none.
    ///
    /// # Errors
    ///
    /// The server cannot be reached, or speaks another language.
    pub fn begin(&self) -> Result<(), Errno> {
        self.server.begin(|| {
            let most = u32::try_from(DATA_MAX.saturating_add(AROUND_DATA)).unwrap_or(u32::MAX);
            let version = |_| message::version(most);
            let size = self.ask(kind::VERSION, version, message::agreed)?;
            let size = usize::try_from(size).map_err(|_| Errno::Device)?;
            let data = server::bounded(size.saturating_sub(AROUND_DATA))?;
            self.tell(kind::ATTACH, |tag| message::attach(tag, ROOT))?;
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
        make: impl FnOnce(u32) -> Result<T, Errno>,
    ) -> Result<(u32, T), Errno> {
        let fid = self.fids.lock().take()?;
        let made = make(fid);
        if made.is_err() {
            self.fids.lock().give_back(fid);
        }
        made.map(|made| (fid, made))
    }

    /// Has the server forget a number.
    pub fn forget(&self, fid: u32) {
        // Whatever it answers, it knows the number no more.
        let _ = self.tell(kind::FORGET, |tag| message::forget(tag, fid));
        self.fids.lock().give_back(fid);
    }

    /// Sends a request whose reply says nothing but that it was done.
    ///
    /// # Errors
    ///
    /// It was not.
    pub fn tell(&self, kind: u8, build: impl FnOnce(u16) -> Request) -> Result<(), Errno> {
        self.ask(kind, build, |_| Ok(()))
    }

    /// Sends a request and reads its reply.
    ///
    /// # Errors
    ///
    /// The server refused, or what came is no reply.
    pub fn ask<T>(
        &self,
        kind: u8,
        build: impl FnOnce(u16) -> Request,
        read: impl FnOnce(Reply<'_>) -> Result<T, Malformed>,
    ) -> Result<T, Errno> {
        let mut bytes = [0; REPLY_MAX];
        self.ask_into(kind, build, &mut bytes, read)
    }

    /// Sends a request and reads its reply, which is copied to `bytes` first.
    ///
    /// # Errors
    ///
    /// As [`Client::ask`].
    pub fn ask_into<T>(
        &self,
        kind: u8,
        build: impl FnOnce(u16) -> Request,
        bytes: &mut [u8],
        read: impl FnOnce(Reply<'_>) -> Result<T, Malformed>,
    ) -> Result<T, Errno> {
        let mut window = self.server.window()?;
        let tag = match kind {
            kind::VERSION => message::NO_TAG,
            _ => window.tag(),
        };
        let most = bytes.len();
        let (size, bytes) = server::exchange(&mut window, &mut build(tag), most, bytes)?;
        let body = message::body(bytes, size, kind, tag);
        self.server.judge(body.and_then(|body| Ok(read(body)?)))
    }

    /// Reads at most `size` bytes of one message to the place `at`; how many.
    ///
    /// # Errors
    ///
    /// As [`Client::ask`], or the target is not as its owner said.
    pub fn read(
        &self,
        fid: u32,
        offset: u64,
        target: &mut dyn Target,
        at: usize,
        size: usize,
    ) -> Result<usize, Errno> {
        let mut window = self.server.window()?;
        let tag = window.tag();
        let count = u32::try_from(size).map_err(|_| Errno::Invalid)?;
        let mut request = message::read(tag, fid, offset, count);
        let most = size.saturating_add(DATA_HEADER);
        let mut head = [0; DATA_HEADER];
        let (answered, head) = server::exchange(&mut window, &mut request, most, &mut head)?;
        let body = message::body(head, answered, kind::READ, tag);
        let most = size.min(answered.saturating_sub(DATA_HEADER));
        let count = self
            .server
            .judge(body.and_then(|mut body| Ok(body.count(most)?)))?;
        target.put_from(at, window.reply_from(DATA_HEADER), count)?;
        Ok(count)
    }

    /// Writes `size` bytes from the place `at` by one message; how many.
    ///
    /// # Errors
    ///
    /// As [`Client::read`].
    pub fn write(
        &self,
        fid: u32,
        offset: u64,
        source: &dyn Source,
        at: usize,
        size: usize,
    ) -> Result<usize, Errno> {
        let mut window = self.server.window()?;
        let tag = window.tag();
        let count = u32::try_from(size).map_err(|_| Errno::Invalid)?;
        let mut request = message::write(tag, fid, offset, count);
        window.put(request.finish(size)?)?;
        source.take_to(at, window.request_from(WRITE_HEADER), size)?;
        let all = size.saturating_add(WRITE_HEADER);
        let answered = window.exchange(all, DATA_HEADER)?;
        let mut reply = [0; DATA_HEADER];
        let reply = reply.get_mut(..answered).ok_or(Errno::Device)?;
        window.get(reply)?;
        let body = message::body(reply, answered, kind::WRITE, tag);
        self.server
            .judge(body.and_then(|mut body| Ok(body.count(size)?)))
    }
}
