//! Exchanges with a FUSE server.

use spin::Mutex;

use super::message::{self, HEADER, REPLY_MAX, ROOT, Subject, WRITE_HEADER, code};
use super::nodes::{Handle, Nodes};
use crate::drivers::channel::Trouble;
use crate::errno::Errno;
use crate::files::transfer::{Source, Target};
use crate::volumes::bytes::{Malformed, Reply, Request};
use crate::volumes::line::{Line, Post};
use crate::volumes::server::{self, DATA_MAX, Server, Session};

const _: () = assert!(server::fits(HEADER, WRITE_HEADER, REPLY_MAX));

/// A node, as the server knows it in a generation of the cell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Known {
    /// The generation.
    pub generation: u32,
    /// Its number.
    pub node: u64,
}

/// What we know of a server.
#[derive(Debug)]
pub struct Client<L> {
    /// What does not depend on its language.
    pub server: Server<L>,
    /// What it told us of.
    pub nodes: Mutex<Nodes>,
}

impl<L> Client<L> {
    /// A client that has said nothing yet.
    pub const fn new(line: L) -> Client<L> {
        Client {
            server: Server::new(line),
            nodes: Mutex::new(Nodes::new()),
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
            let root = Known {
                generation,
                node: ROOT,
            };
            let size = self.ask(code::BEGIN, root, message::begin, message::agreed)?;
            Ok(server::bounded(usize::try_from(size).unwrap_or(DATA_MAX))?)
        })
    }

    /// Has the server forget that it told us of a node so many times.
    pub fn forget(&self, node: Known, times: u64) {
        let sent = self
            .window(code::FORGET, node)
            .and_then(|(mut window, subject)| {
                let mut request = message::forget(subject, times);
                window.put(request.finish(0)?)?;
                window.exchange(request.size(), 0)
            });
        // There is no reply to look at.
        let _ = sent;
    }

    /// Closes a handle.
    pub fn close(&self, node: Known, handle: Handle) {
        let code = match handle.is_directory {
            true => code::RELEASE_DIRECTORY,
            false => code::RELEASE,
        };
        let release = |subject| message::release(subject, handle.number);
        // Whatever it answers, the handle is gone.
        let _ = self.tell(code, node, release);
    }

    /// Sends a request whose reply says nothing but that it was done.
    ///
    /// # Errors
    ///
    /// It was not.
    pub fn tell(
        &self,
        code: u32,
        node: Known,
        build: impl FnOnce(Subject) -> Request,
    ) -> Result<(), Trouble> {
        self.ask(code, node, build, |_| Ok(()))
    }

    /// Sends a request and reads its reply.
    ///
    /// # Errors
    ///
    /// The server refused, or what came is no reply.
    pub fn ask<T>(
        &self,
        code: u32,
        node: Known,
        build: impl FnOnce(Subject) -> Request,
        read: impl FnOnce(Reply<'_>) -> Result<T, Malformed>,
    ) -> Result<T, Trouble> {
        self.ask_into(code, node, build, &mut [0; REPLY_MAX], read)
    }

    /// Sends a request and reads its reply, which is copied to `bytes` first.
    ///
    /// # Errors
    ///
    /// As [`Client::ask`].
    pub fn ask_into<T>(
        &self,
        code: u32,
        node: Known,
        build: impl FnOnce(Subject) -> Request,
        bytes: &mut [u8],
        read: impl FnOnce(Reply<'_>) -> Result<T, Malformed>,
    ) -> Result<T, Trouble> {
        let (mut window, subject) = self.window(code, node)?;
        let most = bytes.len();
        let (size, bytes) = server::exchange(&mut window, &mut build(subject), most, bytes)?;
        let body = message::body(bytes, size, subject.tag);
        let read = body.and_then(|body| Ok(read(body)?));
        self.server.judge(node.generation, read)
    }

    /// Reads at most `size` bytes of one message to the place `at`; how many.
    ///
    /// # Errors
    ///
    /// As [`Client::ask`], or the target is not as its owner said.
    pub fn read(
        &self,
        file: (Known, u64),
        offset: u64,
        target: &mut dyn Target,
        at: usize,
        size: usize,
    ) -> Result<usize, Trouble> {
        let (node, handle) = file;
        let (mut window, subject) = self.window(code::READ, node)?;
        let count = u32::try_from(size).map_err(|_| Errno::Invalid)?;
        let mut request = message::read(subject, handle, offset, count);
        let most = size.saturating_add(HEADER);
        let mut head = [0; HEADER];
        let (answered, head) = server::exchange(&mut window, &mut request, most, &mut head)?;
        let body = message::body(head, answered, subject.tag);
        self.server.judge(node.generation, body)?;
        let count = answered.saturating_sub(HEADER);
        window.give(HEADER, target, at, count)?;
        Ok(count)
    }

    /// Writes `size` bytes from the place `at` by one message; how many.
    ///
    /// # Errors
    ///
    /// As [`Client::read`].
    pub fn write(
        &self,
        file: (Known, u64),
        offset: u64,
        source: &dyn Source,
        at: usize,
        size: usize,
    ) -> Result<usize, Trouble> {
        let (node, handle) = file;
        let (mut window, subject) = self.window(code::WRITE, node)?;
        let count = u32::try_from(size).map_err(|_| Errno::Invalid)?;
        let mut request = message::write(subject, handle, offset, count);
        window.put(request.finish(size)?)?;
        window.take(WRITE_HEADER, source, at, size)?;
        let all = size.saturating_add(WRITE_HEADER);
        let answered = window.exchange(all, REPLY_MAX)?;
        let mut reply = [0; REPLY_MAX];
        let reply = reply.get_mut(..answered).ok_or(Errno::Device)?;
        window.get(reply)?;
        let body = message::body(reply, answered, subject.tag);
        let count = body.and_then(|mut body| Ok(body.count(size)?));
        self.server.judge(node.generation, count)
    }

    /// A window, and what to begin its request with.
    fn window(&self, code: u32, node: Known) -> Result<(L::Window, Subject), Trouble> {
        let Known { generation, node } = node;
        let window = self.server.window(generation)?;
        // Zero names no request, and odd numbers are for interruptions.
        let tag = u64::from(window.tag()).saturating_add(1).saturating_mul(2);
        Ok((window, Subject { code, tag, node }))
    }
}
