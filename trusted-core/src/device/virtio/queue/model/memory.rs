//! Where the words of a queue are, and what a CPU's stores wait in.
//!
//! What a CPU stores waits, in order, until it reaches memory; the CPU itself
//! sees it at once.

/// The descriptors of the table, and the slots of a ring.
pub(super) const HEADS: u8 = 2;
pub(super) const ALL_HEADS: u8 = (1 << HEADS) - 1;
/// Indexes count up to here.
pub(super) const MODULUS: u8 = 4;

/// The driver's own table and ring.
pub(super) const OWN: usize = 0;
/// The table and ring that the device reads.
pub(super) const SHARED: usize = 8;
/// Where the words of a table and ring are, counted from its start.
pub(super) const ADDRESS: usize = 0;
pub(super) const LENGTH: usize = 2;
pub(super) const SLOT: usize = 4;
pub(super) const INDEX: usize = 6;
pub(super) const FLAGS: usize = 7;
/// The used ring, which only the device writes.
pub(super) const USED_SLOT: usize = 16;
pub(super) const USED_INDEX: usize = 18;
pub(super) const USED_FLAGS: usize = 19;
pub(super) const LOCK: usize = 20;
pub(super) const STATUS: usize = 21;
pub(super) const PLACES: usize = 22;

/// The values of the device's status.
pub(super) const RUNNING: u8 = 1;
pub(super) const ASKED_TO_STOP: u8 = 2;
pub(super) const STOPPED: u8 = 0;
/// What nobody has written yet: no head, and no word of a descriptor.
pub(super) const UNWRITTEN: u8 = 0xff;
const DEPTH: usize = 16;

/// The stores of a CPU that have not reached memory.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct Stores {
    count: u8,
    places: [u8; DEPTH],
    values: [u8; DEPTH],
}

impl Stores {
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(super) fn push(&mut self, place: usize, value: u8) {
        let last = usize::from(self.count);
        self.places[last] = place as u8;
        self.values[last] = value;
        self.count += 1;
    }

    /// What was stored last at a place.
    pub(super) fn last(&self, place: usize) -> Option<u8> {
        let mut stores = (0..usize::from(self.count)).rev();
        let last = stores.find(|at| usize::from(self.places[*at]) == place);
        last.map(|at| self.values[at])
    }

    /// The place of the oldest store.
    pub(super) fn oldest(&self) -> Option<usize> {
        (self.count > 0).then(|| usize::from(self.places[0]))
    }

    pub(super) fn pop(&mut self) -> Option<(usize, u8)> {
        let oldest = (self.oldest()?, self.values[0]);
        self.count -= 1;
        let last = usize::from(self.count);
        self.places.copy_within(1.., 0);
        self.values.copy_within(1.., 0);
        (self.places[last], self.values[last]) = (0, 0);
        Some(oldest)
    }
}

/// The slot that an index means, in the ring at `ring`.
pub(super) fn slot(ring: usize, index: u8) -> usize {
    ring + usize::from(index % HEADS)
}

pub(super) fn after(index: u8) -> u8 {
    (index + 1) % MODULUS
}

/// The bit of a head; none for what is no head.
pub(super) fn bit(head: u8) -> u8 {
    if head < HEADS { 1 << head } else { 0 }
}
