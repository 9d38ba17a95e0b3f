//! How often something is done that strangers can have done.

/// From one to the next at the least, but for a few at once.
#[derive(Debug)]
pub struct Limit {
    every: u64,
    at_once: u64,
    /// When all that was done has been paid for.
    paid: u64,
}

impl Limit {
    /// Once in so many nanoseconds, and so many times at once.
    pub const fn new(every: u64, at_once: u64) -> Limit {
        Limit {
            every,
            at_once,
            paid: 0,
        }
    }

    /// Whether it may be done now; if so, it is done.
    pub fn allows(&mut self, now: u64) -> bool {
        let paid = self.paid.max(now);
        let ahead = paid.saturating_sub(now).saturating_add(self.every);
        let allows = ahead <= self.every.saturating_mul(self.at_once);
        if allows {
            self.paid = paid.saturating_add(self.every);
        }
        allows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_at_once_and_then_one_at_a_time() {
        let mut limit = Limit::new(10, 3);
        let mut count = |now: u64| (0..100).filter(|_| limit.allows(now)).count();
        assert_eq!(count(5), 3);
        assert_eq!(count(14), 0);
        assert_eq!(count(15), 1);
        assert_eq!(count(1000), 3);
    }
}
