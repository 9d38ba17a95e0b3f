//! A server, whatever it speaks: the channel to it, and who has its turn.

use core::sync::atomic::{AtomicU32, Ordering};

use domains::boot::UMASK;
use gate::cell::REPLY_ALIGN;
use spin::Mutex;

use super::bytes::{Failure, Request};
use super::line::{Line, Post};
use super::recovery;
use crate::drivers::channel::{self, Trouble};
use crate::errno::Errno;
use crate::files::system::{Appended, FileSystem, NodeId};
use crate::files::transfer::Source;
use crate::wait::turn::Turn;

/// The most bytes of data in one message.
pub const DATA_MAX: usize = 64 << 10;
/// The least that a server must agree to.
const DATA_MIN: usize = 4 << 10;

/// What we know of a server.
#[derive(Debug)]
pub struct Server<L> {
    /// The line to it.
    line: L,
    /// Whose turn it is to begin the session.
    beginner: Turn,
    /// Whose turn it is to append.
    appender: Turn,
    /// The last session; none before there is one.
    session: Mutex<Option<Session>>,
    /// What new files do not allow.
    umask: AtomicU32,
}

/// What was agreed with a server, until the cell that speaks to it is started anew:
/// then the server has forgotten all numbers that it knew.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Session {
    /// In which generation of the cell it holds.
    pub generation: u32,
    /// Bytes of data in a message.
    pub data: usize,
}

/// Whether messages with so many bytes around their data fit a window: those
/// of a reply that carries data, of a request that does, and of its reply.
pub const fn fits(reply_header: usize, write_header: usize, written: usize) -> bool {
    reply_header + DATA_MAX + 2 * REPLY_ALIGN <= channel::REPLY_MAX
        && write_header + DATA_MAX + REPLY_ALIGN + written <= channel::REPLY_MAX
}

/// How many of the bytes of data that a server takes are used.
///
/// # Errors
///
/// They are too few.
pub fn bounded(data: usize) -> Result<usize, Errno> {
    if data < DATA_MIN {
        return Err(Errno::Device);
    }
    Ok(data.min(DATA_MAX))
}

/// Sends a request and waits for a reply of at most `most` bytes; its size, and
/// its first bytes in `head`.
///
/// # Errors
///
/// The request is too long, the server does not answer, or the session is over.
pub fn exchange<'a>(
    window: &mut impl Post,
    request: &mut Request,
    most: usize,
    head: &'a mut [u8],
) -> Result<(usize, &'a [u8]), Trouble> {
    window.put(request.finish(0)?)?;
    let size = window.exchange(request.size(), most)?;
    let head = head.get_mut(..size.min(head.len())).ok_or(Errno::Device)?;
    window.get(head)?;
    Ok((size, head))
}

impl<L> Server<L> {
    /// A server to which nothing was said.
    pub const fn new(line: L) -> Server<L> {
        Server {
            line,
            beginner: Turn::new(),
            appender: Turn::new(),
            session: Mutex::new(None),
            umask: AtomicU32::new(UMASK),
        }
    }

    /// Has new files not allow what is in `umask`.
    pub fn set_umask(&self, umask: u32) {
        self.umask.store(umask, Ordering::Relaxed);
    }

    /// The mode of a file that is to be made with `mode`: permissions alone, as
    /// far as the volume gives them. Servers take modes as they come.
    pub fn mode(&self, mode: u32) -> u32 {
        const PERMISSIONS: u32 = 0o777;
        // DEFENCE: guest-modes
        mode & PERMISSIONS & !self.umask.load(Ordering::Relaxed)
    }
}

impl<L: Line> Server<L> {
    /// The number of its line.
    pub fn number(&self) -> usize {
        self.line.number()
    }

    /// The session that holds now; begins one if there is none. What `agree` does is
    /// to say the first words in a generation of the cell, and how many bytes of data
    /// a message has.
    ///
    /// # Errors
    ///
    /// Memory is short, or `agree` failed.
    pub fn begin(
        &self,
        agree: impl FnOnce(u32) -> Result<usize, Trouble>,
    ) -> Result<Session, Trouble> {
        if let Ok(session) = self.session(self.line.generation()?) {
            return Ok(session);
        }
        let _turn = self.beginner.take()?;
        let generation = self.line.generation()?;
        if let Ok(session) = self.session(generation) {
            return Ok(session);
        }
        // DEFENCE: session-begun-again
        let data = agree(generation).map_err(recovery::before)?;
        let session = Session { generation, data };
        *self.session.lock() = Some(session);
        Ok(session)
    }

    /// The session of a generation of the cell.
    ///
    /// # Errors
    ///
    /// The last one is of another, or there was none.
    fn session(&self, generation: u32) -> Result<Session, Errno> {
        let session = self.session.lock();
        // DEFENCE: numbers-of-their-session
        let session = session.filter(|session| session.generation == generation);
        session.ok_or(Errno::Device)
    }

    /// A window for a request about what the server knows in a generation of the
    /// cell, and its reply.
    ///
    /// # Errors
    ///
    /// There is no such channel, or it was given up.
    pub fn window(&self, generation: u32) -> Result<L::Window, Errno> {
        self.line.window(generation)
    }

    /// What a reply has come to, which a cell of this generation brought. After one
    /// that is none, nothing that it or the server says can be told from chance.
    ///
    /// # Errors
    ///
    /// The server refused, or what came is no reply.
    pub fn judge<T>(&self, generation: u32, reply: Result<T, Failure>) -> Result<T, Trouble> {
        match reply {
            Ok(read) => Ok(read),
            Err(Failure::Refused(errno)) => Err(errno.into()),
            Err(Failure::Malformed) => {
                // DEFENCE: garbled-convicts
                self.line.convict(generation);
                Err(Trouble::Garbled)
            }
        }
    }

    /// Appends to a file of `volume`: looks at its size and then writes, one
    /// thread at a time. After a restart of the cell the write is repeated where it
    /// was to be, so that nothing is appended twice.
    ///
    /// # Errors
    ///
    /// Not one byte could be written.
    pub fn append(
        &self,
        volume: &dyn FileSystem,
        file: NodeId,
        source: &dyn Source,
    ) -> Result<Appended, Errno> {
        let _turn = self.appender.take()?;
        let size = volume.metadata(file)?.size;
        let written = volume.write(file, size, source)?;
        let end = size.saturating_add(written as u64);
        Ok(Appended { written, end })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::volumes::line::ByChannel;
    use crate::volumes::played::host::Host;
    use crate::volumes::played::{Played, ninep};

    /// On the host, a cell's generation is zero for ever.
    #[test]
    fn a_session_is_of_one_generation() {
        let server = Server::new(ByChannel(0));
        assert_eq!(server.session(0), Err(Errno::Device));
        let session = server.begin(|generation| Ok(DATA_MIN + generation as usize));
        let expected = Session {
            generation: 0,
            data: DATA_MIN,
        };
        assert_eq!(session, Ok(expected));
        let again = server.begin(|_| Err(Trouble::Unanswered));
        assert_eq!(again, Ok(expected));
        assert_eq!(server.session(0), Ok(expected));
        assert_eq!(server.session(1), Err(Errno::Device));
    }

    #[test]
    fn what_means_nothing_convicts_and_may_have_been_done() {
        let line = Played::new(ninep::Server::new(Host::new()), &[]);
        let server = Server::new(line.clone());
        let refused = server.judge::<()>(0, Err(Failure::Refused(Errno::Exists)));
        assert_eq!(refused, Err(Trouble::Failed(Errno::Exists)));
        assert!(!line.is_convicted());
        let garbled = server.judge::<()>(0, Err(Failure::Malformed));
        assert_eq!(garbled, Err(Trouble::Garbled));
        assert!(line.is_convicted());
    }

    #[test]
    fn messages_carry_neither_too_little_nor_too_much() {
        assert_eq!(bounded(DATA_MIN - 1), Err(Errno::Device));
        assert_eq!(bounded(DATA_MIN), Ok(DATA_MIN));
        assert_eq!(bounded(1 << 20), Ok(DATA_MAX));
    }

    #[test]
    fn new_files_are_for_nobody_else_to_write() {
        let server = Server::new(ByChannel(0));
        assert_eq!(server.mode(0o777), 0o755);
        assert_eq!(server.mode(0o10_7666), 0o644);
        server.set_umask(0o007);
        assert_eq!(server.mode(0o6777), 0o770);
        server.set_umask(0);
        assert_eq!(server.mode(0o7777), 0o777);
    }
}
