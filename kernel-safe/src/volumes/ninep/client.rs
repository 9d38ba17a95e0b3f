//! Exchanges with a 9P server.

use gate::driver::channel::REPLY_ALIGN;
use spin::Mutex;

use super::fids::{Fids, ROOT};
use super::message::{self, DATA_HEADER, REPLY_MAX, WRITE_HEADER, kind};
use crate::descriptors::turn::Turn;
use crate::drivers::channel::{self, Channel, Window};
use crate::errno::Errno;
use crate::files::transfer::{Source, Target};
use crate::volumes::bytes::{Failure, Malformed, Reply, Request};
use crate::wait::Key;

/// The most bytes of data in one message.
const DATA_MAX: usize = 64 << 10;
/// What a message has besides data, as 9P counts it.
const AROUND_DATA: usize = 24;
/// The least that a server must agree to.
const DATA_MIN: usize = 4 << 10;

const _: () = assert!(DATA_HEADER + DATA_MAX <= channel::REPLY_MAX);
const _: () = assert!(WRITE_HEADER + DATA_MAX + REPLY_ALIGN + REPLY_MAX <= channel::REPLY_MAX);

/// What we know of a server.
#[derive(Debug)]
pub struct Client {
    /// The number of the channel to it.
    number: usize,
    /// Whose turn it is to begin the session.
    beginner: Turn,
    /// Bytes of data in a message, as agreed; none before there is a session.
    data: Mutex<Option<usize>>,
    fids: Mutex<Fids>,
}

impl Client {
    /// A client that has said nothing yet.
    pub const fn new(number: usize) -> Client {
        Client {
            number,
            beginner: Turn::new(Key::volume(number)),
            data: Mutex::new(None),
            fids: Mutex::new(Fids::new()),
        }
    }

    /// The number of the channel.
    pub const fn number(&self) -> usize {
        self.number
    }

    /// Begins the session if there is none.
    ///
    /// # Errors
    ///
    /// The server cannot be reached, or speaks another language.
    pub fn begin(&self) -> Result<(), Errno> {
        let _turn = self.beginner.take()?;
        if self.data.lock().is_some() {
            return Ok(());
        }
        let most = u32::try_from(DATA_MAX.saturating_add(AROUND_DATA)).unwrap_or(u32::MAX);
        let version = |_| message::version(most);
        let size = self.ask(kind::VERSION, version, message::agreed)?;
        let data = usize::try_from(size).map_err(|_| Errno::Device)?;
        let data = data.saturating_sub(AROUND_DATA).min(DATA_MAX);
        if data < DATA_MIN {
            return Err(Errno::Device);
        }
        self.tell(kind::ATTACH, |tag| message::attach(tag, ROOT))?;
        *self.data.lock() = Some(data);
        Ok(())
    }

    /// Bytes of data in a message.
    ///
    /// # Errors
    ///
    /// There is no session.
    pub fn data(&self) -> Result<usize, Errno> {
        self.data.lock().ok_or(Errno::Device)
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
        let mut window = Window::take(self.channel()?)?;
        let tag = match kind {
            kind::VERSION => message::NO_TAG,
            _ => window.tag(),
        };
        let mut request = build(tag);
        window.put(request.finish(0)?)?;
        let size = window.exchange(request.size(), bytes.len())?;
        let bytes = bytes.get_mut(..size).ok_or(Errno::Device)?;
        window.get(bytes)?;
        let body = message::body(bytes, size, kind, tag);
        self.judge(body.and_then(|body| Ok(read(body)?)))
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
        let mut window = Window::take(self.channel()?)?;
        let tag = window.tag();
        let count = u32::try_from(size).map_err(|_| Errno::Invalid)?;
        let mut request = message::read(tag, fid, offset, count);
        window.put(request.finish(0)?)?;
        let answered = window.exchange(request.size(), size.saturating_add(DATA_HEADER))?;
        let mut head = [0; DATA_HEADER];
        let head = head
            .get_mut(..answered.min(DATA_HEADER))
            .ok_or(Errno::Device)?;
        window.get(head)?;
        let body = message::body(head, answered, kind::READ, tag);
        let most = size.min(answered.saturating_sub(DATA_HEADER));
        let count =
            self.judge(body.and_then(|mut body| Ok(message::count(&mut body, most)?)))?;
        target.put_frames(at, window.reply_at(DATA_HEADER), count)?;
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
        let mut window = Window::take(self.channel()?)?;
        let tag = window.tag();
        let count = u32::try_from(size).map_err(|_| Errno::Invalid)?;
        let mut request = message::write(tag, fid, offset, count);
        window.put(request.finish(size)?)?;
        source.take_to_frames(at, window.request_at(WRITE_HEADER), size)?;
        let all = size.saturating_add(WRITE_HEADER);
        let answered = window.exchange(all, DATA_HEADER)?;
        let mut reply = [0; DATA_HEADER];
        let reply = reply.get_mut(..answered).ok_or(Errno::Device)?;
        window.get(reply)?;
        let body = message::body(reply, answered, kind::WRITE, tag);
        self.judge(body.and_then(|mut body| Ok(message::count(&mut body, size)?)))
    }

    fn channel(&self) -> Result<&'static Channel, Errno> {
        channel::get(self.number).ok_or(Errno::Device)
    }

    /// What a reply has come to. After one that is none, nothing that this
    /// server says can be told from chance.
    fn judge<T>(&self, reply: Result<T, Failure>) -> Result<T, Errno> {
        match reply {
            Ok(read) => Ok(read),
            Err(Failure::Refused(errno)) => Err(errno),
            Err(Failure::Malformed) => {
                self.channel()?.give_up();
                Err(Errno::Device)
            }
        }
    }
}
