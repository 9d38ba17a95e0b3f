//! What is measured: for each thing its name, its loop, and the right answer.

use domains::{Domain, Isolation, Pkru};

use crate::handlers::{NULL, RIGHTS, WORD};
use crate::loops;
use crate::measure::Code;
use crate::walls::TIMED;

/// How many bytes are filled: the sizes of the paper's figure.
const SIZES: [u64; 13] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096];

/// One thing to measure.
#[derive(Debug)]
pub(crate) struct Probe {
    /// What it is called in reports.
    pub(crate) name: String,
    /// Through which gates it passes, if through any.
    pub(crate) gates: Option<Isolation>,
    /// Who calls.
    pub(crate) domain: Domain,
    /// What the caller may.
    pub(crate) rights: u64,
    /// The loop.
    pub(crate) code: Code,
    /// What the loop is told.
    pub(crate) argument: u64,
    /// The only right answer.
    pub(crate) expected: u64,
}

impl Probe {
    fn new(name: &str, isolation: Isolation, domain: Domain, code: Code) -> Probe {
        Probe {
            name: name.to_owned(),
            gates: Some(isolation),
            domain,
            rights: rights(isolation, domain),
            code,
            argument: NULL,
            expected: WORD,
        }
    }

    fn with_argument(self, argument: u64) -> Probe {
        Probe { argument, ..self }
    }

    fn expecting(self, expected: u64) -> Probe {
        Probe { expected, ..self }
    }
}

/// The measurement of nothing.
pub(crate) fn empty(isolation: Isolation) -> Probe {
    Probe::new("empty", isolation, Domain::App, loops::empty)
}

/// Two chains that take a known number of the core's cycles.
pub(crate) fn chains(isolation: Isolation) -> [Probe; 2] {
    let chain = |name, code| Probe::new(name, isolation, Domain::App, code);
    [
        chain("rotations", loops::rotations),
        chain("multiplications", loops::multiplications),
    ]
}

/// Calls whose answer is what rights the callee has: those of the table, or the
/// walls are not where we think.
pub(crate) fn proofs(isolation: Isolation) -> [Probe; 2] {
    let proof = |name, caller, code, callee| {
        Probe::new(name, isolation, caller, code)
            .with_argument(RIGHTS)
            .expecting(rights(isolation, callee))
    };
    let (app_to_safe, safe_to_cell): (Code, Code) = (loops::app_to_safe, loops::safe_to_cell);
    [
        proof(
            "rights of the safe kernel",
            Domain::App,
            app_to_safe,
            Domain::Safe,
        ),
        proof(
            "rights of a cell",
            Domain::Safe,
            safe_to_cell,
            Domain::Cell(TIMED),
        ),
    ]
}

/// What has nothing to do with gates: what their figures are compared with.
pub(crate) fn controls() -> Vec<Probe> {
    let probe = |name, code| Probe {
        gates: None,
        ..Probe::new(name, Isolation::Mpk, Domain::App, code)
    };
    let app = rights(Isolation::Mpk, Domain::App);
    vec![
        probe("plain-call", loops::plain_call),
        probe("wrpkru", loops::wrpkru).expecting(app),
        probe("wrpkru-pair", loops::wrpkru_pair).expecting(app),
        probe("thread-pointer", loops::thread_pointer),
        probe("vzeroall", loops::vzeroall),
        probe("getpid", loops::getpid).expecting(std::process::id().into()),
    ]
}

/// What passes a gate, in the order of the report.
pub(crate) fn gates(isolation: Isolation) -> Vec<Probe> {
    let write = |size: u64| {
        let name = format!("write-bytes-{size}");
        Probe::new(&name, isolation, Domain::Safe, loops::write_bytes)
            .with_argument(size)
            .expecting(size)
    };
    let mut probes = vec![
        Probe::new("app-to-safe", isolation, Domain::App, loops::app_to_safe),
        Probe::new("safe-to-cell", isolation, Domain::Safe, loops::safe_to_cell),
    ];
    probes.extend(SIZES.map(write));
    probes
}

/// What `domain` may: everything where there are no walls.
fn rights(isolation: Isolation, domain: Domain) -> u64 {
    match isolation {
        Isolation::None => 0,
        Isolation::Mpk => Pkru::of(domain).bits().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_has_a_name_of_its_own() {
        let probes = controls().into_iter().chain(gates(Isolation::Mpk));
        let mut names: Vec<_> = probes.map(|probe| probe.name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn no_domain_answers_for_another() {
        let [safe, driver] = proofs(Isolation::Mpk);
        assert_ne!(safe.expected, driver.expected);
        assert_ne!(safe.expected, rights(Isolation::Mpk, Domain::App));
    }
}
