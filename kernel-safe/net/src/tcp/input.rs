//! Where a packet that came in belongs.
//!
//! To the connection with just its name, to a listener if it is a SYN, to nobody else.
//! What belongs to nobody is answered with a RST, so many in a second; nothing is that
//! came from, or went to, more than one, and no RST is.

use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{IpAddress, IpProtocol, TcpControl, TcpPacket, TcpRepr, TcpSeqNumber};

use super::edge::{self, flag};
use super::names::{self, Tuple};
use super::targets::Target;
use super::{Tcp, own};
use crate::carrier::{Carrier, Incoming};
use crate::ip::checksum;

impl Tcp {
    /// Takes a packet that came.
    pub fn input(&mut self, now: u64, packet: &Incoming<'_>, carrier: &mut dyn Carrier) {
        let Some((tuple, segment)) = read(packet) else {
            return;
        };
        match self.targets.find(&tuple) {
            Some(Target::Connection(socket)) => {
                self.segment(now, socket, &segment, packet, carrier);
            }
            Some(Target::HalfOpen(number)) => {
                self.half_open_segment(now, number, &segment, packet, carrier);
            }
            Some(Target::TimeWait(number)) => {
                self.past_segment(now, number, &segment, carrier);
            }
            None => self.nobodys(now, &tuple, &segment, packet, carrier),
        }
    }

    /// A segment that belongs to no connection.
    fn nobodys(
        &mut self,
        now: u64,
        tuple: &Tuple,
        segment: &TcpRepr<'_>,
        packet: &Incoming<'_>,
        carrier: &mut dyn Carrier,
    ) {
        if segment.control == TcpControl::Rst || !is_between_two(packet, tuple, carrier) {
            return;
        }
        let is_taken = match (segment.control, segment.ack_number) {
            (TcpControl::Syn, None) => self.begin_segment(now, tuple, segment, None, carrier),
            (TcpControl::Syn, Some(_)) | (_, None) => false,
            (_, Some(_)) => self.cookie_segment(now, tuple, segment, packet, carrier),
        };
        if !is_taken {
            self.refuse(now, tuple, segment, carrier);
        }
    }

    /// Answers that there is no such connection.
    pub(super) fn refuse(
        &mut self,
        now: u64,
        tuple: &Tuple,
        segment: &TcpRepr<'_>,
        carrier: &mut dyn Carrier,
    ) {
        if segment.control != TcpControl::Rst && self.resets.allows(now) {
            // Where there is no room the answer is lost, as it might be on its way.
            let _ = own::send(tuple, &own::reset(tuple, segment), carrier);
        }
    }

    /// A segment of a connection in TIME-WAIT.
    fn past_segment(
        &mut self,
        now: u64,
        number: u32,
        segment: &TcpRepr<'_>,
        carrier: &mut dyn Carrier,
    ) {
        let Some(record) = self.time_wait.get(number).copied() else {
            return;
        };
        let sequence = segment.seq_number.0 as u32;
        match segment.control {
            TcpControl::Rst if sequence == record.expected => {
                self.forget_time_wait(number, &record.tuple);
            }
            TcpControl::Syn
                if segment.ack_number.is_none()
                    && edge::is_before(record.expected, sequence) =>
            {
                self.begin_segment(
                    now,
                    &record.tuple,
                    segment,
                    Some((number, record.next)),
                    carrier,
                );
            }
            TcpControl::Rst => {}
            _ if segment.segment_len() == 0 => {}
            _ => {
                let mut answer = own::segment(&record.tuple, record.next);
                answer.ack_number = Some(TcpSeqNumber(record.expected as i32));
                // DEFENCE: answers-of-the-past-are-counted
                if self.resets.allows(now) {
                    let _ = own::send(&record.tuple, &answer, carrier);
                }
            }
        }
    }

    /// Forgets a connection in TIME-WAIT.
    pub(super) fn forget_time_wait(&mut self, number: u32, tuple: &Tuple) {
        self.time_wait.remove(number);
        self.targets.remove_of(tuple, Target::TimeWait(number));
    }
}

/// The segment in a packet, and whose it is; none if the packet is wrong or says that it
/// comes from more than one.
#[inline(always)]
pub(super) fn read<'a>(packet: &Incoming<'a>) -> Option<(Tuple, TcpRepr<'a>)> {
    let (source, target) = (packet.source, packet.target);
    if !names::is_of_one(source) || !names::is_of_one(target) {
        return None;
    }
    let segment = TcpPacket::new_checked(packet.payload).ok()?;
    // DEFENCE: what-is-corrupted-is-dropped
    if !packet.is_verified && !checksum::is_right(packet, IpProtocol::Tcp) {
        return None;
    }
    let segment = parse(&segment, source, target)?;
    let tuple = Tuple {
        local: names::number(target),
        peer: names::number(source),
        local_port: segment.dst_port,
        peer_port: segment.src_port,
    };
    Some((tuple, segment))
}

/// What a segment says. Options count in a SYN; those of others `smoltcp` looks at.
fn parse<'a>(
    segment: &TcpPacket<&'a [u8]>,
    source: IpAddress,
    target: IpAddress,
) -> Option<TcpRepr<'a>> {
    let header: &[u8; 20] = segment.as_ref().first_chunk()?;
    let [
        sa,
        sb,
        ta,
        tb,
        n0,
        n1,
        n2,
        n3,
        a0,
        a1,
        a2,
        a3,
        _,
        flags,
        wa,
        wb,
        ..,
    ] = *header;
    let control = match (flags & flag::SYN, flags & flag::FIN, flags & flag::RST) {
        (0, 0, 0) if flags & flag::PSH == 0 => TcpControl::None,
        (0, 0, 0) => TcpControl::Psh,
        (0, _, 0) => TcpControl::Fin,
        (0, 0, _) => TcpControl::Rst,
        (_, 0, 0) => {
            let ignored = ChecksumCapabilities::ignored();
            return TcpRepr::parse(segment, &source, &target, &ignored).ok();
        }
        _ => return None,
    };
    let ports = (u16::from_be_bytes([sa, sb]), u16::from_be_bytes([ta, tb]));
    let acknowledged = TcpSeqNumber(i32::from_be_bytes([a0, a1, a2, a3]));
    (ports.0 != 0 && ports.1 != 0).then(|| TcpRepr {
        src_port: ports.0,
        dst_port: ports.1,
        control,
        seq_number: TcpSeqNumber(i32::from_be_bytes([n0, n1, n2, n3])),
        ack_number: (flags & flag::ACK != 0).then_some(acknowledged),
        window_len: u16::from_be_bytes([wa, wb]),
        window_scale: None,
        max_seg_size: None,
        sack_permitted: false,
        sack_ranges: [None; 3],
        timestamp: None,
        payload: segment.payload(),
    })
}

/// Whether a packet comes from one and goes to another, this machine.
fn is_between_two(packet: &Incoming<'_>, tuple: &Tuple, carrier: &dyn Carrier) -> bool {
    // DEFENCE: nobody-answers-what-came-from-many
    !carrier.is_broadcast(packet.source)
        && !carrier.is_broadcast(packet.target)
        && carrier.is_own(packet.target)
        && !tuple.is_with_itself()
}
