//! Tests of parsing: real packets, and the same with bytes changed.

use proptest::prelude::*;

use super::*;
use crate::testing::packets;

#[test]
fn an_ordinary_packet_of_either_kind_is_read() {
    let bytes = packets::udp_v4(b"hello");
    let packet = v4(&bytes).expect("it is right");
    assert_eq!(packet.protocol, IpProtocol::Udp);
    assert_eq!(packet.payload.len(), 8 + 5);
    assert_eq!(packet.whole, bytes);
    let mut padded = bytes.clone();
    padded.extend([0; 20]);
    assert_eq!(v4(&padded), Some(packet), "a frame may be longer");
    let bytes = packets::udp_v6(b"hello");
    let packet = v6(&bytes).expect("it is right");
    assert_eq!(packet.payload.len(), 8 + 5);
    assert_eq!(packet.whole, bytes);
}

#[test]
fn a_wrong_checksum_version_or_length_is_refused() {
    for (place, value) in [(0, 0x65), (0, 0x44), (2, 0xff), (11, 0x77)] {
        let mut bytes = packets::udp_v4(b"hello");
        bytes[place] = value;
        assert_eq!(v4(&bytes), None, "{place}");
    }
    let mut bytes = packets::udp_v6(b"hello");
    bytes[0] = 0x45;
    assert_eq!(v6(&bytes), None);
    assert_eq!(v6(&packets::udp_v6(b"hello")[..50]), None);
}

#[test]
fn headers_are_passed_over_up_to_a_bound() {
    let options = [60, 0, 1, 4, 0, 0, 0, 0];
    let wrap = |count: usize| {
        let mut bytes = options.repeat(count);
        let last = (count - 1) * 8;
        bytes[last] = 17;
        bytes.extend(*b"datagram");
        extension::walk(IpProtocol::Ipv6Opts, &bytes).map(|headers| headers.payload.to_vec())
    };
    assert_eq!(wrap(1).as_deref(), Some(&b"datagram"[..]));
    assert_eq!(wrap(7).as_deref(), Some(&b"datagram"[..]));
    assert_eq!(wrap(8), None);
    assert_eq!(wrap(100), None);
}

#[test]
fn an_option_that_must_be_known_or_a_route_that_leads_on_is_refused() {
    let mut options = [17, 0, 1, 4, 0, 0, 0, 0, b'x'];
    let walk = |first, bytes: &[u8]| extension::walk(first, bytes).is_some();
    assert!(walk(IpProtocol::Ipv6Opts, &options));
    options[2] = 0x41;
    assert!(!walk(IpProtocol::Ipv6Opts, &options));
    options[2] = 1;
    options[3] = 200;
    assert!(!walk(IpProtocol::Ipv6Opts, &options));
    assert!(walk(IpProtocol::Ipv6Route, &[17, 0, 0, 0, 0, 0, 0, 0]));
    assert!(!walk(IpProtocol::Ipv6Route, &[17, 0, 0, 1, 0, 0, 0, 0]));
    assert!(!walk(IpProtocol::Ipv6NoNxt, &[]));
}

#[test]
fn a_fragment_says_where_it_belongs() {
    let bytes = [17, 0, 5, 0xa9, 0, 0, 0, 7, 1, 2];
    let headers = extension::walk(IpProtocol::Ipv6Frag, &bytes).expect("it is right");
    let fragment = headers.fragment.expect("it is one");
    assert_eq!((fragment.at, fragment.identity), (0x5a8, 7));
    assert!(!fragment.is_last);
    let alone = [17, 0, 0, 0, 0, 0, 0, 7, 1, 2];
    let headers = extension::walk(IpProtocol::Ipv6Frag, &alone).expect("it is right");
    assert_eq!(headers.fragment, None);
    assert_eq!(headers.payload, [1, 2]);
}

proptest! {
    #[test]
    fn no_change_of_bytes_makes_it_fail(
        changes in prop::collection::vec((0_usize..80, any::<u8>()), 0..12),
        cut in 0_usize..80,
    ) {
        for bytes in [packets::udp_v4(&[7; 30]), packets::udp_v6(&[7; 30])] {
            let mut bytes = bytes;
            for (place, value) in &changes {
                if let Some(byte) = bytes.get_mut(*place) {
                    *byte = *value;
                }
            }
            bytes.truncate(bytes.len().min(cut.max(1)));
            let _ = v4(&bytes);
            let _ = v6(&bytes);
        }
    }

    #[test]
    fn no_bytes_make_the_walk_fail(first in any::<u8>(), bytes: Vec<u8>) {
        let headers = extension::walk(IpProtocol::from(first), &bytes);
        if let Some(headers) = headers {
            prop_assert!(headers.payload.len() <= bytes.len());
        }
    }
}
