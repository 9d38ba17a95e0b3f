//! Checksums, made right again behind whatever was changed.

use super::packet::{ETHERNET, ICMP, TCP, UDP, V4};

/// The number of ICMP of IPv6.
pub(super) const ICMP_V6: u8 = 58;

/// Makes the checksums of a frame right, as far as its lengths let one find them. One of
/// the header of a packet that is changed would else be all that is ever looked at.
pub(super) fn mend(frame: &mut [u8]) {
    match frame.get(12..ETHERNET) {
        Some([8, 0]) => mend_v4(&mut frame[ETHERNET..]),
        Some([0x86, 0xdd]) => mend_v6(&mut frame[ETHERNET..]),
        _ => {}
    }
}

fn mend_v4(packet: &mut [u8]) {
    let header = packet.first().map_or(0, |byte| usize::from(byte & 15) * 4);
    if header < V4 || packet.len() < header {
        return;
    }
    put(&mut packet[..header], 10, 0);
    let size = usize::from(u16::from_be_bytes([packet[2], packet[3]]));
    let protocol = packet[9];
    let is_whole = packet[6] & 0x3f == 0 && packet[7] == 0;
    let names = sum(0, &packet[12..V4]);
    if is_whole && let Some(payload) = packet.get_mut(header..size) {
        let pseudo = names + u32::from(protocol) + payload.len() as u32;
        mend_payload(payload, protocol, pseudo);
    }
    put(&mut packet[..header], 10, 0);
}

fn mend_v6(packet: &mut [u8]) {
    if packet.len() < 40 {
        return;
    }
    let size = usize::from(u16::from_be_bytes([packet[4], packet[5]]));
    let protocol = packet[6];
    let names = sum(0, &packet[8..40]);
    if let Some(payload) = packet.get_mut(40..40 + size) {
        let pseudo = names + u32::from(protocol) + payload.len() as u32;
        mend_payload(payload, protocol, pseudo);
    }
}

fn mend_payload(payload: &mut [u8], protocol: u8, pseudo: u32) {
    match protocol {
        ICMP => put(payload, 2, 0),
        ICMP_V6 => put(payload, 2, pseudo),
        TCP => put(payload, 16, pseudo),
        UDP => put(payload, 6, pseudo),
        _ => {}
    }
}

/// Puts the checksum of `bytes` and of what was summed before at this place of theirs.
fn put(bytes: &mut [u8], at: usize, before: u32) {
    let Some(place) = bytes.get_mut(at..at + 2) else {
        return;
    };
    place.fill(0);
    let mut sum = sum(before, bytes);
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    bytes[at..at + 2].copy_from_slice(&(!sum as u16).to_be_bytes());
}

/// Adds all words.
fn sum(before: u32, bytes: &[u8]) -> u32 {
    bytes.chunks(2).fold(before, |sum, word| {
        let low = word.get(1).copied().unwrap_or(0);
        sum + u32::from(u16::from_be_bytes([word[0], low]))
    })
}
