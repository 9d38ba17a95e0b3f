//! Booted images: what runs, and what is stopped.
//!
//! Every trial is one boot with a hard time limit, and at most two run at a
//! time. The trials for forbidden accesses are generated from the domain
//! table, so that none is forgotten; each is judged by the report *and* by
//! QEMU's own log of interrupts.

mod abi;
mod containment;
mod costs;
mod cpus;
mod crates;
mod edges;
mod files;
mod fuzz;
mod gates;
mod images;
mod memory;
mod panics;
mod privilege;
mod programs;
mod refusals;
mod smp;
mod stacks;
mod suites;
mod tested;
mod volumes;
mod wild_write;

use libtest_mimic::{Arguments, Failed, Trial};

/// What a trial says of itself.
pub(crate) type Verdict = Result<(), Failed>;

fn main() -> std::process::ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(2);
    let mut trials = Vec::new();
    trials.extend(programs::trials());
    trials.extend(abi::trials());
    trials.extend(fuzz::trials());
    trials.extend(edges::trials());
    trials.extend(panics::trials());
    trials.extend(privilege::trials());
    trials.extend(gates::trials());
    trials.extend(stacks::trials());
    trials.extend(tested::trials());
    trials.extend(suites::trials());
    trials.extend(memory::trials());
    trials.extend(refusals::trials());
    trials.extend(wild_write::trials());
    trials.extend(containment::trials());
    trials.extend(smp::trials());
    trials.extend(costs::trials());
    trials.extend(cpus::trials());
    trials.extend(volumes::trials());
    trials.extend(crates::trials());
    trials.extend(files::trials());
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// A trial called `name`.
pub(crate) fn trial(name: String, body: impl FnOnce() -> Verdict + Send + 'static) -> Trial {
    Trial::test(name, body)
}

/// Fails with what `found` shows unless `holds`.
pub(crate) fn ensure(holds: bool, expected: &str, found: &impl std::fmt::Debug) -> Verdict {
    if holds {
        Ok(())
    } else {
        Err(Failed::from(format!(
            "expected {expected}; found {found:#?}"
        )))
    }
}
