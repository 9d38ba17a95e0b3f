//! Sets of CPUs, and the one of those that idle.

use crate::sync::{AtomicU32, Ordering, fence};

/// A set of CPUs, by number.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct CpuSet(u32);

impl CpuSet {
    /// No CPU.
    pub const EMPTY: CpuSet = CpuSet(0);

    /// One CPU.
    pub const fn of(cpu: usize) -> CpuSet {
        CpuSet(1_u32.wrapping_shl(cpu as u32))
    }

    /// These CPUs and those.
    #[must_use]
    pub const fn with(self, others: CpuSet) -> CpuSet {
        CpuSet(self.0 | others.0)
    }

    /// Whether CPU number `cpu` is one of them.
    pub const fn contains(self, cpu: usize) -> bool {
        self.0 & CpuSet::of(cpu).0 != 0
    }

    /// The one with the lowest number.
    pub fn first(self) -> Option<usize> {
        let first = self.0.trailing_zeros();
        (first < u32::BITS).then_some(first as usize)
    }
}

impl Iterator for CpuSet {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let first = self.first()?;
        self.0 &= !CpuSet::of(first).0;
        Some(first)
    }
}

/// The CPUs that idle and wait for a kick.
///
/// Who takes a CPU out owes it a kick, unless it is the CPU itself.
#[derive(Debug)]
pub struct IdleCpus(AtomicU32);

impl IdleCpus {
    /// Nobody.
    pub const fn new() -> IdleCpus {
        IdleCpus(AtomicU32::new(0))
    }

    /// Adds a CPU, which then looks once more for work.
    ///
    /// Either that look finds what [`IdleCpus::claim_any`] came too early for,
    /// or the claim finds this CPU: both sides write before they read.
    pub fn announce(&self, cpu: usize) {
        self.0.fetch_or(CpuSet::of(cpu).0, Ordering::SeqCst);
        fence(Ordering::SeqCst);
    }

    /// Takes a CPU out; whether it was there.
    pub fn claim(&self, cpu: usize) -> bool {
        let one = CpuSet::of(cpu).0;
        let seen = self.0.load(Ordering::Relaxed);
        seen & one != 0 && self.0.fetch_and(!one, Ordering::SeqCst) & one != 0
    }

    /// Takes any CPU out.
    pub fn claim_any(&self) -> Option<usize> {
        let mut idle = CpuSet(self.0.load(Ordering::SeqCst));
        idle.find(|cpu| self.claim(*cpu))
    }
}

impl Default for IdleCpus {
    fn default() -> Self {
        IdleCpus::new()
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in() {
        let set = CpuSet::of(7).with(CpuSet::of(0)).with(CpuSet::of(3));
        assert_eq!(set.collect::<Vec<_>>(), [0, 3, 7]);
        assert!(set.contains(3) && !set.contains(2));
        assert_eq!(CpuSet::EMPTY.first(), None);
    }

    #[test]
    fn an_idle_cpu_is_claimed_once() {
        let idle = IdleCpus::new();
        assert_eq!(idle.claim_any(), None);
        idle.announce(2);
        idle.announce(5);
        assert!(idle.claim(5));
        assert!(!idle.claim(5));
        assert_eq!(idle.claim_any(), Some(2));
        assert_eq!(idle.claim_any(), None);
    }
}
