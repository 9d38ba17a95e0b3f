//! Ranges changed a piece at a time, so that no core call takes long.
//!
//! The core is not interrupted while it maps, zeroes, frees or scans pages, so
//! the size of a piece bounds how long a CPU does nothing else. Pieces end at
//! multiples of their size: no huge page lies in two of them, and none is
//! larger than a piece.

use domains::core_call::rights::EXECUTE;
use domains::layout::{PAGE_SIZE, Region};
use gate::memory::{self, Populate};

use crate::errno::Errno;
use crate::events;
use crate::life::spare;

/// How much is mapped or unmapped at once.
// DEFENCE: pieces-give-way
const PIECE: u64 = 4 << 20;
/// How much is scanned for WRPKRU at once.
const SCAN_PIECE: u64 = 256 << 10;

/// Maps all of `part`, or tells what of it is done when it fails.
///
/// # Errors
///
/// Mappings is short.
pub fn map(part: Region, populate: Populate) -> Result<(), (Region, Errno)> {
    each(part, PIECE, |piece| {
        spare::if_needed(|| {
            Ok::<_, Errno>(memory::map_app(piece.start, pages(piece), populate)?)
        })
    })
}

/// Unmaps all of `part`, or tells what of it is done when it fails.
///
/// # Errors
///
/// It ends inside of a huge page, and memory to divide that is short.
pub fn unmap(part: Region) -> Result<(), (Region, Errno)> {
    each(part, PIECE, |piece| {
        memory::unmap_app(piece.start, pages(piece))
    })
}

/// Changes the rights over `part`, which nobody else can ask for meanwhile.
///
/// # Errors
///
/// What the core says: from there on nothing has changed.
pub fn protect(part: Region, rights: u64) -> Result<(), Errno> {
    let size = match rights & EXECUTE {
        0 => PIECE,
        _ => SCAN_PIECE,
    };
    let protected = each(part, size, |piece| {
        memory::protect_app(piece.start, pages(piece), rights)
    });
    protected.map_err(|(_, errno)| errno)
}

/// Does `act` with each piece, while others run in between; what was done when
/// it fails.
fn each<E: Into<Errno>>(
    part: Region,
    size: u64,
    mut act: impl FnMut(Region) -> Result<(), E>,
) -> Result<(), (Region, Errno)> {
    for piece in pieces(part, size) {
        act(piece).map_err(|error| {
            let done = Region {
                start: part.start,
                end: piece.start,
            };
            (done, error.into())
        })?;
        events::let_others_run();
    }
    Ok(())
}

/// The pieces of `part`, which end at multiples of `size`.
fn pieces(part: Region, size: u64) -> impl Iterator<Item = Region> {
    let mut start = part.start;
    core::iter::from_fn(move || {
        let multiple = start.saturating_add(1).checked_next_multiple_of(size);
        let end = multiple.unwrap_or(part.end).min(part.end);
        let piece = Region { start, end };
        start = end;
        (piece.start < piece.end).then_some(piece)
    })
}

const fn pages(part: Region) -> u64 {
    part.size() / PAGE_SIZE
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    fn cut(start: u64, end: u64) -> Vec<(u64, u64)> {
        pieces(Region { start, end }, 100)
            .map(|piece| (piece.start, piece.end))
            .collect()
    }

    #[test]
    fn pieces_end_at_multiples_and_leave_nothing_out() {
        assert_eq!(cut(100, 300), [(100, 200), (200, 300)]);
        assert_eq!(cut(150, 160), [(150, 160)]);
        assert_eq!(cut(199, 301), [(199, 200), (200, 300), (300, 301)]);
        assert_eq!(cut(100, 100), []);
    }
}
