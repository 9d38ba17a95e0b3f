//! The owner table, and the allocator that hands out free frames.
//!
//! Next fit: the search goes on where the last one ended, so that frames which
//! are asked for together tend to lie together. Frames come out as they are;
//! whoever maps one for ring 3 clears it first.
//!
//! A few frames are kept back for what cannot be refused politely: the touch of
//! a page that was promised, and the context of a thread that is interrupted.
//! So who asks for more than there is learns of it first.

use super::frame::Frame;
use super::owner::Owner;

/// How many frames are kept back.
const RESERVE: usize = 32;

/// All frames of the machine with their owners.
pub(crate) struct Frames {
    owners: &'static mut [Owner],
    next: usize,
    /// How many frames should be kept back and are not.
    lacking: usize,
}

impl Frames {
    /// Frames that are all absent; boot then says what there is.
    pub(crate) fn new(owners: &'static mut [Owner]) -> Frames {
        owners.fill(Owner::ABSENT);
        Frames {
            owners,
            next: 0,
            lacking: 0,
        }
    }

    /// Who owns `frame`; a frame beyond the table is absent.
    pub(crate) fn owner(&self, frame: Frame) -> Owner {
        let owner = self.owners.get(frame.index()).copied();
        owner.unwrap_or(Owner::ABSENT)
    }

    /// Counts the free frames, all over again.
    pub(crate) fn free(&self) -> usize {
        let owners = self.owners.iter();
        owners.filter(|owner| **owner == Owner::FREE).count()
    }

    /// Hands out a free frame.
    pub(crate) fn allocate(&mut self, owner: Owner) -> Option<Frame> {
        self.take(Owner::FREE, owner)
    }

    /// Hands out free frames in a row, so many and more than none, the first of
    /// which has a number that `step` divides.
    pub(crate) fn allocate_run(&mut self, size: u64, step: u64, owner: Owner) -> Option<Frame> {
        let (size, step) = (size as usize, step as usize);
        let next = self.next.next_multiple_of(step);
        let behind = (next..self.owners.len()).step_by(step);
        let mut starts = behind.chain((0..next).step_by(step));
        let first = starts.find(|first| {
            let run = self.owners.get(*first..first + size);
            run.is_some_and(|run| run.iter().all(|owner| *owner == Owner::FREE))
        })?;
        self.owners[first..first + size].fill(owner);
        Some(Frame::from_number(first as u64))
    }

    /// Hands out a free frame, or one of those that are kept back.
    pub(crate) fn allocate_at_need(&mut self, owner: Owner) -> Option<Frame> {
        self.allocate(owner).or_else(|| {
            let frame = self.take(Owner::RESERVE, owner)?;
            self.lacking += 1;
            Some(frame)
        })
    }

    /// Keeps frames back from now on.
    pub(crate) fn fill_reserve(&mut self) {
        self.lacking = RESERVE;
        self.refill();
    }

    /// Whether frames that are kept back had to be used.
    pub(crate) const fn are_short(&self) -> bool {
        self.lacking > 0
    }

    /// Takes the next frame of an owner for another.
    fn take(&mut self, from: Owner, to: Owner) -> Option<Frame> {
        let (before, after) = self.owners.split_at(self.next);
        let index = match after.iter().position(|owner| *owner == from) {
            Some(offset) => self.next + offset,
            None => before.iter().position(|owner| *owner == from)?,
        };
        self.next = index;
        self.owners[index] = to;
        Some(Frame::from_number(index as u64))
    }

    fn refill(&mut self) {
        while self.lacking > 0 && self.take(Owner::FREE, Owner::RESERVE).is_some() {
            self.lacking -= 1;
        }
    }

    /// Passes `frame` from one owner to another; false if it was not `from`'s,
    /// or is no memory.
    pub(crate) fn pass(&mut self, frame: Frame, from: Owner, to: Owner) -> bool {
        let is_owner = from != Owner::ABSENT && self.owner(frame) == from;
        if is_owner {
            self.owners[frame.index()] = to;
        }
        is_owner
    }

    /// Gives `frame` back.
    pub(crate) fn release(&mut self, frame: Frame) {
        self.pass(frame, self.owner(frame), Owner::FREE);
        self.refill();
    }

    /// Gives `count` frames from `first` on back.
    pub(crate) fn release_run(&mut self, first: Frame, count: u64) {
        first.run(count).for_each(|frame| self.release(frame));
    }

    /// Says at boot that the frames `first..end` belong to `owner`, whatever
    /// was said of them before. Frames beyond the table are left out.
    pub(crate) fn declare(&mut self, first: u64, end: u64, owner: Owner) {
        let limit = self.owners.len() as u64;
        let range = first.min(limit) as usize..end.min(limit) as usize;
        if let Some(bytes) = self.owners.get_mut(range) {
            bytes.fill(owner);
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::boxed::Box;
    use std::vec;

    use domains::Area;

    use super::*;

    fn frames(size: usize) -> Frames {
        Frames::new(Box::leak(vec![Owner::CORE; size].into_boxed_slice()))
    }

    #[test]
    fn nothing_is_handed_out_before_it_is_declared() {
        assert_eq!(frames(8).allocate(Owner::CORE), None);
    }

    #[test]
    fn every_free_frame_is_handed_out_once() {
        let mut frames = frames(16);
        frames.declare(2, 7, Owner::FREE);
        let mut seen = vec![];
        while let Some(frame) = frames.allocate(Owner::area(Area::App)) {
            seen.push(frame.number());
        }
        assert_eq!(seen, [2, 3, 4, 5, 6]);
        assert_eq!(frames.free(), 0);
    }

    #[test]
    fn a_released_frame_comes_back_after_the_others() {
        let mut frames = frames(4);
        frames.declare(0, 4, Owner::FREE);
        let first = frames.allocate(Owner::TABLE).expect("four are free");
        frames.allocate(Owner::TABLE).expect("three are free");
        frames.release(first);
        assert_eq!(frames.allocate(Owner::TABLE), Some(Frame::from_number(2)));
        assert_eq!(frames.allocate(Owner::TABLE), Some(Frame::from_number(3)));
        assert_eq!(frames.allocate(Owner::TABLE), Some(first));
        assert_eq!(frames.allocate(Owner::TABLE), None);
    }

    #[test]
    fn the_reserve_is_for_needs_and_fills_again() {
        let mut frames = frames(RESERVE + 4);
        frames.declare(1, 100, Owner::FREE);
        frames.fill_reserve();
        let owner = Owner::area(Area::App);
        let three = [(); 3].map(|()| frames.allocate(owner).expect("three are left"));
        assert_eq!(frames.allocate(owner), None);
        let needed = frames.allocate_at_need(owner).expect("they are kept back");
        assert_eq!(frames.owner(needed), owner);
        frames.release(three[0]);
        assert_eq!(frames.allocate(owner), None, "the reserve comes first");
        frames.release(three[1]);
        assert_eq!(frames.allocate(owner), Some(three[1]));
        let all = core::iter::from_fn(|| frames.allocate_at_need(owner)).count();
        assert_eq!(all, RESERVE);
    }

    #[test]
    fn a_run_is_aligned_and_free() {
        let mut frames = frames(30);
        frames.declare(1, 30, Owner::FREE);
        let owner = Owner::area(Area::App);
        assert_eq!(
            frames.allocate_run(8, 8, owner),
            Some(Frame::from_number(8))
        );
        assert_eq!(
            frames.allocate_run(8, 8, owner),
            Some(Frame::from_number(16))
        );
        assert_eq!(
            frames.allocate_run(8, 8, owner),
            None,
            "the last is cut off"
        );
        assert_eq!(frames.free(), 29 - 16);
        frames.release_run(Frame::from_number(8), 8);
        assert_eq!(
            frames.allocate_run(8, 8, owner),
            Some(Frame::from_number(8))
        );
    }

    #[test]
    fn a_frame_is_passed_on_by_its_owner_only() {
        let mut frames = frames(4);
        frames.declare(0, 4, Owner::CORE);
        let frame = Frame::from_number(3);
        let text = Owner::area(Area::Text);
        assert!(frames.pass(frame, Owner::CORE, text));
        assert!(!frames.pass(frame, Owner::CORE, Owner::area(Area::Safe)));
        assert_eq!(frames.owner(frame), text);
        assert!(
            !frames.pass(Frame::from_number(4), Owner::CORE, text),
            "beyond the table"
        );
    }

    #[test]
    fn declaring_over_a_range_keeps_the_count() {
        let mut frames = frames(8);
        frames.declare(0, 100, Owner::FREE);
        frames.declare(2, 4, Owner::CORE);
        frames.declare(3, 5, Owner::CORE);
        assert_eq!(frames.free(), 5);
    }
}
