//! The CPUs in use: the place of an APIC id is the number of its CPU.

use domains::cpu_page::CPUS_MAX;

/// The id that stands for all CPUs.
const BROADCAST: u8 = 0xff;

/// APIC ids, each once; the first is that of the CPU that boots.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Ids {
    ids: [u8; CPUS_MAX],
    count: usize,
}

impl Ids {
    /// Only the CPU that boots.
    pub(crate) const fn only(first: u8) -> Ids {
        let mut ids = [0; CPUS_MAX];
        ids[0] = first;
        Ids { ids, count: 1 }
    }

    /// The CPU that boots, and all others of `count` whose APICs are numbered
    /// from zero.
    pub(crate) fn numbered(first: u8, count: u32) -> Ids {
        let mut ids = Ids::only(first);
        (0..u8::try_from(count).unwrap_or(BROADCAST)).for_each(|id| ids.add(id));
        ids
    }

    /// Adds `id`, if it is new and there is room.
    pub(crate) fn add(&mut self, id: u8) {
        let is_new = id != BROADCAST && !self.as_slice().contains(&id);
        if let Some(free) = self.ids.get_mut(self.count)
            && is_new
        {
            *free = id;
            self.count += 1;
        }
    }

    /// The ids by number.
    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.ids[..self.count]
    }

    /// The ids of the CPUs that did not boot.
    pub(crate) fn others(&self) -> &[u8] {
        &self.ids[1..self.count]
    }

    /// The id of CPU `number`.
    pub(crate) fn get(&self, number: u64) -> Option<u8> {
        let number = usize::try_from(number).ok()?;
        self.as_slice().get(number).copied()
    }

    /// How many CPUs there are.
    pub(crate) const fn count(&self) -> usize {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_id_is_there_once_and_the_first_one_stays_first() {
        let mut ids = Ids::only(2);
        [0, 1, 2, 1, BROADCAST, 3]
            .into_iter()
            .for_each(|id| ids.add(id));
        assert_eq!(ids.as_slice(), [2, 0, 1, 3]);
        assert_eq!(ids.others(), [0, 1, 3]);
        assert_eq!(
            (ids.get(0), ids.get(3), ids.get(4)),
            (Some(2), Some(3), None)
        );
        assert_eq!(ids.get(u64::MAX), None);
    }

    #[test]
    fn numbered_cpus_begin_with_the_one_that_boots() {
        assert_eq!(Ids::numbered(0, 3).as_slice(), [0, 1, 2]);
        assert_eq!(Ids::numbered(1, 3).as_slice(), [1, 0, 2]);
        assert_eq!(Ids::numbered(0, 0).as_slice(), [0]);
        assert_eq!(Ids::numbered(0, u32::MAX).count(), CPUS_MAX);
    }

    #[test]
    fn there_are_never_more_than_the_domains_know() {
        let mut ids = Ids::only(0);
        (0..200).for_each(|id| ids.add(id));
        assert_eq!(ids.count(), CPUS_MAX);
    }
}
