//! The file of hosts: addresses, each with the names that it has.
//!
//! All lines with a name count, as long as there is room, and each address once.

use super::families::{Addresses, Families, add};
use super::text::{address, lines};

/// The addresses that the file says a name has.
pub(super) fn look_up(file: &[u8], name: &str, wanted: Families) -> Addresses {
    let mut found = Addresses::new();
    for line in lines(file, b"#") {
        let mut words = line.split_ascii_whitespace();
        let Some(address) = words.next().and_then(address) else {
            continue;
        };
        if wanted.want(&address) && words.any(|word| word.eq_ignore_ascii_case(name)) {
            add(&mut found, address);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use core::net::IpAddr;

    use proptest::prelude::{any, prop_assert, proptest};

    use super::super::families::ADDRESSES_MAX;
    use super::*;

    const BOTH: Families = Families {
        four: true,
        six: true,
    };
    const FILE: &[u8] = b"\
# the machines
127.0.0.1\tlocalhost
10.0.0.1  db Db.example.org # the store
fd00::1%eth0 db
10.0.0.2 other
10.0.0.3 x db
10.0.0.1 db
no-address db
10.0.0.9 cut-off\xff
10.0.0.8 #db
";

    fn found(name: &str, wanted: Families) -> std::vec::Vec<IpAddr> {
        look_up(FILE, name, wanted).into_iter().collect()
    }

    #[test]
    fn every_line_with_the_name_counts_once() {
        let four = ["10.0.0.1", "10.0.0.3"].map(|text| text.parse().expect("an address"));
        let six: IpAddr = "fd00::1".parse().expect("an address");
        assert_eq!(found("DB", BOTH), [four[0], six, four[1]]);
        let only = |four, six| Families { four, six };
        assert_eq!(found("db", only(true, false)), four);
        assert_eq!(found("db", only(false, true)), [six]);
        assert_eq!(found("db.example.org", BOTH), [four[0]]);
        assert!(found("example.org", BOTH).is_empty());
        assert!(found("10.0.0.1", BOTH).is_empty());
    }

    #[test]
    fn there_is_an_end_to_addresses() {
        let file: std::string::String = (0..99)
            .map(|number| std::format!("10.1.1.{number} many\n"))
            .collect();
        let found = look_up(file.as_bytes(), "many", BOTH);
        assert_eq!(found.len(), ADDRESSES_MAX);
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_file(file in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(look_up(&file, "a", BOTH).len() <= ADDRESSES_MAX);
        }
    }
}
