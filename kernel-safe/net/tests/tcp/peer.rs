//! A peer that says what a test wants, segment by segment.

use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{IpAddress, TcpControl, TcpPacket, TcpRepr, TcpSeqNumber};

use crate::nic::Packet;
use crate::world::{B, World};

/// A peer at an address of its own.
#[derive(Clone, Copy)]
pub(crate) struct Peer {
    pub(crate) address: IpAddress,
    pub(crate) port: u16,
    pub(crate) to: u16,
}

/// What was answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Answer {
    pub(crate) control: TcpControl,
    pub(crate) sequence: u32,
    pub(crate) acknowledged: Option<u32>,
    pub(crate) window: u16,
    pub(crate) size: usize,
    pub(crate) scale: Option<u8>,
    pub(crate) segment: Option<u16>,
}

impl Peer {
    pub(crate) fn new(port: u16, to: u16) -> Peer {
        Peer {
            address: IpAddress::v4(10, 0, 0, 9),
            port,
            to,
        }
    }

    /// A segment of its own, without a byte.
    pub(crate) fn segment(&self, control: TcpControl, sequence: u32) -> TcpRepr<'static> {
        TcpRepr {
            src_port: self.port,
            dst_port: self.to,
            control,
            seq_number: TcpSeqNumber(sequence as i32),
            ack_number: None,
            window_len: 8000,
            window_scale: None,
            max_seg_size: None,
            sack_permitted: false,
            sack_ranges: [None; 3],
            timestamp: None,
            payload: &[],
        }
    }

    /// Sends a segment to the second machine.
    pub(crate) fn send(&self, world: &mut World, segment: &TcpRepr<'_>) {
        let packet = self.packet(B, segment);
        world.deliver(&packet);
        world.run(0, |_| false);
        world.pass(2 * crate::world::MILLISECOND);
    }

    /// A segment in a packet to `target`.
    pub(crate) fn packet(&self, target: IpAddress, segment: &TcpRepr<'_>) -> Packet {
        let mut bytes = vec![0; 20 + segment.buffer_len()];
        let mut packet = TcpPacket::new_unchecked(&mut bytes[20..]);
        let capabilities = ChecksumCapabilities::default();
        segment.emit(&mut packet, &self.address, &target, &capabilities);
        Packet {
            source: self.address,
            target,
            bytes,
            header: 20,
            is_verified: false,
            is_whole: false,
        }
    }

    /// Says something with an acknowledgement.
    pub(crate) fn say(
        &self,
        world: &mut World,
        control: TcpControl,
        sequence: u32,
        acknowledged: u32,
        payload: &[u8],
    ) {
        let mut segment = self.segment(control, sequence);
        segment.ack_number = Some(TcpSeqNumber(acknowledged as i32));
        let segment = TcpRepr { payload, ..segment };
        self.send(world, &segment);
    }

    /// What it was answered since it asked last.
    pub(crate) fn answers(&self, world: &mut World) -> Vec<Answer> {
        let strays = std::mem::take(&mut world.strays);
        let (own, others) = strays.into_iter().partition::<Vec<_>, _>(|packet| {
            let segment = TcpPacket::new_unchecked(packet.payload());
            packet.target == self.address && segment.dst_port() == self.port
        });
        world.strays = others;
        own.iter().map(answer).collect()
    }

    /// The last that it was answered.
    pub(crate) fn answer(&self, world: &mut World) -> Answer {
        *self.answers(world).last().expect("there was an answer")
    }

    /// Does a handshake that begins with `first`: our number and the machine's.
    pub(crate) fn greet(&self, world: &mut World, first: u32) -> (u32, u32) {
        self.send(world, &self.segment(TcpControl::Syn, first));
        let answer = self.answer(world);
        assert_eq!(answer.control, TcpControl::Syn);
        let (own, other) = (first.wrapping_add(1), answer.sequence.wrapping_add(1));
        assert_eq!(answer.acknowledged, Some(own));
        self.say(world, TcpControl::None, own, other, &[]);
        (own, other)
    }
}

fn answer(packet: &Packet) -> Answer {
    let (source, target) = (packet.source, packet.target);
    let segment = TcpPacket::new_checked(packet.payload()).expect("it is a segment");
    let capabilities = ChecksumCapabilities::default();
    let segment = TcpRepr::parse(&segment, &source, &target, &capabilities);
    let segment = segment.expect("it is a segment, and its checksum is right");
    Answer {
        control: segment.control,
        sequence: segment.seq_number.0 as u32,
        acknowledged: segment.ack_number.map(|it| it.0 as u32),
        window: segment.window_len,
        size: segment.payload.len(),
        scale: segment.window_scale,
        segment: segment.max_seg_size,
    }
}
