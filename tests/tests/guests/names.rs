//! Names of trials: those that the lists of mutants have are there.

use libtest_mimic::Trial;
use tests::mutants;

use crate::{ensure, trial};

/// Compares the lists with all `trials` but this one.
pub(crate) fn trial_of(trials: &[Trial]) -> Trial {
    let is_there = |name: &str| trials.iter().any(|trial| trial.name() == name);
    let absent: Vec<String> = mutants::lists()
        .iter()
        .flat_map(|list| &list.mutants)
        .filter_map(mutants::Mutant::trial)
        .filter(|name| !is_there(name))
        .map(ToOwned::to_owned)
        .collect();
    trial(
        "names::lists_of_mutants_know_the_trials".into(),
        move || ensure(absent.is_empty(), "trials of these names", &absent),
    )
}
