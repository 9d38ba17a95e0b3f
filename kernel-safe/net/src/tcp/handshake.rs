//! Connections that others begin: from a SYN to a socket that can be accepted.

use smoltcp::socket::tcp::State;
use smoltcp::wire::{TcpControl, TcpRepr, TcpSeqNumber};

use super::connection::{Connection, Phase};
use super::edge;
use super::half_open::HalfOpen;
use super::names::{self, Tuple};
use super::path::{self, SEGMENT_LEAST, shift};
use super::segment::put;
use super::socket::{Options, Rings, Role};
use super::targets::Target;
use super::{Tcp, input, own};
use crate::carrier::{Carrier, Incoming};

/// How much higher than the last number of a connection in TIME-WAIT the first of the
/// next is, at least: no segment of either is taken for one of the other's.
const APART: u32 = 65_537;

impl Tcp {
    /// A SYN, which may take the place of a connection in TIME-WAIT: the number of its
    /// record, and the one that we would have sent next. Whether somebody listens there.
    pub(super) fn begin_segment(
        &mut self,
        now: u64,
        tuple: &Tuple,
        syn: &TcpRepr<'_>,
        past: Option<(u32, u32)>,
        carrier: &mut dyn Carrier,
    ) -> bool {
        let Some(listener) = self.listeners.find(tuple) else {
            return false;
        };
        let Some(options) = self.room_at(listener) else {
            return true;
        };
        let mut own_first = self.secrets.sequence(now, tuple);
        if let Some((number, next)) = past {
            let least = next.wrapping_add(APART);
            // DEFENCE: apart-from-the-past
            if edge::is_before(own_first, least) {
                own_first = least;
            }
            self.forget_time_wait(number, tuple);
        }
        let mut record = HalfOpen::new(*tuple, listener, syn, own_first);
        self.promise(&mut record, &options, carrier);
        if self.keep(now, record, carrier).is_none() {
            self.bake(now, record, carrier);
        }
        true
    }

    /// What connections of a listener begin with, if one more may wait there.
    fn room_at(&mut self, listener: u32) -> Option<Options> {
        let it = self.sockets.get_mut(listener)?;
        let Role::Listener(listener) = &mut it.role else {
            return None;
        };
        (!listener.is_full()).then_some(it.options)
    }

    /// Fills in what our answer says: what the next spare will hold to.
    fn promise(&self, record: &mut HalfOpen, options: &Options, carrier: &dyn Carrier) {
        let (received, sent) = self.spare;
        let peer = record.tuple.peer_address();
        let headers =
            names::header(record.tuple.local_address()) + smoltcp::wire::TCP_HEADER_LEN;
        let segment = path::largest(peer, received.min(sent), carrier);
        record.own_segment = segment.saturating_sub(headers) as u16;
        record.own_window = received.min(usize::from(u16::MAX)) as u16;
        record.own_shift = shift(received);
        record.hop_limit = options.hop_limit;
    }

    /// Keeps a record and answers the SYN; none if there is no room for a record.
    fn keep(&mut self, now: u64, record: HalfOpen, carrier: &mut dyn Carrier) -> Option<()> {
        self.targets.reserve_one().ok()?;
        let number = self.half_open.put(now, record)?;
        self.targets.put(record.tuple, Target::HalfOpen(number));
        self.answer_syn(now, number, &record, carrier);
        Some(())
    }

    /// Answers with a cookie: what it cannot hold (how windows are scaled, and selective
    /// acknowledgement) is not offered.
    fn bake(&mut self, now: u64, mut record: HalfOpen, carrier: &mut dyn Carrier) {
        let segment = record.segment.unwrap_or(SEGMENT_LEAST as u16);
        (record.scale, record.has_sack) = (None, false);
        record.own_first = self
            .secrets
            .cookie(now, &record.tuple, record.first, segment);
        self.half_open.note_cookie(now);
        let _ = own::send(&record.tuple, &record.answer(), carrier);
    }

    /// Sends the answer to a SYN.
    pub(super) fn answer_syn(
        &mut self,
        now: u64,
        number: u32,
        record: &HalfOpen,
        carrier: &mut dyn Carrier,
    ) {
        if own::send(&record.tuple, &record.answer(), carrier).is_err() {
            self.half_open.hurry(now, number);
        }
    }

    /// A segment that may bring a cookie back; whether it is taken care of.
    pub(super) fn cookie_segment(
        &mut self,
        now: u64,
        tuple: &Tuple,
        segment: &TcpRepr<'_>,
        packet: &Incoming<'_>,
        carrier: &mut dyn Carrier,
    ) -> bool {
        let Some(listener) = self.listeners.find(tuple) else {
            return false;
        };
        let first = (segment.seq_number.0 as u32).wrapping_sub(1);
        let cookie = segment.ack_number.map_or(0, |number| number.0 as u32);
        let cookie = cookie.wrapping_sub(1);
        let size = self.secrets.open(now, tuple, first, cookie);
        let (true, Some(size)) = (self.half_open.believes_cookies(now), size) else {
            return false;
        };
        let mut record = HalfOpen::new(*tuple, listener, segment, cookie);
        (record.first, record.segment) = (first, Some(size));
        (record.scale, record.has_sack) = (None, false);
        let Some(options) = self.room_at(listener) else {
            return true;
        };
        self.promise(&mut record, &options, carrier);
        if let Some(socket) = self.establish(now, record, carrier) {
            self.first_data(now, socket, segment, packet, carrier);
        }
        true
    }

    /// A segment of a connection that is half open.
    pub(super) fn half_open_segment(
        &mut self,
        now: u64,
        number: u32,
        segment: &TcpRepr<'_>,
        packet: &Incoming<'_>,
        carrier: &mut dyn Carrier,
    ) {
        let Some(record) = self.half_open.get(number).copied() else {
            return;
        };
        let sequence = segment.seq_number.0 as u32;
        let expected = record.first.wrapping_add(1);
        match (segment.control, segment.ack_number) {
            // DEFENCE: half-open-is-reset-by-the-number
            (TcpControl::Rst, _) if sequence == expected => self.forget_half_open(number),
            (TcpControl::Syn, None) if sequence == record.first => {
                self.answer_syn(now, number, &record, carrier);
            }
            (TcpControl::Syn, None) => self.challenge(now, &record, carrier),
            (TcpControl::Rst | TcpControl::Syn, _) | (_, None) => {}
            (_, Some(it)) if it.0 as u32 != record.own_first.wrapping_add(1) => {
                self.refuse(now, &record.tuple, segment, carrier);
            }
            // DEFENCE: half-open-has-a-window
            _ if sequence.wrapping_sub(expected) > u32::from(record.own_window) => {
                self.challenge(now, &record, carrier);
            }
            _ => self.complete(now, number, segment, packet, carrier),
        }
    }

    /// Says what would come next on a connection that is half open.
    fn challenge(&mut self, now: u64, record: &HalfOpen, carrier: &mut dyn Carrier) {
        let mut answer = own::segment(&record.tuple, record.own_first.wrapping_add(1));
        let expected = record.first.wrapping_add(1);
        answer.ack_number = Some(TcpSeqNumber(expected as i32));
        answer.window_len = record.own_window >> record.scale.map_or(0, |_| record.own_shift);
        // DEFENCE: challenges-are-counted
        if self.resets.allows(now) {
            let _ = own::send(&record.tuple, &answer, carrier);
        }
    }

    /// The peer has shown that it is there. Where there is no window for it, or nobody
    /// may wait any more, what it sent is kept, or else lost: nothing is acknowledged that
    /// nobody has.
    fn complete(
        &mut self,
        now: u64,
        number: u32,
        segment: &TcpRepr<'_>,
        packet: &Incoming<'_>,
        carrier: &mut dyn Carrier,
    ) {
        self.half_open.acknowledge(number, segment.window_len);
        match self.complete_now(now, number, carrier) {
            Some(socket) => self.first_data(now, socket, segment, packet, carrier),
            None if segment.segment_len() > 0 => self.kept.put(number, packet),
            None => {}
        }
    }

    /// Makes a connection of a record, if there is room: its socket.
    fn complete_now(
        &mut self,
        now: u64,
        number: u32,
        carrier: &mut dyn Carrier,
    ) -> Option<u32> {
        let record = self.half_open.get(number).copied()?;
        self.room_at(record.listener)?;
        let socket = self.establish(now, record, carrier)?;
        self.half_open.remove(number);
        // DEFENCE: kept-is-heard
        while let Some(packet) = self.kept.take(number) {
            let packet = packet.incoming();
            if let Some((_, segment)) = input::read(&packet) {
                self.segment(now, socket, &segment, &packet, carrier);
            }
        }
        Some(socket)
    }

    /// Makes connections of records that wait for room.
    pub(super) fn complete_waiting(&mut self, now: u64, carrier: &mut dyn Carrier) {
        for _ in 0..super::SPARES_MOST {
            if self.spares.is_empty() {
                return;
            }
            let has_room = |it: &HalfOpen| {
                let listener = self.sockets.get(it.listener).map(|it| &it.role);
                // DEFENCE: a-full-listener-holds-up-nobody
                matches!(listener, Some(Role::Listener(it)) if it.has_room() && it.may_take())
            };
            let Some(number) = self.half_open.acknowledged(has_room) else {
                return;
            };
            if self.complete_now(now, number, carrier).is_none() {
                return;
            }
        }
        self.has_room = true;
    }

    /// Lets the segment in that completed a connection, if it says more than that.
    fn first_data(
        &mut self,
        now: u64,
        socket: u32,
        segment: &TcpRepr<'_>,
        packet: &Incoming<'_>,
        carrier: &mut dyn Carrier,
    ) {
        if segment.segment_len() > 0 {
            self.segment(now, socket, segment, packet, carrier);
        }
    }

    /// Makes a connection of what a record says, with a spare window, and has it wait
    /// at its listener: its socket.
    fn establish(
        &mut self,
        now: u64,
        record: HalfOpen,
        carrier: &mut dyn Carrier,
    ) -> Option<u32> {
        let listener = self.sockets.get(record.listener)?;
        let (options, v6) = (listener.options, listener.v6);
        if !matches!(&listener.role, Role::Listener(it) if it.may_take()) {
            return None;
        }
        self.targets.reserve_one().ok()?;
        let most = super::connect::most_to(record.tuple.peer_address(), carrier);
        self.spill_for(most).ok()?;
        let spare = self.take_spare(&record)?;
        let made = self.make(now, spare, &record, &options, carrier);
        if made.is_none() {
            self.release(spare);
            return None;
        }
        self.targets.put(record.tuple, Target::Connection(spare));
        let it = self.sockets.get_mut(spare)?;
        (it.options, it.v6, it.queued_at) = (options, v6, Some(record.listener));
        it.view.tell_names(&record.tuple, v6);
        self.wait_at(record.listener, spare);
        self.settle(now, spare);
        Some(spare)
    }

    /// Has a connection wait at its listener.
    fn wait_at(&mut self, listener: u32, socket: u32) {
        if let Some(it) = self.sockets.get_mut(listener)
            && let Role::Listener(role) = &mut it.role
        {
            role.put(socket);
            it.view.tell_waiting(role.count());
            self.changed.put(listener);
        }
    }

    /// Takes a spare whose rings can hold what the record promises.
    fn take_spare(&mut self, record: &HalfOpen) -> Option<u32> {
        let fits = |spare: &u32| {
            let rings = self.sockets.get(*spare).and_then(|it| it.rings.as_ref());
            rings.is_some_and(|it| {
                let size = it.received.len();
                let scales = record.scale.is_none() || shift(size) >= record.own_shift;
                scales && size >= usize::from(record.own_window)
            })
        };
        let place = self.spares.iter().position(fits)?;
        self.spares.remove(place)
    }

    /// Makes the connection: `smoltcp` is told of the SYN and of its acknowledgement, and
    /// what it answers is what was answered before.
    fn make(
        &mut self,
        now: u64,
        spare: u32,
        record: &HalfOpen,
        options: &Options,
        carrier: &dyn Carrier,
    ) -> Option<()> {
        let it = self.sockets.get_mut(spare)?;
        let rings = promised(it.rings.take()?, record);
        let ring = rings.received.len().min(rings.sent.len());
        let path = path::path(&record.tuple, ring, carrier);
        let made = Connection::new(now, record.tuple, record.own_first, path, rings);
        it.role = Role::Connection(made.ok()?);
        let connection = it.connection()?;
        connection.listen(options);
        let shift = record.scale.map_or(0, |_| record.own_shift);
        connection.edge.scale(shift, record.scale.unwrap_or(0));
        let (peer, local) = (record.tuple.peer_address(), record.tuple.local_address());
        let syn = put(&record.syn(), peer, local, &mut self.packet)?;
        connection.receive(now, syn, None, &mut self.spill);
        connection.send(now, None, &mut self.spill);
        let acknowledgement = record.acknowledgement();
        let packet = put(&acknowledgement, peer, local, &mut self.packet)?;
        connection.receive(now, packet, None, &mut self.spill);
        connection.edge.note_input(&acknowledgement);
        connection.edge.limit(record.own_window);
        connection.front = record.first.wrapping_add(1);
        connection.phase = Phase::Opening;
        let is_ours = connection.edge.next == record.own_first.wrapping_add(1);
        (connection.state() == State::Established && is_ours).then_some(())
    }
}

/// Rings of which no more is used than was promised by the scale of the window.
fn promised(mut rings: Rings, record: &HalfOpen) -> Rings {
    let size = rings.received.len();
    if record.scale.is_some() && shift(size) > record.own_shift {
        let most = (1_usize << (16 + record.own_shift)) - 1;
        let received = core::mem::take(&mut rings.received);
        if let Some((used, _)) = received.split_at_mut_checked(most.min(size)) {
            rings.received = used;
        }
    }
    rings
}
