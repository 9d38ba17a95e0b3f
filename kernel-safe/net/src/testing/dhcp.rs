//! Answers of a server of DHCP.

use smoltcp::wire::EthernetAddress;

use crate::bytes;

/// An answer of this kind, by number: 2 is an offer, 5 an acknowledgement, 6 a refusal.
pub(crate) fn answer(
    kind: u8,
    exchange: u32,
    card: EthernetAddress,
    address: [u8; 4],
    seconds: u32,
) -> Vec<u8> {
    let mut message = vec![0; 240];
    bytes::put(&mut message, 0, &[2, 1, 6, 0]);
    bytes::put(&mut message, 4, &exchange.to_be_bytes());
    bytes::put(&mut message, 16, &address);
    bytes::put(&mut message, 28, &card.0);
    bytes::put(&mut message, 236, &[0x63, 0x82, 0x53, 0x63]);
    let mut option = |kind: u8, data: &[u8]| {
        message.extend([kind, data.len() as u8]);
        message.extend(data);
    };
    option(53, &[kind]);
    option(54, &[10, 0, 2, 2]);
    option(51, &seconds.to_be_bytes());
    option(1, &[255, 255, 255, 0]);
    option(3, &[10, 0, 2, 2]);
    option(6, &[10, 0, 2, 3]);
    option(15, b"example.org");
    message.push(255);
    message
}
