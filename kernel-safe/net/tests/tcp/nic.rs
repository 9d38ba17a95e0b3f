//! What carries packets in the tests: addresses, buffers, and a card.

use std::collections::VecDeque;

use cell_net::carrier::{Carrier, Checksum, Errno, Full, Incoming, Outgoing};
use domains::errno;
use smoltcp::wire::{IpAddress, IpProtocol, TcpPacket, TcpSeqNumber};

use crate::random::Random;

/// A packet on the wire.
#[derive(Clone, Debug)]
pub(crate) struct Packet {
    pub(crate) source: IpAddress,
    pub(crate) target: IpAddress,
    /// With room for a header of IP in front.
    pub(crate) bytes: Vec<u8>,
    pub(crate) header: usize,
    pub(crate) is_verified: bool,
    /// Whether it comes in one piece.
    pub(crate) is_whole: bool,
}

impl Packet {
    pub(crate) fn payload(&self) -> &[u8] {
        &self.bytes[self.header..]
    }

    pub(crate) fn incoming(&self) -> Incoming<'_> {
        Incoming {
            source: self.source,
            target: self.target,
            hop_limit: 64,
            payload: self.payload(),
            is_verified: self.is_verified,
            whole: if self.is_whole { &self.bytes } else { &[] },
        }
    }
}

/// The carrier of one machine.
pub(crate) struct Nic {
    pub(crate) addresses: Vec<IpAddress>,
    pub(crate) largest: usize,
    pub(crate) cut: Option<usize>,
    /// How many packets may still leave.
    pub(crate) room: usize,
    pub(crate) sent: VecDeque<Packet>,
    /// How many have left, all in all.
    pub(crate) count: usize,
    pub(crate) is_reachable: bool,
    /// Whether the card marks what it has verified, and packets come in one piece.
    pub(crate) is_verifying: bool,
    random: Random,
}

impl Nic {
    pub(crate) fn new(addresses: &[IpAddress]) -> Nic {
        Nic {
            addresses: addresses.to_vec(),
            largest: 1500,
            cut: None,
            room: usize::MAX,
            sent: VecDeque::new(),
            count: 0,
            is_reachable: true,
            is_verifying: false,
            random: Random(7),
        }
    }

    fn put(&mut self, packet: &Outgoing, bytes: Vec<u8>, header: usize) {
        self.count += 1;
        self.sent.push_back(Packet {
            source: packet.source,
            target: packet.target,
            bytes,
            header,
            is_verified: self.is_verifying,
            is_whole: self.is_verifying,
        });
    }

    /// Cuts a segment into several, as a card does.
    fn cut(&mut self, packet: &Outgoing, bytes: &[u8], header: usize, size: usize) {
        let whole = TcpPacket::new_checked(&bytes[header..]).expect("it is a segment");
        let start = header + usize::from(whole.header_len());
        let last = (bytes.len() - start - 1) / size;
        for (number, piece) in bytes[start..].chunks(size).enumerate() {
            let mut part = bytes[..start].to_vec();
            part.extend_from_slice(piece);
            let mut segment = TcpPacket::new_unchecked(&mut part[header..]);
            let sequence = whole.seq_number() + number * size;
            segment.set_seq_number(TcpSeqNumber(sequence.0));
            segment.set_fin(whole.fin() && number == last);
            segment.set_psh(whole.psh() && number == last);
            segment.fill_checksum(&packet.source, &packet.target);
            write_header(&mut part, packet, header);
            self.put(packet, part, header);
        }
    }
}

fn write_header(bytes: &mut [u8], packet: &Outgoing, header: usize) {
    let size = bytes.len() - header;
    let (source, target) = (packet.source, packet.target);
    let whole = smoltcp::wire::IpRepr::new(source, target, IpProtocol::Tcp, size, 64);
    whole.emit(
        &mut bytes[..],
        &smoltcp::phy::ChecksumCapabilities::default(),
    );
}

impl Carrier for Nic {
    fn source_to(&self, target: IpAddress) -> Result<IpAddress, Errno> {
        if !self.is_reachable {
            return Err(errno::ENETUNREACH);
        }
        if self.addresses.contains(&target) {
            return Ok(target);
        }
        let mut all = self.addresses.iter();
        let own = all.find(|it| it.version() == target.version() && !is_loopback(**it));
        own.copied().ok_or(errno::ENETUNREACH)
    }

    fn is_own(&self, address: IpAddress) -> bool {
        self.addresses.contains(&address)
    }

    fn is_broadcast(&self, target: IpAddress) -> bool {
        target == IpAddress::v4(10, 0, 0, 255) || !target.is_unicast()
    }

    fn largest_to(&self, target: IpAddress) -> usize {
        if self.addresses.contains(&target) {
            65_535
        } else {
            self.largest
        }
    }

    fn cuts_to(&self, target: IpAddress) -> Option<usize> {
        self.cut.filter(|_| !self.addresses.contains(&target))
    }

    fn has_room(&self, _: IpAddress, _: usize) -> bool {
        self.room > 0
    }

    fn send(
        &mut self,
        packet: &Outgoing,
        size: usize,
        checksum: Checksum,
        fill: &mut dyn FnMut(&mut [u8]),
    ) -> Result<(), Full> {
        if self.room == 0 {
            return Err(Full);
        }
        self.room -= 1;
        assert_eq!(packet.protocol, IpProtocol::Tcp);
        assert_eq!(checksum, Checksum::At(16));
        let header = match packet.source {
            IpAddress::Ipv4(_) => 20,
            IpAddress::Ipv6(_) => 40,
        };
        let mut bytes = vec![0; header + size];
        fill(&mut bytes[header - packet.header..]);
        if let Some(segment) = packet.segment {
            assert!(size + header <= self.cut.expect("the card cuts"));
            self.cut(packet, &bytes, header, usize::from(segment));
            return Ok(());
        }
        assert!(size + header <= self.largest_to(packet.target));
        let mut segment = TcpPacket::new_unchecked(&mut bytes[header..]);
        segment.fill_checksum(&packet.source, &packet.target);
        write_header(&mut bytes, packet, header);
        self.put(packet, bytes, header);
        Ok(())
    }

    fn random(&mut self) -> u64 {
        self.random.word()
    }
}

fn is_loopback(address: IpAddress) -> bool {
    match address {
        IpAddress::Ipv4(address) => address.is_loopback(),
        IpAddress::Ipv6(address) => address.is_loopback(),
    }
}
