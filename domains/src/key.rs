//! A protection key: the four bits of a page-table entry that PKRU judges.
//!
//! A key is a name, not a number: it has no order and no arithmetic. The only
//! keys that exist are the ones the domain table hands out.

use static_assertions::assert_not_impl_any;

/// One of the sixteen protection keys (Intel SDM volume 3, section 4.6.2).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Key(u8);

impl Key {
    /// The key of a page that forgot to say its own. No domain may touch it.
    pub const NONE: Key = Key(0);
    /// How many keys the hardware has.
    pub const COUNT: u8 = 16;

    /// Names the key `number`; only the domain table does this.
    pub(crate) const fn new(number: u8) -> Key {
        assert!(number < Key::COUNT, "a protection key has four bits");
        Key(number)
    }

    /// The key that a page-table entry holds, from its four key bits.
    pub const fn from_entry_bits(bits: u8) -> Key {
        Key(bits & (Key::COUNT - 1))
    }

    /// The number as it stands in bits 62:59 of a page-table entry.
    pub const fn number(self) -> u8 {
        self.0
    }
}

// A key that could be compared or counted would be taken for a number.
assert_not_impl_any!(Key: PartialOrd, From<u8>, Default);
