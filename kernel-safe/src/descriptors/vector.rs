//! Requests with several buffers.
//!
//! The list of buffers is copied once, before the first of them is touched. A
//! file sees all of them as one request, so what one writer appends stays
//! together; a stream takes them one after the other.

use alloc::vec::Vec;

use gate::user::UserSlice;

use super::table::Entry;
use super::{find, poll_bits, read_all, write_all};
use crate::errno::{Answer, Errno};
use crate::stdio::{self, Stream};

/// The most buffers of a request, as Hermit's ABI says.
const BUFFERS_MAX: usize = 1024;
/// Bytes of a buffer's description: its address, and its size.
const RECORD: usize = 16;
/// How many descriptions are copied at once.
const PIECE: usize = 16;

/// Reads to the `count` buffers described at `address`; how many bytes.
///
/// # Errors
///
/// As a read of one buffer; or the descriptions make no sense.
pub fn read(descriptor: i32, address: usize, count: usize) -> Answer {
    let entry = find(descriptor)?;
    let buffers = buffers(address, count)?;
    match entry {
        Entry::Stream(stream) => {
            // Who has something does not wait for more.
            let has_more = |_| stdio::poll(stream) & poll_bits::INPUT != 0;
            one_by_one(stream, &buffers, stdio::read, has_more)
        }
        Entry::Open(open) => read_all(&open, &buffers),
    }
}

/// Writes from the `count` buffers described at `address`; how many bytes.
///
/// # Errors
///
/// As a write of one buffer; or the descriptions make no sense.
pub fn write(descriptor: i32, address: usize, count: usize) -> Answer {
    let entry = find(descriptor)?;
    let buffers = buffers(address, count)?;
    match entry {
        Entry::Stream(stream) => {
            let is_little = |total| total < stdio::WRITE_MAX as i64;
            one_by_one(stream, &buffers, stdio::write, is_little)
        }
        Entry::Open(open) => write_all(&open, &buffers),
    }
}

/// Transfers buffer after buffer, until one is not done in full, or `goes_on`
/// says of the bytes so far that they are enough.
fn one_by_one(
    stream: Stream,
    buffers: &[UserSlice],
    one: impl Fn(Stream, UserSlice) -> Answer,
    goes_on: impl Fn(i64) -> bool,
) -> Answer {
    let mut total: i64 = 0;
    for buffer in buffers {
        match one(stream, *buffer) {
            Ok(done) => {
                total = total.saturating_add(done);
                let is_full = usize::try_from(done).ok() == Some(buffer.size());
                if !is_full || !goes_on(total) {
                    break;
                }
            }
            Err(errno) if total == 0 => return Err(errno),
            Err(_) => break,
        }
    }
    Ok(total)
}

/// The buffers that are not empty of the `count` described at `address`.
fn buffers(address: usize, count: usize) -> Result<Vec<UserSlice>, Errno> {
    if count > BUFFERS_MAX {
        return Err(Errno::Invalid);
    }
    let mut buffers = Vec::new();
    buffers.try_reserve_exact(count)?;
    let list = UserSlice::new(address, count.saturating_mul(RECORD));
    let mut start = 0;
    while start < list.size() {
        let part = list.part(start, PIECE * RECORD);
        let mut bytes = [0; PIECE * RECORD];
        let bytes = bytes.get_mut(..part.size()).ok_or(Errno::Invalid)?;
        part.read(bytes)?;
        buffers.extend(bytes.as_chunks::<RECORD>().0.iter().filter_map(buffer));
        start = start.saturating_add(part.size());
    }
    check_total(&buffers)?;
    Ok(buffers)
}

/// The buffer that a description describes; none if it is empty.
fn buffer(record: &[u8; RECORD]) -> Option<UserSlice> {
    let (words, _) = record.as_chunks::<8>();
    let [address, size] = words else { return None };
    let slice = UserSlice::new(usize::from_le_bytes(*address), usize::from_le_bytes(*size));
    (slice.size() > 0).then_some(slice)
}

/// Refuses more bytes than an answer can count.
fn check_total(buffers: &[UserSlice]) -> Result<(), Errno> {
    let total = buffers
        .iter()
        .try_fold(0_usize, |total, buffer| total.checked_add(buffer.size()));
    match total.map(isize::try_from) {
        Some(Ok(_)) => Ok(()),
        _ => Err(Errno::Invalid),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_is_an_address_and_a_size() {
        let mut record = [0; RECORD];
        assert!(buffer(&record).is_none(), "an empty one is left out");
        record[8] = 5;
        assert_eq!(buffer(&record).map(|slice| slice.size()), Some(5));
    }

    #[test]
    fn more_than_an_answer_counts_is_refused() {
        let half = UserSlice::new(0, usize::MAX / 4);
        assert_eq!(check_total(&[half, half]), Ok(()));
        assert_eq!(check_total(&[half, half, half]), Err(Errno::Invalid));
        assert_eq!(check_total(&[half; 9]), Err(Errno::Invalid));
    }

    #[test]
    fn an_error_counts_only_before_the_first_byte() {
        let (good, bad) = (UserSlice::new(0, 3), UserSlice::new(0, 4));
        let one = |_, buffer: UserSlice| match buffer.size() {
            3 => Ok(3),
            _ => Err(Errno::BadAddress),
        };
        let all = |buffers: &[UserSlice]| one_by_one(Stream::Output, buffers, one, |_| true);
        assert_eq!(all(&[good, bad]), Ok(3));
        assert_eq!(all(&[bad, good]), Err(Errno::BadAddress));
    }

    #[test]
    fn a_stream_is_not_asked_for_more_than_is_enough() {
        let buffer = UserSlice::new(0, 3);
        let one = |_, buffer: UserSlice| Ok(buffer.size() as i64);
        let bytes = |most| one_by_one(Stream::Input, &[buffer; 4], one, |total| total < most);
        assert_eq!((bytes(1), bytes(4), bytes(100)), (Ok(3), Ok(6), Ok(12)));
    }

    #[test]
    fn a_list_elsewhere_is_not_read() {
        assert_eq!(buffers(8, 1).err(), Some(Errno::BadAddress));
        assert_eq!(buffers(8, 1025).err(), Some(Errno::Invalid));
        assert_eq!(buffers(0, 0).map(|list| list.len()), Ok(0));
    }
}
