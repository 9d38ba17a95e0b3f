//! Numbers by which a server knows our files.

use alloc::vec::Vec;

use super::message::NO_FID;
use crate::errno::Errno;

/// The fid of the root.
pub const ROOT: u32 = 0;

/// Which numbers are in use.
#[derive(Debug)]
pub struct Fids {
    /// All below were in use at some time.
    next: u32,
    /// Those of them that are not any more.
    free: Vec<u32>,
}

impl Fids {
    /// None but the root's.
    pub const fn new() -> Fids {
        Fids {
            next: ROOT + 1,
            free: Vec::new(),
        }
    }

    /// Takes a number that is not in use.
    ///
    /// # Errors
    ///
    /// Memory is short.
    pub fn take(&mut self) -> Result<u32, Errno> {
        if let Some(fid) = self.free.pop() {
            return Ok(fid);
        }
        // DEFENCE: no-fid-is-none
        if self.next == NO_FID {
            return Err(Errno::NoMemory);
        }
        // Room for each number that may come back: that must not fail.
        let all = usize::try_from(self.next).map_err(|_| Errno::NoMemory)?;
        self.free.try_reserve(all.saturating_sub(self.free.len()))?;
        let fid = self.next;
        self.next = self.next.saturating_add(1);
        Ok(fid)
    }

    /// Takes a number back.
    pub fn give_back(&mut self, fid: u32) {
        // DEFENCE: root-stays-taken
        if fid != ROOT && self.free.len() < self.free.capacity() {
            self.free.push(fid);
        }
    }
}

impl Default for Fids {
    fn default() -> Self {
        Fids::new()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_number_is_in_use_twice(
            steps in proptest::collection::vec(proptest::option::of(0_usize..50), 0..300),
        ) {
            let mut fids = Fids::new();
            let mut taken = Vec::new();
            for step in steps {
                match step {
                    Some(place) if place < taken.len() => {
                        fids.give_back(taken.swap_remove(place));
                    }
                    _ => {
                        let fid = fids.take().expect("memory");
                        prop_assert!(fid != ROOT && !taken.contains(&fid));
                        taken.push(fid);
                    }
                }
            }
        }
    }

    #[test]
    fn the_roots_number_never_comes_back() {
        let mut fids = Fids::new();
        let fid = fids.take().expect("memory");
        fids.give_back(ROOT);
        fids.give_back(fid);
        assert_eq!(fids.take(), Ok(fid));
        assert_eq!(fids.take(), Ok(fid + 1));
    }

    #[test]
    fn the_number_that_means_none_is_never_taken() {
        let mut fids = Fids {
            next: NO_FID,
            free: Vec::new(),
        };
        assert_eq!(fids.take(), Err(Errno::NoMemory));
    }

    #[test]
    fn what_comes_back_is_used_again() {
        let mut fids = Fids::new();
        for _ in 0..10_000 {
            let fid = fids.take().expect("memory");
            fids.give_back(fid);
        }
        assert_eq!(fids.next, 2);
    }
}
