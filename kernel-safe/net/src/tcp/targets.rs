//! Whose a segment is, by its addresses and ports.
//!
//! The last one found is kept beside the table: segments come in rows, and the hash of a
//! table that nobody outside can aim at costs more than a comparison.

use domains::errno;

use super::names::Tuple;
use crate::carrier::Errno;
use crate::hash::{Keyed, Table};

/// Whose a connection's name is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Target {
    Connection(u32),
    HalfOpen(u32),
    TimeWait(u32),
}

/// All names.
#[derive(Debug)]
pub(super) struct Targets {
    table: Table<Tuple, Target>,
    last: Option<(Tuple, Target)>,
}

impl Targets {
    /// None.
    pub(super) const fn new(key: Keyed) -> Targets {
        Targets {
            table: Table::with_hasher(key),
            last: None,
        }
    }

    /// Whose a segment of this name is.
    pub(super) fn find(&mut self, tuple: &Tuple) -> Option<Target> {
        if let Some((last, target)) = &self.last
            && last == tuple
        {
            return Some(*target);
        }
        let target = self.get(tuple)?;
        self.last = Some((*tuple, target));
        Some(target)
    }

    /// Whose a name is.
    pub(super) fn get(&self, tuple: &Tuple) -> Option<Target> {
        self.table.get(tuple).copied()
    }

    /// Whether a name is in use.
    pub(super) fn has(&self, tuple: &Tuple) -> bool {
        self.table.contains_key(tuple)
    }

    /// All names.
    pub(super) fn names(&self) -> impl Iterator<Item = &Tuple> {
        self.table.keys()
    }

    /// Makes room for one more.
    ///
    /// # Errors
    ///
    /// There is no memory.
    pub(super) fn reserve_one(&mut self) -> Result<(), Errno> {
        self.table.try_reserve(1).map_err(|_| errno::ENOBUFS)
    }

    /// Notes whose a name is from now on; there is room for it.
    pub(super) fn put(&mut self, tuple: Tuple, target: Target) {
        self.last = None;
        self.table.insert(tuple, target);
    }

    /// Forgets a name.
    pub(super) fn remove(&mut self, tuple: &Tuple) {
        // DEFENCE: last-found-is-forgotten
        self.last = None;
        self.table.remove(tuple);
    }

    /// Forgets a name if it is this one's.
    pub(super) fn remove_of(&mut self, tuple: &Tuple, target: Target) {
        if self.get(tuple) == Some(target) {
            self.remove(tuple);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::names::tuple;
    use super::*;

    #[test]
    fn a_name_is_whose_it_was_last() {
        let mut targets = Targets::new(Keyed::new([1, 2]));
        let connection = Target::Connection(3);
        assert_eq!(targets.find(&tuple(9)), None);
        targets.put(tuple(9), Target::HalfOpen(7));
        assert_eq!(targets.find(&tuple(9)), Some(Target::HalfOpen(7)));
        targets.put(tuple(9), connection);
        assert_eq!(targets.find(&tuple(9)), Some(connection));
        assert_eq!(targets.find(&tuple(8)), None);
        targets.remove_of(&tuple(9), Target::HalfOpen(7));
        assert_eq!(targets.find(&tuple(9)), Some(connection));
        targets.remove_of(&tuple(9), connection);
        assert_eq!(targets.find(&tuple(9)), None);
    }
}
