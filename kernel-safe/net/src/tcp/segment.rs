//! A segment on its way to its connection.

use domains::errno;
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::socket::tcp::State;
use smoltcp::wire::{
    IpAddress, IpProtocol, IpRepr, TcpControl, TcpPacket, TcpRepr, TcpSeqNumber,
};

use super::connection::{Connection, Phase};
use super::edge::Verdict;
use super::names;
use super::standing::Standing;
use super::{Tcp, own};
use crate::carrier::{Carrier, Errno, Incoming};

impl Tcp {
    /// Takes a segment of the connection of `socket`.
    pub(super) fn segment(
        &mut self,
        now: u64,
        socket: u32,
        segment: &TcpRepr<'_>,
        packet: &Incoming<'_>,
        carrier: &mut dyn Carrier,
    ) {
        let Some(connection) = self.sockets.connection(socket) else {
            return;
        };
        let standing = connection.standing();
        let state = standing.state;
        let expected = (standing.expected(connection.front), standing.has_ended());
        let verdict = connection.edge.judge(state, segment, expected);
        let (changed, whole);
        let mut part = segment;
        let place = &mut self.packet;
        match verdict {
            Verdict::Drop => return,
            Verdict::Answer => {
                answer(now, connection, carrier);
                return;
            }
            Verdict::Pass if packet.whole.is_empty() => {
                whole = carry(packet, place);
            }
            Verdict::Pass => whole = Some(packet.whole),
            Verdict::Cut(size) => {
                changed = cut(segment, size);
                part = &changed;
                whole = put(part, packet.source, packet.target, place);
            }
            Verdict::Acknowledgement => {
                changed = of_our_syn(segment);
                part = &changed;
                whole = put(part, packet.source, packet.target, place);
                answer(now, connection, carrier);
            }
        }
        let Some(whole) = whole else {
            return;
        };
        before(now, connection, part);
        connection.receive(now, whole, Some(carrier), &mut self.spill);
        after(now, connection, part, state);
        if connection.state() == State::TimeWait {
            acknowledge_end(connection, carrier);
        }
        let looks = look(connection, part, standing);
        self.look_at(now, socket, looks);
        self.settle(now, socket);
    }

    /// Sees to it that a connection is looked at.
    fn look_at(&mut self, now: u64, socket: u32, looks: Look) {
        match looks {
            Look::Never => {}
            Look::Later if self.later.put(now, socket) => {}
            Look::Now | Look::Later => self.ready.put(socket),
        }
    }
}

/// When a connection is looked at behind a segment, for what it wants to send.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Look {
    /// In this pump.
    Now,
    /// A little later, if nothing happens until then.
    Later,
    /// Not for this segment.
    Never,
}

/// Behind which segment there may be something to send: behind all but one that
/// acknowledges the last that was sent, or brings what comes next, and not so much that it
/// has to be acknowledged at once.
fn look(connection: &Connection, segment: &TcpRepr<'_>, before: Standing) -> Look {
    let now = connection.standing();
    let is_calm = (before.state, now.state) == (State::Established, State::Established)
        && segment.segment_len() == segment.payload.len()
        && now.unread == before.unread + segment.payload.len();
    match segment.payload.len() {
        _ if !is_calm || now.queued > 0 => Look::Now,
        0 => Look::Never,
        size if size < connection.full() => Look::Later,
        _ => Look::Now,
    }
}

/// Says once more what is expected, so many times in a second.
fn answer(now: u64, connection: &mut Connection, carrier: &mut dyn Carrier) {
    if !connection.times.may_answer(now) {
        return;
    }
    if let Some(answer) = own::acknowledgement(&connection.tuple, &connection.edge) {
        // Where there is no room it is lost, as it might be on its way.
        let _ = own::send(&connection.tuple, &answer, carrier);
    }
}

/// Acknowledges all that the peer has sent, up to its end.
fn acknowledge_end(connection: &mut Connection, carrier: &mut dyn Carrier) {
    let mut answer = own::segment(&connection.tuple, connection.edge.next);
    answer.ack_number = Some(TcpSeqNumber(connection.expected() as i32));
    // Where there is no room it is lost, and the peer says again that it ends.
    let _ = own::send(&connection.tuple, &answer, carrier);
}

/// What is noted of a segment before it is let in.
fn before(now: u64, connection: &mut Connection, segment: &TcpRepr<'_>) {
    let unacknowledged = connection.edge.unacknowledged;
    let is_right = connection.edge.note_input(segment);
    if connection.edge.unacknowledged != unacknowledged {
        connection.times.advance(now);
    }
    if is_right && connection.times.hear(now) {
        connection.probe(now, false);
    }
}

/// What is noted afterwards.
fn after(now: u64, connection: &mut Connection, segment: &TcpRepr<'_>, before: State) {
    let state = connection.state();
    let is_reset = segment.control == TcpControl::Rst && state == State::Closed;
    if is_reset && before != State::Closed && connection.cause.is_none() {
        connection.cause = Some(cause(connection.phase, before));
    }
    let has_synchronized =
        before == State::SynSent && matches!(state, State::SynReceived | State::Established);
    if has_synchronized {
        let (shift, owes_syn) = (connection.shift(), state == State::SynReceived);
        connection.front = (segment.seq_number.0 as u32).wrapping_add(1);
        connection.edge.synchronize(segment, shift, owes_syn);
        connection.times.hear(now);
    }
}

/// What a RST means to the owner.
fn cause(phase: Phase, before: State) -> Errno {
    match (phase, before) {
        (Phase::Opening, _) => errno::ECONNREFUSED,
        (_, State::CloseWait) => errno::EPIPE,
        _ => errno::ECONNRESET,
    }
}

/// The first bytes of a segment, without the FIN behind them.
fn cut<'a>(segment: &TcpRepr<'a>, size: usize) -> TcpRepr<'a> {
    let mut part = *segment;
    part.payload = segment.payload.get(..size).unwrap_or(segment.payload);
    if part.control == TcpControl::Fin {
        part.control = TcpControl::None;
    }
    part
}

/// Of a SYN that acknowledges ours, only that it does.
fn of_our_syn<'a>(segment: &TcpRepr<'a>) -> TcpRepr<'a> {
    let mut part = *segment;
    part.control = TcpControl::None;
    part.payload = &[];
    part.seq_number = TcpSeqNumber(segment.seq_number.0.wrapping_add(1));
    (part.max_seg_size, part.window_scale, part.sack_permitted) = (None, None, false);
    part
}

/// Puts a packet together of which only the payload is there.
fn carry<'a>(packet: &Incoming<'_>, place: &'a mut alloc::vec::Vec<u8>) -> Option<&'a [u8]> {
    let (header, size) = (names::header(packet.source), packet.payload.len());
    let whole = room(place, header + size)?;
    write_header(packet.source, packet.target, size, whole);
    whole.get_mut(header..)?.copy_from_slice(packet.payload);
    Some(whole)
}

/// Puts a packet together around a segment.
pub(super) fn put<'a>(
    segment: &TcpRepr<'_>,
    source: IpAddress,
    target: IpAddress,
    place: &'a mut alloc::vec::Vec<u8>,
) -> Option<&'a [u8]> {
    let (header, size) = (names::header(source), segment.buffer_len());
    let whole = room(place, header + size)?;
    write_header(source, target, size, whole);
    let mut packet = TcpPacket::new_unchecked(whole.get_mut(header..)?);
    segment.emit(
        &mut packet,
        &source,
        &target,
        &ChecksumCapabilities::ignored(),
    );
    Some(whole)
}

fn write_header(source: IpAddress, target: IpAddress, size: usize, whole: &mut [u8]) {
    let header = IpRepr::new(source, target, IpProtocol::Tcp, size, own::HOP_LIMIT);
    header.emit(whole, &ChecksumCapabilities::ignored());
}

/// Room for so many bytes; none if there is no memory.
fn room(place: &mut alloc::vec::Vec<u8>, size: usize) -> Option<&mut [u8]> {
    let more = size.saturating_sub(place.len());
    place.try_reserve_exact(more).ok()?;
    place.resize(place.len().max(size), 0);
    place.get_mut(..size)
}
