//! How this machine gets an address of IPv4: a client of DHCP (RFC 2131, 4.4).
//!
//! It is driven by time and by answers, and nobody waits for it. An address stays as
//! long as its lease; that it was renewed changes nothing for connections. Answers that
//! come late, in another exchange or in a state that did not ask for them, are none.

use domains::network::setting::Text;
use smoltcp::wire::{DhcpMessageType, EthernetAddress, IpAddress, IpProtocol, Ipv4Address};

use super::message::{Answer, FOR_EVER, Lease, Question};
use crate::carrier::{Carrier, Checksum, Outgoing};
use crate::desk::NEVER;
use crate::lent::Lender;
use crate::node::Node;

const SECOND: u64 = 1_000_000_000;
/// How long is waited for the first answer; each time after that twice as long.
const FIRST: u64 = SECOND;
/// How long at most.
const LAST: u64 = 64 * SECOND;
/// How often an offer is taken before others are asked for.
const REQUESTS: u32 = 4;
/// After how many questions nobody waits for an address any more.
const HOPEFUL: u32 = 4;
/// How often a lease is renewed at most.
const RENEW_EVERY: u64 = 60 * SECOND;
/// Routers that a question passes.
const HOPS: u8 = 64;

/// What the client is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// Nothing.
    Off,
    /// It asks for offers.
    Selecting,
    /// It takes one.
    Requesting {
        server: Option<Ipv4Address>,
        address: Ipv4Address,
    },
    /// The link was away, and it asks whether its address is still good.
    Rebooting,
    /// It has an address.
    Bound,
    /// It asks whoever gave it for more time.
    Renewing,
    /// It asks everybody.
    Rebinding,
}

/// The client.
#[derive(Debug)]
pub struct Dhcp {
    state: State,
    exchange: u32,
    /// How often was asked in this state.
    tries: u32,
    /// How often was asked for an address since there was none.
    hopes: u32,
    /// When it is next.
    next: u64,
    /// When the exchange began.
    began: u64,
    held: Option<Held>,
}

/// A lease, and when it began.
#[derive(Clone, Copy, Debug)]
struct Held {
    lease: Lease,
    server: Option<Ipv4Address>,
    since: u64,
}

impl Default for Dhcp {
    fn default() -> Dhcp {
        Dhcp::new()
    }
}

/// What has changed by an answer, or by time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum News {
    /// Nothing.
    None,
    /// There is an address, or more about it.
    Lease,
    /// There is none any more.
    Lost,
}

impl Dhcp {
    /// One that does nothing.
    pub const fn new() -> Dhcp {
        Dhcp {
            state: State::Off,
            exchange: 0,
            tries: 0,
            hopes: 0,
            next: NEVER,
            began: 0,
            held: None,
        }
    }

    /// Begins to ask; a lease that it has is asked about first.
    pub fn start<L: Lender>(&mut self, node: &mut Node<L>) {
        let state = match self.held {
            Some(_) => State::Rebooting,
            None => State::Selecting,
        };
        self.hopes = 0;
        self.enter(state, node.now, node);
    }

    /// Forgets all.
    pub fn stop(&mut self) {
        *self = Dhcp::new();
    }

    /// What it has.
    pub fn lease(&self) -> Option<&Lease> {
        self.held.as_ref().map(|held| &held.lease)
    }

    /// Whether it may have an address soon, and has none.
    pub fn is_hopeful(&self) -> bool {
        self.state != State::Off && self.held.is_none() && self.hopes <= HOPEFUL
    }

    /// When something is due.
    pub const fn deadline(&self) -> u64 {
        self.next
    }

    /// Does what is due.
    pub fn tick<L: Lender>(&mut self, host: &Text, node: &mut Node<L>) -> News {
        if self.next > node.now {
            return News::None;
        }
        let news = self.pass(node);
        match self.state {
            State::Off | State::Bound => {}
            State::Requesting { .. } if self.tries >= REQUESTS => {
                self.enter(State::Selecting, node.now, node);
                self.ask(host, node);
            }
            _ => self.ask(host, node),
        }
        news
    }

    /// Goes on to the state that time brings.
    fn pass<L: Lender>(&mut self, node: &mut Node<L>) -> News {
        let Some(held) = self.held else {
            return News::None;
        };
        let (renew, rebind, end) = held.times();
        let now = node.now;
        if now >= end {
            self.held = None;
            self.enter(State::Selecting, now, node);
            return News::Lost;
        }
        match self.state {
            State::Bound if now >= renew => self.enter(State::Renewing, now, node),
            State::Renewing if now >= rebind => self.enter(State::Rebinding, now, node),
            // Nobody has answered, but the address is good still.
            State::Rebooting if self.tries >= REQUESTS => {
                self.state = State::Bound;
                self.next = renew.max(now);
            }
            State::Bound => self.next = renew,
            _ => {}
        }
        News::None
    }

    fn enter<L: Lender>(&mut self, state: State, at: u64, node: &mut Node<L>) {
        self.state = state;
        self.tries = 0;
        self.next = at;
        self.began = node.now;
        self.exchange = node.random.word() as u32;
    }

    /// Asks what there is to ask, and says when again.
    fn ask<L: Lender>(&mut self, host: &Text, node: &mut Node<L>) {
        let waited = node.now.saturating_sub(self.began) / SECOND;
        let mut question = Question {
            kind: DhcpMessageType::Request,
            exchange: self.exchange,
            seconds: u16::try_from(waited).unwrap_or(u16::MAX),
            own: None,
            wanted: None,
            server: None,
        };
        let own = self.lease().map(|lease| lease.address);
        match self.state {
            State::Selecting => {
                question.kind = DhcpMessageType::Discover;
                self.hopes = self.hopes.saturating_add(1);
            }
            State::Requesting { server, address } => {
                question.wanted = Some(address);
                question.server = server;
            }
            State::Rebooting => question.wanted = own,
            _ => question.own = own,
        }
        let server = self.held.and_then(|held| held.server);
        let server = server.filter(|_| self.state == State::Renewing);
        send(&question, host, server, node);
        self.tries = self.tries.saturating_add(1);
        self.next = self.again(node);
    }

    /// When to ask again if there is no answer.
    fn again<L: Lender>(&self, node: &mut Node<L>) -> u64 {
        let now = node.now;
        let times = self.held.map(|held| held.times());
        if let (State::Renewing | State::Rebinding, Some((_, rebind, end))) =
            (self.state, times)
        {
            let until = if self.state == State::Renewing {
                rebind
            } else {
                end
            };
            let half = until.saturating_sub(now) / 2;
            return now.saturating_add(half.max(RENEW_EVERY)).min(until);
        }
        let doublings = self.tries.saturating_sub(1).min(6);
        let wait = (FIRST << doublings).min(LAST);
        // Machines that were started together do not ask together.
        let wait = wait.saturating_add(node.random.below(wait / 4));
        now.saturating_add(wait)
    }

    /// An answer has come.
    pub fn hear<L: Lender>(
        &mut self,
        message: &[u8],
        card: EthernetAddress,
        node: &mut Node<L>,
    ) -> News {
        let Some(answer) = Answer::read(message, card) else {
            return News::None;
        };
        // DEFENCE: answers-of-this-exchange
        if self.state == State::Off || answer.exchange != self.exchange {
            return News::None;
        }
        match (answer.kind, self.state) {
            (DhcpMessageType::Offer, State::Selecting) if answer.lease.is_possible() => {
                self.state = State::Requesting {
                    server: answer.server,
                    address: answer.lease.address,
                };
                self.tries = 0;
                self.next = node.now;
                News::None
            }
            (DhcpMessageType::Ack, State::Selecting | State::Bound) => News::None,
            (DhcpMessageType::Ack, _) => self.hear_lease(&answer, node),
            (DhcpMessageType::Nak, State::Selecting | State::Bound) => News::None,
            (DhcpMessageType::Nak, _) => self.hear_refusal(node),
            _ => News::None,
        }
    }

    fn hear_lease<L: Lender>(&mut self, answer: &Answer, node: &Node<L>) -> News {
        let is_other = match self.state {
            State::Requesting { server, address } => {
                let is_other = answer.server.is_some() && answer.server != server;
                is_other || answer.lease.address != address
            }
            _ => false,
        };
        if is_other || !answer.lease.is_possible() {
            return News::None;
        }
        let held = Held {
            lease: answer.lease,
            server: answer.server,
            since: node.now,
        };
        self.next = held.times().0;
        self.held = Some(held);
        self.state = State::Bound;
        self.hopes = 0;
        News::Lease
    }

    fn hear_refusal<L: Lender>(&mut self, node: &mut Node<L>) -> News {
        let had = self.held.take();
        let doublings = self.hopes.min(6);
        self.hopes = self.hopes.saturating_add(1);
        // A server that refuses what it has offered is not asked all the time.
        let wait = (FIRST << doublings).min(LAST);
        self.enter(State::Selecting, node.now.saturating_add(wait), node);
        match had {
            Some(_) => News::Lost,
            None => News::None,
        }
    }
}

impl Held {
    /// When it should be renewed, when others should be asked, and when it ends.
    fn times(&self) -> (u64, u64, u64) {
        let lease = &self.lease;
        if lease.seconds == FOR_EVER {
            return (NEVER, NEVER, NEVER);
        }
        let at = |seconds: u32| {
            let after = u64::from(seconds).saturating_mul(SECOND);
            self.since.saturating_add(after)
        };
        (at(lease.renew), at(lease.rebind), at(lease.seconds))
    }
}

/// Sends a question to everybody, or to one server.
fn send<L: Lender>(
    question: &Question,
    host: &Text,
    server: Option<Ipv4Address>,
    node: &mut Node<L>,
) {
    let Some(card) = node.card else { return };
    let datagram = question.write(card.address, host);
    let own = question.own.map(IpAddress::Ipv4);
    let Some((source, server)) = own.zip(server) else {
        let source = own.unwrap_or(IpAddress::v4(0, 0, 0, 0));
        return node.say_to_all(source, IpProtocol::Udp, HOPS, &datagram);
    };
    let packet = Outgoing {
        source,
        target: server.into(),
        protocol: IpProtocol::Udp,
        hop_limit: HOPS,
        segment: None,
        header: 0,
    };
    let mut fill = |place: &mut [u8]| place.copy_from_slice(&datagram);
    // It is asked again.
    let _ = node.send(&packet, datagram.len(), Checksum::At(6), &mut fill);
}

#[cfg(test)]
#[path = "dhcp/tests.rs"]
mod tests;
