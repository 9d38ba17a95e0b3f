//! Messages byte by byte, and replies that are none.

use alloc::vec::Vec;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::errno::Errno;

const SUBJECT: Subject = Subject {
    code: code::READ,
    tag: 6,
    node: 9,
};

fn sent(mut request: Request) -> Vec<u8> {
    request.finish(0).expect("it is short").to_vec()
}

#[test]
fn requests_have_the_sizes_of_their_structures() {
    assert_eq!(sent(begin(SUBJECT)).len(), REQUEST_HEADER + 16);
    assert_eq!(sent(get_attributes(SUBJECT)).len(), REQUEST_HEADER + 16);
    assert_eq!(sent(set_size(SUBJECT, 1, 2)).len(), REQUEST_HEADER + 88);
    assert_eq!(sent(open(SUBJECT, 0)).len(), REQUEST_HEADER + 8);
    assert_eq!(sent(write(SUBJECT, 1, 2, 3)).len(), WRITE_HEADER);
    assert_eq!(sent(release(SUBJECT, 1)).len(), REQUEST_HEADER + 24);
    assert_eq!(sent(sync(SUBJECT, 1)).len(), REQUEST_HEADER + 16);
    assert_eq!(sent(forget(SUBJECT, 1)).len(), REQUEST_HEADER + 8);
    let name = [b'n'; 255];
    assert_eq!(sent(named(SUBJECT, &name)).len(), REQUEST_HEADER + 256);
    assert_eq!(
        sent(create(SUBJECT, &name, 0, 0)).len(),
        REQUEST_HEADER + 272
    );
}

#[test]
fn a_request_begins_with_what_it_is_about() {
    let bytes = sent(named(SUBJECT, b"a"));
    let head = b"\x2a\0\0\0\x0f\0\0\0\x06\0\0\0\0\0\0\0\x09\0\0\0\0\0\0\0";
    assert_eq!(bytes[..24], head[..]);
    assert_eq!(bytes[REQUEST_HEADER..], b"a\0"[..]);
}

#[test]
fn a_reply_must_be_of_the_request() {
    let reply = |size: u32, error: i32, tag: u64| {
        [
            &size.to_le_bytes()[..],
            &error.to_le_bytes(),
            &tag.to_le_bytes(),
        ]
        .concat()
    };
    let judge = |bytes: &[u8]| body(bytes, bytes.len(), 6).map(|_| ());
    assert_eq!(judge(&reply(16, 0, 6)), Ok(()));
    assert_eq!(judge(&reply(17, 0, 6)), Err(Failure::Malformed));
    assert_eq!(judge(&reply(16, 0, 5)), Err(Failure::Malformed));
    assert_eq!(judge(&reply(16, 0, 6)[..15]), Err(Failure::Malformed));
    let refused = Err(Failure::Refused(Errno::Exists));
    assert_eq!(judge(&reply(16, -17, 6)), refused);
    for error in [17, i32::MIN, i32::MAX] {
        let unknown = Err(Failure::Refused(Errno::Device));
        assert_eq!(judge(&reply(16, error, 6)), unknown, "{error}");
    }
}

#[test]
fn entries_are_padded() {
    let entry = |name: &[u8], next: u64| {
        let size = u32::try_from(name.len()).expect("it is short");
        let head = [7_u64.to_le_bytes(), next.to_le_bytes()].concat();
        let padding = [0; 8][..name.len().wrapping_neg() & 7].to_vec();
        [
            &head[..],
            &size.to_le_bytes(),
            &[8, 0, 0, 0],
            name,
            &padding,
        ]
        .concat()
    };
    let bytes = [entry(b"a", 1), entry(b"12345678", 2), entry(b"..", 3)].concat();
    let listings: Vec<Listing<'_>> = listed(Reply::new(&bytes))
        .map(|listing| listing.expect("it is whole"))
        .collect();
    let names: Vec<&[u8]> = listings.iter().map(|listing| listing.name).collect();
    assert_eq!(names, [&b"a"[..], b"12345678", b".."]);
    assert!(listings[1].is_entry() && !listings[2].is_entry());
    assert_eq!((listings[1].next, listings[1].kind), (2, Kind::File));
    let mut cut = listed(Reply::new(&bytes[..40]));
    assert!(cut.next().is_some_and(|listing| listing.is_ok()));
    assert_eq!(cut.next(), Some(Err(Malformed)));
}

proptest! {
    #[test]
    fn no_reply_upsets_us(
        bytes in vec(any::<u8>(), 0..400),
        tag in any::<u64>(),
        most in any::<usize>(),
    ) {
        let _ = body(&bytes, bytes.len(), tag);
        let reply = Reply::new(&bytes);
        let _ = agreed(reply);
        let _ = found(&mut reply.clone());
        let _ = opened(&mut reply.clone());
        let _ = metadata(reply, 0);
        prop_assert!(reply.clone().count(most).map_or(true, |count| count <= most));
        let all = listed(reply).take_while(Result::is_ok).count();
        prop_assert!(all <= bytes.len() / 24);
    }
}
