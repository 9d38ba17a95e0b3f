//! One entry of a page table that maps something.
//!
//! Beside what the MMU reads, an entry carries the area of its page in bits
//! that the MMU ignores, so that a fault can be told apart whether keys are in
//! use or not. An entry that is not present may be a promise: *lazy*, to be
//! mapped at the first touch; *guard*, the page below a stack; or *withheld*, a
//! page that nobody may touch now, whose frame, if it has one, is kept.
//!
//! An entry above the last level maps a *huge* page, of 512 times the size for
//! each level.

use domains::layout::PAGE_SIZE;
use domains::{Area, Isolation, table};

pub(crate) use x86_64::structures::paging::PageTableFlags as Bits;

use super::frame::Frame;

/// A bit of an entry that is not present: a promise.
pub(crate) const LAZY: Bits = Bits::BIT_9;
/// A bit of an entry that is not present: the page below a stack.
pub(crate) const GUARD: Bits = Bits::BIT_10;
/// A bit of an entry that is not present: nobody may touch the page now.
pub(crate) const WITHHELD: Bits = Bits::BIT_11;
/// A bit for a right to write that is taken away for a while.
const WAS_WRITABLE: Bits = Bits::BIT_56;

const FRAME_MASK: u64 = 0x000f_ffff_ffff_f000;
/// What says what ring 3 may do.
const RIGHTS: Bits = Bits::PRESENT
    .union(Bits::WRITABLE)
    .union(LAZY)
    .union(WITHHELD)
    .union(WAS_WRITABLE)
    .union(Bits::NO_EXECUTE);
const AREA_SHIFT: u32 = 52;
const AREA_MASK: u64 = 0b1111;
const KEY_SHIFT: u32 = 59;

/// What ring 3 may do with a page, as far as its entry has a say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Rights {
    /// Nothing: the page is withheld.
    None,
    /// Loads.
    Read,
    /// Loads and stores.
    Write,
    /// Fetches and loads. There is no value for stores and fetches together.
    Execute,
}

/// An entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Entry(u64);

impl Entry {
    /// Nothing.
    pub(crate) const EMPTY: Entry = Entry(0);

    /// The entry as the MMU reads it.
    pub(crate) const fn from_raw(raw: u64) -> Entry {
        Entry(raw)
    }

    /// The word for the MMU.
    pub(crate) const fn raw(self) -> u64 {
        self.0
    }

    /// A page of ring 3 with all that it is to have: one write maps it. Without
    /// isolation all pages have key 0, and no PKRU is in force.
    pub(crate) fn user(frame: Frame, area: Area, rights: Rights, by: Isolation) -> Entry {
        let key = match by {
            // DEFENCE: page-key
            Isolation::Mpk => u64::from(table::key_of(area).number()) << KEY_SHIFT,
            Isolation::None => 0,
        };
        let page = frame.address() | Bits::USER_ACCESSIBLE.bits() | area_bits(area) | key;
        Entry(page).with_rights(rights)
    }

    /// The same page, or promise, with other rights.
    pub(crate) fn with_rights(self, rights: Rights) -> Entry {
        let here = match self.has_frame() {
            true => Bits::PRESENT,
            false => LAZY,
        };
        let bits = match rights {
            Rights::None => Bits::NO_EXECUTE | WITHHELD,
            Rights::Read => Bits::NO_EXECUTE | here,
            Rights::Write => Bits::NO_EXECUTE | Bits::WRITABLE | here,
            Rights::Execute => here,
        };
        Entry(self.0 & !RIGHTS.bits() | bits.bits())
    }

    /// What ring 3 may do with the page, or is promised.
    pub(crate) fn rights(self) -> Rights {
        if !self.has(Bits::PRESENT) && !self.has(LAZY) {
            Rights::None
        } else if self.has(Bits::WRITABLE) {
            Rights::Write
        } else if self.has(Bits::NO_EXECUTE) {
            Rights::Read
        } else {
            Rights::Execute
        }
    }

    /// The same page without the right to write, which it remembers.
    pub(crate) fn suspended(self) -> Entry {
        Entry(self.with_rights(Rights::Read).0 | WAS_WRITABLE.bits())
    }

    /// The same page as before it was suspended.
    pub(crate) fn resumed(self) -> Entry {
        match self.has(WAS_WRITABLE) {
            true => self.with_rights(Rights::Write),
            false => self,
        }
    }

    /// The same mapping as a huge page.
    pub(crate) const fn huge(self) -> Entry {
        Entry(self.0 | Bits::HUGE_PAGE.bits())
    }

    /// The part number `index` of a huge page of `level`.
    pub(crate) fn part(self, level: u32, index: u64) -> Entry {
        let offset = index * span(level - 1);
        let huge = if level > 1 { 0 } else { Bits::HUGE_PAGE.bits() };
        Entry((self.0 + offset) & !huge)
    }

    /// The same mapping without `bits`.
    pub(crate) fn without(self, bits: Bits) -> Entry {
        Entry(self.0 & !bits.bits())
    }

    /// A page of the core.
    pub(crate) fn core(frame: Frame, bits: Bits) -> Entry {
        Entry(frame.address() | (bits | Bits::PRESENT).bits())
    }

    /// The promise to map a writable page of `area` when it is touched.
    pub(crate) fn lazy(area: Area) -> Entry {
        Entry(area_bits(area)).with_rights(Rights::Write)
    }

    /// The page below a stack of `area`.
    pub(crate) fn guard(area: Area) -> Entry {
        Entry(GUARD.bits() | area_bits(area))
    }

    /// Whether all of `bits` are set.
    pub(crate) const fn has(self, bits: Bits) -> bool {
        self.0 & bits.bits() == bits.bits()
    }

    /// Whether nothing is mapped or promised.
    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The frame, if the page is present.
    pub(crate) fn frame(self) -> Option<Frame> {
        self.has(Bits::PRESENT)
            .then_some(Frame::containing(self.0 & FRAME_MASK))
    }

    /// The frame of the page, be it present or withheld.
    pub(crate) fn own_frame(self) -> Option<Frame> {
        self.has_frame()
            .then_some(Frame::containing(self.0 & FRAME_MASK))
    }

    const fn has_frame(self) -> bool {
        self.0 & FRAME_MASK != 0
    }

    /// The area that the page belongs or is promised to.
    pub(crate) fn area(self) -> Option<Area> {
        let number = (self.0 >> AREA_SHIFT) & AREA_MASK;
        Area::ALL
            .get(usize::try_from(number.checked_sub(1)?).ok()?)
            .copied()
    }
}

/// The bytes that an entry of a table of `level` maps.
pub(crate) const fn span(level: u32) -> u64 {
    PAGE_SIZE << (9 * level)
}

const fn area_bits(area: Area) -> u64 {
    (area.number() as u64 + 1) << AREA_SHIFT
}

const _: () = assert!(
    Area::ALL.len() as u64 <= AREA_MASK,
    "area and none fit the bits"
);

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Frame = Frame::from_number(0x1234);

    #[test]
    fn an_entry_remembers_frame_and_area() {
        for area in Area::ALL {
            for keys in [Isolation::Mpk, Isolation::None] {
                let entry = Entry::user(FRAME, area, Rights::Write, keys);
                assert_eq!(entry.frame(), Some(FRAME));
                assert_eq!(entry.area(), Some(area));
            }
            assert_eq!(Entry::lazy(area).area(), Some(area));
            assert_eq!(Entry::lazy(area).frame(), None);
            assert_eq!(Entry::guard(area).frame(), None);
        }
        assert_eq!(Entry::core(FRAME, Bits::WRITABLE).area(), None);
    }

    #[test]
    fn a_page_carries_the_key_of_its_area_or_none() {
        for area in Area::ALL {
            let key = u64::from(table::key_of(area).number());
            let on = Entry::user(FRAME, area, Rights::Read, Isolation::Mpk);
            let off = Entry::user(FRAME, area, Rights::Read, Isolation::None);
            assert_eq!(on.raw() >> KEY_SHIFT & 0xf, key);
            assert_eq!(off.raw() >> KEY_SHIFT & 0xf, 0);
        }
    }

    const RIGHTS: [Rights; 4] = [Rights::None, Rights::Read, Rights::Write, Rights::Execute];

    #[test]
    fn no_page_is_writable_and_executable() {
        for rights in RIGHTS {
            let entry = Entry::user(FRAME, Area::Text, rights, Isolation::Mpk);
            assert!(!entry.has(Bits::WRITABLE) || entry.has(Bits::NO_EXECUTE));
        }
    }

    #[test]
    fn rights_change_and_nothing_else() {
        for (before, after) in RIGHTS
            .into_iter()
            .flat_map(|one| RIGHTS.map(|two| (one, two)))
        {
            for keys in [Isolation::Mpk, Isolation::None] {
                let entry = Entry::user(FRAME, Area::App, before, keys).huge();
                assert_eq!(entry.rights(), before);
                let changed = entry.with_rights(after);
                assert_eq!(changed, Entry::user(FRAME, Area::App, after, keys).huge());
                assert_eq!(changed.own_frame(), Some(FRAME));
                assert_eq!(changed.frame().is_some(), after != Rights::None);
            }
            let promise = Entry::lazy(Area::App)
                .with_rights(before)
                .with_rights(after);
            assert_eq!((promise.rights(), promise.own_frame()), (after, None));
            assert_eq!(promise.has(LAZY), after != Rights::None);
        }
    }

    #[test]
    fn a_suspended_page_gets_back_what_it_had() {
        for rights in RIGHTS {
            let entry = Entry::user(FRAME, Area::App, rights, Isolation::Mpk);
            assert_eq!(entry.resumed(), entry);
        }
        let entry = Entry::user(FRAME, Area::App, Rights::Write, Isolation::Mpk);
        assert_eq!(entry.suspended().rights(), Rights::Read);
        assert_eq!(entry.suspended().resumed(), entry);
        let final_entry = entry.with_rights(Rights::Execute);
        assert_eq!(entry.suspended().with_rights(Rights::Execute), final_entry);
    }

    #[test]
    fn the_parts_of_a_huge_page_are_the_page() {
        let frame = Frame::from_number(512);
        let page = Entry::user(frame, Area::App, Rights::Write, Isolation::Mpk);
        for level in [1, 2] {
            let part = page.huge().part(level, 3);
            let frame = Frame::from_number(512 + 3 * (span(level - 1) / PAGE_SIZE));
            let small = Entry::user(frame, Area::App, Rights::Write, Isolation::Mpk);
            let expected = if level == 1 { small } else { small.huge() };
            assert_eq!(part, expected);
        }
    }
}
