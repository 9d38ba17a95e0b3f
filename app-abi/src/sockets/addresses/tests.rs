//! Addresses on their way to the safe kernel and back.

use std::ptr;
use std::vec::Vec;

use hermit_abi::EFAULT;
use proptest::prelude::{prop_assert_eq, proptest};

use super::*;

const FOUR: Name = Name::v4([10, 0, 2, 15], 0x1234);

fn read_from(bytes: &[u8]) -> Result<Name, i32> {
    read(bytes.as_ptr().cast(), bytes.len() as u32)
}

#[test]
fn an_address_of_four_bytes_has_sixteen() {
    let address = Address::new(&FOUR);
    let wanted = [16, 3, 0x12, 0x34, 10, 0, 2, 15, 0, 0, 0, 0, 0, 0, 0, 0];
    assert_eq!(address.bytes(), wanted);
    assert_eq!(address.family(), AF_INET);
    assert_eq!(read_from(address.bytes()), Ok(FOUR));
}

#[test]
fn an_address_of_sixteen_bytes_has_a_scope() {
    let name = Name {
        scope: 7,
        ..Name::v6([9; 16], 80)
    };
    let address = Address::new(&name);
    assert_eq!(address.bytes()[..4], [28, 1, 0, 80]);
    assert_eq!(address.bytes()[24..], 7_u32.to_ne_bytes());
    assert_eq!(address.family(), AF_INET6);
    assert_eq!(read_from(address.bytes()), Ok(name));
}

#[test]
fn the_byte_for_the_length_says_nothing() {
    let mut bytes = Address::new(&FOUR).bytes().to_vec();
    for length in [0, 1, 255] {
        bytes[0] = length;
        assert_eq!(read_from(&bytes), Ok(FOUR));
    }
}

#[test]
fn an_address_may_stand_in_more_room_but_not_in_less() {
    for name in [FOUR, Name::v6([1; 16], 1)] {
        let address = Address::new(&name);
        let size = address.bytes().len();
        let mut room = [0; SIZE_MAX + 1];
        room[..size].copy_from_slice(address.bytes());
        for length in 0..=room.len() {
            let wanted = if (size..=SIZE_MAX).contains(&length) {
                Ok(name)
            } else {
                Err(EINVAL)
            };
            assert_eq!(read_from(&room[..length]), wanted, "{length}");
        }
    }
    let endless = read([16, 3].as_ptr().cast(), u32::MAX);
    assert_eq!(endless, Err(EINVAL));
}

#[test]
fn another_family_is_refused_and_none_is_nobody() {
    let mut bytes = [0; 16];
    assert_eq!(read_from(&bytes), Err(EAFNOSUPPORT));
    let none = read_or_none(bytes.as_ptr().cast(), 16);
    assert_eq!(none, Ok(Name::NONE));
    bytes[1] = 2;
    assert_eq!(read_from(&bytes), Err(EAFNOSUPPORT));
    let vsock = read_or_none(bytes.as_ptr().cast(), 16);
    assert_eq!(vsock, Err(EAFNOSUPPORT));
    assert_eq!(read(ptr::null(), 16), Err(EFAULT));
    assert_eq!(read(ptr::null(), 0), Err(EINVAL));
}

#[test]
fn as_much_is_written_as_there_is_room_for_and_told_how_much_there_is() {
    for room in 0..20_u32 {
        let (mut bytes, mut size) = ([0xee_u8; 24], room);
        let place = Place::new(bytes.as_mut_ptr().cast(), &raw mut size).expect("a place");
        assert_eq!(place.write(&FOUR), Ok(()));
        assert_eq!(size, 16);
        let written = room.min(16) as usize;
        assert_eq!(bytes[..written], Address::new(&FOUR).bytes()[..written]);
        assert!(bytes[written..].iter().all(|byte| *byte == 0xee));
    }
}

#[test]
fn nobodys_address_has_no_bytes() {
    let (mut bytes, mut size) = ([0xee_u8; 16], 16);
    let place = Place::new(bytes.as_mut_ptr().cast(), &raw mut size).expect("a place");
    assert_eq!(place.write(&Name::NONE), Ok(()));
    assert_eq!((size, bytes), (0, [0xee; 16]));
}

#[test]
fn a_place_that_is_not_wanted_is_none_and_a_wrong_one_an_error() {
    let none = Place::wanted(ptr::null_mut(), ptr::null_mut());
    assert!(none.expect("none is fine").is_none());
    let mut bytes = [0_u8; 16];
    let address = bytes.as_mut_ptr().cast();
    let bad = Place::wanted(address, ptr::null_mut()).map(|_| ());
    assert_eq!(bad, Err(EFAULT));
    let mut size = 0x8000_0000;
    let bad = Place::new(address, &raw mut size).map(|_| ());
    assert_eq!(bad, Err(EINVAL));
    size = 16;
    let nowhere = Place::new(ptr::null_mut(), &raw mut size).expect("not tried yet");
    assert_eq!(nowhere.write(&FOUR), Err(EFAULT));
}

proptest! {
    #[test]
    fn any_bytes_are_an_address_or_an_error(bytes: Vec<u8>) {
        if let Ok(name) = read_from(&bytes) {
            let again = Address::new(&name);
            prop_assert_eq!(again.family(), i32::from(bytes[1]));
            prop_assert_eq!(read_from(again.bytes()), Ok(name));
        }
    }

    #[test]
    fn every_name_survives(address: [u8; 16], port: u16, scope: u32, is_four: bool) {
        let name = match address.first_chunk().copied() {
            Some(four) if is_four => Name::v4(four, port),
            _ => Name { scope, ..Name::v6(address, port) },
        };
        prop_assert_eq!(read_from(Address::new(&name).bytes()), Ok(name));
    }
}
