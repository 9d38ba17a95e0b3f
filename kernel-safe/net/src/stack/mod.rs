//! The stack: what the entries of the cell do, one method for each.
//!
//! ```text
//! sockets   what sockets are asked to do
//! pump      what time, frames and sockets bring
//! deliver   a packet to whom it is for
//! control   what ICMP, and those who route groups, say
//! ```
//!
//! The safe kernel, which calls, is trusted not to lie; but nothing that it says can
//! make this fail. Answers are zero or more, or a negative errno.

use alloc::vec::Vec;

use crate::carrier::Errno;
use crate::config::Config;
use crate::datagram::Datagrams;
use crate::desk::Desk;
use crate::lent::Lender;
use crate::node::Node;
use crate::random::{Random, SEED};
use crate::tcp::Tcp;

mod control;
mod deliver;
mod pump;
mod sockets;

/// The stack.
#[expect(missing_debug_implementations, reason = "TCP has none")]
pub struct Stack<L> {
    desk: Desk,
    node: Node<L>,
    config: Config,
    datagrams: Datagrams,
    tcp: Tcp,
    /// The frame that is looked at.
    frame: Vec<u8>,
    /// When routers have to be told of groups next, as of the last pump.
    groups_at: u64,
    /// Which of the next segments it fails in, for tests; zero for none.
    #[cfg(feature = "test-hooks")]
    fails_at: usize,
}

impl<L: Lender> Stack<L> {
    /// One without a card and without sockets. Nobody should be able to guess `seed`.
    pub fn new(lender: L, desk: Desk, seed: [u8; SEED]) -> Stack<L> {
        let mut random = Random::new(seed);
        let keys = [(); 4].map(|()| random.word());
        let datagrams = Datagrams::new(random.key());
        Stack {
            desk,
            node: Node::new(lender, random),
            config: Config::new(),
            datagrams,
            tcp: Tcp::new(keys),
            frame: Vec::new(),
            groups_at: crate::desk::NEVER,
            #[cfg(feature = "test-hooks")]
            fails_at: 0,
        }
    }

    /// Has the stack fail in the middle of one of the next segments, as if it had a
    /// fault that a stranger can reach.
    #[cfg(feature = "test-hooks")]
    pub const fn fail_at(&mut self, segment: usize) -> i64 {
        self.fails_at = segment;
        0
    }

    /// It is `now`, in nanoseconds since boot; time does not go back.
    pub fn set_now(&mut self, now: u64) {
        self.node.now = now.max(self.node.now);
    }

    /// Takes part in the network as the desk says.
    pub fn configure(&mut self) -> i64 {
        self.node.random.mix(self.desk.seed());
        let (given, card) = (self.desk.given(), self.desk.card());
        let groups = &mut self.datagrams.groups;
        self.config.configure(&given, card, &mut self.node, groups);
        self.tell();
        0
    }

    /// Tells what the network is, and connections whose address is gone.
    fn tell(&mut self) {
        while let Some(address) = self.config.next_lost() {
            let now = self.node.now;
            self.tcp.lost(now, address, domains::errno::ETIMEDOUT);
        }
        if let Some(setting) = self.config.news(&self.node) {
            self.desk.tell(&setting);
        }
    }
}

/// An answer as it passes a gate.
fn word(answer: Result<i64, Errno>) -> i64 {
    answer.unwrap_or_else(|errno| errno.wrapping_neg())
}

/// The answer of what has none but whether it was done.
fn done(answer: Result<(), Errno>) -> i64 {
    word(answer.map(|()| 0))
}

#[cfg(test)]
mod tests;
