//! The names that a name may stand for, in the order in which they are tried.
//!
//! One with dots enough, or one at its end, is tried as it is first; a shorter one in the
//! domains that are searched first. So do the resolvers of Unix.

use super::host::Host;
use super::settings::Settings;

/// The names to try. `is_whole` says that there was a dot at the end.
pub(super) fn names<'a>(
    host: &'a Host,
    is_whole: bool,
    settings: &'a Settings,
) -> impl Iterator<Item = Host> + 'a {
    let is_long = is_whole || host.dots() as u64 >= settings.dots;
    let domains = if is_whole { &[] } else { &settings.domains[..] };
    let itself = |wanted: bool| wanted.then(|| host.clone());
    let in_domains = domains.iter().filter_map(|domain| host.within(domain));
    let (first, last) = (itself(is_long), itself(!is_long));
    first.into_iter().chain(in_domains).chain(last)
}

#[cfg(test)]
mod tests {
    use std::format;
    use std::string::String;
    use std::vec::Vec;

    use domains::network::Setting;

    use super::*;

    fn tried(name: &str, is_whole: bool, file: &str) -> Vec<String> {
        let settings = Settings::new(Some(file.as_bytes()), &Setting::default());
        let host = Host::new(name).expect("a name");
        let names = names(&host, is_whole, &settings);
        names.map(|name| format!("{name:?}")).collect()
    }

    #[test]
    fn a_short_name_is_looked_for_in_the_domains_first() {
        assert_eq!(
            tried("db", false, "search a.org b.org"),
            ["db.a.org", "db.b.org", "db"]
        );
        assert_eq!(tried("db", false, ""), ["db"]);
    }

    #[test]
    fn a_name_with_dots_is_tried_as_it_is_first() {
        assert_eq!(tried("x.y", false, "search a.org"), ["x.y", "x.y.a.org"]);
        let two = "search a.org\noptions ndots:2";
        assert_eq!(tried("x.y", false, two), ["x.y.a.org", "x.y"]);
        assert_eq!(
            tried("db", false, "search a.org\noptions ndots:0"),
            ["db", "db.a.org"]
        );
    }

    #[test]
    fn a_dot_at_the_end_is_the_end() {
        assert_eq!(tried("db", true, "search a.org b.org"), ["db"]);
    }

    #[test]
    fn a_domain_that_makes_a_name_too_long_is_left_out() {
        let label = "x".repeat(60);
        let long = [label.as_str(); 4].join(".");
        let file = format!("search example.org {long}\noptions ndots:9");
        let name = format!("{label}.a");
        assert_eq!(
            tried(&name, false, &file),
            [format!("{name}.example.org"), name.clone()]
        );
    }
}
