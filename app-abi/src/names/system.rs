//! What looking names up needs of the machine.
//!
//! On the machine that is the safe kernel; in tests it is a network that loses, delays
//! and invents messages, in a time of its own.

use alloc::vec::Vec;
use core::ffi::CStr;

use domains::network::{Name, Setting};

/// How a server is spoken to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Transport {
    /// By datagrams.
    Datagrams,
    /// By a stream.
    Stream,
}

/// What a socket is waited for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Event {
    /// It has something to receive, or an error.
    Readable,
    /// It has room to send, or an error.
    Writable,
}

/// A machine in a network. Nothing waits but [`System::wait`], and [`System::setting`]
/// up to its limit. Points in time are nanoseconds since boot; errors are errnos.
pub(super) trait System {
    /// A socket, which is closed when it goes.
    type Socket;

    /// What time it is.
    fn now(&self) -> u64;

    /// A number that nobody can guess.
    fn random(&self) -> Result<u16, i32>;

    /// What a file has, as far as it is read; none if there is no such file.
    fn file(&self, path: &CStr) -> Option<Vec<u8>>;

    /// How the machine takes part in the network, after at most `limit` nanoseconds.
    fn setting(&self, limit: u64) -> Result<Setting, i32>;

    /// A socket from a port that nobody can guess to a server. One of a stream may still
    /// be connecting.
    fn open(&self, transport: Transport, server: &Name) -> Result<Self::Socket, i32>;

    /// Waits for one of the sockets, at most until `deadline`; which it is.
    fn wait(
        &self,
        sockets: &[Option<Self::Socket>],
        event: Event,
        deadline: u64,
    ) -> Option<usize>;

    /// Whether a socket is connected that was waited for.
    fn connected(&self, socket: &Self::Socket) -> Result<(), i32>;

    /// Sends; how many bytes.
    fn send(&self, socket: &Self::Socket, bytes: &[u8]) -> Result<usize, i32>;

    /// Receives; how many bytes, and from whom.
    fn receive(&self, socket: &Self::Socket, bytes: &mut [u8]) -> Result<(usize, Name), i32>;
}
