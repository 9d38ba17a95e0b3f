//! Messages of DHCP (RFC 2131, RFC 2132): what is asked, and what servers answer.

use domains::network::setting::{SERVERS, Text};
use smoltcp::wire::{
    DHCP_CLIENT_PORT, DHCP_SERVER_PORT, DhcpMessageType, DhcpOpCode, DhcpOption, DhcpPacket,
    EthernetAddress, Ipv4Address,
};

use crate::bytes;
use crate::ip::prefix::mask_bits;

/// Bytes of a header of UDP.
const UDP: usize = 8;
/// Bytes of a message in front of its options.
const FIXED: usize = 240;
/// Bytes of what is sent; some servers take no less.
pub const SIZE: usize = UDP + FIXED + 180;

const MAGIC: u32 = 0x6382_5363;
const ETHERNET: u8 = 1;
/// The most options that are looked at.
const OPTIONS: usize = 64;
/// How long a lease is that does not say so, in seconds.
const LEASE: u32 = 3600;
/// How long a lease is at least, so that nobody has this machine ask all the time.
const LEASE_MIN: u32 = 60;
/// A lease for ever.
pub const FOR_EVER: u32 = u32::MAX;
/// How many bits of an address are the network's, if the server does not say so.
const BITS: u8 = 24;

/// The numbers of options.
mod option {
    pub(super) const MASK: u8 = 1;
    pub(super) const ROUTER: u8 = 3;
    pub(super) const SERVERS: u8 = 6;
    pub(super) const HOST: u8 = 12;
    pub(super) const DOMAIN: u8 = 15;
    pub(super) const PACKET_MAX: u8 = 26;
    pub(super) const ADDRESS: u8 = 50;
    pub(super) const LEASE: u8 = 51;
    pub(super) const KIND: u8 = 53;
    pub(super) const SERVER: u8 = 54;
    pub(super) const WANTED: u8 = 55;
    pub(super) const SIZE_MAX: u8 = 57;
    pub(super) const RENEW: u8 = 58;
    pub(super) const REBIND: u8 = 59;
    pub(super) const CLIENT: u8 = 61;
}

/// What servers are asked to say.
const WANTED: [u8; 8] = [
    option::MASK,
    option::ROUTER,
    option::SERVERS,
    option::DOMAIN,
    option::PACKET_MAX,
    option::LEASE,
    option::RENEW,
    option::REBIND,
];

/// What is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Question {
    /// What kind it is.
    pub kind: DhcpMessageType,
    /// The number of the exchange.
    pub exchange: u32,
    /// For how long there has been no answer, in seconds.
    pub seconds: u16,
    /// The address that this machine has.
    pub own: Option<Ipv4Address>,
    /// The address that it wants.
    pub wanted: Option<Ipv4Address>,
    /// Whose offer it takes.
    pub server: Option<Ipv4Address>,
}

impl Question {
    /// Its bytes, with a header of UDP that has no checksum yet.
    pub fn write(&self, card: EthernetAddress, host: &Text) -> [u8; SIZE] {
        let mut datagram = [0; SIZE];
        bytes::put_half(&mut datagram, 0, DHCP_CLIENT_PORT);
        bytes::put_half(&mut datagram, 2, DHCP_SERVER_PORT);
        bytes::put_half(&mut datagram, 4, SIZE as u16);
        if let Some(place) = datagram.get_mut(UDP..) {
            self.write_message(place, card, host);
        }
        datagram
    }

    fn write_message(&self, place: &mut [u8], card: EthernetAddress, host: &Text) {
        let mut message = DhcpPacket::new_unchecked(place);
        message.set_opcode(DhcpOpCode::Request);
        message.set_hardware_type(smoltcp::wire::ArpHardware::Ethernet);
        message.set_hardware_len(6);
        message.set_transaction_id(self.exchange);
        message.set_secs(self.seconds);
        message.set_magic_number(MAGIC);
        message.set_client_ip(self.own.unwrap_or(Ipv4Address::UNSPECIFIED));
        message.set_client_hardware_address(card);
        let [a, b, c, d, e, f] = card.0;
        let client = [ETHERNET, a, b, c, d, e, f];
        let address = self.wanted.map(|address| address.octets());
        let server = self.server.map(|address| address.octets());
        let size_max = 1472_u16.to_be_bytes();
        let kind = [u8::from(self.kind)];
        let options = [
            (option::KIND, Some(&kind[..])),
            (option::CLIENT, Some(&client)),
            (option::ADDRESS, address.as_ref().map(|it| &it[..])),
            (option::SERVER, server.as_ref().map(|it| &it[..])),
            (option::SIZE_MAX, Some(&size_max)),
            (option::HOST, Some(host.bytes()).filter(|it| !it.is_empty())),
            (option::WANTED, Some(&WANTED)),
        ];
        let mut writer = message.options_mut();
        for (kind, data) in options {
            if let Some(data) = data {
                // All of them fit: the longest is a name.
                let _ = writer.emit(DhcpOption { kind, data });
            }
        }
        let _ = writer.end();
    }
}

/// What a server answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Answer {
    /// What kind it is.
    pub kind: DhcpMessageType,
    /// The number of the exchange.
    pub exchange: u32,
    /// Who it is.
    pub server: Option<Ipv4Address>,
    /// What it gives.
    pub lease: Lease,
}

/// An address for a time, and what belongs to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lease {
    /// The address.
    pub address: Ipv4Address,
    /// How many of its bits are the network's.
    pub bits: u8,
    /// The router.
    pub router: Option<Ipv4Address>,
    /// Servers of names.
    pub servers: [Option<Ipv4Address>; SERVERS],
    /// The domain in which names are looked up.
    pub domain: Text,
    /// The most bytes of a packet.
    pub packet_max: Option<u16>,
    /// How long it lasts, in seconds, or [`FOR_EVER`].
    pub seconds: u32,
    /// When it should be renewed.
    pub renew: u32,
    /// When others should be asked to.
    pub rebind: u32,
}

impl Answer {
    /// What a message says; none if it is wrong, or not for this card.
    pub fn read(message: &[u8], card: EthernetAddress) -> Option<Answer> {
        let packet = DhcpPacket::new_checked(message).ok()?;
        let is_right = packet.opcode() == DhcpOpCode::Reply
            && packet.magic_number() == MAGIC
            && packet.hardware_len() == 6
            && packet.client_hardware_address() == card;
        let mut answer = Answer {
            kind: DhcpMessageType::Unknown(0),
            exchange: packet.transaction_id(),
            server: None,
            lease: Lease::of(packet.your_ip()),
        };
        for option in packet.options().take(OPTIONS) {
            answer.note(option.kind, option.data);
        }
        answer.lease.be_sensible();
        is_right.then_some(answer)
    }

    fn note(&mut self, kind: u8, data: &[u8]) {
        let lease = &mut self.lease;
        let address = || bytes::array::<4>(data, 0).map(Ipv4Address::from);
        let word = || bytes::word(data, 0);
        match kind {
            option::KIND => {
                let kind = bytes::byte(data, 0).unwrap_or(0);
                self.kind = DhcpMessageType::from(kind);
            }
            option::SERVER => self.server = address(),
            option::MASK => {
                let bits = address().and_then(mask_bits);
                lease.bits = bits.unwrap_or(BITS);
            }
            option::ROUTER => lease.router = address().filter(is_one),
            option::SERVERS => {
                let (addresses, _) = data.as_chunks::<4>();
                let addresses = addresses.iter().map(|it| Ipv4Address::from(*it));
                for (place, address) in lease.servers.iter_mut().zip(addresses) {
                    *place = Some(address).filter(is_one);
                }
            }
            option::DOMAIN => lease.domain = domain(data),
            option::PACKET_MAX => lease.packet_max = bytes::half(data, 0),
            option::LEASE => lease.seconds = word().unwrap_or(LEASE),
            option::RENEW => lease.renew = word().unwrap_or(0),
            option::REBIND => lease.rebind = word().unwrap_or(0),
            _ => {}
        }
    }
}

impl Lease {
    const fn of(address: Ipv4Address) -> Lease {
        Lease {
            address,
            bits: BITS,
            router: None,
            servers: [None; SERVERS],
            domain: Text([0; _]),
            packet_max: None,
            seconds: LEASE,
            renew: 0,
            rebind: 0,
        }
    }

    /// Whether the address is one that a machine can have.
    pub fn is_possible(&self) -> bool {
        is_one(&self.address)
    }

    /// Has the times follow each other.
    fn be_sensible(&mut self) {
        self.seconds = self.seconds.max(LEASE_MIN);
        let is_in_order = self.renew != 0 && self.renew < self.rebind;
        if !is_in_order || self.rebind >= self.seconds {
            self.renew = self.seconds / 2;
            self.rebind = self.seconds / 8 * 7;
        }
        self.renew = self.renew.max(LEASE_MIN / 2);
    }
}

/// Whether an address is that of one machine on some link.
fn is_one(address: &Ipv4Address) -> bool {
    let [first, ..] = address.octets();
    first != 0 && first < 224 && !address.is_loopback()
}

/// A domain, if it is made of what names are made of.
pub(super) fn domain(data: &[u8]) -> Text {
    let end = data.iter().position(|byte| *byte == 0);
    let data = data.get(..end.unwrap_or(data.len())).unwrap_or(&[]);
    let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_. ".contains(byte);
    let text = Text::new(data).filter(|_| data.iter().all(is_of_name));
    text.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::dhcp;

    const CARD: EthernetAddress = EthernetAddress([2, 0, 0, 0, 0, 1]);

    fn question() -> Question {
        Question {
            kind: DhcpMessageType::Request,
            exchange: 0x1234_5678,
            seconds: 3,
            own: None,
            wanted: Some(Ipv4Address::new(10, 0, 2, 15)),
            server: Some(Ipv4Address::new(10, 0, 2, 2)),
        }
    }

    #[test]
    fn a_question_has_all_that_servers_want() {
        let host = Text::new(&[b'h'; 64]).expect("it is short");
        let bytes = question().write(CARD, &host);
        let packet = DhcpPacket::new_checked(&bytes[UDP..]).expect("it is right");
        assert_eq!(packet.transaction_id(), 0x1234_5678);
        let kinds: Vec<u8> = packet.options().map(|option| option.kind).collect();
        assert_eq!(kinds, [53, 61, 50, 54, 57, 12, 55]);
    }

    #[test]
    fn an_answer_says_what_belongs_to_the_address() {
        let message = dhcp::answer(5, 7, CARD, [10, 0, 2, 15], 600);
        let answer = Answer::read(&message, CARD).expect("it is right");
        assert_eq!(answer.kind, DhcpMessageType::Ack);
        assert_eq!((answer.lease.bits, answer.lease.seconds), (24, 600));
        assert_eq!((answer.lease.renew, answer.lease.rebind), (300, 525));
        assert_eq!(answer.lease.router, Some(Ipv4Address::new(10, 0, 2, 2)));
        assert_eq!(answer.lease.domain.bytes(), b"example.org");
        assert!(answer.lease.is_possible());
        let other = EthernetAddress([2, 0, 0, 0, 0, 2]);
        assert_eq!(Answer::read(&message, other), None);
    }

    #[test]
    fn a_domain_is_a_name() {
        assert_eq!(domain(b"a.b\0").bytes(), b"a.b");
        assert_eq!(domain(b"a\nb").bytes(), b"");
        assert_eq!(domain(&[b'x'; 65]).bytes(), b"");
    }

    proptest! {
        #[test]
        fn no_change_of_bytes_makes_it_fail(
            changes in prop::collection::vec((0_usize..320, any::<u8>()), 0..20),
            cut in 0_usize..320,
        ) {
            let mut message = dhcp::answer(2, 7, CARD, [10, 0, 2, 15], 600);
            for (place, value) in changes {
                if let Some(byte) = message.get_mut(place) {
                    *byte = value;
                }
            }
            message.truncate(cut);
            if let Some(answer) = Answer::read(&message, CARD) {
                let lease = answer.lease;
                prop_assert!(lease.renew < lease.rebind && lease.rebind <= lease.seconds);
                prop_assert!(lease.bits <= 32);
            }
        }
    }
}
