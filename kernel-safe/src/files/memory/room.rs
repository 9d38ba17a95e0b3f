//! How much memory files may use.

use core::sync::atomic::{AtomicU64, Ordering};

use crate::errno::Errno;

/// What files use, and may.
#[derive(Debug)]
pub struct Room {
    used: AtomicU64,
    limit: fn() -> u64,
}

impl Room {
    /// All free: as many bytes as `limit` says when it is asked.
    pub const fn new(limit: fn() -> u64) -> Room {
        Room {
            used: AtomicU64::new(0),
            limit,
        }
    }

    /// Takes `size` bytes.
    ///
    /// # Errors
    ///
    /// There are not as many.
    pub fn take(&self, size: u64) -> Result<(), Errno> {
        let limit = (self.limit)();
        let more = |used: u64| used.checked_add(size).filter(|used| *used <= limit);
        let taken = self
            .used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        taken.map(|_| ()).map_err(|_| Errno::NoSpace)
    }

    /// Gives `size` bytes back, which were taken.
    pub fn give_back(&self, size: u64) {
        let less = |used: u64| Some(used.saturating_sub(size));
        // The change is always made.
        let _ = self
            .used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    /// How many bytes are taken.
    pub fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_ends_and_comes_back() {
        let room = Room::new(|| 10);
        assert_eq!(room.take(8), Ok(()));
        assert_eq!(room.take(3), Err(Errno::NoSpace));
        assert_eq!(room.take(u64::MAX), Err(Errno::NoSpace));
        room.give_back(8);
        assert_eq!(room.take(10), Ok(()));
        assert_eq!(room.used(), 10);
    }
}
