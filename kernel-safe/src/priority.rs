//! Priorities of threads.

/// How urgent a thread is: the higher, the sooner it runs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Priority(u8);

impl Priority {
    /// How many levels there are, the idle threads' included.
    pub const LEVELS: usize = 32;
    /// What the idle threads have, and nobody else.
    pub const IDLE: Priority = Priority(0);
    /// What the first thread starts with.
    pub const NORMAL: Priority = Priority(2);

    /// The priority `level` of a thread; none if threads have no such level.
    pub const fn new(level: u8) -> Option<Priority> {
        match level {
            1..=31 => Some(Priority(level)),
            _ => None,
        }
    }

    /// The priority whose number was kept in `level`, cut to what there is.
    pub(crate) const fn from_kept(level: u8) -> Priority {
        Priority(level & 31)
    }

    /// Its number, below [`Priority::LEVELS`].
    pub const fn level(self) -> u8 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_have_levels_one_to_thirty_one() {
        assert_eq!(Priority::new(0), None);
        assert_eq!(Priority::new(1).map(Priority::level), Some(1));
        assert_eq!(Priority::new(31).map(Priority::level), Some(31));
        assert_eq!(Priority::new(32), None);
        assert!(Priority::IDLE < Priority::NORMAL);
    }
}
