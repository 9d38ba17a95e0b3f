//! What a cell's image held at boot where the cell may write: the core keeps the
//! frames that came with the image, and the cell has others.

use core::sync::atomic::Ordering::Relaxed;

use domains::layout::PAGE_SIZE;

use super::frame::Frame;
use super::space::Space;

/// The writable pages of a cell's image.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Template {
    /// Where the cell sees its own.
    pub(crate) address: u64,
    /// Where those of the core lie.
    pub(crate) physical: u64,
    /// How many there are.
    pub(crate) pages: u64,
}

impl Template {
    /// Makes all pages what they were.
    pub(crate) fn restore(&self, space: &Space) {
        for offset in (0..self.pages).map(|page| page * PAGE_SIZE) {
            if let Some(frame) = space.tables.find(self.address + offset).frame() {
                copy(space, Frame::containing(self.physical + offset), frame);
            }
        }
    }
}

/// Copies a frame.
pub(crate) fn copy(space: &Space, from: Frame, to: Frame) {
    let map = space.tables.physical();
    for (from, to) in map.words(from).iter().zip(map.words(to)) {
        to.store(from.load(Relaxed), Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use domains::{Area, Cell};

    use super::*;
    use crate::memory::entry::Rights;
    use crate::memory::owner::Owner;
    use crate::memory::space::tests::space;

    #[test]
    fn whatever_a_cell_wrote_is_gone() {
        let mut space = space(64);
        let map = space.tables.physical();
        let frames: [Frame; 4] =
            core::array::from_fn(|_| space.frames.allocate(Owner::CORE).expect("one is free"));
        let address = Cell::Hostfs.region().start;
        for (page, frame) in (0..).zip(&frames[..2]) {
            let entry = space.user(*frame, Area::Cell(Cell::Hostfs), Rights::Write);
            assert!(space.place_page(address + page * PAGE_SIZE, entry));
        }
        for (frame, word) in frames.iter().zip(1..) {
            map.words(*frame)
                .iter()
                .for_each(|it| it.store(word, Relaxed));
        }
        let template = Template {
            address,
            physical: frames[2].address(),
            pages: 2,
        };
        assert_eq!(frames[3].number(), frames[2].number() + 1);
        template.restore(&space);
        for (frame, word) in frames.iter().zip([3, 4, 3, 4]) {
            let mut words = map.words(*frame).iter();
            assert!(words.all(|it| it.load(Relaxed) == word), "{word}");
        }
    }
}
