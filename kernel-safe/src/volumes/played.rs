//! A played server, which is started anew in the middle of what it is asked.

pub(super) mod fuse;
pub(super) mod host;
pub(super) mod ninep;

use alloc::sync::Arc;
use alloc::vec::Vec;

use spin::Mutex;

use super::line::{Line, Post};
use crate::drivers::channel::Trouble;
use crate::errno::Errno;
use crate::files::transfer::{Source, Target};

/// What has become of a request when the cell is started anew.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    /// It was not sent.
    Unsent,
    /// The server did not begin it.
    Undone,
    /// The server did it, and its reply is there.
    Answered,
    /// The server did it, and its reply is not there.
    Silent,
}

/// A server that answers in a language.
pub(super) trait Speaker: core::fmt::Debug + Send {
    /// Forgets its session, and nothing of the host.
    fn reset(&mut self);

    /// The host's files.
    fn host(&mut self) -> &mut host::Host;

    /// Does what is asked for; the reply.
    fn answer(&mut self, request: &[u8]) -> Vec<u8>;
}

/// What is at the other end of the line.
#[derive(Debug)]
pub(super) struct World<S> {
    pub(super) server: S,
    /// Before which messages the cell is started anew, and what becomes of those.
    pub(super) restarts: Vec<(usize, Fate)>,
    /// How many messages were to be sent.
    pub(super) messages: usize,
    generation: u32,
    is_convicted: bool,
}

/// The line to a played server.
#[derive(Debug)]
pub(super) struct Played<S>(pub(super) Arc<Mutex<World<S>>>);

/// A request and its reply.
#[derive(Debug)]
pub(super) struct Letter<S> {
    line: Played<S>,
    generation: u32,
    request: Vec<u8>,
    reply: Vec<u8>,
}

impl<S: Speaker> World<S> {
    pub(super) fn restart(&mut self) {
        self.generation += 1;
        self.server.reset();
    }

    fn send(&mut self, generation: u32, request: &[u8]) -> Result<Vec<u8>, Trouble> {
        let number = self.messages;
        self.messages += 1;
        let mut restarts = self.restarts.iter();
        let fate = restarts
            .find(|(at, _)| *at == number)
            .map(|(_, fate)| *fate);
        if fate == Some(Fate::Unsent) {
            self.restart();
        }
        if generation != self.generation {
            return Err(Trouble::Unsent);
        }
        let reply = match fate {
            Some(Fate::Undone) => Err(Trouble::Unanswered),
            Some(Fate::Silent) => {
                self.server.answer(request);
                Err(Trouble::Unanswered)
            }
            _ => Ok(self.server.answer(request)),
        };
        if fate.is_some() {
            self.restart();
        }
        reply
    }
}

impl<S> Clone for Played<S> {
    fn clone(&self) -> Played<S> {
        Played(Arc::clone(&self.0))
    }
}

impl<S: Speaker> Played<S> {
    pub(super) fn new(server: S, restarts: &[(usize, Fate)]) -> Played<S> {
        Played(Arc::new(Mutex::new(World {
            server,
            restarts: restarts.to_vec(),
            messages: 0,
            generation: 0,
            is_convicted: false,
        })))
    }
}

impl<S> Played<S> {
    /// Whether something meant nothing.
    pub(super) fn is_convicted(&self) -> bool {
        self.0.lock().is_convicted
    }
}

impl<S: Speaker> Line for Played<S> {
    type Window = Letter<S>;

    fn number(&self) -> usize {
        0
    }

    fn generation(&self) -> Result<u32, Errno> {
        Ok(self.0.lock().generation)
    }

    fn window(&self, generation: u32) -> Result<Letter<S>, Errno> {
        assert!(!self.0.lock().is_convicted, "nothing was malformed");
        Ok(Letter {
            line: self.clone(),
            generation,
            request: Vec::new(),
            reply: Vec::new(),
        })
    }

    fn convict(&self, _: u32) {
        self.0.lock().is_convicted = true;
    }
}

impl<S: Speaker> Post for Letter<S> {
    fn tag(&self) -> u16 {
        7
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), Errno> {
        self.request = bytes.to_vec();
        Ok(())
    }

    fn take(
        &mut self,
        at: usize,
        source: &dyn Source,
        from: usize,
        size: usize,
    ) -> Result<(), Errno> {
        self.request.resize(at + size, 0);
        source.take(from, &mut self.request[at..])
    }

    fn exchange(&mut self, request: usize, reply: usize) -> Result<usize, Trouble> {
        assert_eq!(request, self.request.len());
        let mut world = self.line.0.lock();
        self.reply = world.send(self.generation, &self.request)?;
        assert!(self.reply.len() <= reply, "there is room for it");
        Ok(self.reply.len())
    }

    fn get(&self, bytes: &mut [u8]) -> Result<(), Errno> {
        let size = bytes.len();
        bytes.copy_from_slice(self.reply.get(..size).ok_or(Errno::Device)?);
        Ok(())
    }

    fn give(
        &self,
        at: usize,
        target: &mut dyn Target,
        to: usize,
        size: usize,
    ) -> Result<(), Errno> {
        target.put(to, &self.reply[at..at + size])
    }
}
