//! Files against a plain array of bytes, and what they cost.

use alloc::vec;

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Write(u64, Vec<u8>),
    Append(Vec<u8>),
    SetSize(u64),
    Read(u64, usize),
}

fn step() -> impl Strategy<Value = Step> {
    let bytes = || proptest::collection::vec(any::<u8>(), 1..9000);
    prop_oneof![
        (0_u64..20_000, bytes()).prop_map(|(offset, bytes)| Step::Write(offset, bytes)),
        bytes().prop_map(Step::Append),
        (0_u64..30_000).prop_map(Step::SetSize),
        (0_u64..30_000, 0_usize..9000).prop_map(|(offset, size)| Step::Read(offset, size)),
    ]
}

fn overwrite(model: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    let end = offset + bytes.len();
    model.resize(model.len().max(end), 0);
    model[offset..end].copy_from_slice(bytes);
}

proptest! {
    #[test]
    fn a_file_is_a_row_of_bytes(steps in proptest::collection::vec(step(), 0..30)) {
        let room = Room::new(|| 1 << 20);
        let (mut pages, mut model) = (Pages::default(), Vec::new());
        for step in steps {
            match step {
                Step::Write(offset, bytes) => {
                    prop_assert_eq!(pages.write(offset, &&bytes[..], &room), Ok(bytes.len()));
                    overwrite(&mut model, offset as usize, &bytes);
                }
                Step::Append(bytes) => {
                    let end = (model.len() + bytes.len()) as u64;
                    let appended = Appended { written: bytes.len(), end };
                    prop_assert_eq!(pages.append(&&bytes[..], &room), Ok(appended));
                    model.extend(bytes);
                }
                Step::SetSize(size) => {
                    prop_assert!(pages.set_size(size, &room).is_ok());
                    model.resize(size as usize, 0);
                }
                Step::Read(offset, size) => {
                    let mut buffer = vec![0xee; size];
                    let read = pages.read(offset, &mut &mut buffer[..]).expect("memory");
                    let start = model.len().min(offset as usize);
                    let end = model.len().min(offset as usize + size);
                    prop_assert_eq!(&buffer[..read], &model[start..end.max(start)]);
                }
            }
            prop_assert_eq!(pages.size(), model.len() as u64);
        }
        drop(pages.clear(&room));
        prop_assert_eq!(room.used(), 0);
    }
}

/// A source that breaks off in the middle, as a copy at a missing page does.
struct Broken;

impl Source for Broken {
    fn size(&self) -> usize {
        10
    }

    fn take(&self, _: usize, buffer: &mut [u8]) -> Result<(), Errno> {
        buffer[..5].fill(b'!');
        Err(Errno::BadAddress)
    }

    fn take_to(&self, _: usize, _: gate::view::View, _: usize) -> Result<(), Errno> {
        Err(Errno::BadAddress)
    }
}

#[test]
fn a_failed_write_leaves_nothing_behind_the_end() {
    let room = Room::new(|| 1 << 20);
    let mut pages = Pages::default();
    assert_eq!(pages.write(0, &&b"ab"[..], &room), Ok(2));
    assert_eq!(pages.write(1, &Broken, &room), Err(Errno::BadAddress));
    assert!(pages.set_size(8, &room).is_ok());
    let mut buffer = [1; 8];
    assert_eq!(pages.read(0, &mut &mut buffer[..]), Ok(8));
    assert_eq!(buffer, *b"a!\0\0\0\0\0\0");
}

#[test]
fn a_full_room_shortens_a_write_and_then_refuses_it() {
    let room = Room::new(|| 2 * page_cost(PAGE) + TABLE_COST);
    let mut pages = Pages::default();
    let bytes = vec![7; 3 * PAGE];
    assert_eq!(pages.write(0, &&bytes[..], &room), Ok(2 * PAGE));
    let end = pages.size();
    assert_eq!(pages.write(end, &&bytes[..], &room), Err(Errno::NoSpace));
    assert!(pages.set_size(1, &room).is_ok());
    assert_eq!(
        pages.write(end, &&bytes[..1], &room),
        Ok(1),
        "there is room again"
    );
}

#[test]
fn files_have_a_largest_size() {
    let room = Room::new(|| 1 << 20);
    let mut pages = Pages::default();
    let bytes = &&b"xy"[..];
    assert_eq!(pages.write(SIZE_MAX - 1, bytes, &room), Ok(1));
    assert_eq!(pages.size(), SIZE_MAX);
    assert_eq!(pages.append(bytes, &room), Err(Errno::TooBig));
    assert_eq!(pages.write(u64::MAX, bytes, &room), Err(Errno::TooBig));
    assert_eq!(
        pages.set_size(SIZE_MAX + 1, &room).err(),
        Some(Errno::TooBig)
    );
    assert!(pages.blocks() <= 9, "what was written, not what is between");
}
