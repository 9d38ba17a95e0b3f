//! Messages byte by byte, and replies that are none.

use alloc::vec::Vec;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::errno::Errno;

fn sent(mut request: Request) -> Vec<u8> {
    request.finish(0).expect("it is short").to_vec()
}

/// A reply with its header.
fn reply(kind: u8, tag: u16, body: &[u8]) -> Vec<u8> {
    let size = u32::try_from(HEADER + body.len()).expect("it is short");
    [&size.to_le_bytes()[..], &[kind], &tag.to_le_bytes(), body].concat()
}

#[test]
fn requests_are_laid_out_as_the_protocol_says() {
    let version = b"\x15\0\0\0\x64\xff\xff\x18\0\x01\0\x08\x009P2000.L";
    assert_eq!(sent(super::version(0x1_0018)), version);
    let attach = b"\x17\0\0\0\x68\x02\0\0\0\0\0\xff\xff\xff\xff\0\0\0\0\xff\xff\xff\xff";
    assert_eq!(sent(super::attach(2, 0)), attach);
    let walk = b"\x14\0\0\0\x6e\x01\0\x05\0\0\0\x06\0\0\0\x01\0\x01\0a";
    assert_eq!(sent(super::walk(1, 5, 6, Some(b"a"))), walk);
    let second = b"\x11\0\0\0\x6e\x01\0\x05\0\0\0\x06\0\0\0\0\0";
    assert_eq!(sent(super::walk(1, 5, 6, None)), second);
    let create = b"\x1a\0\0\0\x0e\x01\0\x05\0\0\0\x01\0b\xc2\0\0\0\xa4\x01\0\0\xff\xff\xff\xff";
    let flags = 0o302;
    assert_eq!(sent(super::create(1, 5, b"b", flags, 0o644)), create);
    let read = b"\x17\0\0\0\x74\x01\0\x05\0\0\0\0\0\0\0\x01\0\0\0\0\x10\0\0";
    assert_eq!(sent(super::read(1, 5, 1 << 32, 4096)), read);
    let remove = b"\x12\0\0\0\x4c\x01\0\x05\0\0\0\x01\0c\0\x02\0\0";
    let directory = REMOVE_DIRECTORY;
    assert_eq!(sent(super::remove(1, 5, b"c", directory)), remove);
    assert_eq!(sent(super::set_size(1, 5, 9)).len(), 67);
}

#[test]
fn a_write_counts_the_data_behind_it() {
    let mut request = super::write(1, 5, 0, 100);
    assert_eq!(request.size(), WRITE_HEADER);
    let bytes = request.finish(100).expect("it is short");
    assert_eq!(bytes[0], 123);
}

#[test]
fn the_longest_name_fits_every_request() {
    let name = [b'n'; 255];
    for mut request in [
        super::walk(0, 1, 2, Some(&name)),
        super::create(0, 1, &name, 0, 0),
        super::make_directory(0, 1, &name, 0),
        super::remove(0, 1, &name, 0),
    ] {
        assert!(request.finish(0).is_ok());
    }
}

#[test]
fn a_reply_must_be_of_the_request() {
    let good = reply(kind::READ + 1, 3, &[1, 0, 0, 0]);
    let judge = |bytes: &[u8], size| body(bytes, size, kind::READ, 3).map(|_| ());
    assert_eq!(judge(&good, good.len()), Ok(()));
    assert_eq!(judge(&good, good.len() + 1), Err(Failure::Malformed));
    assert_eq!(judge(&good[..6], 6), Err(Failure::Malformed));
    for bad in [
        reply(kind::READ + 1, 2, &[1, 0, 0, 0]),
        reply(kind::WRITE + 1, 3, &[1, 0, 0, 0]),
        reply(kind::ERROR_REPLY, 3, &[1]),
    ] {
        assert_eq!(judge(&bad, bad.len()), Err(Failure::Malformed), "{bad:?}");
    }
    let refused = reply(kind::ERROR_REPLY, 3, &[28, 0, 0, 0]);
    let no_space = Err(Failure::Refused(Errno::NoSpace));
    assert_eq!(judge(&refused, refused.len()), no_space);
}

#[test]
fn a_server_that_speaks_another_version_is_refused() {
    let agreed = |bytes: &[u8]| super::agreed(Reply::new(bytes));
    assert_eq!(agreed(b"\0\x20\0\0\x08\x009P2000.L"), Ok(8192));
    assert_eq!(agreed(b"\0\x20\0\0\x07\0unknown"), Err(Malformed));
    assert_eq!(agreed(b"\0\x20\0\0\xff\xff9P2000.L"), Err(Malformed));
}

#[test]
fn metadata_is_read_field_by_field() {
    let mut bytes = Vec::new();
    bytes.extend_from_slice(&BASIC.to_le_bytes());
    bytes.extend_from_slice(&[0x80, 0, 0, 0, 0, 42, 0, 0, 0, 0, 0, 0, 0]);
    bytes.extend_from_slice(&0o040_755_u32.to_le_bytes());
    bytes.extend_from_slice(&[0; 8]);
    for number in [3_u64, 0, 4096, 512, 8, 1, 2, 3, 4, 5, 6, 0, 0, 0, 0] {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    assert_eq!(HEADER + bytes.len(), REPLY_MAX);
    let read = metadata(Reply::new(&bytes), 9).expect("it is whole");
    let expected = Metadata {
        kind: Kind::Directory,
        mode: 0o755,
        inode: 42,
        links: 3,
        size: 4096,
        blocks: 8,
        accessed: 1_000_000_002,
        modified: 3_000_000_004,
        changed: 5_000_000_006,
        device: 9,
    };
    assert_eq!(read, expected);
}

#[test]
fn times_beyond_all_bounds_are_cut() {
    let bytes = [0xff; REPLY_MAX];
    let read = metadata(Reply::new(&bytes), 0).expect("it is whole");
    assert_eq!(read.accessed, u64::MAX);
}

#[test]
fn entries_that_no_directory_can_hold_are_told() {
    let entry = |name: &[u8]| {
        let size = u16::try_from(name.len()).expect("it is short");
        [
            &[0; 13][..],
            &[7, 0, 0, 0, 0, 0, 0, 0, 8],
            &size.to_le_bytes(),
            name,
        ]
        .concat()
    };
    let bytes = [entry(b".."), entry(b"a"), entry(b"a/b")].concat();
    let are_entries: Vec<bool> = listed(&bytes)
        .map(|listing| listing.expect("it is whole").is_entry())
        .collect();
    assert_eq!(are_entries, [false, true, false]);
    let mut cut = listed(&bytes[..bytes.len() - 1]).skip(2);
    assert_eq!(cut.next(), Some(Err(Malformed)));
}

proptest! {
    #[test]
    fn no_reply_upsets_us(
        bytes in vec(any::<u8>(), 0..400),
        kind in any::<u8>(),
        tag in any::<u16>(),
        most in any::<usize>(),
    ) {
        let _ = body(&bytes, bytes.len(), kind, tag);
        let reply = Reply::new(&bytes);
        let _ = agreed(reply);
        let _ = walked(reply);
        let _ = metadata(reply, 0);
        let _ = read_text(&mut reply.clone());
        prop_assert!(reply.clone().count(most).map_or(true, |count| count <= most));
        // Each entry takes at least so many bytes.
        let all = listed(&bytes).take_while(Result::is_ok).count();
        prop_assert!(all <= bytes.len() / 24);
    }

    #[test]
    fn a_reply_with_any_bytes_after_a_good_head_is_read_or_malformed(
        kind in prop_oneof![Just(kind::WALK), Just(kind::LIST), Just(kind::GET_ATTRIBUTES)],
        rest in vec(any::<u8>(), 0..200),
    ) {
        let bytes = reply(kind + 1, 1, &rest);
        let read = body(&bytes, bytes.len(), kind, 1);
        prop_assert_eq!(read, Ok(Reply::new(&rest)));
    }
}
