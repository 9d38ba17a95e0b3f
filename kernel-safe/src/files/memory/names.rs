//! The names of a directory in memory.
//!
//! Each name has a slot that it keeps, and a list goes from slot to slot: it
//! neither repeats nor misses a name that is there all the time, whatever comes
//! and goes meanwhile. A hash table finds a name's slot.

use alloc::boxed::Box;
use alloc::vec::Vec;

use hashbrown::HashTable;

use crate::errno::Errno;
use crate::files::system::{Dirent, Entries, Kind};

/// Bytes of a name's places in the tables of its directory: its slot, room to
/// note that this is free, and its number in the index.
pub const PLACE: u64 = size_of::<(Option<Name>, u32, u32)>() as u64;

/// A name and what it leads to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Name {
    text: Box<[u8]>,
    /// The number of the file.
    pub inode: u32,
    /// What the file is.
    pub kind: Kind,
}

/// The names of a directory.
#[derive(Debug, Default)]
pub struct Names {
    slots: Vec<Option<Name>>,
    free: Vec<u32>,
    index: HashTable<u32>,
}

/// A name that there is room for.
#[derive(Debug)]
pub struct Reserved(Box<[u8]>);

impl Names {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// The name `text`.
    pub fn find(&self, text: &[u8]) -> Option<&Name> {
        let slot = self
            .index
            .find(hash(text), |slot| self.is_at(*slot, text))?;
        self.at(*slot)
    }

    /// Makes room for the name `text`, so that adding it cannot fail.
    ///
    /// # Errors
    ///
    /// Memory is short.
    pub fn reserve(&mut self, text: &[u8]) -> Result<Reserved, Errno> {
        let mut copy = Vec::new();
        copy.try_reserve_exact(text.len())?;
        copy.extend_from_slice(text);
        self.slots.try_reserve(1)?;
        // Room for every slot, so that removing cannot fail.
        let slots = self.slots.len().saturating_add(1);
        self.free
            .try_reserve(slots.saturating_sub(self.free.len()))?;
        let slots = &self.slots;
        self.index
            .try_reserve(1, |slot| hash_at(slots, *slot))
            .map_err(|_| Errno::NoMemory)?;
        Ok(Reserved(copy.into_boxed_slice()))
    }

    /// Adds a name, which is not there yet.
    pub fn add(&mut self, text: Reserved, inode: u32, kind: Kind) {
        let hash = hash(&text.0);
        let slot = self.take_slot();
        if let Some(place) = self.slots.get_mut(slot as usize) {
            *place = Some(Name {
                text: text.0,
                inode,
                kind,
            });
            let slots = &self.slots;
            self.index
                .insert_unique(hash, slot, |slot| hash_at(slots, *slot));
        }
    }

    /// Removes the name `text`.
    pub fn remove(&mut self, text: &[u8]) -> Option<Name> {
        let slots = &self.slots;
        let entry = self.index.find_entry(hash(text), |slot| {
            slots.get(*slot as usize).is_some_and(|name| is(name, text))
        });
        let (slot, _) = entry.ok()?.remove();
        let name = self.slots.get_mut(slot as usize)?.take();
        self.free.push(slot);
        if self.index.is_empty() {
            *self = Names::default();
        }
        name
    }

    /// Lists the names in so many slots from slot `cookie` on, be there names in
    /// them or not; the slot where the list goes on, if it does.
    ///
    /// # Errors
    ///
    /// What `entries` says.
    pub fn list(
        &self,
        cookie: u64,
        slots: usize,
        entries: &mut dyn Entries,
    ) -> Result<Option<u64>, Errno> {
        let start = usize::try_from(cookie).unwrap_or(usize::MAX);
        let rest = self.slots.get(start..).unwrap_or(&[]);
        let mut next = cookie;
        // DEFENCE: names-portion
        for name in rest.iter().take(slots) {
            next = next.saturating_add(1);
            if let Some(name) = name {
                entries.add(&Dirent {
                    name: &name.text,
                    inode: u64::from(name.inode),
                    kind: name.kind,
                    next,
                })?;
            }
        }
        Ok((rest.len() > slots).then_some(next))
    }

    fn take_slot(&mut self) -> u32 {
        self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            // Memory ends long before numbers do.
            u32::try_from(self.slots.len().saturating_sub(1)).unwrap_or(u32::MAX)
        })
    }

    fn at(&self, slot: u32) -> Option<&Name> {
        self.slots.get(slot as usize)?.as_ref()
    }

    fn is_at(&self, slot: u32, text: &[u8]) -> bool {
        self.slots
            .get(slot as usize)
            .is_some_and(|name| is(name, text))
    }
}

fn is(name: &Option<Name>, text: &[u8]) -> bool {
    name.as_ref().is_some_and(|name| *name.text == *text)
}

fn hash_at(slots: &[Option<Name>], slot: u32) -> u64 {
    let name = slots.get(slot as usize).and_then(Option::as_ref);
    name.map_or(0, |name| hash(&name.text))
}

/// FNV-1a. Whoever chooses names that collide slows down only himself.
fn hash(text: &[u8]) -> u64 {
    let start: u64 = 0xcbf2_9ce4_8422_2325;
    text.iter().fold(start, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// Takes names, and where the list goes on behind each.
    #[derive(Default)]
    struct All(Vec<(Vec<u8>, u64)>);

    impl All {
        fn names(self) -> Vec<Vec<u8>> {
            self.0.into_iter().map(|(name, _)| name).collect()
        }
    }

    impl Entries for All {
        fn add(&mut self, entry: &Dirent<'_>) -> Result<(), Errno> {
            self.0.push((entry.name.to_vec(), entry.next));
            Ok(())
        }
    }

    fn listed(names: &Names, piece: usize) -> Vec<Vec<u8>> {
        let (mut all, mut cookie) = (All::default(), Some(0));
        while let Some(from) = cookie {
            cookie = names.list(from, piece, &mut all).expect("it takes all");
        }
        all.names()
    }

    fn add(names: &mut Names, text: &[u8], inode: u32) {
        let reserved = names.reserve(text).expect("memory");
        names.add(reserved, inode, Kind::File);
    }

    proptest! {
        #[test]
        fn names_are_a_map(
            steps in proptest::collection::vec((any::<bool>(), "[a-c]{1,3}"), 0..200),
            piece in 1_usize..5,
        ) {
            let mut names = Names::default();
            let mut model = BTreeMap::new();
            for (inode, (is_add, text)) in (0_u32..).zip(steps) {
                let text = text.into_bytes();
                prop_assert_eq!(names.find(&text).map(|name| name.inode), model.get(&text).copied());
                if is_add && !model.contains_key(&text) {
                    add(&mut names, &text, inode);
                    model.insert(text, inode);
                } else if !is_add {
                    let removed = names.remove(&text).map(|name| name.inode);
                    prop_assert_eq!(removed, model.remove(&text));
                }
                prop_assert_eq!(names.is_empty(), model.is_empty());
            }
            let mut list = listed(&names, piece);
            list.sort();
            prop_assert_eq!(list, model.into_keys().collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_list_goes_on_while_names_are_removed() {
        let mut names = Names::default();
        for number in 0..10_u32 {
            add(&mut names, &[b'0' + number as u8], number);
        }
        let mut first = All::default();
        assert_eq!(names.list(0, 4, &mut first), Ok(Some(4)));
        assert_eq!(first.0[3], (b"3".to_vec(), 4));
        for gone in [b"0", b"3", b"5"] {
            assert!(names.remove(gone).is_some());
        }
        let mut rest = All::default();
        assert_eq!(names.list(4, 100, &mut rest), Ok(None));
        assert_eq!(rest.names().concat(), b"46789");
        assert_eq!(names.list(u64::MAX, 1, &mut All::default()), Ok(None));
    }

    #[test]
    fn slots_without_names_count_in_a_portion() {
        let mut names = Names::default();
        for number in 0..100_u8 {
            add(&mut names, &[b'a', number], u32::from(number));
        }
        for number in 0..99 {
            assert!(names.remove(&[b'a', number]).is_some());
        }
        let mut none = All::default();
        assert_eq!(names.list(0, 10, &mut none), Ok(Some(10)));
        assert_eq!(names.list(10, 89, &mut none), Ok(Some(99)));
        assert!(none.0.is_empty());
        assert_eq!(names.list(99, 1, &mut none), Ok(None));
        assert_eq!(none.0, [(b"ac".to_vec(), 100)]);
    }
}
