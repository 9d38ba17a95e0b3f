//! What is measured: for each thing its name, its loop, and the right answer.

use domains::{Domain, Pkru};

use crate::handlers::{NULL, RIGHTS, WORD};
use crate::loops;
use crate::measure::Code;

/// How many bytes are written.
const LENGTHS: [(&str, u64); 4] = [
    ("write-bytes-1", 1),
    ("write-bytes-64", 64),
    ("write-bytes-1024", 1024),
    ("write-bytes-4096", 4096),
];

/// One thing to measure.
#[derive(Debug)]
pub(crate) struct Probe {
    /// What it is called in reports.
    pub(crate) name: &'static str,
    /// Whose rights the caller has.
    pub(crate) domain: Domain,
    /// The loop.
    pub(crate) code: Code,
    /// What the loop is told.
    pub(crate) argument: u64,
    /// The only right answer.
    pub(crate) expected: u64,
}

const fn probe(
    name: &'static str,
    domain: Domain,
    code: Code,
    argument: u64,
    expected: u64,
) -> Probe {
    Probe {
        name,
        domain,
        code,
        argument,
        expected,
    }
}

/// The measurement of nothing.
pub(crate) const EMPTY: Probe = probe("empty", Domain::App, loops::empty, 0, WORD);

/// Calls whose answer is what rights the callee has: those of the table, or the
/// walls are not where we think.
pub(crate) fn proofs() -> [Probe; 2] {
    let (safe, driver) = (rights(Domain::Safe), rights(Domain::Unsafe));
    [
        probe(
            "rights of the safe kernel",
            Domain::App,
            loops::app_to_safe,
            RIGHTS,
            safe,
        ),
        probe(
            "rights of the unsafe kernel",
            Domain::Safe,
            loops::safe_to_unsafe,
            RIGHTS,
            driver,
        ),
    ]
}

/// Everything that is reported, in the order of the report.
pub(crate) fn all() -> Vec<Probe> {
    let pid = std::process::id().into();
    let app = rights(Domain::App);
    let calls = [
        probe("plain-call", Domain::App, loops::plain_call, 0, WORD),
        probe("app-to-safe", Domain::App, loops::app_to_safe, NULL, WORD),
        probe(
            "safe-to-unsafe",
            Domain::Safe,
            loops::safe_to_unsafe,
            NULL,
            WORD,
        ),
        probe("wrpkru", Domain::App, loops::wrpkru, 0, app),
        probe("wrpkru-pair", Domain::App, loops::wrpkru_pair, 0, app),
        probe("getpid", Domain::App, loops::getpid, 0, pid),
    ];
    let write = |(name, length)| probe(name, Domain::Safe, loops::write_bytes, length, length);
    calls.into_iter().chain(LENGTHS.map(write)).collect()
}

/// The rights of `domain`, as an entry answers them.
fn rights(domain: Domain) -> u64 {
    Pkru::of(domain).bits().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_has_a_name_of_its_own() {
        let mut names: Vec<_> = all().iter().map(|probe| probe.name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn no_domain_answers_for_another() {
        let [safe, driver] = proofs();
        assert_ne!(safe.expected, driver.expected);
        assert_ne!(safe.expected, rights(Domain::App));
    }
}
