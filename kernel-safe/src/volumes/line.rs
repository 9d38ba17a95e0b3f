//! The line to a server, as the languages see it.
//!
//! They need little of a channel: to know in which generation of the cell they
//! speak, and a window for a request and its reply. In tests a played server is at
//! the other end.

use core::fmt::Debug;

use crate::drivers::channel::{self, Channel, Trouble, Window};
use crate::errno::Errno;
use crate::files::transfer::{Source, Target};

/// A line to a server.
pub trait Line: Debug + Sync {
    /// What a request and its reply lie in.
    type Window: Post;

    /// Its number among all.
    fn number(&self) -> usize;

    /// How often the cell that speaks to the server was started anew.
    ///
    /// # Errors
    ///
    /// There is no such line.
    fn generation(&self) -> Result<u32, Errno>;

    /// A window for a request about what the server knows in a generation.
    ///
    /// # Errors
    ///
    /// There is no such line, or it was given up.
    fn window(&self, generation: u32) -> Result<Self::Window, Errno>;

    /// What has come by a cell of this generation means nothing: has the cell started
    /// anew, or gives the line up if that has happened often.
    fn convict(&self, generation: u32);
}

/// Where one request and its reply lie.
pub trait Post {
    /// A number that no other request under way has.
    fn tag(&self) -> u16;

    /// Puts bytes at the start of the request.
    ///
    /// # Errors
    ///
    /// There is no room for them.
    fn put(&mut self, bytes: &[u8]) -> Result<(), Errno>;

    /// Takes `size` bytes from the place `from` of a source on to the request's byte
    /// `at`.
    ///
    /// # Errors
    ///
    /// The source is not as its owner said.
    fn take(
        &mut self,
        at: usize,
        source: &dyn Source,
        from: usize,
        size: usize,
    ) -> Result<(), Errno>;

    /// Sends a request of `request` bytes and waits for a reply of at most `reply`;
    /// how many it has.
    ///
    /// # Errors
    ///
    /// The server does not answer, or the cell was started anew.
    fn exchange(&mut self, request: usize, reply: usize) -> Result<usize, Trouble>;

    /// Copies bytes from the start of the reply.
    ///
    /// # Errors
    ///
    /// There are not so many.
    fn get(&self, bytes: &mut [u8]) -> Result<(), Errno>;

    /// Gives `size` bytes of the reply from its byte `at` on to the place `to` of a
    /// target.
    ///
    /// # Errors
    ///
    /// The target is not as its owner said.
    fn give(
        &self,
        at: usize,
        target: &mut dyn Target,
        to: usize,
        size: usize,
    ) -> Result<(), Errno>;
}

/// The line by the channel of this number.
#[derive(Clone, Copy, Debug)]
pub struct ByChannel(pub usize);

impl ByChannel {
    fn channel(self) -> Result<&'static Channel, Errno> {
        channel::get(self.0).ok_or(Errno::Device)
    }
}

impl Line for ByChannel {
    type Window = Window;

    fn number(&self) -> usize {
        self.0
    }

    fn generation(&self) -> Result<u32, Errno> {
        self.channel().map(Channel::generation)
    }

    fn window(&self, generation: u32) -> Result<Window, Errno> {
        Window::take(self.channel()?, generation)
    }

    fn convict(&self, generation: u32) {
        if let Ok(channel) = self.channel() {
            channel.convict(generation);
        }
    }
}

impl Post for Window {
    fn tag(&self) -> u16 {
        Window::tag(self)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), Errno> {
        Window::put(self, bytes)
    }

    fn take(
        &mut self,
        at: usize,
        source: &dyn Source,
        from: usize,
        size: usize,
    ) -> Result<(), Errno> {
        source.take_to(from, self.request_from(at), size)
    }

    fn exchange(&mut self, request: usize, reply: usize) -> Result<usize, Trouble> {
        Window::exchange(self, request, reply)
    }

    fn get(&self, bytes: &mut [u8]) -> Result<(), Errno> {
        Window::get(self, bytes)
    }

    fn give(
        &self,
        at: usize,
        target: &mut dyn Target,
        to: usize,
        size: usize,
    ) -> Result<(), Errno> {
        target.put_from(to, self.reply_from(at), size)
    }
}
