//! One entry of a last-level page table.
//!
//! Beside what the MMU reads, an entry carries the area of its page in bits
//! that the MMU ignores, so that a fault can be told apart whether keys are in
//! use or not. An entry that is not present may be a promise: *lazy*, to be
//! mapped at the first touch, or *guard*, the page below a stack.

use bitflags::bitflags;
use domains::{Area, table};

use super::frame::Frame;

bitflags! {
    /// The bits of an entry (Intel SDM volume 3, table 4-20).
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub(crate) struct Bits: u64 {
        const PRESENT = 1 << 0;
        const WRITE = 1 << 1;
        const USER = 1 << 2;
        const WRITE_THROUGH = 1 << 3;
        const NO_CACHE = 1 << 4;
        const HUGE = 1 << 7;
        const LAZY = 1 << 9;
        const GUARD = 1 << 10;
        const NO_EXECUTE = 1 << 63;
    }
}

const FRAME_MASK: u64 = 0x000f_ffff_ffff_f000;
const AREA_SHIFT: u32 = 52;
const AREA_MASK: u64 = 0b111;
const KEY_SHIFT: u32 = 59;

/// What ring 3 may do with a page, as far as its entry has a say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Rights {
    /// Loads.
    Read,
    /// Loads and stores.
    Write,
    /// Fetches. There is no value for stores and fetches together.
    Execute,
}

/// Whether entries carry keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Keys {
    /// Each page has the key of its area.
    On,
    /// All pages have key 0, and no PKRU is in force.
    Off,
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

    /// A page of ring 3 with all that it is to have: one write maps it.
    pub(crate) fn user(frame: Frame, area: Area, rights: Rights, keys: Keys) -> Entry {
        let rights = match rights {
            Rights::Read => Bits::NO_EXECUTE,
            Rights::Write => Bits::NO_EXECUTE | Bits::WRITE,
            Rights::Execute => Bits::empty(),
        };
        let bits = Bits::PRESENT | Bits::USER | rights;
        let key = match keys {
            Keys::On => u64::from(table::key_of(area).number()) << KEY_SHIFT,
            Keys::Off => 0,
        };
        Entry(frame.address() | bits.bits() | area_bits(area) | key)
    }

    /// Device registers for a driver: as a writable page, but not cached.
    pub(crate) fn device(frame: Frame, keys: Keys) -> Entry {
        let page = Entry::user(frame, Area::Unsafe, Rights::Write, keys);
        Entry(page.0 | (Bits::NO_CACHE | Bits::WRITE_THROUGH).bits())
    }

    /// A page of the core.
    pub(crate) fn core(frame: Frame, bits: Bits) -> Entry {
        Entry(frame.address() | (bits | Bits::PRESENT).bits())
    }

    /// The promise to map a page of `area` when it is touched.
    pub(crate) fn lazy(area: Area) -> Entry {
        Entry(Bits::LAZY.bits() | area_bits(area))
    }

    /// The page below a stack of `area`.
    pub(crate) fn guard(area: Area) -> Entry {
        Entry(Bits::GUARD.bits() | area_bits(area))
    }

    /// This entry, not present any more, but with its frame still in it.
    pub(crate) const fn leaving(self) -> Entry {
        Entry(self.0 & !Bits::PRESENT.bits())
    }

    /// The frame of an entry that is [`leaving`](Entry::leaving).
    pub(crate) const fn left_frame(self) -> Option<Frame> {
        match self.0 & FRAME_MASK {
            0 => None,
            address => Some(Frame::containing(address)),
        }
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

    /// The area that the page belongs or is promised to.
    pub(crate) fn area(self) -> Option<Area> {
        let number = (self.0 >> AREA_SHIFT) & AREA_MASK;
        Area::ALL
            .get(usize::try_from(number.checked_sub(1)?).ok()?)
            .copied()
    }
}

const fn area_bits(area: Area) -> u64 {
    (area as u64 + 1) << AREA_SHIFT
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
            for keys in [Keys::On, Keys::Off] {
                let entry = Entry::user(FRAME, area, Rights::Write, keys);
                assert_eq!(entry.frame(), Some(FRAME));
                assert_eq!(entry.area(), Some(area));
            }
            assert_eq!(Entry::lazy(area).area(), Some(area));
            assert_eq!(Entry::lazy(area).frame(), None);
            assert_eq!(Entry::guard(area).frame(), None);
        }
        assert_eq!(Entry::core(FRAME, Bits::WRITE).area(), None);
    }

    #[test]
    fn a_page_carries_the_key_of_its_area_or_none() {
        for area in Area::ALL {
            let key = u64::from(table::key_of(area).number());
            let on = Entry::user(FRAME, area, Rights::Read, Keys::On);
            let off = Entry::user(FRAME, area, Rights::Read, Keys::Off);
            assert_eq!(on.raw() >> KEY_SHIFT & 0xf, key);
            assert_eq!(off.raw() >> KEY_SHIFT & 0xf, 0);
        }
    }

    #[test]
    fn no_page_is_writable_and_executable() {
        for rights in [Rights::Read, Rights::Write, Rights::Execute] {
            let entry = Entry::user(FRAME, Area::Text, rights, Keys::On);
            assert!(!entry.has(Bits::WRITE) || entry.has(Bits::NO_EXECUTE));
        }
    }
}
