//! Where the pages of the frames lie in physical memory.
//!
//! A device gets the frames themselves, so that their bytes are not copied
//! again. Frames never move, so each page is asked for once.

use core::sync::atomic::{AtomicU64, Ordering};

use gate::core_call::driver;
use gate::frames;

use crate::pool::PAGE;

const PAGES: usize = frames::SIZE / PAGE;

/// The physical address of each page; zero as long as nobody has asked.
static PLACES: [AtomicU64; PAGES] = [const { AtomicU64::new(0) }; PAGES];

/// A part of the frames that is one piece for a device.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Piece {
    /// Where it starts in the frames.
    pub(crate) offset: usize,
    /// How many bytes it has.
    pub(crate) size: usize,
}

/// The physical address of the byte at `offset` of the frames; none if there is
/// no page.
pub(crate) fn physical(offset: usize) -> Option<u64> {
    let place = PLACES.get(offset / PAGE)?;
    let mut page = place.load(Ordering::Relaxed);
    if page == 0 {
        page = driver::translate(frames::address(offset / PAGE * PAGE, PAGE)?)?;
        place.store(page, Ordering::Relaxed);
    }
    Some(page + (offset % PAGE) as u64)
}

/// Cuts `size` bytes at `offset` into pieces, in order, into `pieces`; how many
/// there are. None if a page is missing or there are more.
pub(crate) fn cut(offset: usize, size: usize, pieces: &mut [Piece]) -> Option<usize> {
    cut_by(physical, offset, size, pieces)
}

fn cut_by(
    physical: impl Fn(usize) -> Option<u64>,
    offset: usize,
    size: usize,
    pieces: &mut [Piece],
) -> Option<usize> {
    let mut count = 0;
    let mut start = offset;
    let end = offset.checked_add(size)?;
    let mut next_physical = 0;
    while start < end {
        let part = (PAGE - start % PAGE).min(end - start);
        let here = physical(start)?;
        if count > 0 && here == next_physical {
            pieces[count - 1].size += part;
        } else {
            *pieces.get_mut(count)? = Piece {
                offset: start,
                size: part,
            };
            count += 1;
        }
        next_physical = here + part as u64;
        start += part;
    }
    Some(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: Piece = Piece { offset: 0, size: 0 };

    #[test]
    fn neighbours_are_one_piece() {
        let mut pieces = [EMPTY; 4];
        let same = |offset| Some(offset as u64 + 0x10_0000);
        assert_eq!(cut_by(same, 100, 3 * PAGE, &mut pieces), Some(1));
        assert_eq!(pieces[0].size, 3 * PAGE);
    }

    #[test]
    fn pages_apart_are_pieces_apart() {
        let mut pieces = [EMPTY; 4];
        let apart = |offset: usize| Some((offset + offset / PAGE * PAGE) as u64);
        assert_eq!(cut_by(apart, 100, 2 * PAGE, &mut pieces), Some(3));
        let sizes = pieces.map(|piece| piece.size);
        assert_eq!(sizes, [PAGE - 100, PAGE, 100, 0]);
        assert_eq!(cut_by(apart, 100, 5 * PAGE, &mut pieces), None);
    }

    #[test]
    fn nothing_has_no_pieces_and_a_missing_page_none_at_all() {
        let mut pieces = [EMPTY; 4];
        assert_eq!(cut_by(|_| None, 5, 0, &mut pieces), Some(0));
        assert_eq!(cut_by(|_| None, 5, 1, &mut pieces), None);
    }
}
