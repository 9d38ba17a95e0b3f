//! PKRU values, computed from the domain table.
//!
//! PKRU has two bits a key: access-disable (bit 2k) and write-disable (bit
//! 2k+1), Intel SDM volume 3, section 4.6.2. A key without a row in the table
//! is denied to everyone.

use core::fmt;

use crate::table::{self, TABLE};
use crate::{Access, Area, Cell, Domain, Key, Purpose, Rights};

/// A value of the PKRU register.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Pkru(u32);

impl Pkru {
    /// No access to any key.
    pub const DENY_ALL: Pkru = Pkru(0x5555_5555);

    /// The value with which `domain` runs.
    pub const fn of(domain: Domain) -> Pkru {
        Pkru::in_image(domain, Purpose::OWN)
    }

    /// The value with which `domain` runs in an image for `purpose`.
    pub const fn in_image(domain: Domain, purpose: Purpose) -> Pkru {
        let mut value = Pkru::DENY_ALL;
        let mut index = 0;
        while index < TABLE.len() {
            let row = &TABLE[index];
            if purpose.has_area(row.area) {
                value = value.with(row.key, table::rights(domain, row.area));
            }
            index += 1;
        }
        value
    }

    /// The value read from the register.
    pub const fn from_bits(bits: u32) -> Pkru {
        Pkru(bits)
    }

    /// The value as the register holds it.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// This value with `rights` for `key`.
    pub const fn with(self, key: Key, rights: Rights) -> Pkru {
        let shift = 2 * key.number();
        let disable = match rights {
            Rights::None => 0b01,
            Rights::Read => 0b10,
            Rights::ReadWrite => 0b00,
        };
        Pkru((self.0 & !(0b11 << shift)) | (disable << shift))
    }

    /// The rights that this value gives over `key`.
    pub const fn rights(self, key: Key) -> Rights {
        match (self.0 >> (2 * key.number())) & 0b11 {
            0b00 => Rights::ReadWrite,
            0b10 => Rights::Read,
            _ => Rights::None,
        }
    }

    /// The domain that runs with exactly this value, if there is one.
    ///
    /// The core identifies callers by this: a value that belongs to nobody was
    /// forged, and whoever holds it is stopped.
    pub fn domain(self) -> Option<Domain> {
        const VALUES: [Pkru; Domain::ALL.len()] = values();
        let number = VALUES.iter().position(|value| *value == self)?;
        Domain::ALL.get(number).copied()
    }

    /// The domain that runs with exactly this value in an image for `purpose`.
    pub fn domain_in_image(self, purpose: Purpose) -> Option<Domain> {
        let mut domains = purpose.domains();
        domains.find(|domain| Pkru::in_image(*domain, purpose) == self)
    }
}

/// The values of all domains, by number.
const fn values() -> [Pkru; Domain::ALL.len()] {
    let mut values = [Pkru::DENY_ALL; Domain::ALL.len()];
    let mut number = 0;
    while number < values.len() {
        values[number] = Pkru::of(Domain::ALL[number]);
        number += 1;
    }
    values
}

impl fmt::Display for Pkru {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#010x}", self.0)
    }
}

// The walls that the rest of the project leans on, checked when it is built.
const _: () = {
    let app = Pkru::of(Domain::App);
    assert!(!denies(Pkru::of(Domain::Safe), Area::App, Access::Write));
    assert!(denies(app, Area::Safe, Access::Read));
    assert!(denies(app, Area::Info, Access::Write));
    assert!(matches!(app.rights(Key::NONE), Rights::None));
    let mut index = 0;
    while index < Cell::ALL.len() {
        let cell = Pkru::of(Domain::Cell(Cell::ALL[index]));
        assert!(denies(app, Area::Cell(Cell::ALL[index]), Access::Read));
        assert!(denies(cell, Area::Safe, Access::Read));
        assert!(denies(cell, Area::App, Access::Read));
        assert!(denies(cell, Area::Info, Access::Write));
        index += 1;
    }
};

const fn denies(pkru: Pkru, area: Area, access: Access) -> bool {
    !pkru.rights(crate::table::key_of(area)).allow(access)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::key_of;
    use proptest::prelude::*;

    #[test]
    fn every_domain_has_the_rights_of_the_table_and_no_others() {
        for domain in Domain::ALL {
            for number in 0..Key::COUNT {
                let key = Key::from_entry_bits(number);
                let area = crate::table::area_of(key);
                let expected = area.map_or(Rights::None, |area| table::rights(domain, area));
                assert_eq!(
                    Pkru::of(domain).rights(key),
                    expected,
                    "{domain} over key {number}"
                );
            }
        }
    }

    /// So the core tells domains apart.
    #[test]
    fn a_domain_is_recognised_by_its_value() {
        for domain in Domain::ALL {
            assert_eq!(Pkru::of(domain).domain(), Some(domain));
        }
        assert_eq!(Pkru::from_bits(0).domain(), None);
    }

    /// Nobody may touch what an image does not have, and nobody runs as it.
    #[test]
    fn an_image_for_use_gives_no_rights_to_what_only_tests_have() {
        for purpose in [Purpose::Use, Purpose::Tests] {
            for domain in Domain::ALL {
                let value = Pkru::in_image(domain, purpose);
                let is_there = purpose.has_domain(domain);
                let found = value.domain_in_image(purpose);
                assert_eq!(found, is_there.then_some(domain), "{domain}");
                for area in Area::ALL.into_iter().filter(|it| !purpose.has_area(*it)) {
                    assert_eq!(value.rights(key_of(area)), Rights::None, "{domain}");
                }
            }
        }
    }

    fn any_rights() -> impl Strategy<Value = Rights> {
        prop_oneof![
            Just(Rights::None),
            Just(Rights::Read),
            Just(Rights::ReadWrite)
        ]
    }

    proptest! {
        #[test]
        fn setting_one_key_leaves_the_others(bits: u32, key in 0..16u8, other in 0..16u8, rights in any_rights()) {
            let (key, other) = (Key::from_entry_bits(key), Key::from_entry_bits(other));
            let before = Pkru::from_bits(bits);
            let after = before.with(key, rights);
            prop_assert_eq!(after.rights(key), rights);
            if key != other {
                prop_assert_eq!(after.rights(other), before.rights(other));
            }
        }

        #[test]
        fn a_value_that_is_no_domains_is_nobodys(bits: u32) {
            let known = Domain::ALL.into_iter().any(|domain| Pkru::of(domain).bits() == bits);
            prop_assert_eq!(Pkru::from_bits(bits).domain().is_some(), known);
        }
    }

    #[test]
    fn text_is_closed_to_every_domain() {
        for domain in Domain::ALL {
            assert_eq!(Pkru::of(domain).rights(key_of(Area::Text)), Rights::None);
        }
    }
}
