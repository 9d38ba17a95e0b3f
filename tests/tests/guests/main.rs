//! Booted images: what runs, and what is stopped.
//!
//! Every trial is one boot with a hard time limit, and at most two run at a
//! time. Those that take long are run if `CLOISTER_FULL=1` is set, and else count
//! as ignored; one that is asked for by its whole name is always run. The trials
//! for forbidden accesses are generated from the domain table, so that none is
//! forgotten; each is judged by the report *and* by QEMU's own log of interrupts.

mod abi;
mod bounds;
mod campaigns;
mod clean;
mod containment;
mod costs;
mod counter;
mod cpus;
mod crates;
mod devices;
mod dma;
mod dumps;
mod edges;
mod emulation;
mod exceptions;
mod far;
mod files;
mod fuzz;
mod gates;
mod images;
mod injections;
mod memory;
mod names;
mod network;
mod nic;
mod panics;
mod privilege;
mod probe;
mod programs;
mod refusals;
mod replay;
mod reports;
mod restarts;
mod smp;
mod soak;
mod stacks;
mod stalls;
mod streams;
mod suites;
mod tested;
mod trial;
mod volumes;
mod wild_write;

use std::env;
use std::process::Stdio;

use images::TOOL;
use libtest_mimic::{Arguments, Failed};

pub(crate) use trial::{
    above_all_of_two_cells, above_all_with_walls, alone, in_turns, long, trial, where_allowed,
};

/// What a trial says of itself.
pub(crate) type Verdict = Result<(), Failed>;

fn main() -> std::process::ExitCode {
    let mut arguments = Arguments::from_args();
    if !arguments.list {
        set_up();
    }
    arguments.test_threads.get_or_insert(2);
    arguments.include_ignored |= arguments.exact;
    let mut trials = Vec::new();
    trials.extend(programs::trials());
    trials.extend(abi::trials());
    trials.extend(bounds::trials());
    trials.extend(campaigns::trials());
    trials.extend(fuzz::trials());
    trials.extend(dma::trials());
    trials.extend(dumps::trials());
    trials.extend(edges::trials());
    trials.extend(exceptions::trials());
    trials.extend(far::trials());
    trials.extend(emulation::trials());
    trials.extend(panics::trials());
    trials.extend(privilege::trials());
    trials.extend(probe::trials());
    trials.extend(network::trials());
    trials.extend(nic::trials());
    trials.extend(gates::trials());
    trials.extend(clean::trials());
    trials.extend(stacks::trials());
    trials.extend(streams::trials());
    trials.extend(tested::trials());
    trials.extend(suites::trials());
    trials.extend(memory::trials());
    trials.extend(refusals::trials());
    trials.extend(replay::trials());
    trials.extend(wild_write::trials());
    trials.extend(containment::trials());
    trials.extend(injections::trials());
    trials.extend(restarts::trials());
    trials.extend(stalls::trials());
    trials.extend(smp::trials());
    trials.extend(soak::trials());
    trials.extend(costs::trials());
    trials.extend(counter::trials());
    trials.extend(cpus::trials());
    trials.extend(devices::trials());
    trials.extend(volumes::trials());
    trials.extend(crates::trials());
    trials.extend(files::trials());
    trials.push(names::trial_of(&trials));
    trial::expect(&arguments, &trials);
    let conclusion = libtest_mimic::run(&arguments, trials);
    print!("{}", tests::marks::summary());
    conclusion.exit_code()
}

/// Installs what is missing, if the environment asks for it as the tool has it.
fn set_up() {
    if is_set("CLOISTER_SETUP") {
        let mut doctor = TOOL.command(["doctor", "--fix"]);
        doctor.stdout(Stdio::null());
        let status = doctor.status().expect("the tool starts");
        assert!(status.success(), "what is missing could not be installed");
    }
}

/// Whether an environment variable says yes, as the tool has it.
pub(crate) fn is_set(variable: &str) -> bool {
    env::var_os(variable).is_some_and(|value| !value.is_empty() && value != "0")
}

/// How much of what was found is shown: a guest that goes wrong may print for ever.
const SHOWN: usize = 40_000;

/// Fails with what `found` shows unless `holds`.
pub(crate) fn ensure(holds: bool, expected: &str, found: &impl std::fmt::Debug) -> Verdict {
    if holds {
        return Ok(());
    }
    let mut words = format!("expected {expected}; found {found:#?}");
    if let Some((end, _)) = words.char_indices().nth(SHOWN) {
        words.truncate(end);
        words.push_str(" … and more");
    }
    Err(Failed::from(words))
}
