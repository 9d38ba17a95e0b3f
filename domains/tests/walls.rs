//! The matrix and the register, against each other, in every way there is.
//!
//! A gate writes PKRU once on the way in and once on the way back, each time with a
//! constant, so there are no values in between. That a gate page writes no others is the
//! verifier's to show, on the image; what these give, and to whom, is looked at here:
//! all domains, all keys of the hardware, all ways to touch memory, in all images.

use domains::edge::CALLS;
use domains::table::{area_of, rights};
use domains::{Access, Area, Domain, Key, Pkru, Purpose, Rights};

const PURPOSES: [Purpose; 2] = [Purpose::Use, Purpose::Tests];

/// Every value that a gate, or the core where it enters a domain, can set in an image,
/// and who runs with it.
fn settable(purpose: Purpose) -> Vec<(Pkru, Domain)> {
    let there = |domain: &Domain| purpose.has_domain(*domain);
    let ends = CALLS.iter().flat_map(|call| [call.callee, call.caller]);
    let all = ends.filter(there);
    all.map(|domain| (Pkru::in_image(domain, purpose), domain))
        .collect()
}

fn keys() -> impl Iterator<Item = Key> {
    (0..Key::COUNT).map(Key::from_entry_bits)
}

/// Whether the matrix of an image lets a domain touch pages with a key so.
fn is_granted(purpose: Purpose, domain: Domain, key: Key, access: Access) -> bool {
    let area = area_of(key).filter(|area| purpose.has_area(*area));
    area.is_some_and(|area| rights(domain, area).allow(access))
}

/// Where a value gives what the matrix denies, or denies what it gives.
fn differences(purpose: Purpose, domain: Domain, value: Pkru) -> Vec<(Key, Access)> {
    let ways = keys().flat_map(|key| Access::ALL.map(|access| (key, access)));
    ways.filter(|(key, access)| {
        value.rights(*key).allow(*access) != is_granted(purpose, domain, *key, *access)
    })
    .collect()
}

#[test]
fn no_gate_sets_a_value_that_gives_what_the_matrix_denies_or_denies_what_it_gives() {
    for purpose in PURPOSES {
        for (value, domain) in settable(purpose) {
            assert_eq!(differences(purpose, domain, value), [], "{domain}");
        }
    }
}

/// The check above is one: whatever right is changed, it sees that.
#[test]
fn a_value_with_another_right_differs_from_the_matrix() {
    for (value, domain) in settable(Purpose::Tests) {
        for key in keys() {
            for other in [Rights::None, Rights::Read, Rights::ReadWrite] {
                let changed = value.with(key, other);
                let is_seen = !differences(Purpose::Tests, domain, changed).is_empty();
                assert_eq!(is_seen, value.rights(key) != other, "{domain} with {key:?}");
            }
        }
    }
}

#[test]
fn every_domain_is_at_an_end_of_a_gate() {
    for purpose in PURPOSES {
        for domain in purpose.domains() {
            let all = settable(purpose);
            assert!(all.iter().any(|(_, other)| *other == domain), "{domain}");
        }
    }
}

/// Domains that work together reach no more than each does alone: whatever all but the
/// safe kernel have, its own area and the text are not among it.
#[test]
fn nobody_but_the_safe_kernel_reaches_what_is_its_own() {
    for purpose in PURPOSES {
        let others = settable(purpose)
            .into_iter()
            .filter(|(_, domain)| *domain != Domain::Safe);
        for (value, domain) in others {
            for key in keys() {
                let closed = matches!(area_of(key), None | Some(Area::Safe | Area::Text));
                let reads = value.rights(key).allow(Access::Read);
                assert!(!(closed && reads), "{domain} reads with {key:?}");
                let writes = value.rights(key).allow(Access::Write);
                assert!(!writes || area_of(key) != Some(Area::Info), "{domain}");
            }
        }
    }
}

/// A value in which one bit was flipped is nobody's: the gate's comparison, and the
/// core, see it.
#[test]
fn one_flipped_bit_makes_nobody_of_anybody() {
    for domain in Domain::ALL {
        for bit in 0..u32::BITS {
            let flipped = Pkru::from_bits(Pkru::of(domain).bits() ^ 1 << bit);
            assert_eq!(flipped.domain(), None, "{domain} with bit {bit} flipped");
        }
    }
}
