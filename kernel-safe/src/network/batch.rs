//! Frames that wait in the safe kernel, in their order.

use domains::network::desk::FRAMES;

/// As many as cross at once, at most.
#[derive(Debug)]
pub(super) struct Batch {
    frames: [u64; FRAMES],
    count: usize,
}

impl Batch {
    /// None.
    pub(super) const EMPTY: Batch = Batch {
        frames: [0; FRAMES],
        count: 0,
    };

    /// Puts a frame behind the others; false if there is no room.
    pub(super) fn push(&mut self, frame: u64) -> bool {
        let place = self.frames.get_mut(self.count);
        let has_room = place.map(|place| *place = frame).is_some();
        self.count = self.count.saturating_add(has_room.into());
        has_room
    }

    /// The frames.
    pub(super) fn frames(&self) -> &[u64] {
        self.frames.get(..self.count).unwrap_or(&[])
    }

    /// How many there are.
    pub(super) const fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    pub(super) const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// For how many more there is room.
    pub(super) const fn room(&self) -> usize {
        FRAMES.saturating_sub(self.count)
    }

    /// Forgets them.
    pub(super) const fn clear(&mut self) {
        self.count = 0;
    }
}
