//! Requests with several buffers.
//!
//! The list of buffers is copied once, before the first of them is touched.

use alloc::vec::Vec;

use gate::user::UserSlice;

use crate::errno::Errno;

/// The most buffers of a request, as Hermit's ABI says.
const BUFFERS_MAX: usize = 1024;
/// Bytes of a buffer's description: its address, and its size.
const RECORD: usize = 16;
/// How many descriptions are copied at once.
const PIECE: usize = 16;

/// The buffers that are not empty of the `count` described at `address`.
///
/// # Errors
///
/// There are too many, the descriptions are not the application's, or memory is
/// short.
pub fn buffers(address: usize, count: usize) -> Result<Vec<UserSlice>, Errno> {
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
    fn a_list_elsewhere_is_not_read() {
        assert_eq!(buffers(8, 1).err(), Some(Errno::BadAddress));
        assert_eq!(buffers(8, 1025).err(), Some(Errno::Invalid));
        assert_eq!(buffers(0, 0).map(|list| list.len()), Ok(0));
    }
}
