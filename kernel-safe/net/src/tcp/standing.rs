//! How a connection's socket stands: looked up once for all that is asked of it.

use smoltcp::socket::tcp::State;

/// How it stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Standing {
    /// The state of the socket.
    pub(super) state: State,
    /// How many bytes came that nobody has taken.
    pub(super) unread: usize,
    /// How many bytes the peer has not acknowledged.
    pub(super) queued: usize,
}

impl Standing {
    /// Whether the peer has said that nothing more comes, and all before that is here.
    pub(super) const fn has_ended(self) -> bool {
        use State::{CloseWait, Closing, LastAck, TimeWait};
        matches!(self.state, CloseWait | Closing | LastAck | TimeWait)
    }

    /// The number of the next byte that the peer sends, if `front` is that of the first
    /// which was not taken.
    pub(super) const fn expected(self, front: u32) -> u32 {
        let end = self.has_ended() as u32;
        front.wrapping_add(self.unread as u32).wrapping_add(end)
    }

    /// Whether something was sent, or is to be, that the peer has not acknowledged.
    pub(super) fn waits(self) -> bool {
        use State::{Closing, FinWait1, LastAck};
        let is_ending = matches!(self.state, FinWait1 | Closing | LastAck);
        is_ending || self.queued > 0 && self.state != State::Closed
    }

    /// Whether it is made.
    pub(super) const fn is_made(self) -> bool {
        use State::{Closed, Listen, SynReceived, SynSent};
        !matches!(self.state, SynSent | SynReceived | Closed | Listen)
    }
}
