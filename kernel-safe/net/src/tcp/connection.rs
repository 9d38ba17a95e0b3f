//! A connection: an interface of `smoltcp` with one socket, and more beside it.
//!
//! So a packet costs the same among a thousand connections as alone, and each has a
//! path, a seed and guards of its own. What the interface may do is fixed when it is
//! made; it holds nothing else, so it is made anew where that changes.

use alloc::vec::Vec;

use domains::errno;
use smoltcp::iface::{Interface, PollResult, SocketHandle, SocketSet};
use smoltcp::socket::tcp::{CongestionControl, Socket, SocketBuffer, State};
use smoltcp::time::Duration;
use smoltcp::wire::TCP_HEADER_LEN;

use super::device::{Out, Path, Wire};
use super::edge::Edge;
use super::names::{self, Tuple};
use super::path::{instant, interface, shift};
use super::seed;
use super::socket::{Options, Rings};
use super::standing::Standing;
use super::times::{PROBE, Times};
use crate::carrier::{Carrier, Errno};

/// How far a connection is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Phase {
    /// It is being made.
    Opening,
    /// It is made.
    Open,
    /// It was never made.
    Failed,
    /// It is over.
    Over,
}

/// A connection.
pub(super) struct Connection {
    pub(super) tuple: Tuple,
    pub(super) phase: Phase,
    pub(super) edge: Edge,
    pub(super) times: Times,
    /// The number of the first byte that was not taken.
    pub(super) front: u32,
    /// Why it ends, before it has.
    pub(super) cause: Option<Errno>,
    /// Whether nobody is to hear of it any more.
    pub(super) is_mute: bool,
    /// Whether its owner has written since it had its last turn.
    pub(super) has_written: bool,
    path: Path,
    interface: Interface,
    sockets: SocketSet<'static>,
    handle: SocketHandle,
}

/// What a turn to send has brought.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Sent {
    /// A packet has left.
    One,
    /// There was nothing to send.
    Nothing,
    /// There was no room for it.
    NoRoom,
}

impl Connection {
    /// One that is yet to be made over `path`, with this first sequence number.
    ///
    /// # Errors
    ///
    /// There is no memory; the rings come back.
    pub(super) fn new(
        now: u64,
        tuple: Tuple,
        sequence: u32,
        path: Path,
        rings: Rings,
    ) -> Result<Connection, Rings> {
        let mut places = Vec::new();
        if places.try_reserve_exact(1).is_err() {
            return Err(rings);
        }
        let mut sockets = SocketSet::new(places);
        let received = SocketBuffer::new(rings.received);
        let handle = sockets.add(Socket::new(received, SocketBuffer::new(rings.sent)));
        Ok(Connection {
            interface: interface(now, seed::of_sequence(sequence), &path),
            tuple,
            phase: Phase::Opening,
            edge: Edge::default(),
            times: Times::new(now),
            front: 0,
            cause: None,
            is_mute: false,
            has_written: false,
            path,
            sockets,
            handle,
        })
    }

    /// Begins anew with a socket that came to nothing.
    pub(super) fn renew(&mut self, now: u64, tuple: Tuple, sequence: u32, path: Path) {
        self.interface = interface(now, seed::of_sequence(sequence), &path);
        self.tuple = tuple;
        self.phase = Phase::Opening;
        self.edge = Edge::default();
        self.times = Times::new(now);
        self.cause = None;
        self.is_mute = false;
        self.has_written = false;
        self.path = path;
    }

    /// Has the socket send a SYN.
    pub(super) fn connect(&mut self, options: &Options) -> Result<(), Errno> {
        self.configure(options);
        let peer = (self.tuple.peer_address(), self.tuple.peer_port);
        let local = (self.tuple.local_address(), self.tuple.local_port);
        let socket = self.sockets.get_mut::<Socket<'_>>(self.handle);
        let begun = socket.connect(self.interface.context(), peer, local);
        begun.map_err(|_| errno::EADDRNOTAVAIL)
    }

    /// Has the socket wait for the SYN that is there already.
    pub(super) fn listen(&mut self, options: &Options) {
        self.configure(options);
        let local = (self.tuple.local_address(), self.tuple.local_port);
        // It was made a moment ago, and the port is not zero: that does not fail, and
        // if it did the handshake would.
        let _ = self.socket_mut().listen(local);
    }

    /// Sets what an owner can choose.
    pub(super) fn configure(&mut self, options: &Options) {
        self.path.hop_limit = options.hop_limit;
        let socket = self.socket_mut();
        socket.set_nagle_enabled(!options.is_prompt);
        socket.set_congestion_control(CongestionControl::Reno);
    }

    /// Sets what an owner can choose while it lasts.
    pub(super) fn reconfigure(&mut self, options: &Options) {
        if !options.keeps_alive {
            self.times.stop_probing();
            self.socket_mut().set_keep_alive(None);
        }
        self.path.hop_limit = options.hop_limit;
        self.socket_mut().set_nagle_enabled(!options.is_prompt);
    }

    /// The socket of `smoltcp`.
    pub(super) fn socket(&self) -> &Socket<'static> {
        self.sockets.get(self.handle)
    }

    /// The socket of `smoltcp`, to change it.
    pub(super) fn socket_mut(&mut self) -> &mut Socket<'static> {
        self.sockets.get_mut(self.handle)
    }

    /// The state of the socket.
    pub(super) fn state(&self) -> State {
        self.socket().state()
    }

    /// Whether it is not over, nor has come to nothing.
    pub(super) fn lasts(&self) -> bool {
        matches!(self.phase, Phase::Opening | Phase::Open)
    }

    /// Whether it is in one of the states that a connection ends in.
    pub(super) fn may_be_over(&self) -> bool {
        matches!(self.state(), State::Closed | State::TimeWait)
    }

    /// How many bytes the largest segment has.
    pub(super) fn full(&self) -> usize {
        let headers = names::header(self.path.local) + TCP_HEADER_LEN;
        self.path.largest.saturating_sub(headers)
    }

    /// Whether all that was written has left, and none of it has ended yet.
    pub(super) fn is_sent(&self) -> bool {
        let standing = self.standing();
        let is_under_way = self.edge.next.wrapping_sub(self.edge.unacknowledged) as usize;
        standing.state == State::Established && standing.queued <= is_under_way
    }

    /// How it stands.
    pub(super) fn standing(&self) -> Standing {
        let socket = self.socket();
        Standing {
            state: socket.state(),
            unread: socket.recv_queue(),
            queued: socket.send_queue(),
        }
    }

    /// The number of the next byte that the peer sends.
    pub(super) fn expected(&self) -> u32 {
        self.standing().expected(self.front)
    }

    /// How the window is scaled if the peer does that, too.
    pub(super) fn shift(&self) -> u8 {
        shift(self.socket().recv_capacity())
    }

    /// Lets a packet in, with its header of IP. The answer, if there is one, goes to
    /// the carrier, or to nobody.
    pub(super) fn receive(
        &mut self,
        now: u64,
        packet: &[u8],
        carrier: Option<&mut dyn Carrier>,
        spill: &mut [u8],
    ) {
        let mut wire = Wire {
            packet: Some(packet),
            out: out(&self.path, &mut self.edge, spill, 0),
        };
        if let Some(carrier) = carrier {
            wire.out.carrier = Some(carrier);
        }
        let now = instant(now);
        self.interface
            .poll_ingress_single(now, &mut wire, &mut self.sockets);
    }

    /// Sends a packet, if there is one to be sent.
    pub(super) fn send(
        &mut self,
        now: u64,
        carrier: Option<&mut dyn Carrier>,
        spill: &mut [u8],
    ) -> Sent {
        let queued = self.socket().send_queue();
        let header = names::header(self.path.local) + 60;
        let most = self.path.most();
        let expected = queued.saturating_add(header).min(most);
        let mut wire = Wire {
            packet: None,
            out: out(&self.path, &mut self.edge, spill, expected),
        };
        if let Some(carrier) = carrier {
            wire.out.carrier = Some(carrier);
        }
        let result = self
            .interface
            .poll_egress(instant(now), &mut wire, &mut self.sockets);
        match result {
            _ if wire.out.is_full => Sent::NoRoom,
            PollResult::SocketStateChanged if wire.out.sent > 0 => Sent::One,
            _ => Sent::Nothing,
        }
    }

    /// When the socket wants to send; zero for now.
    pub(super) fn wants_at(&mut self, now: u64) -> Option<u64> {
        let at = self.interface.poll_at(instant(now), &self.sockets)?;
        Some((at.total_micros().max(0) as u64).saturating_mul(1000))
    }

    /// Asks the peer from now on whether it is there, or no longer.
    pub(super) fn probe(&mut self, now: u64, probes: bool) {
        if probes {
            self.times.probe(now);
        }
        let interval = probes.then(|| Duration::from_micros(PROBE / 1000));
        self.socket_mut().set_keep_alive(interval);
    }

    /// Sends smaller packets from now on.
    pub(super) fn shrink(&mut self, now: u64, largest: usize) {
        if largest < self.path.largest {
            self.path.largest = largest;
            self.interface = interface(now, 0, &self.path);
        }
    }

    /// Gives the connection up; the peer is told unless it is to be mute.
    pub(super) fn abort(&mut self, cause: Option<Errno>, is_mute: bool) {
        self.cause = cause;
        self.is_mute = is_mute;
        self.socket_mut().abort();
    }
}

fn out<'a>(
    path: &'a Path,
    edge: &'a mut Edge,
    spill: &'a mut [u8],
    expected: usize,
) -> Out<'a> {
    Out {
        path,
        edge,
        carrier: None,
        spill,
        expected,
        sent: 0,
        is_full: false,
    }
}
